#include "operations/http_libraries.h"

#include <dlfcn.h>
#include <openssl/opensslv.h>

#include <string>

#include <fmt/format.h>

namespace rollcall {

namespace {

constexpr const char* kCurl = "libcurl.so.4";
// The number is that of the headers, whose declarations are relied on.
#define ROLLCALL_TEXT_OF(number) #number
#define ROLLCALL_CRYPTO_NAME(number) "libcrypto.so." ROLLCALL_TEXT_OF(number)
constexpr const char* kCrypto = ROLLCALL_CRYPTO_NAME(OPENSSL_SHLIB_VERSION);

Status not_loaded(const char* name) {
  const char* const why = ::dlerror();
  return Status::unsupported(
      fmt::format("webhooks need {}, which cannot be loaded: {} (on Debian and Ubuntu, apt-get "
                  "install libcurl4 installs what is needed)",
                  name, why == nullptr ? "no reason given" : why));
}

// Is a library that stays loaded, because its threads and its hooks at exit may.
class LoadedLibrary {
 public:
  explicit LoadedLibrary(const char* name)
      : name_(name), handle_(::dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)) {
    if (handle_ == nullptr) status_ = not_loaded(name_);
  }

  template <class Function>
  void find(const char* name, Function& function) {
    if (!status_.ok()) return;
    function = reinterpret_cast<Function>(::dlsym(handle_, name));
    if (function == nullptr) status_ = not_loaded(name_);
  }
  const Status& status() const { return status_; }

 private:
  const char* name_;
  void* handle_;
  Status status_;
};

Result<HttpLibraries> load_http_libraries() {
  HttpLibraries found;
  // libcurl needs libcrypto as well, and would be blamed for its want.
  LoadedLibrary crypto(kCrypto);
  crypto.find("HMAC", found.hmac);
  crypto.find("EVP_sha256", found.evp_sha256);
  ROLLCALL_RETURN_IF_ERROR(crypto.status());
  LoadedLibrary curl(kCurl);
  curl.find("curl_global_init", found.global_init);
  curl.find("curl_easy_init", found.easy_init);
  curl.find("curl_easy_cleanup", found.easy_cleanup);
  curl.find("curl_easy_setopt", found.easy_setopt);
  curl.find("curl_easy_perform", found.easy_perform);
  curl.find("curl_easy_getinfo", found.easy_getinfo);
  curl.find("curl_easy_strerror", found.easy_strerror);
  curl.find("curl_slist_append", found.slist_append);
  curl.find("curl_slist_free_all", found.slist_free_all);
  ROLLCALL_RETURN_IF_ERROR(curl.status());
  // libcurl has to be told once for all threads that it will be used.
  if (found.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return Status::unsupported(fmt::format("webhooks need {}, which cannot be set up", kCurl));
  }
  return found;
}

}  // namespace

Result<const HttpLibraries*> http_libraries() {
  static const Result<HttpLibraries> loaded = load_http_libraries();
  if (!loaded.ok()) return loaded.status();
  return &*loaded;
}

}  // namespace rollcall
