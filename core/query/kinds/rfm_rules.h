// How users are scored, as JSON; rfm and rfm_users share it.
#pragma once

#include <array>
#include <string>

#include "core/query/text/json_reader.h"
#include "core/query/text/query_json.h"
#include "core/query/text/query_names.h"
#include "rollcall/kinds.h"
#include "rollcall/question.h"
#include "rollcall/status.h"

namespace rollcall {

inline constexpr std::array<Spelling<RfmRules::Frequency>, 2> kRfmFrequencyNames = {
    {{"events", RfmRules::Frequency::kEvents}, {"days", RfmRules::Frequency::kDays}}};
inline constexpr std::array<Spelling<RfmRules::Monetary>, 2> kRfmMonetaryNames = {
    {{"sum", RfmRules::Monetary::kSum}, {"mean", RfmRules::Monetary::kMean}}};
inline constexpr std::string_view kRfmScoreWords[] = {"quantile"};
inline constexpr std::string_view kRfmOther = "other";  // the segment of those who fit none

// These are the fields of the rules, in the order to offer them.
inline constexpr QueryField kRfmFrequencyField = {.name = "frequency",
                                                  .type = FieldType::kWord,
                                                  .meaning = "What counts as frequency",
                                                  .default_json = "\"events\"",
                                                  .words = kWordsOf<kRfmFrequencyNames>};
inline constexpr QueryField kRfmMonetaryField = {
    .name = "monetary",
    .type = FieldType::kWord,
    .meaning = "Monetary value: the sum of the values, or the mean of an event with one",
    .default_json = "\"sum\"",
    .words = kWordsOf<kRfmMonetaryNames>};
inline constexpr QueryField kRfmScoresField = {
    .name = "scores",
    .type = FieldType::kEdges,
    .meaning = "Scores by rank, or four edges for each of recency, frequency and monetary value",
    .default_json = "\"quantile\"",
    .words = kRfmScoreWords};
inline constexpr QueryField kRfmSegmentsField = {
    .name = "segments",
    .type = FieldType::kSegments,
    .meaning = "Segments by scores, instead of the usual ones, such as vip=r4-5,f5; first fit",
    .default_json = R"([{"name": "champions", "r": [4, 5], "f": [4, 5], "m": [4, 5]}, )"
                    R"({"name": "loyal", "r": [3, 5], "f": [4, 5], "m": [1, 5]}, )"
                    R"({"name": "potential", "r": [4, 5], "f": [3, 3], "m": [1, 5]}, )"
                    R"({"name": "new", "r": [4, 5], "f": [1, 2], "m": [1, 5]}, )"
                    R"({"name": "needs_attention", "r": [3, 3], "f": [3, 3], "m": [1, 5]}, )"
                    R"({"name": "about_to_sleep", "r": [3, 3], "f": [1, 2], "m": [1, 5]}, )"
                    R"({"name": "cannot_lose", "r": [1, 1], "f": [4, 5], "m": [4, 5]}, )"
                    R"({"name": "at_risk", "r": [1, 2], "f": [3, 5], "m": [1, 5]}, )"
                    R"({"name": "hibernating", "r": [2, 2], "f": [1, 5], "m": [1, 5]}, )"
                    R"({"name": "lost", "r": [1, 1], "f": [1, 5], "m": [1, 5]}])"};

// Read and write the fields of the rules, and check them. Errors begin with the field.
FieldReaders rfm_rule_readers(RfmRules& rules);
JsonFields rfm_rule_fields(const RfmRules& rules);
std::string rfm_segments_json(const RfmRules& rules);
Status check_rfm_rules(const RfmRules& rules);
// Says what users are scored by, in a sentence.
std::string describe_rfm_rules(const RfmRules& rules);

}  // namespace rollcall
