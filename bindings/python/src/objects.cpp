#include "objects.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "options.h"
#include "rollcall/campaign.h"
#include "rollcall/kinds.h"
#include "rollcall/query.h"
#include "rollcall/saved_definitions.h"
#include "rollcall/user_file.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace rollcall::python {
namespace {

constexpr Word<ObjectKind> kObjectKinds[] = {{"segment", ObjectKind::kSegment},
                                             {"question", ObjectKind::kQuestion},
                                             {"campaign", ObjectKind::kCampaign},
                                             {"alert", ObjectKind::kAlert}};

ObjectKind object_kind(const std::string& word) {
  nb::dict options;
  options["kind"] = word;
  ObjectKind kind = ObjectKind::kSegment;
  Given(options).read_word("kind", kObjectKinds, kind);
  return kind;
}

nb::object date_text(std::optional<Day> day) {
  if (!day) return nb::none();
  return nb::cast(to_string(*day));
}

nb::dict dict_of(const StoreSettings& settings) {
  nb::dict told;
  told["user_kind"] = word_of(settings.user_kind);
  told["partition_count"] = settings.partition_count;
  told["time_zone"] = settings.time_zone;
  told["week_start"] = word_of(settings.week_start);
  told["value_decimals"] = settings.value_decimals;
  told["dimensions"] = nb::cast(settings.dimensions);
  told["event_names_max"] = settings.event_names_max;
  told["dimension_values_max"] = settings.dimension_values_max;
  told["history"] = settings.history;
  told["kept_properties"] = nb::cast(settings.kept_properties);
  return told;
}

nb::dict info(HeldEngine& held) {
  const EngineInfo found =
      value_or_raise(held.with([](Engine& e) -> Result<EngineInfo> { return e.info(); }));
  nb::dict told;
  told["settings"] = dict_of(found.settings);
  told["isa"] = found.isa;
  told["event_count"] = found.event_count;
  told["user_count"] = found.user_count;
  const bool is_empty = found.days.empty();
  told["first_day"] = date_text(is_empty ? std::nullopt : std::optional(found.days.first));
  told["last_day"] = date_text(is_empty ? std::nullopt : std::optional(found.days.last));
  told["day_count"] = found.day_count;
  told["known_until_us"] = nb::cast(found.known_until);
  nb::dict events;
  for (const EventInfo& event : found.events) events[nb::cast(event.name)] = event.events;
  told["events"] = events;
  told["event_names_overflowed"] = found.event_names_overflowed;
  nb::list dimensions;
  for (const DimensionInfo& dimension : found.dimensions) {
    nb::dict entry;
    entry["name"] = dimension.name;
    entry["value_count"] = dimension.value_count;
    entry["overflowed"] = dimension.overflowed;
    dimensions.append(entry);
  }
  told["dimensions"] = dimensions;
  told["series_count"] = found.series_count;
  told["source_count"] = found.source_count;
  told["history_events"] = found.history_events;
  told["history_days"] = found.history_days;
  told["history_from"] = date_text(found.history_from);
  told["forgotten_count"] = found.forgotten_count;
  told["epoch"] = found.epoch;
  told["checkpointing"] = found.checkpointing;
  told["resident_bytes"] = found.resident_bytes;
  told["dirty_bytes"] = found.dirty_bytes;
  told["page_count"] = found.store.page_count;
  told["disk_bytes"] = found.store.disk_bytes;
  told["journal_bytes"] = found.store.journal_bytes;
  return told;
}

nb::dict verify(HeldEngine& held) {
  const VerifyReport report =
      value_or_raise(held.with([](Engine& engine) { return engine.verify(); }));
  nb::dict told;
  told["page_count"] = report.page_count;
  told["faults"] = nb::cast(report.faults);
  return told;
}

nb::list sources(HeldEngine& held) {
  const auto found = value_or_raise(
      held.with([](Engine& e) -> Result<std::vector<SourcePosition>> { return e.sources(); }));
  nb::list told;
  for (const SourcePosition& source : found) {
    told.append(nb::make_tuple(source.id, source.position));
  }
  return told;
}

void save(HeldEngine& held, const std::string& json, bool replace) {
  raise_unless_ok(held.with([&](Engine& engine) -> Status {
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<SavedObject> objects, parse_objects(json));
    ROLLCALL_RETURN_IF_ERROR(check_definitions(objects, engine.settings().time_zone));
    return engine.save_objects(objects, replace ? OnSameName::kReplace : OnSameName::kRefuse);
  }));
}

nb::dict saved(HeldEngine& held, const std::string& kind) {
  const ObjectKind wanted = object_kind(kind);
  const auto found = value_or_raise(
      held.with([&](Engine& e) -> Result<std::vector<SavedObject>> { return e.objects(wanted); }));
  nb::dict told;
  for (const SavedObject& object : found) told[nb::cast(object.name)] = object.definition;
  return told;
}

void drop(HeldEngine& held, const std::string& kind, const std::string& name) {
  const ObjectKind dropped = object_kind(kind);
  raise_unless_ok(
      held.with([&](Engine& engine) -> Status { return engine.drop_object(dropped, name); }));
}

// Holds an audience as Python gives it: segments and the instant as JSON.
struct AudienceJson {
  std::string segment;
  std::vector<std::pair<std::string, std::string>> classes;
  std::optional<std::string> as_of;
};

// Reads a segment as a question does.
Result<Segment> read_segment(const std::string& json, const std::string& zone) {
  ROLLCALL_ASSIGN_OR_RETURN(const Query query,
                            parse_query(R"({"kind":"segment","segment":)" + json + '}', zone));
  return *segments_of(query).front();
}

Status read_audience(const AudienceJson& json, const std::string& zone, AudienceRequest& request) {
  ROLLCALL_ASSIGN_OR_RETURN(request.users, read_segment(json.segment, zone));
  for (const auto& [name, segment] : json.classes) {
    ROLLCALL_ASSIGN_OR_RETURN(Segment users, read_segment(segment, zone));
    request.classes.push_back({name, std::move(users)});
  }
  if (!json.as_of) return {};
  ROLLCALL_ASSIGN_OR_RETURN(const Query query,
                            parse_query(R"({"kind":"active","as_of":)" + *json.as_of + '}', zone));
  request.as_of = query.common.as_of;
  return {};
}

nb::dict freeze(HeldEngine& held, const std::string& campaign, const std::string& run,
                const std::string& segment,
                const std::vector<std::pair<std::string, std::string>>& classes,
                const std::optional<std::string>& as_of, const std::string& holdout,
                const std::string& draw) {
  AudienceRequest request;
  request.name = {campaign, run};
  request.holdout = holdout;
  request.draw = draw;
  const AudienceJson json = {segment, classes, as_of};
  return audience_dict(value_or_raise(
      held.with_stop([&](Engine& engine, std::stop_token stop) -> Result<AudienceInfo> {
        ROLLCALL_RETURN_IF_ERROR(read_audience(json, engine.settings().time_zone, request));
        QueryLimits limits;
        limits.stop = std::move(stop);
        return engine.freeze(request, limits);
      })));
}

nb::list audiences(HeldEngine& held) {
  const auto found = value_or_raise(
      held.with([](Engine& e) -> Result<std::vector<AudienceInfo>> { return e.audiences(); }));
  nb::list told;
  for (const AudienceInfo& audience : found) told.append(audience_dict(audience));
  return told;
}

void drop_audience(HeldEngine& held, const std::string& campaign, const std::string& run) {
  raise_unless_ok(held.with([&](Engine& engine) -> Status {
    return engine.drop_audience({campaign, run});
  }));
}

std::uint64_t forget(HeldEngine& held, const std::vector<std::string>& users) {
  return value_or_raise(held.with([&](Engine& engine) -> Result<std::uint64_t> {
    std::vector<UserId> ids;
    for (const std::string& user : users) {
      ROLLCALL_ASSIGN_OR_RETURN(UserId id, parse_user(user, engine.settings().user_kind, "users"));
      ids.push_back(std::move(id));
    }
    return engine.forget(ids);
  }));
}

}  // namespace

nb::dict audience_dict(const AudienceInfo& audience) {
  nb::dict told;
  told["campaign"] = audience.name.campaign;
  told["run"] = audience.name.run;
  told["as_of"] = audience.as_of;
  nb::list classes;
  for (const AudienceInfo::Class& held : audience.classes) {
    nb::dict entry;
    entry["name"] = held.name;
    entry["contacted"] = held.contacted;
    entry["holdout"] = held.holdout;
    classes.append(entry);
  }
  told["classes"] = classes;
  return told;
}

nb::dict dict_of(const Explanation& explanation) {
  nb::dict told;
  told["meaning"] = explanation.meaning;
  told["answered_from"] = nb::cast(explanation.answered_from);
  told["series"] = nb::cast(explanation.series);
  const bool is_empty = explanation.days.empty();
  told["first_day"] = date_text(is_empty ? std::nullopt : std::optional(explanation.days.first));
  told["last_day"] = date_text(is_empty ? std::nullopt : std::optional(explanation.days.last));
  told["chunks"] = explanation.chunks;
  told["stored_chunks"] = explanation.stored_chunks;
  told["bytes"] = explanation.bytes;
  told["history_events"] = nb::cast(explanation.history_events);
  told["history_from"] = date_text(explanation.history_from);
  return told;
}

void bind_objects(nb::class_<HeldEngine>& engine) {
  engine.def("settings", [](HeldEngine& held) { return dict_of(held.settings()); })
      .def("info", &info)
      .def("verify", &verify)
      .def("sources", &sources)
      .def("save", &save, "json"_a, "replace"_a)
      .def("saved", &saved, "kind"_a)
      .def("drop", &drop, "kind"_a, "name"_a)
      .def("freeze", &freeze, "campaign"_a, "run"_a, "segment"_a, "classes"_a, "as_of"_a.none(),
           "holdout"_a, "draw"_a)
      .def("audiences", &audiences)
      .def("drop_audience", &drop_audience, "campaign"_a, "run"_a)
      .def("forget", &forget, "users"_a);
}

}  // namespace rollcall::python
