#include "tools/input_file.h"

#include <unistd.h>

#include "rollcall/regular_file.h"

namespace rollcall::tools {

Result<std::string> read_input_file(const std::string& name, std::size_t bytes_max) {
  if (name == "-") return read_to_end(STDIN_FILENO, "<stdin>", bytes_max);
  return read_regular_file(name, bytes_max);
}

}  // namespace rollcall::tools
