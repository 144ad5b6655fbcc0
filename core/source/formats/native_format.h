// Reads what append_native_block wrote; docs/native_format.md describes the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/source/files/content_reader.h"
#include "core/source/formats/text_block_reader.h"
#include "rollcall/event.h"
#include "rollcall/native_format.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

inline constexpr std::string_view kNativeMagic = "rollcall";

// Holds what a block says about itself before its columns.
struct NativeLayout {
  std::uint64_t row_count = 0;
  UserKind user_kind = UserKind::kInteger;
  bool has_value = false;
  std::uint32_t value_decimals = 0;
  std::optional<TimeUs> known_until;
  std::vector<std::string> properties;
};

// Holds a block's columns. `values` of dictionary columns are views of the block's bytes.
struct NativeBatch {
  struct Column {
    std::vector<std::string_view> values;
    std::vector<std::uint32_t> codes;  // empty: every row holds values[0]
  };
  NativeLayout layout;
  std::vector<std::uint64_t> user_integers;
  std::vector<std::string_view> user_strings;
  Column event;
  std::vector<TimeUs> time;
  std::vector<Amount> value;
  std::vector<Column> properties;

  // Removes all rows but these, which ascend.
  void keep(const std::vector<std::uint32_t>& rows);
};

// Reads the layout of the first block. `head` is the beginning of the file `name`, and holds at
// least that layout.
//   kCorruption   not a block     kUnsupported  of a later version
Result<NativeLayout> read_native_layout(std::string_view name, std::string_view head);

// Decodes a whole block. It checks only the shape of the columns; Engine::prepare checks codes and
// texts.
//   kCorruption   the block is not what was written
Result<NativeBatch> decode_native_block(std::string_view name, std::string_view block);

// Reads content in the native format, block by block.
class NativeBlockReader {
 public:
  // Reads on from the content's mark, which is the beginning of a block. `content` must outlive the
  // reader.
  NativeBlockReader(std::string name, ContentReader& content)
      : name_(std::move(name)), content_(content) {}

  // Fills `block` with one whole block. Returns false after the last one.
  //   kCorruption  damaged, or cut off      kUnsupported  of a later version
  //   kCancelled   stopped; the text says how much of a block is lost
  Result<bool> next(SourceBlock& block);

 private:
  Status read_to(std::size_t size, SourceBlock& block);

  std::string name_;
  ContentReader& content_;
  bool at_end_ = false;
};

}  // namespace rollcall
