// Names of events and values, and their series.

#include "core/catalog/series_catalog.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  StoreSettings settings;
  settings.dimensions = {"channel", "plan"};
  const auto read = [&](std::string_view bytes) -> Result<SeriesCatalog> {
    SeriesCatalog catalog(settings);
    ROLLCALL_RETURN_IF_ERROR(catalog.deserialize(bytes));
    return catalog;
  };
  const Result<SeriesCatalog> catalog = read(fuzz::as_text(data, size));
  if (!catalog.ok()) {
    fuzz::require(catalog.status().code() == StatusCode::kCorruption, catalog.status().to_string());
    return 0;
  }
  fuzz::require(catalog->series_count() <= size + 1, "more series than bytes");
  fuzz::require_stable(
      *catalog,
      [](const SeriesCatalog& value) {
        std::string out;
        value.serialize(out);
        return out;
      },
      read);
  return 0;
}
