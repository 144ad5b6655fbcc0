// This program sends webhooks of alerts, which is a library of its own.
#include <cstdio>

#include <rollcall/webhook.h>

int main() {
  const rollcall::WebhookTarget target{
      .url = "http://127.0.0.1:1/", .secret_env = {}, .secret_file = {}};
  const rollcall::Notification notification{.alert = "a", .delivery = "1", .body = "{}"};
  // Nobody listens there.
  const rollcall::Status sent = rollcall::send_webhook(target, notification, {});
  std::puts(sent.to_string().c_str());
  return sent.code() == rollcall::StatusCode::kIoError ? 0 : 1;
}
