#include "bench/rivals/comparison.h"

#include <fmt/format.h>

#include <algorithm>

namespace rollcall::bench {
namespace {

using Row = std::vector<std::string>;

constexpr const char* kNone = "-";

double least(const std::vector<double>& runs) {
  return *std::min_element(runs.begin(), runs.end());
}

double rate(const RivalResult& result) {
  return static_cast<double>(result.events) / least(result.load_seconds);
}

std::string amount(double value) { return fmt::format("{:.3g}", value); }
// Writes numbers without an exponent, for the eye.
std::string plain(double value) {
  return value < 100 ? amount(value) : fmt::format("{:.0f}", value);
}

const RivalResult* rollcall_beside(const std::vector<RivalResult>& results,
                                   const std::string& rollcall, const RivalResult& rival) {
  for (const RivalResult& result : results) {
    if (result.name == rollcall && result.absent.empty() && result.threads == rival.threads &&
        result.on_disk == rival.on_disk) {
      return &result;
    }
  }
  return nullptr;
}

bool answers_any(const RivalResult& result, const std::vector<std::string>& questions) {
  return std::any_of(questions.begin(), questions.end(), [&](const std::string& question) {
    return result.answer_ms.contains(question);
  });
}

std::string table_of(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows[0].size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line = fmt::format("{:<{}}", row[0], widths[0]);
    for (std::size_t i = 1; i < row.size(); ++i) {
      line += fmt::format("  {:>{}}", row[i], widths[i]);
    }
    text += line + '\n';
  }
  return text;
}

Row head(const std::string& first, const std::vector<std::string>& questions) {
  Row row = {first, "ingest M/s", "seal ms", "MiB"};
  row.insert(row.end(), questions.begin(), questions.end());
  return row;
}

Row absent_row(const RivalResult& result, std::size_t columns) {
  Row row(columns, kNone);
  row[0] = result.full_name() + "  ABSENT";
  return row;
}

Row measured_row(const RivalResult& result, const std::vector<std::string>& questions) {
  Row row = {result.full_name(), plain(rate(result) / 1e6), plain(result.seal_seconds * 1e3),
             result.bytes ? plain(static_cast<double>(*result.bytes) / (1 << 20)) : kNone};
  for (const std::string& question : questions) {
    const auto found = result.answer_ms.find(question);
    row.push_back(found == result.answer_ms.end() ? kNone : plain(least(found->second)));
  }
  return row;
}

Row ratio_row(const RivalResult& rival, const RivalResult& rollcall,
              const std::vector<std::string>& questions) {
  // The rivals keep too different things for bytes and the work of sealing to be compared by a
  // number.
  Row row = {rival.full_name(), plain(rate(rollcall) / rate(rival)) + "x"};
  for (const std::string& question : questions) {
    const auto theirs = rival.answer_ms.find(question), ours = rollcall.answer_ms.find(question);
    const bool both = theirs != rival.answer_ms.end() && ours != rollcall.answer_ms.end();
    row.push_back(both ? plain(least(theirs->second) / least(ours->second)) + "x" : kNone);
  }
  return row;
}

// Returns the table of one part, and that of its ratios.
std::string tables_of(const std::vector<RivalResult>& results, const ComparisonPart& part) {
  std::vector<Row> rows = {head("answers in ms, warm", part.questions)}, ratios;
  Row ratio_head = {"times slower than " + part.rollcall, "ingest"};
  ratio_head.insert(ratio_head.end(), part.questions.begin(), part.questions.end());
  ratios.push_back(ratio_head);
  for (const RivalResult& result : results) {
    if (!result.absent.empty()) {
      rows.push_back(absent_row(result, rows[0].size()));
      continue;
    }
    if (!answers_any(result, part.questions)) continue;
    rows.push_back(measured_row(result, part.questions));
    const RivalResult* const rollcall = rollcall_beside(results, part.rollcall, result);
    if (result.name != part.rollcall && rollcall != nullptr) {
      ratios.push_back(ratio_row(result, *rollcall, part.questions));
    }
  }
  std::string text = table_of(rows) + '\n';
  if (ratios.size() > 1) {
    text += table_of(ratios) + fmt::format(
                                   "({} with as many threads, in memory or on disk as the "
                                   "rival is)\n\n",
                                   part.rollcall);
  }
  return text;
}

}  // namespace

std::string RivalResult::full_name() const {
  return fmt::format("{}/threads:{}/{}", name, threads, on_disk ? "disk" : "memory");
}

std::string comparison_text(const std::vector<RivalResult>& results,
                            const std::vector<ComparisonPart>& parts) {
  std::string text;
  for (const ComparisonPart& part : parts) text += tables_of(results, part);
  std::string absent;
  for (const RivalResult& result : results) {
    if (result.absent.empty()) {
      text +=
          fmt::format("{}: {} events; {}\n", result.full_name(), result.events, result.settings);
    } else {
      absent += fmt::format("ABSENT: {}: {}; bench/rivals/setup installs it\n", result.full_name(),
                            result.absent);
    }
  }
  if (!absent.empty()) text += '\n' + absent;
  return text;
}

void add_measurements(const RivalResult& result, Report& report) {
  const std::string name = "rival/" + result.full_name() + '/';
  std::vector<double> rates;
  for (const double seconds : result.load_seconds) {
    rates.push_back(static_cast<double>(result.events) / seconds);
  }
  const std::vector<std::pair<std::string, std::string>> params = {
      {"settings", result.settings}, {"events", std::to_string(result.events)}};
  report.add({name + "ingest", "events/s", Better::kHigher, rates, params});
  report.add({name + "seal", "ms", Better::kLower, {result.seal_seconds * 1e3}, {}});
  if (result.bytes) {
    report.add({name + "bytes", "bytes", Better::kLower, {static_cast<double>(*result.bytes)}, {}});
  }
  for (const auto& [question, runs] : result.answer_ms) {
    report.add({name + question, "ms", Better::kLower, runs, {}});
  }
}

}  // namespace rollcall::bench
