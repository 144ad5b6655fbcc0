#include <random>

#include <fmt/format.h>

#include "rollcall/json.h"
#include "rollcall/notifier.h"

namespace rollcall {

namespace {

Json::Object body_of(std::string_view event, const std::string& alert,
                     const AlertDefinition& definition, TimeUs at_us) {
  return {{"event", Json(event)},
          {"alert", Json(alert)},
          {"severity", Json(definition.severity)},
          {"at", Json(utc_text(at_us))}};
}

}  // namespace

std::string change_body(const std::string& alert, const AlertDefinition& definition,
                        const AlertChange& change) {
  Json::Object body = body_of("change", alert, definition, change.at_us);
  Json::Object series;
  for (const auto& [name, value] : change.series) series.emplace_back(name, value);
  body.emplace_back("series", std::move(series));
  body.emplace_back("from", to_string(change.from));
  body.emplace_back("to", to_string(change.to));
  body.emplace_back("date", change.date);
  body.emplace_back("column", definition.column);
  body.emplace_back("value", change.value);
  body.emplace_back("reference", change.reference);
  body.emplace_back("users", change.users);
  body.emplace_back("condition", to_string(definition.condition));
  return Json(std::move(body)).text();
}

std::string failure_body(const std::string& alert, const AlertDefinition& definition,
                         const Status& error, TimeUs now_us) {
  Json::Object body = body_of("question_failed", alert, definition, now_us);
  body.emplace_back("error", to_string(error.code()));
  return Json(std::move(body)).text();
}

std::string test_body(const std::string& alert, const AlertDefinition& definition, TimeUs now_us) {
  Json::Object body = body_of("test", alert, definition, now_us);
  body.emplace_back("column", definition.column);
  body.emplace_back("condition", to_string(definition.condition));
  return Json(std::move(body)).text();
}

std::string new_delivery_id() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 4; ++i) id += fmt::format("{:08x}", device());
  return id;
}

}  // namespace rollcall
