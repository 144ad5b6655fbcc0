#include "core/catalog/store_tables.h"

#include <string_view>
#include <utility>

namespace rollcall {
namespace {

struct TableRow {
  PageKind kind;
  Epoch Manifest::*epoch;  // 0: the store has no such page
  void (*write)(const StoreTables& tables, std::string& bytes);
  Status (*read)(std::string_view bytes, const StoreSettings& settings, StoreTables& tables);
};

constexpr TableRow kRows[] = {
    {.kind = PageKind::kDictionary,
     .epoch = &Manifest::catalog_epoch,
     .write = [](const StoreTables& tables,
                 std::string& bytes) { tables.catalog->serialize(bytes); },
     .read = [](std::string_view bytes, const StoreSettings&,
                StoreTables& tables) { return tables.catalog->deserialize(bytes); }},
    {.kind = PageKind::kSources,
     .epoch = &Manifest::sources_epoch,
     .write = [](const StoreTables& tables,
                 std::string& bytes) { tables.sources.serialize(bytes); },
     .read = [](std::string_view bytes, const StoreSettings&,
                StoreTables& tables) { return tables.sources.deserialize(bytes); }},
    {.kind = PageKind::kSegments,
     .epoch = &Manifest::segments_epoch,
     .write = [](const StoreTables& tables,
                 std::string& bytes) { tables.segments.serialize(bytes); },
     .read =
         [](std::string_view bytes, const StoreSettings& settings, StoreTables& tables) {
           return tables.segments.deserialize(bytes, settings.user_kind);
         }},
    {.kind = PageKind::kForgotten,
     .epoch = &Manifest::forgotten_epoch,
     .write = [](const StoreTables& tables,
                 std::string& bytes) { tables.forgotten->serialize(bytes); },
     .read = [](std::string_view bytes, const StoreSettings&, StoreTables& tables) -> Status {
       ROLLCALL_ASSIGN_OR_RETURN(ForgottenUsers users, ForgottenUsers::deserialize(bytes));
       tables.forgotten = std::make_shared<const ForgottenUsers>(std::move(users));
       return {};
     }},
};

PageId id_of(const TableRow& row) { return {row.kind, 0, 0, 0, 0}; }

// Reads a table that the commit has.
Status read_table(const TableRow& row, const StoreView& view, const Manifest& manifest,
                  StoreTables& tables) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, view.read({id_of(row), manifest.*row.epoch}));
  return row.read(bytes, manifest.settings, tables);
}

}  // namespace

SeriesCatalog& StoreTables::writable_catalog() {
  if (catalog.use_count() > 1) catalog = std::make_shared<SeriesCatalog>(*catalog);
  return *catalog;
}

std::vector<TablePage> write_tables(const StoreTables& tables, Epoch epoch, Manifest& manifest) {
  std::vector<TablePage> pages;
  for (const TableRow& row : kRows) {
    if (!tables.changed.has(row.kind)) continue;
    TablePage& page =
        pages.emplace_back(TablePage{.id = id_of(row), .superseded = {}, .bytes = {}});
    const Epoch stored = std::exchange(manifest.*row.epoch, epoch);
    if (stored != 0) page.superseded = PageAddress{page.id, stored};
    row.write(tables, page.bytes);
  }
  return pages;
}

Result<StoreTables> read_tables(const StoreView& view, const Manifest& manifest) {
  StoreTables tables(manifest.settings);
  for (const TableRow& row : kRows) {
    if (manifest.*row.epoch == 0) continue;
    ROLLCALL_RETURN_IF_ERROR(read_table(row, view, manifest, tables));
  }
  return tables;
}

Result<VerifiedTables> verify_tables(const StoreView& view, const Manifest& manifest) {
  VerifiedTables verified;
  verified.catalog = std::make_shared<const SeriesCatalog>(manifest.settings);
  for (const TableRow& row : kRows) {
    if (manifest.*row.epoch == 0) continue;
    StoreTables alone(manifest.settings);
    ROLLCALL_RETURN_IF_ERROR(read_table(row, view, manifest, alone));
    ++verified.page_count;
    if (row.kind == PageKind::kDictionary) verified.catalog = std::move(alone.catalog);
  }
  return verified;
}

}  // namespace rollcall
