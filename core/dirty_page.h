// Pages on their way to the store.
#pragma once

#include <cstddef>
#include <string>
#include <variant>

#include "core/amount_chunk.h"
#include "core/bounds_chunk.h"
#include "core/counter_chunk.h"
#include "core/page_ref.h"
#include "core/presence_chunk.h"
#include "rollcall/store.h"

namespace rollcall {

// A page to be stored, encoded when its turn comes.
struct DirtyPage {
  PageId id;
  std::variant<PageRef<PresenceChunk>, PageRef<CounterChunk>, PageRef<BoundsChunk>,
               PageRef<AmountChunk>, std::string>
      content;
};

// Appends the page's bytes.
void encode(const DirtyPage& page, std::string& bytes);

// About as many bytes as encode() appends.
std::size_t encoded_bytes(const DirtyPage& page);

}  // namespace rollcall
