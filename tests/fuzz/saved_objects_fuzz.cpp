// This fuzzes documents of saved objects, and what definitions of alerts and campaigns mean.

#include <string>
#include <variant>
#include <vector>

#include "rollcall/alert.h"
#include "rollcall/campaign.h"
#include "rollcall/saved_object.h"
#include "tests/fuzz/fuzz_target.h"

namespace rollcall::fuzz {
namespace {

void require_refusal(const Status& status) {
  require(status.code() == StatusCode::kInvalidArgument, status.to_string());
}

void check_document(std::string_view json) {
  const Result<std::vector<SavedObject>> objects = parse_objects(json);
  if (!objects.ok()) return require_refusal(objects.status());
  require_stable(
      *objects, [](const std::vector<SavedObject>& all) { return objects_json(all); },
      [](const std::string& once) { return parse_objects(once); });
}

void check_campaign(std::string_view json) {
  const Result<Campaign> campaign = parse_campaign("c", json);
  if (!campaign.ok()) return require_refusal(campaign.status());
  require_stable(
      *campaign, [](const Campaign& one) { return to_json(one); },
      [](const std::string& once) { return parse_campaign("c", once); });
}

void check_alert(std::string_view json) {
  const Result<AlertDefinition> alert = parse_alert(json);
  if (!alert.ok()) return require_refusal(alert.status());
  // A webhook is an address of HTTP, and a command finds its program without a PATH.
  for (const AlertTarget& target : alert->notify) {
    if (const auto* webhook = std::get_if<WebhookTarget>(&target)) {
      require(webhook->url.starts_with("https://") || webhook->url.starts_with("http://"),
              webhook->url);
      require(webhook->secret_env.empty() || webhook->secret_file.empty(), "two keys");
    } else {
      const auto& arguments = std::get<CommandTarget>(target).arguments;
      require(!arguments.empty() && arguments.front().starts_with('/'), "no absolute path");
    }
  }
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  std::string_view input = fuzz::as_text(data, size);
  switch (fuzz::take_choice(input) % 3) {
    case 0:
      fuzz::check_document(input);
      break;
    case 1:
      fuzz::check_campaign(input);
      break;
    default:
      fuzz::check_alert(input);
  }
  return 0;
}
