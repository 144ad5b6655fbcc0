#include "bindings/c/report_json.h"

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/query/text/query_json.h"
#include "rollcall/alert_json.h"
#include "rollcall/dates.h"

namespace rollcall::c {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }
std::string flag(bool value) { return value ? "true" : "false"; }

template <class List, class Write>
std::string list_of(const List& elements, const Write& write) {
  std::string json;
  for (const auto& element : elements) {
    json.append(json.empty() ? "[" : ", ").append(write(element));
  }
  return json.empty() ? "[]" : json + "]";
}

std::string texts(const std::vector<std::string>& values) { return list_of(values, quote); }

template <class T, class Write>
std::string or_null(const std::optional<T>& value, const Write& write) {
  return value ? write(*value) : "null";
}

std::string day_json(Day day) { return quote(to_string(day)); }

std::string days_json(DayRange days) {
  // Where memory runs out in a list within a conditional, code of g++ 12 destroys what was never
  // made.
  if (days.empty()) return "null";
  return to_object({{"first", day_json(days.first)}, {"last", day_json(days.last)}});
}

std::string settings_json(const StoreSettings& settings) {
  const bool integers = settings.user_kind == UserKind::kInteger;
  return to_object(
      {{"user_kind", quote(integers ? "integer" : "string")},
       {"partition_count", number(settings.partition_count)},
       {"time_zone", quote(settings.time_zone)},
       {"week_start", quote(settings.week_start == WeekStart::kMonday ? "monday" : "sunday")},
       {"value_decimals", number(settings.value_decimals)},
       {"dimensions", texts(settings.dimensions)},
       {"event_names_max", number(settings.event_names_max)},
       {"dimension_values_max", number(settings.dimension_values_max)},
       {"history", flag(settings.history)},
       {"kept_properties", texts(settings.kept_properties)}});
}

std::string word_count_json(const WordCount& count) {
  return to_object({{"word", quote(count.word)}, {"rows", number(count.rows)}});
}

// Names a limit by its option.
std::string_view name_of_limit(SourceLimit limit) {
  switch (limit) {
    case SourceLimit::kLineBytes:
      return name_of(Option::kLineBytesMax);
    case SourceLimit::kTimeMin:
      return name_of(Option::kTimeMin);
    case SourceLimit::kTimeMax:
      return name_of(Option::kTimeMax);
    case SourceLimit::kUserBytes:
      return name_of(Option::kUserBytesMax);
    case SourceLimit::kNullUser:
      return name_of(Option::kRejectNullUsers);
    case SourceLimit::kUnrounded:
      break;
  }
  return name_of(Option::kRoundValues);
}

std::string limit_count_json(const LimitCount& count) {
  return to_object({{"limit", quote(name_of_limit(count.limit))}, {"rows", number(count.rows)}});
}

std::string file_json(const FileReport& file) {
  const char* const outcome = file.outcome == FileReport::Outcome::kRead      ? "read"
                              : file.outcome == FileReport::Outcome::kResumed ? "resumed"
                                                                              : "known";
  return to_object({{"path", quote(file.path)},
                    {"outcome", quote(outcome)},
                    {"is_pipe", flag(file.is_pipe)},
                    {"rows_read", number(file.rows_read)},
                    {"rows_known", number(file.rows_known)},
                    {"admitted", list_of(file.admitted, limit_count_json)},
                    {"refused", list_of(file.refused, limit_count_json)},
                    {"rows_want_other_reading", flag(file.rows_want_other_reading)},
                    {"columns_want_other_reading", flag(file.columns_want_other_reading)},
                    {"refusals_known", flag(file.refusals_known)}});
}

std::string rejected_json(const RejectedRow& row) {
  return to_object({{"file", quote(row.file)},
                    {"line", number(row.line)},
                    {"column", number(row.column)},
                    {"reason", quote(row.reason)},
                    {"held", flag(row.held)},
                    {"row", quote(row.row)}});
}

}  // namespace

std::string info_json(const EngineInfo& info) {
  const auto event_json = [](const EventInfo& event) {
    return to_object({{"name", quote(event.name)}, {"events", number(event.events)}});
  };
  const auto dimension_json = [](const DimensionInfo& dimension) {
    return to_object({{"name", quote(dimension.name)},
                      {"value_count", number(dimension.value_count)},
                      {"overflowed", flag(dimension.overflowed)}});
  };
  const auto instant = [](TimeUs time) { return std::to_string(time); };
  return to_object({{"settings", settings_json(info.settings)},
                    {"isa", quote(info.isa)},
                    {"event_count", number(info.event_count)},
                    {"user_count", number(info.user_count)},
                    {"days", days_json(info.days)},
                    {"day_count", number(info.day_count)},
                    {"known_until", or_null(info.known_until, instant)},
                    {"events", list_of(info.events, event_json)},
                    {"event_names_overflowed", flag(info.event_names_overflowed)},
                    {"dimensions", list_of(info.dimensions, dimension_json)},
                    {"series_count", number(info.series_count)},
                    {"source_count", number(info.source_count)},
                    {"history_events", number(info.history_events)},
                    {"history_days", number(info.history_days)},
                    {"history_from", or_null(info.history_from, day_json)},
                    {"forgotten_count", number(info.forgotten_count)},
                    {"epoch", number(info.epoch)},
                    {"checkpointing", flag(info.checkpointing)},
                    {"resident_bytes", number(info.resident_bytes)},
                    {"dirty_bytes", number(info.dirty_bytes)},
                    {"page_count", number(info.store.page_count)},
                    {"disk_bytes", number(info.store.disk_bytes)},
                    {"journal_bytes", number(info.store.journal_bytes)}});
}

std::string verify_json(const VerifyReport& report) {
  return to_object({{"page_count", number(report.page_count)}, {"faults", texts(report.faults)}});
}

std::string copy_json(const StoreCopy& copy) {
  return to_object({{"epoch", number(copy.epoch)},
                    {"page_count", number(copy.page_count)},
                    {"bytes", number(copy.bytes)}});
}

std::string sources_json(const std::vector<SourcePosition>& sources) {
  return list_of(sources, [](const SourcePosition& source) {
    return to_object({{"id", quote(source.id)}, {"position", quote(source.position)}});
  });
}

std::string outcome_json(std::uint64_t rows, const IngestOutcome& outcome) {
  return to_object({{"rows", number(rows)},
                    {"was_skipped", flag(outcome.was_skipped)},
                    {"rows_forgotten", number(outcome.rows_forgotten)}});
}

std::string report_json(const IngestReport& report) {
  const auto reject_count_json = [](const RejectCount& count) {
    return to_object({{"kind", quote(to_string(count.kind))}, {"rows", number(count.rows)}});
  };
  return to_object(
      {{"rows_read", number(report.rows_read)},
       {"rows_ingested", number(report.rows_ingested)},
       {"rows_rejected", number(report.rows_rejected)},
       {"rejected_by_kind", list_of(report.rejected_by_kind, reject_count_json)},
       {"examples", list_of(report.examples, rejected_json)},
       {"null_users", list_of(report.null_users, word_count_json)},
       {"null_values", list_of(report.null_values, word_count_json)},
       {"padded_users", word_count_json(report.padded_users)},
       {"rounded_users", word_count_json(report.rounded_users)},
       {"rows_forgotten", number(report.rows_forgotten)},
       {"files", list_of(report.files, file_json)},
       {"failures",
        list_of(report.failures, [](const Status& failure) { return quote(failure.to_string()); })},
       {"notes", list_of(report.notes, [](const HintedText& note) { return quote(note.text); })},
       {"stopped", flag(report.stopped)}});
}

std::string explanation_json(const Explanation& explanation) {
  return to_object({{"meaning", quote(explanation.meaning)},
                    {"answered_from", texts(explanation.answered_from)},
                    {"series", texts(explanation.series)},
                    {"days", days_json(explanation.days)},
                    {"chunks", number(explanation.chunks)},
                    {"stored_chunks", number(explanation.stored_chunks)},
                    {"bytes", number(explanation.bytes)},
                    {"history_events", or_null(explanation.history_events, number)},
                    {"history_from", or_null(explanation.history_from, day_json)}});
}

std::string segments_json(const std::vector<SegmentInfo>& segments) {
  return list_of(segments, [](const SegmentInfo& segment) {
    return to_object({{"name", quote(segment.name)},
                      {"segment", or_null(segment.expression,
                                          [](const Segment& expression) {
                                            return quote(to_string(expression));
                                          })},
                      {"users", number(segment.users)}});
  });
}

std::string audience_json(const AudienceInfo& audience) {
  return to_object({{"campaign", quote(audience.name.campaign)},
                    {"run", quote(audience.name.run)},
                    {"as_of", quote(audience.as_of)},
                    {"classes", list_of(audience.classes, [](const AudienceInfo::Class& part) {
                       return to_object({{"name", quote(part.name)},
                                         {"contacted", number(part.contacted)},
                                         {"holdout", number(part.holdout)}});
                     })}});
}

std::string audiences_json(const std::vector<AudienceInfo>& audiences) {
  return list_of(audiences, audience_json);
}

std::string campaigns_json(const Engine& engine, const std::vector<Campaign>& campaigns) {
  return list_of(campaigns, [&](const Campaign& campaign) {
    return to_object({{"campaign", to_json(campaign)},
                      {"runs", audiences_json(runs_of(engine, campaign.name))}});
  });
}

std::string tried_json(const std::vector<TriedTarget>& tried) {
  return list_of(tried, [](const TriedTarget& one) {
    return to_object(
        {{"target", alert_target_json(one.target)}, {"arrived", flag(one.outcome.ok())}});
  });
}

}  // namespace rollcall::c
