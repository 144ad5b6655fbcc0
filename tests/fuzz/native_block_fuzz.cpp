// This fuzzes blocks of native files. The input is a payload; the header around it is right, so
// that the payload is looked at.

#include <xxhash.h>

#include <cstring>

#include "core/source/formats/native_format.h"
#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "tests/fuzz/fuzz_target.h"

namespace rollcall::fuzz {
namespace {

std::string block_of(std::string_view payload) {
  std::string block(kNativeMagic);
  const auto append = [&](auto number) {
    block.append(reinterpret_cast<const char*>(&number), sizeof number);
  };
  append(std::uint32_t{1});
  append(std::uint32_t{0});
  append(std::uint64_t{payload.size()});
  append(std::uint64_t{XXH3_64bits(payload.data(), payload.size())});
  return block.append(payload);
}

// Takes any batch, or says what is wrong with it.
void prepare(const NativeBatch& batch) {
  static const std::unique_ptr<Engine> integers = [] {
    EngineOptions options;
    options.settings.emplace().user_kind = UserKind::kInteger;
    options.settings->partition_count = 2;
    options.threads_max = 1;
    return *Engine::open(open_memory_store(), options);
  }();
  if (batch.layout.user_kind != UserKind::kInteger) return;
  EventBatch events;
  events.user_integers = batch.user_integers;
  events.event = {batch.event.values, batch.event.codes};
  events.time = batch.time;
  events.value = batch.value;
  events.known_until = batch.layout.known_until;
  const Result<PreparedBatch> prepared = integers->prepare(events);
  require(prepared.ok() || prepared.status().code() == StatusCode::kInvalidArgument,
          prepared.status().to_string());
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  const std::string_view input = fuzz::as_text(data, size);
  (void)read_native_layout("file", input);
  fuzz::require(!decode_native_block("file", input).ok() || input.starts_with(kNativeMagic),
                "a block without its magic");
  const std::string block = fuzz::block_of(input);
  const Result<NativeBatch> batch = decode_native_block("file", block);
  if (!batch.ok()) {
    fuzz::require(batch.status().code() == StatusCode::kCorruption, batch.status().to_string());
    return 0;
  }
  fuzz::require(batch->time.size() == batch->layout.row_count, "not as many times as rows");
  fuzz::prepare(*batch);
  return 0;
}
