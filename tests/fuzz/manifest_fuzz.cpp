// This fuzzes the manifest of a commit.

#include "core/catalog/manifest.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  const Result<Manifest> manifest = Manifest::deserialize(fuzz::as_text(data, size));
  if (!manifest.ok()) {
    fuzz::require(manifest.status().code() == StatusCode::kCorruption,
                  manifest.status().to_string());
    return 0;
  }
  fuzz::require_stable(
      *manifest, [](const Manifest& value) { return value.serialize(); },
      [](const std::string& bytes) { return Manifest::deserialize(bytes); });
  return 0;
}
