// These flags are made from the fields of questions (rollcall/kinds.h), and become JSON.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "rollcall/kinds.h"

namespace rollcall::tools {

class FieldFlags {
 public:
  // Adds a flag for each field, or an argument for one that is required. Fields that are implied
  // get none, and neither do members, which take several flags. The command must not outlive this.
  void add_to(CLI::App& command, std::span<const QueryField> fields);

  // Throws CLI::RequiredError if a field must be given, since another one was not, and was not.
  void check() const;

  // Returns what was given as a list with commas where each is given by itself, given that way:
  // "--values ios --values web"; empty if nothing was.
  std::string lists_in_turn() const;

  // Adds the fields that were given to `spec`, in their order. Throws CLI::ValidationError if one
  // cannot be read.
  void write(nlohmann::ordered_json& spec) const;

 private:
  struct Flag {
    const QueryField& field;
    std::optional<std::string> word = std::nullopt;  // of a flag that takes one word
    std::vector<std::string> words = {};             // of one that takes several

    bool is_given() const { return word || !words.empty(); }
  };

  std::deque<Flag> flags_;  // the command has their addresses
};

// Returns --window-days for window_days, and --no-rfm for rfm, which is on by default.
std::string flag_of_field(const QueryField& field);

// Returns where the field lies in a question: /rule/period.
nlohmann::ordered_json::json_pointer place_of_field(const QueryField& field);

// Reports a flag that cannot be read, with exit code 2.
[[noreturn]] void throw_usage(const std::string& flag, const std::string& text);

}  // namespace rollcall::tools
