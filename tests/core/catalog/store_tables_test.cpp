#include "core/catalog/store_tables.h"

#include <gtest/gtest.h>

#include <map>

namespace rollcall {
namespace {

class PagesInMemory : public StoreView {
 public:
  Result<std::string> read(const PageAddress& address) const override {
    const auto page = pages.find(address);
    if (page == pages.end()) return Status::corruption(to_string(address.id) + ": is missing");
    return page->second;
  }

  std::map<PageAddress, std::string> pages;
};

StoreSettings settings() {
  StoreSettings settings;
  settings.user_kind = UserKind::kInteger;
  settings.partition_count = 1;
  settings.dimensions = {"country"};
  return settings;
}

// Returns tables with one thing in each.
StoreTables full_tables() {
  StoreTables tables(settings());
  SeriesCatalog& catalog = tables.writable_catalog();
  catalog.event_series(catalog.intern_event("login"));
  catalog.set_kept_properties({"session", "page"});
  tables.sources.set({.id = "a.csv", .position = "7"}, 0);
  tables.sources.add({.source = "queue", .token = "t1"}, 0);
  Segment expression;
  expression.kind = Segment::Kind::kFile;
  expression.name = "/users.txt";
  tables.segments.set("listed", {.expression = expression, .users = nullptr});
  auto forgotten = std::make_shared<ForgottenUsers>();
  forgotten->add(UserId(std::uint64_t{42}));
  tables.forgotten = std::move(forgotten);
  tables.history_limit = {.days = 30, .from = Day{-5}};
  tables.objects.set({ObjectKind::kAlert, "quiet"}, "{}");
  auto audiences = std::make_shared<AudienceTable>();
  Audience& audience = audiences->add({"back", "1"});
  audience.as_of = "now";
  audience.classes = {{.name = "all", .contacted = 3, .holdout = 1}};
  audience.pages[{2, 0}] = 3;
  tables.audiences = std::move(audiences);
  for (const PageKind kind :
       {PageKind::kDictionary, PageKind::kSources, PageKind::kSegments, PageKind::kForgotten,
        PageKind::kKept, PageKind::kHistoryLimit, PageKind::kObjects, PageKind::kAudiences}) {
    tables.changed.add(kind);
  }
  return tables;
}

class StoreTablesTest : public ::testing::Test {
 protected:
  StoreTablesTest() {
    manifest_.settings = settings();
    manifest_.partition_epochs = {0};
  }

  std::vector<TablePage> write(const StoreTables& tables, Epoch epoch) {
    std::vector<TablePage> pages = write_tables(tables, epoch, manifest_);
    for (const TablePage& page : pages) view_.pages[{page.id, epoch}] = page.bytes;
    return pages;
  }

  Manifest manifest_;
  PagesInMemory view_;
};

TEST_F(StoreTablesTest, AreReadAsTheyWereWritten) {
  EXPECT_EQ(write(full_tables(), 3).size(), 8u);
  EXPECT_EQ(manifest_.table_epochs[PageKind::kDictionary], 3u);
  EXPECT_EQ(manifest_.table_epochs[PageKind::kSources], 3u);
  EXPECT_EQ(manifest_.table_epochs[PageKind::kSegments], 3u);
  EXPECT_EQ(manifest_.table_epochs[PageKind::kForgotten], 3u);
  EXPECT_EQ(manifest_.table_epochs[PageKind::kKept], 3u);
  const Result<StoreTables> read = read_tables(view_, manifest_);
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  EXPECT_EQ(read->catalog->events().values(), std::vector<std::string>{"login"});
  EXPECT_EQ(read->catalog->series_count(), 2u);
  EXPECT_EQ(read->catalog->kept_properties(), (std::vector<std::string>{"session", "page"}));
  ASSERT_EQ(read->sources.positions().size(), 1u);
  EXPECT_EQ(read->sources.positions()[0].position, "7");
  EXPECT_TRUE(read->sources.has({.source = "queue", .token = "t1"}));
  EXPECT_EQ(read->segments.saved().count("listed"), 1u);
  ASSERT_NE(read->forgotten, nullptr);
  EXPECT_TRUE(read->forgotten->contains(UserId(std::uint64_t{42})));
  EXPECT_EQ(read->history_limit.days, 30u);
  EXPECT_EQ(read->history_limit.from, Day{-5});
  EXPECT_EQ(read->objects.saved(), full_tables().objects.saved());
  ASSERT_EQ(read->audiences->all().size(), 1u);
  const auto& [name, audience] = *read->audiences->all().begin();
  EXPECT_EQ(name, (AudienceName{"back", "1"}));
  EXPECT_EQ(audience.number, 1u);
  EXPECT_EQ(audience.as_of, "now");
  EXPECT_EQ(audience.classes, full_tables().audiences->all().begin()->second.classes);
  EXPECT_EQ(audience.pages, (std::map<Audience::Place, Epoch>{{{2, 0}, 3}}));
  for (const PageKind kind :
       {PageKind::kDictionary, PageKind::kSources, PageKind::kSegments, PageKind::kForgotten,
        PageKind::kKept, PageKind::kHistoryLimit, PageKind::kObjects, PageKind::kAudiences}) {
    EXPECT_FALSE(read->changed.has(kind)) << static_cast<int>(kind);
  }
}

TEST_F(StoreTablesTest, NamesOfKeptPropertiesAreChecked) {
  write(full_tables(), 3);
  std::string& bytes = view_.pages[{{PageKind::kKept, 0, 0, 0, 0}, 3}];
  EXPECT_EQ(bytes, std::string("\x02\x07session\x04page"));
  for (const char* const damaged : {"", "\x01", "\x01\x01", "\x02\x01x\x01x",
                                    "\x01\x07"
                                    "country",
                                    "\x01\x01x."}) {
    bytes = damaged;
    EXPECT_EQ(read_tables(view_, manifest_).status().code(), StatusCode::kCorruption) << bytes;
  }
}

TEST_F(StoreTablesTest, ObjectsAreChecked) {
  write(full_tables(), 3);
  std::string& bytes = view_.pages[{{PageKind::kObjects, 0, 0, 0, 0}, 3}];
  EXPECT_EQ(bytes, std::string("\x01\x04\x05quiet\x02{}"));
  for (const char* const damaged :
       {"", "\x01", "\x02\x04\x01x\x02{}\x04\x01x\x02{}", "\x01\x01\x01x\x02{}",
        "\x01\x05\x01x\x02{}", "\x01\x04\x01x\x03{}"}) {
    bytes = damaged;
    EXPECT_EQ(read_tables(view_, manifest_).status().code(), StatusCode::kCorruption) << bytes;
  }
}

TEST_F(StoreTablesTest, AudiencesAreChecked) {
  write(full_tables(), 3);
  std::string& bytes = view_.pages[{{PageKind::kAudiences, 0, 0, 0, 0}, 3}];
  const std::string sound = bytes;
  const std::string one = sound.substr(2);
  EXPECT_EQ(sound.substr(0, 2), "\x02\x01");  // the next number, and one audience
  for (const std::string& damaged :
       {std::string(), std::string("\x02\x02") + one + one, std::string("\x01\x01") + one,
        sound + "x", sound.substr(0, sound.size() - 1)}) {
    bytes = damaged;
    EXPECT_EQ(read_tables(view_, manifest_).status().code(), StatusCode::kCorruption);
  }
}

TEST_F(StoreTablesTest, AreWrittenWhereTheyHaveChanged) {
  StoreTables tables = full_tables();
  write(tables, 3);
  tables.changed.clear();
  EXPECT_TRUE(write(tables, 4).empty());
  tables.sources.set({.id = "a.csv", .position = "8"}, 0);
  tables.changed.add(PageKind::kSources);
  const std::vector<TablePage> pages = write(tables, 5);
  ASSERT_EQ(pages.size(), 1u);
  EXPECT_EQ(pages[0].id, (PageId{PageKind::kSources, 0, 0, 0, 0}));
  EXPECT_EQ(pages[0].superseded, (PageAddress{pages[0].id, 3}));
  EXPECT_EQ(manifest_.table_epochs[PageKind::kDictionary], 3u);
  EXPECT_EQ(manifest_.table_epochs[PageKind::kSources], 5u);
  const Result<StoreTables> read = read_tables(view_, manifest_);
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  EXPECT_EQ(read->sources.positions()[0].position, "8");
}

TEST_F(StoreTablesTest, OfANewStoreAreEmpty) {
  const Result<StoreTables> read = read_tables(view_, manifest_);
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  EXPECT_EQ(read->catalog->series_count(), 1u);  // any event
  EXPECT_TRUE(read->sources.positions().empty());
  EXPECT_TRUE(read->segments.saved().empty());
  EXPECT_EQ(read->forgotten, nullptr);
}

TEST_F(StoreTablesTest, AreVerifiedOneByOne) {
  write(full_tables(), 3);
  const Result<VerifiedTables> verified = verify_tables(view_, manifest_);
  ASSERT_TRUE(verified.ok()) << verified.status().to_string();
  EXPECT_EQ(verified->page_count, 8u);
  EXPECT_EQ(verified->history_limit.from, Day{-5});
  EXPECT_EQ(verified->catalog->series_count(), 2u);
  for (const auto& [address, bytes] : view_.pages) {
    PagesInMemory damaged = view_;
    damaged.pages[address].pop_back();
    EXPECT_EQ(verify_tables(damaged, manifest_).status().code(), StatusCode::kCorruption)
        << to_string(address.id);
    EXPECT_EQ(read_tables(damaged, manifest_).status().code(), StatusCode::kCorruption)
        << to_string(address.id);
    damaged.pages.erase(address);
    EXPECT_FALSE(verify_tables(damaged, manifest_).ok()) << to_string(address.id);
  }
}

TEST(StoreTables, CopyTheCatalogWhereSomebodyHoldsIt) {
  StoreTables tables(settings());
  const SeriesCatalog* const first = tables.catalog.get();
  EXPECT_EQ(&tables.writable_catalog(), first);
  const std::shared_ptr<const SeriesCatalog> held = tables.catalog;
  SeriesCatalog& copy = tables.writable_catalog();
  copy.intern_event("login");
  EXPECT_NE(&copy, first);
  EXPECT_TRUE(held->events().values().empty());
}

TEST(SourceTable, IsCopiedWithItsTokens) {
  SourceTable table;
  for (std::size_t i = 0; i < TokenWindow::kTokensMax; ++i) {
    table.add({.source = "queue", .token = std::to_string(i)}, 0);
  }
  SourceTable copy = table;
  table = SourceTable();
  EXPECT_FALSE(table.has({.source = "queue", .token = "0"}));
  EXPECT_TRUE(copy.has({.source = "queue", .token = "0"}));
  copy.add({.source = "queue", .token = "next"}, 0);
  EXPECT_FALSE(copy.has({.source = "queue", .token = "0"})) << "the oldest goes";
  EXPECT_TRUE(copy.has({.source = "queue", .token = "1"}));
  EXPECT_TRUE(copy.has({.source = "queue", .token = "next"}));
}

}  // namespace
}  // namespace rollcall
