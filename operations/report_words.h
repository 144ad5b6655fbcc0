// This header has the words of reports in the languages that they are written in.
#pragma once

#include <string>
#include <string_view>

#include "rollcall/figure.h"

namespace rollcall {

// Returns what a column of an answer is called in the language; one that has no other name there
// is called as it is.
std::string_view column_word(std::string_view column, Language language);

// Returns a word of the engine, such as the name of a rule or a state, in the language.
std::string_view cell_word(std::string_view word, Language language);

// Returns a cell as shown_text() does, with the words of the engine in the language.
std::string cell_words(const Cell& cell, std::string_view kind, std::string_view column,
                       Language language);

// Returns a note of an answer in the language, or nothing if it has no words for it.
std::string_view note_words(std::string_view note, Language language);

// Returns a text of the engine that has no words but English ones, marked so for screen readers,
// unless all of the page is in English.
std::string english_html(std::string_view text, Language language);

// Returns what figure_html() does; `meaning` is HTML.
std::string figure_with_meaning(const QueryResult& result, std::string_view title,
                                std::string_view meaning, Language language);

// Lists the words of a page that come from no answer.
struct ReportWords {
  std::string_view lang;  // as in HTML
  std::string_view report, as_of, events, users, first_day, last_day, table, notes, definition;
  std::string_view rows_left_out;  // with {} for how many
  std::string_view not_answered;   // with {} for the error
  std::string_view nothing_kept;
  std::string_view campaign, run, klass, contacted, holdout, audiences;
  std::string_view name, series, state, since, date, last_value, off, not_judged, not_shown;
  std::string_view health, retention, churn, warning, value, funnels, questions, campaigns, alerts,
      leaving;
  std::string_view active_days, growth, weekly_cohorts, lost_after_7_days, lost_by_month, at_risk,
      paying, rfm;
  // Say what the numbers of these are; empty where the engine says it in the language.
  std::string_view active_days_meaning, growth_meaning, weekly_cohorts_meaning,
      lost_after_7_days_meaning, lost_by_month_meaning, at_risk_meaning, paying_meaning,
      rfm_meaning, leaving_meaning, campaign_meaning;
};

const ReportWords& words_of(Language language);

}  // namespace rollcall
