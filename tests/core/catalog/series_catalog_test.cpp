#include "core/catalog/series_catalog.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(BoundedDictionary, NumbersByFirstAppearanceAndPastTheLimitAsOther) {
  BoundedDictionary dictionary(2);
  EXPECT_EQ(dictionary.intern("a"), 0u);
  EXPECT_EQ(dictionary.intern("b"), 1u);
  EXPECT_EQ(dictionary.intern("a"), 0u);
  EXPECT_FALSE(dictionary.overflowed());
  EXPECT_EQ(dictionary.intern("c"), 2u);
  EXPECT_EQ(dictionary.intern("d"), 2u);
  EXPECT_TRUE(dictionary.overflowed());
  EXPECT_EQ(dictionary.values(), (std::vector<std::string>{"a", "b", "$other"}));
  EXPECT_EQ(dictionary.find("c"), std::nullopt);
}

TEST(SeriesCatalog, ReadsBackWhatWasWritten) {
  StoreSettings settings;
  settings.dimensions = {"channel", "country"};
  SeriesCatalog catalog(settings);
  const EventCode login = catalog.intern_event("login");
  const EventCode buy = catalog.intern_event("buy");
  const ValueCode ads = catalog.intern_value(0, "ads");
  const ValueCode absent = catalog.intern_value(1, "");
  const SeriesId logins = catalog.event_series(login);
  const SeriesId login_ads = catalog.value_series(login, 0, ads);
  const SeriesId buy_absent = catalog.value_series(buy, 1, absent);
  EXPECT_EQ(logins, 1u);
  EXPECT_EQ(catalog.event_series(login), logins);
  EXPECT_EQ(catalog.find_value_series(buy, 0, ads), std::nullopt);

  std::string bytes;
  catalog.serialize(bytes);
  SeriesCatalog read(settings);
  ASSERT_TRUE(read.deserialize(bytes).ok());
  EXPECT_EQ(read.series_count(), catalog.series_count());
  EXPECT_EQ(read.find_event_series(login), logins);
  EXPECT_EQ(read.find_value_series(login, 0, ads), login_ads);
  EXPECT_EQ(read.find_value_series(buy, 1, absent), buy_absent);
  EXPECT_EQ(read.events().values(), catalog.events().values());

  for (std::size_t size = 0; size < bytes.size(); ++size) {
    SeriesCatalog damaged(settings);
    EXPECT_FALSE(damaged.deserialize(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
  StoreSettings other = settings;
  other.dimensions.pop_back();
  SeriesCatalog fewer(other);
  EXPECT_FALSE(fewer.deserialize(bytes).ok());
}

}  // namespace
}  // namespace rollcall
