// libcurl and OpenSSL's libcrypto, which are loaded when they are first called for. Programs that
// send no webhook therefore start without them and the thirty libraries that they bring, and a
// package of Python need not carry them.
#pragma once

#include <curl/curl.h>
#include <openssl/hmac.h>

#include "rollcall/status.h"

namespace rollcall {

// Has the functions that webhooks call.
struct HttpLibraries {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_perform) easy_perform = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
  decltype(&::HMAC) hmac = nullptr;
  decltype(&::EVP_sha256) evp_sha256 = nullptr;
};

// Loads them by the names that the system's packages have, once; any thread may call it. They stay
// loaded until the process ends.
//   kUnsupported  one of them is not installed or is of another kind; the text says which, and what
//                 to install
Result<const HttpLibraries*> http_libraries();

}  // namespace rollcall
