// Pages on their way to the store.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
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

// Bytes that are there when the page's turn comes, as long as this is.
struct LateBytes {
  std::function<std::string_view()> bytes;
};

template <class Forms>
struct DirtyContent;
template <class... Forms>
struct DirtyContent<std::tuple<Forms...>> {
  using Type = std::variant<DirtyPageOf<Forms>..., std::string, LateBytes>;
};

// A page to be stored: of a form, encoded when its turn comes; or its bytes, or where these will
// be.
struct DirtyPage {
  PageId id;
  DirtyContent<PageForms>::Type content;
};

// What a commit is to write.
struct CollectedPages {
  std::vector<DirtyPage> dirty;
  std::vector<PageAddress> superseded;  // the versions that these replace
  // What makes late bytes. Each is called once before the pages are encoded, in any thread, with a
  // view of the last commit.
  std::vector<std::function<Status(const StoreView&)>> work;
};

// What it holds until it is let go of; nothing of bytes that somebody else holds.
std::size_t memory_bytes(const DirtyPage& page);

// Returns the pages as a commit, or as a part of one, which lacks what it supersedes and its
// manifest. Sorts the pages, and frees each as soon as it is encoded. `dirty` must outlive the
// commit.
Commit commit_of(Epoch epoch, std::vector<DirtyPage>& dirty, unsigned threads);

// Adds the tables that have changed, for the commit `epoch`, and names that commit in `manifest`.
void add_tables(const StoreTables& tables, Epoch epoch, Manifest& manifest,
                std::vector<DirtyPage>& dirty, std::vector<PageAddress>& superseded);

}  // namespace rollcall
