// This tests webhooks against a server that fails, stalls, redirects and answers for ever.
#include "rollcall/webhook.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "tests/operations/loopback_server.h"
#include "tests/operations/patience.h"
#include "tests/storage/temporary_directory.h"

namespace rollcall::testing {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const Notification kNotification{
    .alert = "low", .delivery = "0123abcd", .body = R"({"event": "test"})"};

std::string send(const std::string& url, const WebhookLimits& limits = {},
                 std::stop_token stop = {}) {
  return send_webhook({.url = url, .secret_env = {}, .secret_file = {}}, kNotification,
                      std::move(stop), limits)
      .to_string();
}

std::string header_of(const std::string& request, const std::string& name) {
  const std::size_t begin = request.find("\r\n" + name + ": ");
  if (begin == std::string::npos) return "none";
  const std::size_t value = begin + name.size() + 4;
  return request.substr(value, request.find("\r\n", value) - value);
}

std::string place(const LoopbackServer& server) { return "webhook: " + server.url(""); }

TEST(Webhook, PostsTheBody) {
  LoopbackServer server(answers("204 No Content"));
  EXPECT_EQ(send(server.url("/hook?x=1")), "ok");
  ASSERT_EQ(server.requests().size(), 1u);
  const std::string request = server.requests()[0];
  EXPECT_TRUE(request.starts_with("POST /hook?x=1 HTTP/1.1\r\n")) << request;
  EXPECT_TRUE(request.ends_with("\r\n\r\n" + kNotification.body)) << request;
  EXPECT_EQ(header_of(request, "Content-Type"), "application/json");
  EXPECT_EQ(header_of(request, "Rollcall-Delivery"), "0123abcd");
  EXPECT_EQ(header_of(request, "Rollcall-Signature"), "none");
}

// The digest is what `printf 1700000000.body | openssl dgst -sha256 -hmac key` prints.
TEST(Webhook, SignsTimeAndBody) {
  EXPECT_EQ(*webhook_signature("key", "1700000000", "body"),
            "v1=47b6ce0fca59474308e2921c247cb2493dce6b8101d90ac05bd0c6a37d0e046e");
  EXPECT_NE(*webhook_signature("key", "1700000001", "body"),
            *webhook_signature("key", "1700000000", "body"));
}

TEST(Webhook, TakesTheKeyFromTheEnvironmentOrAFile) {
  LoopbackServer server(answers("200 OK"));
  const TemporaryDirectory directory;
  std::ofstream(directory.path("key")) << "s3cr3t\n";
  ::setenv("ROLLCALL_TEST_KEY", "s3cr3t", 1);
  const WebhookTarget by_env{
      .url = server.url(), .secret_env = "ROLLCALL_TEST_KEY", .secret_file = {}};
  const WebhookTarget by_file{
      .url = server.url(), .secret_env = {}, .secret_file = directory.path("key")};
  for (const WebhookTarget& target : {by_env, by_file}) {
    EXPECT_EQ(send_webhook(target, kNotification, {}).to_string(), "ok");
    const std::string request = server.requests().back();
    EXPECT_EQ(
        header_of(request, "Rollcall-Signature"),
        *webhook_signature("s3cr3t", header_of(request, "Rollcall-Timestamp"), kNotification.body));
    EXPECT_EQ(request.find("s3cr3t"), std::string::npos);
  }
  ::unsetenv("ROLLCALL_TEST_KEY");
}

TEST(Webhook, SendsNothingUnsignedWithoutTheKey) {
  LoopbackServer server(answers("200 OK"));
  const TemporaryDirectory directory;
  std::ofstream(directory.path("empty")) << "\n";
  WebhookTarget target{.url = server.url(), .secret_env = "ROLLCALL_NO_KEY", .secret_file = {}};
  EXPECT_EQ(send_webhook(target, kNotification, {}).to_string(),
            "invalid argument: webhook: variable ROLLCALL_NO_KEY of the environment has no key to "
            "sign with");
  target.secret_env.clear();
  for (const char* const name : {"missing", "empty"}) {
    target.secret_file = directory.path(name);
    EXPECT_EQ(send_webhook(target, kNotification, {}).code(), StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST(Webhook, SaysThatTheServerFailed) {
  LoopbackServer server(answers("500 Oops"));
  EXPECT_EQ(send(server.url()),
            "I/O error: " + place(server) + ": answered with status 500 (allowed: 200 to 299)");
}

TEST(Webhook, FollowsNoRedirect) {
  LoopbackServer other(answers("200 OK"));
  LoopbackServer server(answers("302 Found", "Location: " + other.url() + "\r\n"));
  EXPECT_EQ(send(server.url()), "I/O error: " + place(server) +
                                    ": answered with status 302, and redirects are not followed");
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_TRUE(other.requests().empty());
}

// The name of a delivery comes from the log of the store, which may come from elsewhere.
TEST(Webhook, SendsNoHeaderThatSomebodyElseWrote) {
  LoopbackServer server(answers("200 OK"));
  for (const std::string& delivery : {std::string("a\r\nX-Evil: 1"), std::string("a\nb"),
                                      std::string("a\0b", 3), std::string("\x7f")}) {
    const Notification notification{.alert = "low", .delivery = delivery, .body = "{}"};
    EXPECT_EQ(
        send_webhook({.url = server.url(), .secret_env = {}, .secret_file = {}}, notification, {})
            .code(),
        StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST(Webhook, DoesNotWaitForAServerThatStalls) {
  LoopbackServer server([](LoopbackServer& self, int socket) { self.stall(socket); });
  WebhookLimits limits;
  limits.whole_time = 200ms;
  const auto begin = Clock::now();
  EXPECT_EQ(send(server.url(), limits), "I/O error: " + place(server) + ": Timeout was reached");
  EXPECT_LT(Clock::now() - begin, kSoon);
}

TEST(Webhook, ReadsSoMuchOfAnAnswerAndNoMore) {
  std::atomic<std::size_t> written = 0;
  for (const std::string status : {"200 OK", "500 Oops"}) {
    written = 0;
    LoopbackServer server([&](LoopbackServer& self, int socket) {
      self.write(socket, "HTTP/1.1 " + status + "\r\n\r\n");
      const std::string block(1024, 'x');
      while (self.write(socket, block)) written += block.size();
    });
    const auto begin = Clock::now();
    // What the answer says after its status does not matter.
    EXPECT_EQ(send(server.url()), status == "200 OK"
                                      ? "ok"
                                      : "I/O error: " + place(server) +
                                            ": answered with status 500 (allowed: 200 to 299)");
    EXPECT_LT(Clock::now() - begin, kSoon);
  }
  // The rest is what fits in buffers of the system.
  EXPECT_LT(written.load(), std::size_t{16} << 20);
}

TEST(Webhook, ReadsSoMuchOfTheHeadersAndNoMore) {
  LoopbackServer server([&](LoopbackServer& self, int socket) {
    self.write(socket, "HTTP/1.1 200 OK\r\n");
    while (self.write(socket, "X-More: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  const auto begin = Clock::now();
  EXPECT_EQ(send(server.url()), "ok");
  EXPECT_LT(Clock::now() - begin, kSoon);
}

TEST(Webhook, DoesNotWaitForAnAnswerThatDrips) {
  LoopbackServer server([](LoopbackServer& self, int socket) {
    self.write(socket, "HTTP/1.1 200 OK\r\n\r\n");
    while (self.write(socket, "x")) std::this_thread::sleep_for(5ms);
  });
  WebhookLimits limits;
  limits.whole_time = 300ms;
  const auto begin = Clock::now();
  EXPECT_EQ(send(server.url(), limits), "I/O error: " + place(server) + ": Timeout was reached");
  EXPECT_LT(Clock::now() - begin, kSoon);
}

TEST(Webhook, StopsWhenItIsAskedTo) {
  LoopbackServer server([](LoopbackServer& self, int socket) { self.stall(socket); });
  std::stop_source stop;
  std::jthread soon([&] {
    while (server.requests().empty()) std::this_thread::sleep_for(1ms);
    stop.request_stop();
  });
  const auto begin = Clock::now();
  EXPECT_EQ(send(server.url(), {}, stop.get_token()), "cancelled: " + place(server) + ": stopped");
  EXPECT_LT(Clock::now() - begin, kSoon);
}

TEST(Webhook, SaysThatNobodyListens) {
  std::string url;
  {
    LoopbackServer server(answers("200 OK"));
    url = server.url("");
  }
  EXPECT_EQ(send(url + "/confidential"),
            "I/O error: webhook: " + url + ": Couldn't connect to server");
}

TEST(Webhook, WantsACertificate) {
  // The server speaks no TLS, which is where a certificate would be checked.
  LoopbackServer server(answers("200 OK"));
  std::string url = server.url();
  url.replace(0, 4, "https");
  EXPECT_EQ(send_webhook({.url = url, .secret_env = {}, .secret_file = {}}, kNotification, {},
                         {.connect_time = 300ms, .whole_time = 300ms})
                .code(),
            StatusCode::kIoError);
}

}  // namespace
}  // namespace rollcall::testing
