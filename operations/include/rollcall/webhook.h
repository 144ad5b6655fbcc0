// Webhooks send notifications of alerts as HTTP requests. They are the target rollcall_notifier,
// which loads libcurl and OpenSSL's libcrypto when the first one is sent; nothing else of rollcall
// needs them.
#pragma once

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>

#include "rollcall/alert.h"
#include "rollcall/notifier.h"
#include "rollcall/status.h"

namespace rollcall {

struct WebhookLimits {
  std::chrono::milliseconds connect_time{5'000};
  std::chrono::milliseconds whole_time{10'000};          // connecting included
  std::size_t answer_bytes_max = std::size_t{64} << 10;  // what comes after is not read
};

// Sends a notification as a POST of its body, application/json, with these headers:
//
//   Rollcall-Delivery   the delivery
//   Rollcall-Timestamp  seconds since 1970-01-01T00:00:00Z
//   Rollcall-Signature  v1= and HMAC-SHA256, in hexadecimal, of the time stamp, a dot and the body;
//                       only with a key
//
// It has arrived if the answer's status is from 200 to 299. The answer is dropped. Certificates are
// checked, redirects are not followed, and HTTP and HTTPS are the only protocols.
//   kInvalidArgument  the key cannot be read or is empty, and the text says where it should be; or
//                     the delivery has a character that no header may have
//   kIoError          it has not arrived, as far as is known
//   kUnsupported      libcurl or libcrypto cannot be loaded; the text says what to install
//   kCancelled        `stop` was asked to stop
Status send_webhook(const WebhookTarget& target, const Notification& notification,
                    std::stop_token stop, const WebhookLimits& limits = {});

// Returns the value of Rollcall-Signature.
//   kUnsupported  as with send_webhook
Result<std::string> webhook_signature(std::string_view key, std::string_view timestamp,
                                      std::string_view body);

}  // namespace rollcall
