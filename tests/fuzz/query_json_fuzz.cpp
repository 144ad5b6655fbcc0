// Questions: what is taken is written out and read back as it was.

#include "rollcall/query.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  const Result<std::vector<Query>> queries = parse_queries(fuzz::as_text(data, size));
  if (!queries.ok()) {
    fuzz::require(queries.status().code() == StatusCode::kInvalidArgument,
                  queries.status().to_string());
    return 0;
  }
  for (const Query& query : *queries) {
    const std::string json = to_json(query);
    const Result<Query> again = parse_query(json);
    fuzz::require(again.ok(), json + ": " + again.status().to_string());
    fuzz::require(*again == query, "another question: " + json);
    fuzz::require(to_json(*again) == json, "written otherwise: " + json);
  }
  return 0;
}
