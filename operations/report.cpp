#include "rollcall/report.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operations/named_users.h"
#include "operations/report_words.h"
#include "rollcall/alert_check.h"
#include "rollcall/campaign.h"
#include "rollcall/query.h"
#include "rollcall/saved_object.h"

namespace rollcall {
namespace {

constexpr std::size_t kUsersMax = 1'000;

// Is a question of the report.
struct Part {
  std::string_view title;
  std::string_view meaning;  // empty: what the engine says of it
  std::string_view json;     // an object without its last brace
  std::int32_t days = 0;     // back from the last day; 0: all
};

class ReportWriter {
 public:
  ReportWriter(const Engine& engine, const ReportOptions& options, const QueryLimits& limits)
      : engine_(engine), options_(options), limits_(limits), words_(words_of(options.language)) {}

  Result<std::string> write() {
    const std::string title =
        html_text(options_.title.empty() ? words_.report : std::string_view(options_.title));
    // The policy allows the style below, and nothing else.
    html_ = fmt::format(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n"
        "<style>\n{}</style>\n</head>\n<body>\n<main>\n<h1>{}</h1>\n",
        words_.lang, title, figure_css(), title);
    write_facts();
    ROLLCALL_RETURN_IF_ERROR(write_section(
        words_.health,
        {{words_.active_days, words_.active_days_meaning, R"({"kind": "active")", 90},
         {words_.growth, words_.growth_meaning, R"({"kind": "lifecycle", "period": "week")", 84}}));
    ROLLCALL_RETURN_IF_ERROR(
        write_section(words_.retention, {{words_.weekly_cohorts, words_.weekly_cohorts_meaning,
                                          R"({"kind": "retention", "period": "week")", 84}}));
    ROLLCALL_RETURN_IF_ERROR(
        write_section(words_.churn, {{words_.lost_after_7_days, words_.lost_after_7_days_meaning,
                                      R"({"kind": "churn", "rule": {"gap_days": 7})", 90},
                                     {words_.lost_by_month, words_.lost_by_month_meaning,
                                      R"({"kind": "churn", "rule": {"period": "month"})"}}));
    ROLLCALL_RETURN_IF_ERROR(write_section(
        words_.warning, {{words_.at_risk, words_.at_risk_meaning, R"({"kind": "at_risk")"}}));
    ROLLCALL_RETURN_IF_ERROR(
        write_section(words_.value, {{words_.paying, words_.paying_meaning,
                                      R"({"kind": "counts", "period": "month", "payers": true)"},
                                     {words_.rfm, words_.rfm_meaning, R"({"kind": "rfm")"}}));
    ROLLCALL_RETURN_IF_ERROR(write_questions());
    ROLLCALL_RETURN_IF_ERROR(write_campaigns());
    write_alerts();
    if (options_.users) ROLLCALL_RETURN_IF_ERROR(write_users());
    html_ += "</main>\n</body>\n</html>\n";
    return std::move(html_);
  }

 private:
  void write_facts() {
    const EngineInfo info = engine_.info();
    days_ = info.days;
    html_ += fmt::format("<p>{} {}, {} {}", info.event_count, words_.events, info.user_count,
                         words_.users);
    if (!days_.empty()) {
      html_ += fmt::format("; {} {}, {} {}", words_.first_day, to_string(days_.first),
                           words_.last_day, to_string(days_.last));
    }
    html_ += "</p>\n";
  }

  std::string no_answer(const Status& status) const {
    return fmt::format("<p>{}</p>", fmt::format(fmt::runtime(words_.not_answered),
                                                english_html(status.message(), options_.language)));
  }

  void begin_section(std::string_view title) {
    html_ += fmt::format("<section>\n<h2>{}</h2>\n", title);
  }
  void end_section() { html_ += "</section>\n"; }

  // Adds an answer. Whatever a question lacks is said in its place; only what ends all questions
  // ends the report.
  Status write_answer(std::string_view title, std::string_view json, std::string_view said = {}) {
    const Result<Query> query = parse_query(json, engine_.settings().time_zone);
    const Result<QueryResult> answer =
        query.ok() ? engine_.query(*query, limits_) : Result<QueryResult>(query.status());
    if (!answer.ok()) {
      const StatusCode code = answer.status().code();
      if (code == StatusCode::kCancelled || code == StatusCode::kDeadlineExceeded) {
        return answer.status();
      }
      html_ += fmt::format("<figure><figcaption>{}</figcaption>{}</figure>\n", html_text(title),
                           no_answer(answer.status()));
      return {};
    }
    std::string meaning = html_text(said);
    if (meaning.empty()) {
      ROLLCALL_ASSIGN_OR_RETURN(const Explanation explanation, engine_.explain(*query, limits_));
      meaning = english_html(explanation.meaning, options_.language);
    }
    meaning += fmt::format(" ({} {})", words_.as_of, html_text(answer->as_of));
    html_ += figure_with_meaning(*answer, title, meaning, options_.language);
    return {};
  }

  Status write_section(std::string_view title, const std::vector<Part>& parts) {
    begin_section(title);
    for (const Part& part : parts) {
      std::string json(part.json);
      // There is nothing to be seen of the time before the first event.
      if (part.days != 0 && days_.size() > part.days) {
        json += fmt::format(R"(, "last": "{}d")", part.days);
      }
      ROLLCALL_RETURN_IF_ERROR(write_answer(part.title, json + "}", part.meaning));
    }
    end_section();
    return {};
  }

  Status write_questions() {
    begin_section(words_.questions);
    const std::vector<SavedObject> questions = engine_.objects(ObjectKind::kQuestion);
    if (questions.empty()) html_ += fmt::format("<p>{}</p>\n", words_.nothing_kept);
    for (const SavedObject& question : questions) {
      const Result<Query> query = parse_query(question.definition, engine_.settings().time_zone);
      // Lists of users are for those who ask for them.
      if (query.ok() && names_users(*query) && !options_.users) continue;
      ROLLCALL_RETURN_IF_ERROR(write_answer(question.name, question.definition));
    }
    end_section();
    return {};
  }

  // Adds what came of each campaign, and who is in its audiences.
  Status write_campaigns() {
    begin_section(words_.campaigns);
    const Result<std::vector<Campaign>> campaigns = campaigns_of(engine_);
    if (!campaigns.ok()) html_ += no_answer(campaigns.status());
    for (std::size_t i = 0; campaigns.ok() && i < campaigns->size(); ++i) {
      const std::string& name = (*campaigns)[i].name;
      const Result<Query> question = report_question(engine_, name);
      if (question.ok())
        ROLLCALL_RETURN_IF_ERROR(write_answer(name, to_json(*question), words_.campaign_meaning));
    }
    QueryResult frozen;
    frozen.columns = {{std::string(words_.campaign), ColumnType::kString},
                      {std::string(words_.run), ColumnType::kString},
                      {std::string(words_.as_of), ColumnType::kString},
                      {std::string(words_.klass), ColumnType::kString},
                      {std::string(words_.contacted), ColumnType::kCount},
                      {std::string(words_.holdout), ColumnType::kCount}};
    for (const AudienceInfo& audience : engine_.audiences()) {
      for (const AudienceInfo::Class& part : audience.classes) {
        frozen.rows.push_back({Cell(audience.name.campaign), Cell(audience.name.run),
                               Cell(audience.as_of), Cell(part.name),
                               Cell(static_cast<std::int64_t>(part.contacted)),
                               Cell(static_cast<std::int64_t>(part.holdout))});
      }
    }
    html_ += frozen.rows.empty() ? fmt::format("<p>{}</p>\n", words_.nothing_kept)
                                 : table_html(frozen, words_.audiences, options_.language);
    end_section();
    return {};
  }

  // Adds the state of each series of each alert, and since when it has it. Definitions may name
  // places that are no business of the reader's, so they are left out.
  void write_alerts() {
    begin_section(words_.alerts);
    if (options_.directory.empty()) {
      html_ += fmt::format("<p>{}</p>\n", words_.not_shown);
      return end_section();
    }
    const Result<std::vector<KeptAlert>> alerts = kept_alerts(engine_, options_.directory);
    if (!alerts.ok()) {
      html_ += no_answer(alerts.status());
      return end_section();
    }
    QueryResult states;
    for (const std::string_view column :
         {words_.name, words_.series, words_.state, words_.since, words_.date, words_.last_value}) {
      states.columns.push_back({std::string(column), ColumnType::kString});
    }
    const auto text = [](std::string_view cell) { return Cell(std::string(cell)); };
    for (const KeptAlert& alert : *alerts) {
      const bool is_judged = alert.record && !alert.record->series.empty();
      if (!is_judged) {
        states.rows.push_back({text(alert.name), Cell(),
                               text(alert.record ? words_.not_judged : words_.off), Cell(), Cell(),
                               Cell()});
        continue;
      }
      for (const AlertSeriesState& series : alert.record->series) {
        states.rows.push_back({text(alert.name), text(series_text(series.series)),
                               text(cell_word(to_string(series.state()), options_.language)),
                               series.since_us == 0 ? Cell() : text(utc_text(series.since_us)),
                               series.date.empty() ? Cell() : text(series.date),
                               series.value ? text(fmt::format("{}", *series.value)) : Cell()});
      }
    }
    html_ += states.rows.empty() ? fmt::format("<p>{}</p>\n", words_.nothing_kept)
                                 : table_html(states, words_.alerts, options_.language);
    end_section();
  }

  Status write_users() {
    begin_section(words_.leaving);
    const std::string json = fmt::format(
        R"json({{"kind": "segment", "segment": "did(*, 30d) and not did(*, 7d)",
                 "members": {{"of": "users", "limit": {}}}}})json",
        kUsersMax);
    ROLLCALL_RETURN_IF_ERROR(write_answer(words_.leaving, json, words_.leaving_meaning));
    end_section();
    return {};
  }

  const Engine& engine_;
  const ReportOptions& options_;
  const QueryLimits& limits_;
  const ReportWords& words_;
  DayRange days_;  // of the store, as it was when the report began
  std::string html_;
};

}  // namespace

Result<std::string> report_html(const Engine& engine, const ReportOptions& options,
                                const QueryLimits& limits) {
  try {
    return ReportWriter(engine, options, limits).write();
  } catch (const std::bad_alloc&) {
    return Status::resource_exhausted("report: there is no memory for the page");
  }
}

}  // namespace rollcall
