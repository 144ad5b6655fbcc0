// Pages on their way to the store.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/pages/page_forms.h"
#include "rollcall/store.h"

namespace rollcall {

// A page of a form as a snapshot of it, to be encoded.
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

// A page to be stored: of a form, encoded when its turn comes, or its bytes.
struct DirtyPage {
  PageId id;
  DirtyContent<PageForms>::Type content;
};

// What it holds until it is let go of.
std::size_t memory_bytes(const DirtyPage& page);

// The pages as a commit, or as a part of one, which lacks what it supersedes and its manifest.
// Sorts them; each goes as soon as it is encoded. `dirty` must outlive the commit.
Commit commit_of(Epoch epoch, std::vector<DirtyPage>& dirty, unsigned threads);

// Adds a page of which the engine has one of its kind. `stored` is the epoch of the version that it
// replaces, 0 for none, and then of this one.
template <class Content>
void add_page(PageKind kind, const Content& content, Epoch epoch, Epoch& stored,
              std::vector<DirtyPage>& dirty, std::vector<PageAddress>& superseded) {
  const PageId id{kind, 0, 0, 0, 0};
  if (stored != 0) superseded.push_back({id, stored});
  stored = epoch;
  std::string bytes;
  content.serialize(bytes);
  dirty.push_back({id, std::move(bytes)});
}

}  // namespace rollcall
