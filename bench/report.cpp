#include "bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace rollcall::bench {
namespace {

// Writes four figures that count, with the unit's usual prefix.
std::string amount_text(double value, const std::string& unit) {
  const auto scaled = [&](double base, std::initializer_list<const char*> prefixes,
                          std::string_view name) {
    const char* prefix = "";
    for (const char* larger : prefixes) {
      if (value < base) break;
      value /= base;
      prefix = larger;
    }
    return fmt::format("{:.4g} {}{}", value, prefix, name);
  };
  if (unit == "bytes") return scaled(1024, {"Ki", "Mi", "Gi"}, "B");
  if (unit.ends_with("/s")) return scaled(1000, {"k", "M", "G"}, unit);
  return fmt::format("{:.4g} {}", value, unit);
}

std::string_view to_string(Better better) {
  switch (better) {
    case Better::kHigher:
      return "higher";
    case Better::kLower:
      return "lower";
    case Better::kNeither:
      return "neither";
  }
  return "";
}

std::string params_text(const Measurement& measurement) {
  std::string text;
  for (const auto& [name, value] : measurement.params) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", name, value);
  }
  return text;
}

std::string_view group_of(std::string_view name) { return name.substr(0, name.find('/')); }

}  // namespace

double Measurement::best() const {
  if (better == Better::kNeither) return runs.front();
  const auto [low, high] = std::minmax_element(runs.begin(), runs.end());
  return better == Better::kHigher ? *high : *low;
}

double Measurement::median() const {
  std::vector<double> sorted = runs;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

void Report::now(std::string_view what) {
  if (!progress_) return;
  const double elapsed_s = std::chrono::duration<double>(Clock::now() - begin_).count();
  fmt::print(stderr, "\r\x1b[K{:6.1f} s  {}", elapsed_s, what);
  std::fflush(stderr);
  drawn_ = true;
}

void Report::wipe() {
  if (drawn_) fmt::print(stderr, "\r\x1b[K");
  drawn_ = false;
}

void Report::add(Measurement measurement) { measurements_.push_back(std::move(measurement)); }

std::string Report::table() const {
  std::size_t name_width = 4;
  for (const Measurement& m : measurements_) name_width = std::max(name_width, m.name.size());
  std::string text = fmt::format("{:<{}}  {:>16}  {:>16}\n", "name", name_width, "best", "median");
  std::string_view group;
  for (const Measurement& m : measurements_) {
    if (group != group_of(m.name)) text += '\n';
    group = group_of(m.name);
    const std::string median = m.runs.size() > 1 ? amount_text(m.median(), m.unit) : "";
    std::string line = fmt::format("{:<{}}  {:>16}  {:>16}  {}", m.name, name_width,
                                   amount_text(m.best(), m.unit), median, params_text(m));
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string Report::json(const std::vector<std::pair<std::string, std::string>>& machine) const {
  nlohmann::ordered_json document;
  for (const auto& [name, value] : machine) document["machine"][name] = value;
  document["results"] = nlohmann::ordered_json::array();
  for (const Measurement& m : measurements_) {
    nlohmann::ordered_json result;
    result["name"] = m.name;
    result["value"] = m.best();
    result["unit"] = m.unit;
    result["better"] = to_string(m.better);
    result["median"] = m.median();
    result["runs"] = m.runs;
    result["params"] = nlohmann::ordered_json::object();
    for (const auto& [name, value] : m.params) result["params"][name] = value;
    document["results"].push_back(std::move(result));
  }
  return document.dump(1) + '\n';
}

}  // namespace rollcall::bench
