// Pages on their way to the store.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "core/catalog/store_tables.h"
#include "core/pages/page_forms.h"
#include "rollcall/store.h"

namespace rollcall {

// A snapshot of a page of a form, to be encoded.
template <class Form>
struct DirtyPageOf {
  PageRef<PageOf<Form>> page;
};

template <class Forms>
struct DirtyContent;
template <class... Forms>
struct DirtyContent<std::tuple<Forms...>> {
  using Type = std::variant<DirtyPageOf<Forms>..., std::string>;
};

// A page to be stored: a page of a form, which is encoded when its turn comes, or plain bytes.
struct DirtyPage {
  PageId id;
  DirtyContent<PageForms>::Type content;
};

// Returns the memory that it holds until it is released.
std::size_t memory_bytes(const DirtyPage& page);

// Returns the pages as a commit, or as a part of one, which lacks what it supersedes and its
// manifest. Sorts the pages, and frees each as soon as it is encoded. `dirty` must outlive the
// commit.
Commit commit_of(Epoch epoch, std::vector<DirtyPage>& dirty, unsigned threads);

// Adds the tables that have changed, for the commit `epoch`, and names that commit in `manifest`.
void add_tables(const StoreTables& tables, Epoch epoch, Manifest& manifest,
                std::vector<DirtyPage>& dirty, std::vector<PageAddress>& superseded);

}  // namespace rollcall
