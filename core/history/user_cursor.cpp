#include "core/history/user_cursor.h"

#include <algorithm>

namespace rollcall {

void UserCursor::Reader::go_to(std::uint32_t ordinal, bool past_user) {
  const std::size_t before = at;
  if (past_user) {
    if (walk.next()) return;
    ++at;
  } else {
    // Blocks that end before it are passed over unread.
    const auto from = blocks->begin() + static_cast<std::ptrdiff_t>(at);
    const auto block =
        std::lower_bound(from, blocks->end(), ordinal,
                         [](const std::shared_ptr<const LogBlock>& other, std::uint32_t wanted) {
                           return other->last_ordinal() < wanted;
                         });
    at = static_cast<std::size_t>(block - blocks->begin());
  }
  if (has_ended()) return;
  if (at != before) {
    walk = LogBlock::Walk(block());
    is_told = false;
    walk.next();
  }
  if (!past_user) walk.seek(ordinal);
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
        reader.go_to(ordinal_, /*past_user=*/true);
      }
    }
  }
  return settle();
}

bool UserCursor::seek(std::uint32_t ordinal) {
  has_begun_ = true;
  for (Reader& reader : readers_) {
    if (!reader.has_ended() && reader.walk.user().ordinal < ordinal) {
      reader.go_to(ordinal, /*past_user=*/false);
    }
  }
  return settle();
}

}  // namespace rollcall
