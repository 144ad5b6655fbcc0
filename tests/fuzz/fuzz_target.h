// Every fuzz target is one function that takes any bytes. libFuzzer calls it if there is one;
// plain_driver.cpp does elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace rollcall::fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Takes the first byte off the input: a choice. The choice is 0 for no input.
inline unsigned take_choice(std::string_view& input) {
  if (input.empty()) return 0;
  const auto choice = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  return choice;
}

// Ends the process when `holds` does not.
inline void require(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: %s\n", what.c_str());
  std::abort();
}

// What was read is written, read again, and written again, and the two writings are equal. A reader
// may take bytes that no writer makes, but it must know then what they mean.
template <class T, class Serialize, class Deserialize>
void require_stable(const T& value, Serialize serialize, Deserialize deserialize) {
  const std::string once = serialize(value);
  const auto again = deserialize(once);
  require(again.ok(), "what was written is not read: " + again.status().to_string());
  require(serialize(*again) == once, "what is written changes when it is read again");
}

}  // namespace rollcall::fuzz
