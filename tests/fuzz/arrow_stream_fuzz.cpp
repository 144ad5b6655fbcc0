// This fuzzes streams of Arrow: what a producer can get wrong and a reader can see. Buffers are as
// long as the rows of their type need, as nothing in the interface says how long they are; what is
// in them, and what the arrays say, is the input.

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "rollcall/arrow.h"
#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "tests/fuzz/fuzz_target.h"

namespace rollcall::fuzz {
namespace {

constexpr std::int64_t kRowsMax = 16;
constexpr std::size_t kTextBytes = 64;

// Counts what is handed out and not released.
int live = 0;

// Takes numbers off the input; 0 after its end.
class Taken {
 public:
  explicit Taken(std::string_view input) : input_(input) {}
  unsigned choice(unsigned below) { return take_choice(input_) % below; }
  void fill(std::vector<std::uint8_t>& bytes) {
    const std::size_t size = std::min(bytes.size(), input_.size());
    std::memcpy(bytes.data(), input_.data(), size);
    input_.remove_prefix(size);
  }
  bool is_empty() const { return input_.empty(); }

 private:
  std::string_view input_;
};

constexpr std::array<const char*, 20> kFormats = {
    "u", "U",      "vu",         "b",    "c",       "S",   "i",   "l", "L",  "g",
    "f", "d:38,2", "d:40,3,256", "tsn:", "tss:UTC", "tdD", "tdm", "z", "+l", "n"};
constexpr std::array<const char*, 5> kNames = {"user", "time", "event", "d", "v"};

std::size_t width_of(std::string_view format) {
  if (format == "d:40,3,256") return 32;
  if (format == "vu" || format == "d:38,2") return 16;
  return 8;
}

struct Memory {
  std::string format, name;
  std::vector<std::vector<std::uint8_t>> bytes;
  std::vector<const void*> buffers;
  std::vector<ArrowArray> arrays;  // children
  std::vector<ArrowArray*> array_pointers;
  std::vector<ArrowSchema> schemas;
  std::vector<ArrowSchema*> schema_pointers;
  std::unique_ptr<Memory> dictionary;
  ArrowArray dictionary_array{};
  ArrowSchema dictionary_schema{};
  std::vector<std::unique_ptr<Memory>> children;
};

template <class T>
void hand_out(T& out) {
  ++live;
  out.release = [](T* released) {
    require(released->release != nullptr, "something is released twice");
    released->release = nullptr;
    --live;
  };
}

// Makes offsets that ascend within the bytes of the texts, unless the input says otherwise.
template <class Offset>
void tame_offsets(std::vector<std::uint8_t>& bytes) {
  Offset last = 0;
  for (std::size_t at = 0; at + sizeof(Offset) <= bytes.size(); at += sizeof(Offset)) {
    Offset offset = 0;
    std::memcpy(&offset, bytes.data() + at, sizeof offset);
    // A reader sees offsets that are below 0 or that descend, and none that are too large.
    if (offset > static_cast<Offset>(kTextBytes)) offset = last;
    last = std::max(last, offset);
    std::memcpy(bytes.data() + at, &offset, sizeof offset);
  }
}

// `like`, if it is not null, is what the schema said: the buffers are those of its type.
void fill_column(Taken& input, std::int64_t rows, int depth, const Memory* like, Memory& memory,
                 ArrowArray& array, ArrowSchema& schema) {
  memory.format = like == nullptr ? kFormats[input.choice(kFormats.size())] : like->format;
  const std::string_view format = memory.format;
  const auto places = static_cast<std::size_t>(rows + 1) * 2;  // of the rows, and of what precedes
  memory.bytes.emplace_back((places + 7) / 8);
  memory.bytes.emplace_back(places * width_of(format));
  for (std::vector<std::uint8_t>& bytes : memory.bytes) input.fill(bytes);
  const bool is_text = format == "u" || format == "U";
  if (format == "u") tame_offsets<std::int32_t>(memory.bytes[1]);
  if (format == "U") tame_offsets<std::int64_t>(memory.bytes[1]);
  if (is_text) memory.bytes.emplace_back(kTextBytes, 'x');
  if (format == "vu") {
    memory.bytes.emplace_back(kTextBytes, 'x');
    memory.bytes.emplace_back(sizeof(std::int64_t));
    memory.bytes.back()[0] = kTextBytes;
  }
  for (const std::vector<std::uint8_t>& bytes : memory.bytes)
    memory.buffers.push_back(bytes.data());
  const unsigned spoilt = input.choice(16);
  if (spoilt < memory.buffers.size()) memory.buffers[spoilt] = nullptr;
  array.length = rows + (input.choice(8) == 1 ? -1 : 0);
  array.offset = input.choice(4) == 1 ? static_cast<std::int64_t>(input.choice(3)) - 1 : 0;
  array.null_count = static_cast<std::int64_t>(input.choice(4)) - 1;
  array.n_buffers = static_cast<std::int64_t>(memory.buffers.size());
  if (input.choice(16) == 1) array.n_buffers -= 1;
  array.buffers = memory.buffers.data();
  schema.format = memory.format.c_str();
  schema.name = memory.name.c_str();
  const bool is_coded =
      like == nullptr ? depth < 3 && input.choice(4) == 1 : like->dictionary != nullptr;
  if (is_coded) {
    memory.dictionary = std::make_unique<Memory>();
    fill_column(input, static_cast<std::int64_t>(input.choice(4)), depth + 1,
                like == nullptr ? nullptr : like->dictionary.get(), *memory.dictionary,
                memory.dictionary_array, memory.dictionary_schema);
    if (input.choice(8) != 1) array.dictionary = &memory.dictionary_array;
    if (input.choice(8) != 1) schema.dictionary = &memory.dictionary_schema;
  }
}

// Makes a record batch, or something near it.
std::unique_ptr<Memory> make_batch(Taken& input, const Memory* like, ArrowArray& array,
                                   ArrowSchema& schema) {
  auto memory = std::make_unique<Memory>();
  const auto rows = static_cast<std::int64_t>(input.choice(kRowsMax));
  // The buffers of a column that the schema does not have are never looked at.
  const std::size_t columns = like == nullptr         ? 3 + input.choice(3)
                              : input.choice(16) == 1 ? like->children.size() - 1
                                                      : like->children.size();
  memory->format = input.choice(32) == 1 ? "i" : "+s";
  memory->arrays.resize(columns);
  memory->schemas.resize(columns);
  for (std::size_t i = 0; i < columns; ++i) {
    memory->children.push_back(std::make_unique<Memory>());
    memory->children[i]->name = kNames[i];
    fill_column(input, rows, 0, like == nullptr ? nullptr : like->children[i].get(),
                *memory->children[i], memory->arrays[i], memory->schemas[i]);
    memory->array_pointers.push_back(&memory->arrays[i]);
    memory->schema_pointers.push_back(&memory->schemas[i]);
  }
  memory->buffers.push_back(nullptr);
  array.length = rows;
  array.n_buffers = 1;
  array.buffers = memory->buffers.data();
  array.n_children = static_cast<std::int64_t>(columns);
  array.children = memory->array_pointers.data();
  schema.format = memory->format.c_str();
  schema.name = "";
  schema.n_children = static_cast<std::int64_t>(columns);
  schema.children = memory->schema_pointers.data();
  return memory;
}

struct Stream {
  Taken input;
  std::vector<std::unique_ptr<Memory>> batches;
  unsigned left = 0;
};

ArrowArrayStream make_stream(Stream& made) {
  ArrowArrayStream stream{};
  stream.private_data = &made;
  stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
    auto& source = *static_cast<Stream*>(self->private_data);
    ArrowArray unused{};
    *out = {};
    source.batches.push_back(make_batch(source.input, nullptr, unused, *out));
    hand_out(*out);
    return 0;
  };
  stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
    auto& source = *static_cast<Stream*>(self->private_data);
    *out = {};
    if (source.left == 0 || source.input.is_empty()) return source.left == 0 ? 0 : 5;
    --source.left;
    ArrowSchema unused{};
    source.batches.push_back(make_batch(source.input, source.batches[0].get(), *out, unused));
    hand_out(*out);
    return 0;
  };
  hand_out(stream);
  return stream;
}

Engine& engine(UserKind kind) {
  const auto open = [](UserKind of) {
    EngineOptions options;
    options.settings.emplace().user_kind = of;
    options.settings->partition_count = 2;
    options.settings->dimensions = {"d"};
    options.settings->history = false;
    options.threads_max = 1;
    return *Engine::open(open_memory_store(), options);
  };
  static const std::unique_ptr<Engine> integers = open(UserKind::kInteger);
  static const std::unique_ptr<Engine> strings = open(UserKind::kString);
  return kind == UserKind::kInteger ? *integers : *strings;
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  std::string_view text = fuzz::as_text(data, size);
  const unsigned choice = fuzz::take_choice(text);
  fuzz::Stream source{fuzz::Taken(text), {}, choice / 4 % 4};
  ArrowArrayStream stream = fuzz::make_stream(source);
  ArrowColumns columns;
  if (choice % 2 == 1) columns.value = "v";
  const BatchToken token{"fuzz", std::to_string(choice)};
  Delivery delivery;
  // What is to be ingested in one piece needs no thread.
  if (choice % 8 != 7) delivery.token = &token;
  Engine& engine = fuzz::engine(choice % 4 < 2 ? UserKind::kInteger : UserKind::kString);
  const Result<std::uint64_t> rows = ingest_arrow_stream(engine, &stream, columns, delivery);
  fuzz::require(stream.release == nullptr, "the stream is not taken");
  fuzz::require(fuzz::live == 0, "something is not released");
  const StatusCode code = rows.status().code();
  fuzz::require(rows.ok() || code == StatusCode::kInvalidArgument || code == StatusCode::kIoError,
                rows.status().to_string());
  return 0;
}
