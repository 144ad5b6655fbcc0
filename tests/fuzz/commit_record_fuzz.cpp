// This fuzzes the commit record: any bytes, and any manifest within a good one.

#include "storage/commit_record.h"

#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  const std::string_view input = fuzz::as_text(data, size);
  if (const Result<CommitRecord> record = decode_commit_record(input, "store"); record.ok()) {
    CommitFacts facts = record->facts;
    fuzz::require(encode_commit_record(facts, record->manifest) == input, "written otherwise");
  } else {
    fuzz::require(record.status().code() == StatusCode::kCorruption, record.status().to_string());
  }
  CommitFacts facts = first_facts({});
  facts.epoch = size;
  const std::string value = encode_commit_record(facts, input);
  const Result<CommitRecord> record = decode_commit_record(value, "store");
  fuzz::require(record.ok() && record->manifest == input && record->facts.digest == facts.digest,
                "not read back");
  return 0;
}
