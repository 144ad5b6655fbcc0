// Reads the types and numbers of Arrow that have a form of their own.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall {

// Returns whether a type is "ts" + unit + ":" + zone, where the zone may be empty.
bool is_timestamp(std::string_view format);

// Is a decimal type: "d:precision,scale" or "d:precision,scale,bits".
struct DecimalType {
  int scale = 0;
  std::size_t bytes = 16;
};

std::optional<DecimalType> decimal_type(std::string_view format);

// Returns the digits of a number in two's complement, the lowest byte first.
std::string wide_integer_text(const char* number, std::size_t bytes);

}  // namespace rollcall
