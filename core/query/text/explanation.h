// These describe questions in plain words, with parts of sentences that several kinds need.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/catalog/series_catalog.h"
#include "rollcall/question.h"
#include "rollcall/segment.h"

namespace rollcall {

// Returns `event "login" whose channel is "ads"`.
std::string event_noun(const Selector& selector);
// Returns the same with its article: `an event "login"`, `any event`.
std::string event_words(const Selector& selector);
// Returns `For each week`.
std::string each_period(Period period);
// Returns `the week` or `the 3 weeks`.
std::string periods_words(std::int32_t count, Period period);

// Returns the sentences about the fields of every kind, to follow those of a kind. Each begins with
// a blank. A row needs several `needed`, days or parts of them; if it is unset, the kind takes no
// range.
std::string describe_common(const QueryCommon& common, std::optional<Period> needed,
                            bool gives_early_rates);

// Returns `event "login", channel "ads"`.
std::string describe(SeriesId series, const SeriesCatalog& catalog);

}  // namespace rollcall
