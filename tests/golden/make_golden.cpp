// Makes the golden store of a format to come, and its answers, from the questions that exist.
//
//   make_golden FOLDER [--objects] [NAME]
//
// makes FOLDER/store and FOLDER/answers, of FOLDER/questions. The store keeps the property NAME, if
// it is given, from its second opening on; with --objects it has saved objects of every kind, and
// audiences.
//
// A store that exists already may be released, and is left alone.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "rollcall/audience.h"
#include "rollcall/rocks_store.h"
#include "rollcall/saved_object.h"
#include "tests/golden/golden_store.h"
#include "tests/support/event_columns.h"
#include "tests/support/event_generator.h"

namespace rollcall::testing {
namespace {

Stream golden_stream(const std::vector<std::string>& keep) {
  StreamKnobs knobs;
  knobs.settings.time_zone = "Europe/London";
  knobs.settings.week_start = WeekStart::kSunday;
  knobs.settings.dimensions = {"channel"};
  knobs.settings.kept_properties = keep;
  knobs.settings.partition_count = 1;
  knobs.first_day = Day{20'536};  // the clocks change on the sixth
  knobs.days = 10;
  knobs.users = 12;
  knobs.events = 120;
  knobs.extreme_amounts = true;
  Random random(3);
  return random_stream(random, knobs);
}

// Saves an object of each kind, and freezes two audiences, one of them with classes and a hold-out.
Status save_objects(Engine& engine) {
  const std::vector<SavedObject> objects = {
      {ObjectKind::kQuestion, "who is here", R"({"kind": "active", "last": "7d"})"},
      {ObjectKind::kCampaign, "win back", R"({"audience": {"did": "*"}, "holdout": "0.25"})"},
      {ObjectKind::kAlert, "nobody buys", R"({"below": 1, "severity": "high"})"}};
  ROLLCALL_RETURN_IF_ERROR(engine.save_objects(objects));
  ROLLCALL_ASSIGN_OR_RETURN(const Segment everybody, parse_segment("did(*)"));
  ROLLCALL_ASSIGN_OR_RETURN(const Segment buyers, parse_segment("did(purchase)"));
  AudienceRequest request;
  request.name = {"win back", "first"};
  request.users = everybody;
  request.classes = {{"buyers", buyers}};
  request.holdout = "0.25";
  request.draw = "win back";
  ROLLCALL_RETURN_IF_ERROR(engine.freeze(request).status());
  AudienceRequest all;
  all.name = {"all", ""};
  all.users = everybody;
  return engine.freeze(all).status();
}

// Opened twice: pages are in table files, and in the log. A checkpoint is superseded by the next.
Status make(const std::string& folder, bool has_objects, const std::vector<std::string>& keep) {
  const std::string directory = folder + "/store";
  for (const std::string& made : {directory, folder + "/answers"}) {
    if (std::filesystem::exists(made)) {
      return Status::already_exists(made + ": a golden store never changes; name a new folder");
    }
  }
  if (!std::filesystem::exists(folder + "/questions")) {
    return Status::not_found(folder + "/questions: write the questions first");
  }
  const Stream stream = golden_stream(keep);
  EngineOptions options;
  options.settings = stream.settings;
  options.settings->kept_properties.clear();
  options.threads_max = 1;
  constexpr std::size_t kSessions = 2;
  constexpr std::size_t kBatches = 2;
  for (std::size_t batch = 0; batch < kSessions * kBatches; ++batch) {
    static std::unique_ptr<Engine> engine;
    if (batch % kBatches == 0) {
      engine.reset();
      if (batch != 0) options.keep = keep;
      ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Store> store, open_rocks_store(directory));
      ROLLCALL_ASSIGN_OR_RETURN(engine, Engine::open(std::move(store), options));
    }
    const std::size_t size = stream.events.size() / (kSessions * kBatches);
    std::vector<NaiveEvent> events(
        stream.events.begin() + static_cast<std::ptrdiff_t>(batch * size),
        stream.events.begin() + static_cast<std::ptrdiff_t>((batch + 1) * size));
    for (NaiveEvent& event : events) {
      if (!options.keep.empty()) break;
      for (const std::string& name : keep) event.properties.erase(name);
    }
    const SourcePosition position{"events", std::to_string(batch + 1)};
    ROLLCALL_RETURN_IF_ERROR(engine->ingest(EventColumns(events, stream.settings).batch(),
                                            {.positions = {&position, 1}}));
    if (batch == 1) {
      ROLLCALL_ASSIGN_OR_RETURN(const Segment buyers, parse_segment("did(purchase, 7d)"));
      ROLLCALL_RETURN_IF_ERROR(engine->save_segment("buyers", buyers));
      ROLLCALL_RETURN_IF_ERROR(engine->save_segment(
          "listed", std::vector<UserId>{UserId(std::string("a")), UserId(std::string("user9"))}));
    }
    if (batch == 2 && has_objects) ROLLCALL_RETURN_IF_ERROR(save_objects(*engine));
    ROLLCALL_RETURN_IF_ERROR(engine->checkpoint());
    if (batch + 1 == kSessions * kBatches) engine.reset();
  }
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Store> store,
                            open_rocks_store(directory, {.read_only = true}));
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            Engine::open(std::move(store), {}));
  std::ofstream(folder + "/answers", std::ios::binary)
      << golden_answers(*engine, file_text(folder + "/questions"));
  return {};
}

}  // namespace
}  // namespace rollcall::testing

int main(int argument_count, char** arguments) {
  std::vector<std::string> words(arguments + 1, arguments + argument_count);
  const bool has_objects = std::erase(words, "--objects") != 0;
  if (words.empty() || words.size() > 2) return 2;
  const rollcall::Status status =
      rollcall::testing::make(words[0], has_objects, {words.begin() + 1, words.end()});
  std::fprintf(stderr, "%s\n", status.to_string().c_str());
  return status.ok() ? 0 : 1;
}
