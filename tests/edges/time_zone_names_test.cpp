// The name of a time zone stands for the same zone on every machine.

#include <gtest/gtest.h>

#include <string>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "tests/support/error_text.h"

namespace rollcall {
namespace {

Status open_with(const std::string& time_zone) {
  EngineOptions options;
  options.settings = StoreSettings{};
  options.settings->time_zone = time_zone;
  return Engine::open(open_memory_store(), options).status();
}

TEST(TimeZoneNames, OfTheMachineAreRefused) {
  for (const char* name :
       {"localtime", "posixrules", "Factory", "posix/Europe/London", "right/Europe/London"}) {
    const Status status = open_with(name);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << name;
    EXPECT_TRUE(repeats(status, std::string("\"") + name + "\"")) << status.to_string();
  }
}

TEST(TimeZoneNames, AreNoPathsAndNoRules) {
  for (const char* name : {"",
                           " ",
                           "utc",
                           "Utc",
                           "europe/london",
                           "Europe/london",
                           " Europe/London",
                           "Europe/London ",
                           "Europe",
                           "Europe/",
                           "/Europe/London",
                           ":Europe/London",
                           "./Europe/London",
                           "Europe/../Europe/London",
                           "../zoneinfo/Europe/London",
                           "/usr/share/zoneinfo/Europe/London",
                           "/etc/localtime",
                           "EST5EDT,M3.2.0,M11.1.0",
                           "<+03>-3",
                           "GMT-3:30",
                           "tzdata.zi",
                           "zone.tab",
                           "leapseconds",
                           "iso3166.tab"}) {
    const Status status = open_with(name);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << name << ": " << status.to_string();
  }
}

TEST(TimeZoneNames, OfZonesAreTaken) {
  for (const char* name : {"UTC", "Etc/UTC", "Europe/London", "America/Argentina/Buenos_Aires",
                           "Asia/Kathmandu", "Etc/GMT+3", "US/Eastern"}) {
    EXPECT_TRUE(open_with(name).ok()) << name;
  }
}

TEST(TimeZoneNames, SuggestedAreThoseTaken) {
  const std::string allowed = ", allowed: an IANA name such as \"UTC\" or \"Europe/London\"";
  EXPECT_EQ(open_with("localtme").message(),
            "time zone: unknown name: found \"localtme\"" + allowed);
  EXPECT_EQ(open_with("Europe/Londn").message(),
            "time zone: unknown name: found \"Europe/Londn\" (did you mean \"Europe/London\"?)" +
                allowed);
}

}  // namespace
}  // namespace rollcall
