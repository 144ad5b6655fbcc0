// A store has one page of each of these tables: the names, the sources, the saved segments and
// other objects, the audiences, the forgotten users, the names of the kept properties, and how far
// back history reaches.
//
// A table has a row in store_tables.cpp, which says its kind of page and how its bytes are written
// and read. A new table needs its member here, its row there, and a PageKind. Code that opens,
// commits or verifies a store goes by the rows.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/catalog/audience_table.h"
#include "core/catalog/history_limit.h"
#include "core/catalog/manifest.h"
#include "core/catalog/object_table.h"
#include "core/catalog/segment_table.h"
#include "core/catalog/series_catalog.h"
#include "core/catalog/source_table.h"
#include "core/users/forgotten_users.h"
#include "rollcall/status.h"
#include "rollcall/store.h"

namespace rollcall {

// Is a set of tables, by their kinds of pages.
class TableSet {
 public:
  void add(PageKind kind) { kinds_.set(static_cast<std::size_t>(kind)); }
  bool has(PageKind kind) const { return kinds_.test(static_cast<std::size_t>(kind)); }
  void clear() { kinds_.reset(); }

 private:
  std::bitset<256> kinds_;
};

struct StoreTables {
  // Makes the tables of an empty store.
  explicit StoreTables(const StoreSettings& settings)
      : catalog(std::make_shared<SeriesCatalog>(settings)) {}

  // Returns the catalog for writing. Queries hold the catalog, too, so it is copied before it
  // changes. Call this where no query can take hold of it, and keep the result no longer than that.
  SeriesCatalog& writable_catalog();

  std::shared_ptr<SeriesCatalog> catalog;  // never null
  SourceTable sources;
  SegmentTable segments;
  // Holds the users whose events are dropped; it is null if no user was forgotten. It is replaced
  // and never changed, because batches are checked against it while others enter.
  std::shared_ptr<const ForgottenUsers> forgotten;
  HistoryLimit history_limit;
  ObjectTable objects;
  // Is never null. It is replaced and never changed, because questions hold it, too.
  std::shared_ptr<const AudienceTable> audiences = std::make_shared<const AudienceTable>();
  TableSet changed;  // those that changed since the last commit
};

// Is a table as the next commit writes it.
struct TablePage {
  PageId id;
  std::optional<PageAddress> superseded;
  std::string bytes;
};

// Returns the tables that have changed, for the commit `epoch`, and names that commit in
// `manifest`.
std::vector<TablePage> write_tables(const StoreTables& tables, Epoch epoch, Manifest& manifest);

// Reads all tables of the commit that `manifest` belongs to.
//   kCorruption  the bytes of one are not what was written
Result<StoreTables> read_tables(const StoreView& view, const Manifest& manifest);

// Has the result of reading each table separately, so that no two are in memory at once.
struct VerifiedTables {
  std::uint64_t page_count = 0;
  std::shared_ptr<const SeriesCatalog> catalog;  // never null
  HistoryLimit history_limit;
  std::shared_ptr<const AudienceTable> audiences;  // never null
};
// Returns the same errors as read_tables().
Result<VerifiedTables> verify_tables(const StoreView& view, const Manifest& manifest);

}  // namespace rollcall
