// Reads options that Python gives by name.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "errors.h"
#include "rollcall/message_text.h"

namespace rollcall::python {

// Is a word of Python and what it stands for.
template <class T>
struct Word {
  std::string_view word;
  T value;
};

class Given {
 public:
  explicit Given(nanobind::dict options) : options_(std::move(options)) {}

  // Sets `value` if the option was given. `allowed` says in a few words what it may be.
  //   kInvalidArgument  it is of another type, or too large
  template <class T>
  void read(const char* name, std::string_view allowed, T& value) const {
    read_.emplace_back(name);
    if (!options_.contains(name)) return;
    if (nanobind::try_cast<T>(options_[name], value)) return;
    refuse(name, allowed);
  }

  // Does the same for an option that is one of a few words.
  template <class T, std::size_t kCount>
  void read_word(const char* name, const Word<T> (&words)[kCount], T& value) const {
    std::string given;
    std::string allowed;
    for (const Word<T>& word : words) {
      allowed += (allowed.empty() ? "\"" : ", \"") + std::string(word.word) + '"';
    }
    read(name, allowed, given);
    if (given.empty() && !options_.contains(name)) return;
    for (const Word<T>& word : words) {
      if (given != word.word) continue;
      value = word.value;
      return;
    }
    refuse(name, allowed);
  }
  template <class T, std::size_t kCount>
  void read_word(const char* name, const Word<T> (&words)[kCount], std::optional<T>& value) const {
    T read = words[0].value;
    read_word(name, words, read);
    if (options_.contains(name)) value = read;
  }

  bool has(const char* name) const { return options_.contains(name); }

  // Raises an error if there are options that nothing has read. It comes after the last `read`.
  void refuse_unknown() const {
    for (const auto& [key, value] : options_) {
      const auto name = nanobind::cast<std::string>(key);
      if (std::ranges::find(read_, name) != read_.end()) continue;
      raise(Status::invalid_argument(unknown_name("option", name, read_)));
    }
  }

 private:
  [[noreturn]] void refuse(const char* name, std::string_view allowed) const {
    const std::string found = nanobind::cast<std::string>(nanobind::repr(options_[name]));
    raise(Status::invalid_argument(std::string(name) + ": must be " + std::string(allowed) +
                                   ", found " + found.substr(0, 80)));
  }

  nanobind::dict options_;
  mutable std::vector<std::string> read_;  // names of options
};

}  // namespace rollcall::python
