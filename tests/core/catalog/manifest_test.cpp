#include "core/catalog/manifest.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(Manifest, ReadsBackWhatWasWritten) {
  Manifest manifest;
  manifest.settings.time_zone = "Europe/London";
  manifest.settings.dimensions = {"Country"};
  manifest.settings.partition_count = 2;
  manifest.settings.user_kind = UserKind::kInteger;
  manifest.settings.week_start = WeekStart::kSunday;
  manifest.event_count = 12345678901;
  manifest.days = {Day{-3}, Day{20000}};
  manifest.known_until = -5;
  manifest.table_epochs[PageKind::kDictionary] = 3;
  manifest.table_epochs[PageKind::kSegments] = 2;
  manifest.partition_epochs = {4, 0};
  const std::string bytes = manifest.serialize();
  const Result<Manifest> read = Manifest::deserialize(bytes);
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  EXPECT_EQ(read->settings, manifest.settings);
  EXPECT_EQ(read->event_count, manifest.event_count);
  EXPECT_EQ(read->days, manifest.days);
  EXPECT_EQ(read->known_until, manifest.known_until);
  EXPECT_EQ(read->table_epochs, manifest.table_epochs);
  EXPECT_EQ(read->partition_epochs, manifest.partition_epochs);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Manifest::deserialize(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
}

TEST(Settings, ValidateNamesWhatIsWrong) {
  StoreSettings settings;
  EXPECT_TRUE(validate(settings).ok());
  settings.partition_count = 3;
  EXPECT_EQ(validate(settings).message(),
            "settings: partition_count is 3 (allowed: powers of two from 1 to 4096)");
  settings = {};
  settings.dimensions = {"a", "a"};
  EXPECT_EQ(validate(settings).message(),
            "settings: dimension \"a\" is declared twice (allowed: distinct names)");
  settings = {};
  settings.value_decimals = 13;
  EXPECT_EQ(validate(settings).message(), "settings: value_decimals is 13 (allowed: 0 to 12)");
}

}  // namespace
}  // namespace rollcall
