// This is the other process: rollcall_store_writer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "rollcall/store.h"
#include "tests/support/child_process.h"

namespace rollcall {

class WriterProcess : public ChildProcess {
 public:
  // See store_writer.cpp for the arguments.
  WriterProcess(const std::string& directory, std::uint64_t seed, std::uint32_t page_count,
                std::size_t page_bytes_max, Epoch commit_count, const std::string& step = "none")
      : ChildProcess({ROLLCALL_STORE_WRITER, directory, std::to_string(seed),
                      std::to_string(page_count), std::to_string(page_bytes_max),
                      std::to_string(commit_count), step}) {}
};

}  // namespace rollcall
