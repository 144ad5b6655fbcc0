// Options that take one of a few words. Help and completion show them: "auto|always|never".
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

namespace rollcall::tools {

// Sets `value` to what stands behind the word that was given; another word is a usage error that
// lists the words.
template <class T>
CLI::Option* add_choice(CLI::App& command, const std::string& name, T& value,
                        const std::vector<std::pair<std::string, T>>& choices,
                        const std::string& help) {
  std::vector<std::string> words;
  for (const auto& choice : choices) words.push_back(choice.first);
  const auto take = [&value, choices, words, name](const std::string& given) {
    for (const auto& [word, meaning] : choices) {
      if (word == given) {
        value = meaning;
        return;
      }
    }
    throw CLI::ValidationError(name,
                               fmt::format("\"{}\" (allowed: {})", given, fmt::join(words, ", ")));
  };
  return command.add_option_function<std::string>(name, take, help)
      ->type_name(fmt::format("{}", fmt::join(words, "|")));
}

// The same, where the word is the value.
inline CLI::Option* add_choice(CLI::App& command, const std::string& name,
                               std::optional<std::string>& value,
                               const std::vector<std::string>& words, const std::string& help) {
  std::vector<std::pair<std::string, std::optional<std::string>>> choices;
  for (const std::string& word : words) choices.emplace_back(word, word);
  return add_choice(command, name, value, choices, help);
}

}  // namespace rollcall::tools
