#include "core/history/user_cursor.h"

#include <algorithm>

namespace rollcall {

void UserCursor::Reader::open(std::size_t number) {
  at = number;
  if (has_ended()) return;
  block = source.block(number);
  walk = LogBlock::Walk(*block);
  is_told = false;
  walk.next();
}

void UserCursor::Reader::go_on() {
  if (!walk.next()) open(at + 1);
}

void UserCursor::Reader::go_to(std::uint32_t ordinal) {
  if (block->last_ordinal() < ordinal) {
    // The first block that does not end before `ordinal` lies in [least, most].
    std::size_t least = at + 1, most = source.block_count;
    while (least < most) {
      const std::size_t middle = least + (most - least) / 2;
      if (source.block(middle)->last_ordinal() < ordinal) {
        least = middle + 1;
      } else {
        most = middle;
      }
    }
    open(least);
    if (has_ended()) return;
  }
  walk.seek(ordinal);
}

bool UserCursor::settle() {
  bool is_there = false;
  for (const Reader& reader : readers_) {
    if (reader.has_ended()) continue;
    const std::uint32_t here = reader.walk.user().ordinal;
    ordinal_ = is_there ? std::min(ordinal_, here) : here;
    is_there = true;
  }
  return is_there;
}

bool UserCursor::next() {
  // Parts that nobody has read are passed over.
  if (std::exchange(has_begun_, true)) {
    for (Reader& reader : readers_) {
      while (!reader.has_ended() && reader.walk.user().ordinal == ordinal_) {
        reader.go_on();
      }
    }
  }
  return settle();
}

bool UserCursor::seek(std::uint32_t ordinal) {
  has_begun_ = true;
  for (Reader& reader : readers_) {
    if (!reader.has_ended() && reader.walk.user().ordinal < ordinal) {
      reader.go_to(ordinal);
    }
  }
  return settle();
}

}  // namespace rollcall
