#include "core/catalog/store_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "core/base/byte_codec.h"

namespace rollcall {
namespace {

// Reads the names of the kept properties, of which there is at least one.
Status read_kept(std::string_view bytes, const StoreSettings& settings, StoreTables& tables) {
  ByteReader reader(bytes);
  StoreSettings with_kept = settings;
  with_kept.kept_properties.resize(reader.count(1));
  for (std::string& name : with_kept.kept_properties) name = reader.text();
  if (!reader.done() || with_kept.kept_properties.empty() || !validate(with_kept).ok()) {
    return Status::corruption("kept properties: their names do not add up");
  }
  tables.catalog->set_kept_properties(std::move(with_kept.kept_properties));
  return {};
}

struct TableRow {
  PageKind kind;
  void (*write)(const StoreTables& tables, std::string& bytes);
  Status (*read)(std::string_view bytes, const StoreSettings& settings, StoreTables& tables);
};

constexpr TableRow kRows[] = {
    {.kind = PageKind::kDictionary,
     .write = [](const StoreTables& tables,
                 std::string& bytes) { tables.catalog->serialize(bytes); },
     .read = [](std::string_view bytes, const StoreSettings&,
                StoreTables& tables) { return tables.catalog->deserialize(bytes); }},
    {.kind = PageKind::kSources,
     .write = [](const StoreTables& tables,
                 std::string& bytes) { tables.sources.serialize(bytes); },
     .read = [](std::string_view bytes, const StoreSettings&,
                StoreTables& tables) { return tables.sources.deserialize(bytes); }},
    {.kind = PageKind::kSegments,
     .write = [](const StoreTables& tables,
                 std::string& bytes) { tables.segments.serialize(bytes); },
     .read =
         [](std::string_view bytes, const StoreSettings& settings, StoreTables& tables) {
           return tables.segments.deserialize(bytes, settings.user_kind);
         }},
    {.kind = PageKind::kForgotten,
     .write = [](const StoreTables& tables,
                 std::string& bytes) { tables.forgotten->serialize(bytes); },
     .read = [](std::string_view bytes, const StoreSettings&, StoreTables& tables) -> Status {
       ROLLCALL_ASSIGN_OR_RETURN(ForgottenUsers users, ForgottenUsers::deserialize(bytes));
       tables.forgotten = std::make_shared<const ForgottenUsers>(std::move(users));
       return {};
     }},
    {.kind = PageKind::kHistoryLimit,
     .write = [](const StoreTables& tables,
                 std::string& bytes) { tables.history_limit.serialize(bytes); },
     .read = [](std::string_view bytes, const StoreSettings&, StoreTables& tables) -> Status {
       ROLLCALL_ASSIGN_OR_RETURN(tables.history_limit, HistoryLimit::deserialize(bytes));
       return {};
     }},
    {.kind = PageKind::kObjects,
     .write = [](const StoreTables& tables,
                 std::string& bytes) { tables.objects.serialize(bytes); },
     .read = [](std::string_view bytes, const StoreSettings&,
                StoreTables& tables) { return tables.objects.deserialize(bytes); }},
    {.kind = PageKind::kAudiences,
     .write = [](const StoreTables& tables,
                 std::string& bytes) { tables.audiences->serialize(bytes); },
     .read = [](std::string_view bytes, const StoreSettings&, StoreTables& tables) -> Status {
       ROLLCALL_ASSIGN_OR_RETURN(AudienceTable audiences, AudienceTable::deserialize(bytes));
       tables.audiences = std::make_shared<const AudienceTable>(std::move(audiences));
       return {};
     }},
    {.kind = PageKind::kKept,
     .write =
         [](const StoreTables& tables, std::string& bytes) {
           ByteWriter writer(bytes);
           const std::vector<std::string>& names = tables.catalog->kept_properties();
           writer.varint(names.size());
           for (const std::string& name : names) writer.text(name);
         },
     .read = read_kept},
};

PageId id_of(const TableRow& row) { return {row.kind, 0, 0, 0, 0}; }

// Calls visit(row, epoch) for each table that the commit has.
//   kUnsupported  it has one that a later version knows
template <class Visit>
Status for_each_table(const Manifest& manifest, Visit visit) {
  for (const auto& [kind, epoch] : manifest.table_epochs) {
    const auto row = std::ranges::find(kRows, kind, &TableRow::kind);
    if (row == std::end(kRows)) {
      return Status::unsupported(
          fmt::format("manifest: the store has a page of kind {}, which this program does not "
                      "know; use a newer one",
                      static_cast<int>(kind)));
    }
    ROLLCALL_RETURN_IF_ERROR(visit(*row, epoch));
  }
  return {};
}

Status read_table(const TableRow& row, Epoch epoch, const StoreView& view, const Manifest& manifest,
                  StoreTables& tables) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, view.read({id_of(row), epoch}));
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
    const Epoch stored = std::exchange(manifest.table_epochs[row.kind], epoch);
    if (stored != 0) page.superseded = PageAddress{page.id, stored};
    row.write(tables, page.bytes);
  }
  return pages;
}

Result<StoreTables> read_tables(const StoreView& view, const Manifest& manifest) {
  StoreTables tables(manifest.settings);
  Status status = for_each_table(manifest, [&](const TableRow& row, Epoch epoch) {
    return read_table(row, epoch, view, manifest, tables);
  });
  if (!status.ok()) return status;
  return tables;
}

Result<VerifiedTables> verify_tables(const StoreView& view, const Manifest& manifest) {
  VerifiedTables verified;
  verified.catalog = std::make_shared<const SeriesCatalog>(manifest.settings);
  verified.audiences = std::make_shared<const AudienceTable>();
  Status status = for_each_table(manifest, [&](const TableRow& row, Epoch epoch) -> Status {
    StoreTables alone(manifest.settings);
    ROLLCALL_RETURN_IF_ERROR(read_table(row, epoch, view, manifest, alone));
    ++verified.page_count;
    if (row.kind == PageKind::kDictionary) verified.catalog = std::move(alone.catalog);
    if (row.kind == PageKind::kHistoryLimit) verified.history_limit = alone.history_limit;
    if (row.kind == PageKind::kAudiences) verified.audiences = std::move(alone.audiences);
    return {};
  });
  if (!status.ok()) return status;
  return verified;
}

}  // namespace rollcall
