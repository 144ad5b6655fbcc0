#include "core/query/resolve/selector_resolver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/time/calendar.h"
#include "tests/core/query/fake_store.h"

namespace rollcall::testing {
namespace {

using TestKind = PropertyCondition::Test;

constexpr SeriesId kNoSuchSeries = ~SeriesId{0};

class SelectorResolver : public ::testing::Test {
 protected:
  // Two events, two dimensions; "seo" and what follows no longer fits into the first.
  static StoreSettings settings() {
    StoreSettings settings;
    settings.dimensions = {"channel", "plan", "country", "channel+plan"};
    settings.dimension_values_max = 3;
    settings.history = false;
    return settings;
  }

  SelectorResolver() : catalog_(settings()) {
    for (const std::string event : {"login", "purchase"}) {
      const EventCode code = catalog_.intern_event(event);
      catalog_.event_series(code);
      for (const std::string value : {"", "ads", "mail"}) {
        for (std::uint32_t d : {0u, 1u}) {
          catalog_.value_series(code, d, catalog_.intern_value(d, value));
        }
      }
    }
  }

  void overflow_channel() {
    catalog_.value_series(0, 0, catalog_.intern_value(0, "seo"));
    ASSERT_TRUE(catalog_.values(0).overflowed());
  }

  SeriesId event_series(std::string_view event) const {
    return catalog_.find_event_series(*catalog_.events().find(event)).value_or(kNoSuchSeries);
  }
  SeriesId value_series(std::string_view event, std::string_view value) const {
    return catalog_
        .find_value_series(*catalog_.events().find(event), 0, *catalog_.values(0).find(value))
        .value_or(kNoSuchSeries);
  }

  std::vector<SeriesId> resolve(const Selector& selector,
                                const std::vector<PropertyCondition>& where = {}) const {
    const auto result = resolve_selector("event", selector, where, context(catalog_));
    EXPECT_TRUE(result.ok()) << result.status().to_string();
    return result.ok() ? result->series : std::vector<SeriesId>{kNoSuchSeries};
  }
  std::string error(const Selector& selector,
                    const std::vector<PropertyCondition>& where = {}) const {
    const auto result = resolve_selector("event", selector, where, context(catalog_));
    EXPECT_FALSE(result.ok());
    return result.status().message();
  }
  PlanContext context(const SeriesCatalog& catalog) const {
    return {settings_, zone_, catalog, {}, std::nullopt, segments_};
  }
  static Selector where(std::vector<PropertyCondition> conditions) {
    return {Selector::Names::kAny, {}, std::move(conditions)};
  }

  StoreSettings settings_ = settings();
  const TimeZone zone_;
  const SegmentCatalog segments_;
  SeriesCatalog catalog_;
};

TEST_F(SelectorResolver, Events) {
  using Names = Selector::Names;
  EXPECT_EQ(resolve({}), std::vector<SeriesId>{kAnySeries});
  EXPECT_EQ(resolve({Names::kAnyOf, {"login"}, {}}), std::vector<SeriesId>{event_series("login")});
  EXPECT_EQ(resolve({Names::kAnyOf, {"purchase", "login"}, {}}),
            (std::vector<SeriesId>{event_series("login"), event_series("purchase")}));
  EXPECT_EQ(resolve({Names::kNoneOf, {"login"}, {}}),
            std::vector<SeriesId>{event_series("purchase")});
  EXPECT_EQ(error({Names::kAnyOf, {"logni"}, {}}),
            "event: unknown event \"logni\" (did you mean \"login\"?), allowed: login, purchase");
  EXPECT_EQ(error({Names::kNoneOf, {"bot"}, {}}),
            "event: unknown event \"bot\", allowed: login, purchase");
}

TEST(SelectorResolverOfManyNames, ANamePastTheLimitIsNotCalledUnknown) {
  StoreSettings settings;
  settings.event_names_max = 1;
  const TimeZone zone;
  const SegmentCatalog segments;
  SeriesCatalog catalog(settings);
  catalog.intern_event("login");
  catalog.intern_event("purchase");
  ASSERT_TRUE(catalog.events().overflowed());
  const auto result = resolve_selector("event", {Selector::Names::kAnyOf, {"purchase"}, {}}, {},
                                       {settings, zone, catalog, {}, std::nullopt, segments});
  EXPECT_EQ(
      result.status().message(),
      "event: \"purchase\": cannot be answered exactly: there are more event names than the 1 "
      "that the store keeps, and it may be among those counted as \"$other\"; ask for kept "
      "names, or raise event_names_max when the store is made");
}

TEST_F(SelectorResolver, Conditions) {
  const auto both = [&](std::vector<std::string> values) {
    std::vector<SeriesId> series;
    for (const std::string& value : values) {
      series.push_back(value_series("login", value));
      series.push_back(value_series("purchase", value));
    }
    std::sort(series.begin(), series.end());
    return series;
  };
  EXPECT_EQ(resolve(where({{"channel", TestKind::kAnyOf, {"ads"}}})), both({"ads"}));
  EXPECT_EQ(resolve(where({{"channel", TestKind::kAnyOf, {"ads", "none"}}})), both({"ads"}));
  EXPECT_EQ(resolve(where({{"channel", TestKind::kAnyOf, {"none"}}})), both({}));
  EXPECT_EQ(resolve(where({{"channel", TestKind::kAnyOf, {""}}})), both({""}));
  EXPECT_EQ(resolve(where({{"channel", TestKind::kNoneOf, {"ads"}}})), both({"", "mail"}));
  EXPECT_EQ(resolve(where({{"channel", TestKind::kContains, {"a"}}})), both({"ads", "mail"}));
  EXPECT_EQ(resolve(where({{"channel", TestKind::kIsSet, {}}})), both({"ads", "mail"}));
  EXPECT_EQ(resolve(where({{"channel", TestKind::kIsNotSet, {}}})), both({""}));
  EXPECT_EQ(resolve(where({{"channel", TestKind::kContains, {"a"}}}),
                    {{"channel", TestKind::kNoneOf, {"ads"}}}),
            both({"mail"}));
  EXPECT_EQ(resolve({Selector::Names::kAnyOf, {"login"}, {{"channel", TestKind::kAnyOf, {"ads"}}}}),
            std::vector<SeriesId>{value_series("login", "ads")});
  EXPECT_FALSE(
      resolve_selector("event", where({{"channel", TestKind::kIsSet, {}}}), {}, context(catalog_))
          ->has_bounds);
  EXPECT_TRUE(resolve_selector("event", {}, {}, context(catalog_))->has_bounds);
}

TEST(SelectorResolverOfNumbers, ValuesThatAreNumbers) {
  StoreSettings settings;
  settings.dimensions = {"price"};
  const TimeZone zone;
  const SegmentCatalog segments;
  SeriesCatalog catalog(settings);
  const EventCode view = catalog.intern_event("view");
  for (const char* const value : {"9.5", "10", "10.00", "-1", "ten", "1e9", ""}) {
    catalog.value_series(view, 0, catalog.intern_value(0, value));
  }
  const auto passing = [&](TestKind test, const char* number) {
    std::vector<std::string> values;
    const auto found =
        resolve_selector("event", {Selector::Names::kAny, {}, {{"price", test, {number}}}}, {},
                         {settings, zone, catalog, {}, std::nullopt, segments});
    for (const SeriesId id : found->series) {
      values.push_back(catalog.values(0).values()[catalog.series(id).value]);
    }
    std::ranges::sort(values);
    return values;
  };
  using Values = std::vector<std::string>;
  EXPECT_EQ(passing(TestKind::kMore, "9.50"), (Values{"10", "10.00"}));
  EXPECT_EQ(passing(TestKind::kAtLeast, "9.50"), (Values{"10", "10.00", "9.5"}));
  EXPECT_EQ(passing(TestKind::kLess, "10"), (Values{"-1", "9.5"}));
  EXPECT_EQ(passing(TestKind::kAtMost, "10"), (Values{"-1", "10", "10.00", "9.5"}));
  EXPECT_EQ(passing(TestKind::kEquals, "010.0"), (Values{"10", "10.00"}));
}

TEST_F(SelectorResolver, AmountsOfEvents) {
  using Amounts = EventSelector::Amounts;
  const Amounts all;
  const Amounts none = {.least = 1, .most = 0};
  const auto amounts = [&](std::vector<PropertyCondition> conditions) {
    const auto resolved = resolve_event_selector("event", where(conditions), {}, catalog_);
    EXPECT_TRUE(resolved.ok()) << resolved.status().message();
    EXPECT_TRUE(resolved->where.empty());
    return resolved->amounts;
  };
  const auto of = [&](TestKind test, const char* number) {
    return *amounts({{"value", test, {number}}});
  };
  EXPECT_EQ(amounts({}), std::nullopt);
  EXPECT_EQ(of(TestKind::kMore, "2.5"), (Amounts{2'500'001, all.most}));
  EXPECT_EQ(of(TestKind::kAtLeast, "2.5"), (Amounts{2'500'000, all.most}));
  EXPECT_EQ(of(TestKind::kLess, "2.5"), (Amounts{all.least, 2'499'999}));
  EXPECT_EQ(of(TestKind::kAtMost, "2.5"), (Amounts{all.least, 2'500'000}));
  EXPECT_EQ(of(TestKind::kEquals, "-2.5"), (Amounts{-2'500'000, -2'500'000}));
  // Between two amounts.
  EXPECT_EQ(of(TestKind::kMore, "0.0000015"), (Amounts{2, all.most}));
  EXPECT_EQ(of(TestKind::kAtLeast, "0.0000015"), (Amounts{2, all.most}));
  EXPECT_EQ(of(TestKind::kLess, "-0.0000015"), (Amounts{all.least, -2}));
  EXPECT_EQ(of(TestKind::kAtMost, "-0.0000015"), (Amounts{all.least, -2}));
  EXPECT_EQ(of(TestKind::kEquals, "0.0000015"), none);
  // Past all amounts.
  EXPECT_EQ(of(TestKind::kMore, "-99999999999999999999999999999999999999999999"), all);
  EXPECT_EQ(of(TestKind::kAtMost, "99999999999999999999999999999999999999999999"), all);
  EXPECT_EQ(of(TestKind::kMore, "9223372036854.775807"), none);
  EXPECT_EQ(of(TestKind::kAtLeast, "9223372036854.775807"), (Amounts{all.most, all.most}));
  EXPECT_EQ(of(TestKind::kLess, "-9223372036854.775808"), none);
  EXPECT_EQ(amounts({{"value", TestKind::kMore, {"1"}}, {"value", TestKind::kLess, {"2"}}}),
            (Amounts{1'000'001, 1'999'999}));
  EXPECT_EQ(amounts({{"value", TestKind::kMore, {"2"}}, {"value", TestKind::kLess, {"1"}}}), none);
}

TEST_F(SelectorResolver, TellsWhatAggregatesCannot) {
  const PropertyCondition ads = {"channel", TestKind::kAnyOf, {"ads"}};
  const PropertyCondition large = {"value", TestKind::kMore, {"10"}};
  EXPECT_EQ(why_events_are_needed({}, {}, catalog_), std::nullopt);
  EXPECT_EQ(why_events_are_needed(where({ads, {"channel", TestKind::kIsSet, {}}}), {ads}, catalog_),
            std::nullopt);
  EXPECT_EQ(why_events_are_needed(where({ads}), {{"plan", TestKind::kIsSet, {}}}, catalog_),
            "conditions on \"channel\" and \"plan\" must hold of the same event");
  EXPECT_EQ(why_events_are_needed({}, {large}, catalog_),
            "a condition is on the amount of a single event");
  EXPECT_EQ(error(where({large})),
            "event: where: value: needs history, as aggregates do not tell the amount of a single "
            "event (allowed: conditions on a declared property)");
  EXPECT_EQ(error(where({{"value", TestKind::kIsSet, {}}})),
            "event: where: value: the amount of an event is compared as a number (allowed: gt, "
            "gte, lt, lte, eq)");
}

TEST_F(SelectorResolver, KeptPropertiesComeAfterDimensions) {
  catalog_.set_kept_properties({"session", "page"});
  EXPECT_EQ(property_number("channel", catalog_), 0u);
  EXPECT_EQ(property_number("page", catalog_), 5u);
  EXPECT_EQ(property_number("pages", catalog_), std::nullopt);
  const PropertyCondition on_page = {"page", TestKind::kAnyOf, {"/a"}};
  const PropertyCondition on_plan = {"plan", TestKind::kAnyOf, {"mail"}};
  EXPECT_EQ(why_events_are_needed(where({on_page}), {}, catalog_),
            "\"page\" is kept with the events only");
  const auto selector = resolve_event_selector("event", where({on_page, on_plan}),
                                               {{"page", TestKind::kIsSet, {}}}, catalog_);
  ASSERT_TRUE(selector.ok()) << selector.status().to_string();
  ASSERT_EQ(selector->kept.size(), 1u);
  EXPECT_EQ(selector->kept[0].property, 1u);
  EXPECT_EQ(selector->kept[0].conditions.size(), 2u);
  EXPECT_EQ(selector->where.size(), 1u);
  EXPECT_EQ(error(where({{"pages", TestKind::kIsSet, {}}})),
            "event: where: unknown property \"pages\" (did you mean \"page\"?), allowed: channel, "
            "plan, country, channel+plan, session, page; a property is declared as a dimension "
            "when the store is made, or kept from some time on");
}

TEST_F(SelectorResolver, PropertiesThatCannotBeAsked) {
  EXPECT_EQ(
      error(where({{"chanel", TestKind::kAnyOf, {"ads"}}})),
      "event: where: unknown property \"chanel\" (did you mean \"channel\"?), allowed: channel, "
      "plan, country, channel+plan; a property is declared as a dimension when the store is "
      "made, or kept from some time on");
  EXPECT_EQ(
      error(where({{"channel", TestKind::kAnyOf, {"ads"}}}),
            {{"country", TestKind::kAnyOf, {"FR"}}}),
      "event: where: must be about one property, found \"channel\" and \"country\"; to ask about "
      "both, declare the dimension \"channel+country\" when the store is made");
  EXPECT_EQ(error(where({{"plan", TestKind::kIsSet, {}}, {"channel", TestKind::kIsSet, {}}})),
            "event: where: must be about one property, found \"plan\" and \"channel\"; ask for the "
            "dimension \"channel+plan\", which joins them");
}

TEST_F(SelectorResolver, ValuesThatDidNotFit) {
  overflow_channel();
  const SeriesId other = value_series("login", kOtherName);
  const auto contains_other = [&](const std::vector<PropertyCondition>& conditions) {
    const std::vector<SeriesId> series = resolve(where(conditions));
    return std::find(series.begin(), series.end(), other) != series.end();
  };
  EXPECT_FALSE(contains_other({{"channel", TestKind::kAnyOf, {"ads"}}}));
  EXPECT_TRUE(contains_other({{"channel", TestKind::kNoneOf, {"ads"}}}));
  EXPECT_TRUE(contains_other({{"channel", TestKind::kIsSet, {}}}));
  EXPECT_FALSE(contains_other({{"channel", TestKind::kIsNotSet, {}}}));
  EXPECT_TRUE(contains_other({{"channel", TestKind::kAnyOf, {std::string(kOtherName)}}}));
  // What one condition rules out, another need not know.
  EXPECT_FALSE(contains_other(
      {{"channel", TestKind::kContains, {"a"}}, {"channel", TestKind::kAnyOf, {"ads"}}}));

  const std::string message =
      "event: where: channel: cannot be answered exactly: the property has more values than the 3 "
      "that the store keeps, and a value asked for may be among those counted as \"$other\"; ask "
      "for "
      "kept values, or raise dimension_values_max when the store is made";
  EXPECT_EQ(error(where({{"channel", TestKind::kAnyOf, {"ads", "seo"}}})), message);
  EXPECT_EQ(error(where({{"channel", TestKind::kNoneOf, {"seo"}}})), message);
  EXPECT_EQ(error(where({{"channel", TestKind::kContains, {"a"}}})), message);
  EXPECT_EQ(error(where({{"channel", TestKind::kLess, {"10"}}})), message);

  EXPECT_EQ(
      resolve_selector("event", where({{"channel", TestKind::kIsSet, {}}}), {}, context(catalog_))
          ->notes,
      std::vector<std::string>{
          "channel has more values than the store keeps; the others count as \"$other\""});
  EXPECT_TRUE(
      resolve_selector("event", where({{"plan", TestKind::kIsSet, {}}}), {}, context(catalog_))
          ->notes.empty());
}

TEST_F(SelectorResolver, StoreWithoutEvents) {
  const SeriesCatalog empty(settings());
  const Selector login{Selector::Names::kAnyOf, {"login"}, {}};
  EXPECT_TRUE(resolve_selector("event", login, {}, context(empty))->series.empty());
  EXPECT_FALSE(
      resolve_selector("event", login, {{"city", TestKind::kIsSet, {}}}, context(empty)).ok());
}

// Values that did not fit are counted by the plans, and the answer says so.
TEST_F(SelectorResolver, AnswerSaysThatValuesCountAsOther) {
  std::vector<NaiveEvent> events;
  for (const std::string value : {"ads", "mail", "seo", "tv", "print"}) {
    const TimeUs time = parse_date("2026-01-05")->value * kUsPerDay;
    events.push_back({value + " user", "login", time, {}, {{"channel", value}}, true});
  }
  const FakeStore store(settings(), events);
  const auto result = store.query(R"({"kind": "active", "where": {"channel": {"ne": "ads"}}})");
  ASSERT_TRUE(result.ok()) << result.status().to_string();
  EXPECT_EQ(result->rows,
            (std::vector<std::vector<Cell>>{{*parse_date("2026-01-05"), std::int64_t{4}, true}}));
  EXPECT_EQ(result->definition.back(),
            (std::pair<std::string, std::string>(
                "notes", R"(["a row is complete when its last day has ended at as_of", )"
                         R"("channel has more values than the store keeps; the others count as )"
                         R"(\"$other\""])")));
}

}  // namespace
}  // namespace rollcall::testing
