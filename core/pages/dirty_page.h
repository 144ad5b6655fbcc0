// These are pages on their way to the store.
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

// Is a snapshot of a page of a form, to be encoded.
template <class Form>
struct DirtyPageOf {
  PageRef<PageOf<Form>> page;
};

// Are bytes that exist when the page's turn comes, and stay as long as this does.
struct LateBytes {
  std::function<std::string_view()> bytes;
};

template <class Forms>
struct DirtyContent;
template <class... Forms>
struct DirtyContent<std::tuple<Forms...>> {
  using Type = std::variant<DirtyPageOf<Forms>..., std::string, LateBytes>;
};

// Is a page to be stored. It is of a form and encoded when its turn comes, or it has its bytes, or
// says where these will be.
struct DirtyPage {
  PageId id;
  DirtyContent<PageForms>::Type content;
};

// Is what a commit is to write.
struct CollectedPages {
  std::vector<DirtyPage> dirty;
  std::vector<PageAddress> superseded;  // the versions that these replace
  // These make late bytes, and add pages that come of it to `more`. Each is called once before the
  // pages are encoded, in any thread, with a view of the last commit.
  std::vector<std::function<Status(const StoreView&, CollectedPages& more)>> work;
};

// Returns what it holds until it is let go of, without bytes that somebody else holds.
std::size_t memory_bytes(const DirtyPage& page);

// Returns the pages as a commit, or as a part of one, which lacks what it supersedes and its
// manifest. It sorts the pages, and frees each as soon as it is encoded. `dirty` must outlive the
// commit.
Commit commit_of(Epoch epoch, std::vector<DirtyPage>& dirty, unsigned threads);

// Adds the tables that have changed, for the commit `epoch`, and names that commit in `manifest`.
void add_tables(const StoreTables& tables, Epoch epoch, Manifest& manifest,
                std::vector<DirtyPage>& dirty, std::vector<PageAddress>& superseded);

}  // namespace rollcall
