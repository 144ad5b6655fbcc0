// This header writes a report: one page of HTML about a store, for people who only open a file.
#pragma once

#include <string>

#include "rollcall/engine.h"
#include "rollcall/figure.h"

namespace rollcall {

struct ReportOptions {
  Language language = Language::kEnglish;
  std::string title = {};  // plain text; empty: "Report", in the language
  // The store's directory, where the states of its alerts lie; empty: they are not shown.
  std::string directory = {};
  bool users = false;  // lists the ids of users who are about to leave; without it no id is in it
};

// Returns the page: how many are here, whether they come back, who leaves, and what the store keeps
// of questions, campaigns and alerts. A question that cannot be answered, as one that needs a
// history that is not kept, says so in its place. The page is whole: it has its pictures and its
// style, loads nothing, runs nothing, and forbids both to the browser. The same store gives the
// same bytes. Any thread may call it, beside ingest.
//   kResourceExhausted  there is no memory for it
Result<std::string> report_html(const Engine& engine, const ReportOptions& options = {},
                                const QueryLimits& limits = {});

}  // namespace rollcall
