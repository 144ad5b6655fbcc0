// A question in plain words.
#pragma once

#include <string>

#include "core/catalog/series_catalog.h"
#include "rollcall/question.h"

namespace rollcall {

// One paragraph: who is counted, when, and what the numbers of a row are.
std::string describe(const Query& query);

// `event "login", channel "ads"`.
std::string describe(SeriesId series, const SeriesCatalog& catalog);

}  // namespace rollcall
