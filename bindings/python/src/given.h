// Reads options that Python gives by name.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "errors.h"

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

 private:
  [[noreturn]] void refuse(const char* name, std::string_view allowed) const {
    const std::string found = nanobind::cast<std::string>(nanobind::repr(options_[name]));
    raise(Status::invalid_argument(std::string(name) + ": must be " + std::string(allowed) +
                                   ", found " + found.substr(0, 80)));
  }

  nanobind::dict options_;
};

}  // namespace rollcall::python
