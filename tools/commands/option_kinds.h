// These options take values of a kind that several commands take: one of a few words, a size, a
// count.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "rollcall/message_text.h"

namespace rollcall::tools {

// Adds an option that takes one of a few words, which help and completion show:
// "auto|always|never". Sets `value` to what stands behind the word that was given; another word is
// a usage error that lists the words.
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
    throw CLI::ValidationError(
        name, fmt::format("{}{} (allowed: {})", quoted_excerpt(given), did_you_mean(given, words),
                          fmt::join(words, ", ")));
  };
  return command.add_option_function<std::string>(name, take, help)
      ->type_name(fmt::format("{}", fmt::join(words, "|")));
}

// Does the same where the word is the value.
CLI::Option* add_choice(CLI::App& command, const std::string& name,
                        std::optional<std::string>& value, const std::vector<std::string>& words,
                        const std::string& help);

// Takes whole numbers from `min` to `max` only, and says so.
CLI::Validator whole_number(std::int64_t min, std::int64_t max);

// A span of time may have this many days.
inline constexpr std::int64_t kSpanDaysMax = 36'600;

// Adds a size in bytes, with K, M, G or T, or as KB or KiB, for powers of 1024 each. It is from
// `min` to `max`, which are written alike; without `max`, it may be of any size.
CLI::Option* add_size(CLI::App& command, const std::string& name, std::size_t& bytes,
                      const std::string& help, const std::string& min, const std::string& max = "");

// Looking again sooner than this would take a processor of its own.
inline constexpr std::chrono::milliseconds kLookLeast{10};

// Adds a span of time, of at least `least`: seconds, with fractions allowed, or a number and ms, s,
// m or h.
CLI::Option* add_duration(CLI::App& command, const std::string& name,
                          std::optional<std::chrono::milliseconds>& value, const std::string& help,
                          std::chrono::milliseconds least = {});

// Adds a count, with K, M, G or T for powers of 1000.
CLI::Option* add_count(CLI::App& command, const std::string& name, std::uint64_t& count,
                       const std::string& help);

}  // namespace rollcall::tools
