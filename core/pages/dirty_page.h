// Pages on their way to the store.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "core/catalog/store_tables.h"
#include "core/pages/amount_chunk.h"
#include "core/pages/bounds_chunk.h"
#include "core/pages/counter_chunk.h"
#include "core/pages/page_ref.h"
#include "core/pages/presence_chunk.h"
#include "rollcall/store.h"

namespace rollcall {

// A page to be stored, encoded when its turn comes.
struct DirtyPage {
  PageId id;
  std::variant<PageRef<PresenceChunk>, PageRef<CounterChunk>, PageRef<BoundsChunk>,
               PageRef<AmountChunk>, std::string>
      content;
};

// What it holds until it is let go of.
std::size_t memory_bytes(const DirtyPage& page);

// The pages as a commit, or as a part of one, which lacks what it supersedes and its manifest.
// Sorts them; each goes as soon as it is encoded. `dirty` must outlive the commit.
Commit commit_of(Epoch epoch, std::vector<DirtyPage>& dirty, unsigned threads);

// Adds the tables that have changed, for the commit of that epoch, which `manifest` then names.
void add_tables(const StoreTables& tables, Epoch epoch, Manifest& manifest,
                std::vector<DirtyPage>& dirty, std::vector<PageAddress>& superseded);

}  // namespace rollcall
