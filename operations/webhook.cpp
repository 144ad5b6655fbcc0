#include "rollcall/webhook.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#include "operations/http_libraries.h"
#include "rollcall/message_text.h"
#include "rollcall/regular_file.h"

namespace rollcall {

namespace {

constexpr std::size_t kKeyBytesMax = 4096;

using OwnedCurl = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using OwnedList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

// Counts what an answer sends, headers included, and knows when to stop.
struct Exchange {
  std::size_t bytes = 0;
  std::size_t bytes_max = 0;
  std::stop_token stop;

  bool is_cut_off() const { return bytes > bytes_max; }
};

// Is called by libcurl with a part of the answer; returning less than it has ends the exchange.
std::size_t drop_answer(char*, std::size_t size, std::size_t count, void* user) {
  auto* const exchange = static_cast<Exchange*>(user);
  exchange->bytes += size * count;
  return exchange->is_cut_off() ? 0 : size * count;
}

int look_for_stop(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Exchange*>(user)->stop.stop_requested() ? 1 : 0;
}

Result<std::string> key_of(const WebhookTarget& target) {
  std::string key;
  std::string place;
  if (!target.secret_env.empty()) {
    place = "variable " + target.secret_env + " of the environment";
    if (const char* const value = std::getenv(target.secret_env.c_str())) key = value;
  } else if (!target.secret_file.empty()) {
    place = target.secret_file;
    const Result<std::string> read = read_regular_file(target.secret_file, kKeyBytesMax);
    if (!read.ok()) return read.status().as(StatusCode::kInvalidArgument).within("webhook: key");
    key = *read;
    while (!key.empty() && (key.back() == '\n' || key.back() == '\r')) key.pop_back();
  } else {
    return key;
  }
  if (!key.empty()) return key;
  return Status::invalid_argument("webhook: " + place + " has no key to sign with");
}

bool append_header(const HttpLibraries& http, OwnedList& headers, const std::string& header) {
  curl_slist* const longer = http.slist_append(headers.get(), header.c_str());
  if (longer == nullptr) return false;
  (void)headers.release();
  headers.reset(longer);
  return true;
}

// A header ends with its line, and libcurl sends what it is given.
bool is_header_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return ' ' <= c && c <= '~'; });
}

// Sets all options; returns whether libcurl knows them all.
bool set_options(const HttpLibraries& http, CURL* curl, const WebhookTarget& target,
                 const Notification& notification, const curl_slist* headers,
                 const WebhookLimits& limits, Exchange& exchange) {
  CURLcode code = CURLE_OK;
  const auto set = [&](CURLoption option, auto value) {
    if (code == CURLE_OK) code = http.easy_setopt(curl, option, value);
  };
  set(CURLOPT_URL, target.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect_time.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(limits.whole_time.count()));
  set(CURLOPT_POST, 1L);
  set(CURLOPT_POSTFIELDS, notification.body.data());
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(notification.body.size()));
  set(CURLOPT_HTTPHEADER, headers);
  set(CURLOPT_USERAGENT, "rollcall");
  set(CURLOPT_WRITEFUNCTION, &drop_answer);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&exchange));
  set(CURLOPT_HEADERFUNCTION, &drop_answer);
  set(CURLOPT_HEADERDATA, static_cast<void*>(&exchange));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &look_for_stop);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(&exchange));
  return code == CURLE_OK;
}

// Returns the URL as far as errors repeat it: what follows the host may be confidential.
std::string_view host_part(std::string_view url) {
  const std::size_t slashes = url.find("//");
  return url.substr(0, url.find_first_of("/?#", slashes + 2));
}

}  // namespace

Result<std::string> webhook_signature(std::string_view key, std::string_view timestamp,
                                      std::string_view body) {
  ROLLCALL_ASSIGN_OR_RETURN(const HttpLibraries* const http, http_libraries());
  const std::string text = fmt::format("{}.{}", timestamp, body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  http->hmac(http->evp_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
             &size);
  std::string signature = "v1=";
  for (unsigned int i = 0; i < size; ++i) signature += fmt::format("{:02x}", digest[i]);
  return signature;
}

Status send_webhook(const WebhookTarget& target, const Notification& notification,
                    std::stop_token stop, const WebhookLimits& limits) {
  if (!is_header_text(notification.delivery)) {
    return Status::invalid_argument(
        fmt::format("webhook: delivery: must be of printable ASCII, found {}",
                    quoted_excerpt(notification.delivery)));
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::string key, key_of(target));
  const std::string timestamp =
      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count());
  ROLLCALL_ASSIGN_OR_RETURN(const HttpLibraries* const http, http_libraries());
  OwnedList headers(nullptr, http->slist_free_all);
  bool is_set = append_header(*http, headers, "Content-Type: application/json") &&
                append_header(*http, headers, "Expect:") &&
                append_header(*http, headers, "Rollcall-Delivery: " + notification.delivery) &&
                append_header(*http, headers, "Rollcall-Timestamp: " + timestamp);
  if (is_set && !key.empty()) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string signature,
                              webhook_signature(key, timestamp, notification.body));
    is_set = append_header(*http, headers, "Rollcall-Signature: " + signature);
  }
  const OwnedCurl curl(is_set ? http->easy_init() : nullptr, http->easy_cleanup);
  Exchange exchange{.bytes_max = limits.answer_bytes_max, .stop = stop};
  is_set = curl != nullptr &&
           set_options(*http, curl.get(), target, notification, headers.get(), limits, exchange);
  const std::string place = "webhook: " + std::string(host_part(target.url));
  if (!is_set) return Status::io_error(place + ": libcurl cannot be set up");
  const CURLcode code = http->easy_perform(curl.get());
  if (code == CURLE_ABORTED_BY_CALLBACK) return {StatusCode::kCancelled, place + ": stopped"};
  long status = 0;
  http->easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (code != CURLE_OK && !exchange.is_cut_off()) {
    return Status::io_error(fmt::format("{}: {}", place, http->easy_strerror(code)));
  }
  if (status >= 200 && status <= 299) return {};
  if (status >= 300 && status <= 399) {
    return Status::io_error(
        fmt::format("{}: answered with status {}, and redirects are not followed", place, status));
  }
  return Status::io_error(
      fmt::format("{}: answered with status {} (allowed: 200 to 299)", place, status));
}

}  // namespace rollcall
