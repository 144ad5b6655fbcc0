#include "arrow_stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

namespace rollcall::python {
namespace {

using SharedBatch = std::shared_ptr<const ArrowBatch>;

// Holds what a schema of ours points to.
struct SchemaParts {
  SharedBatch batch;  // names and formats lie in it
  std::string metadata;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
};

// Holds what an array of ours points to.
struct ArrayParts {
  SharedBatch batch;
  std::vector<const void*> buffers;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
};

// Releases a schema or an array of ours. A child that was moved out has no release of its own here.
template <class Parts, class Struct>
void release_parts(Struct* released) {
  auto* const parts = static_cast<Parts*>(released->private_data);
  for (Struct& child : parts->children) {
    if (child.release != nullptr) child.release(&child);
  }
  released->release = nullptr;
  delete parts;
}

// Writes key and value pairs as the interface has them: counts and lengths as native int32.
std::string encoded(const std::vector<std::pair<std::string, std::string>>& pairs) {
  if (pairs.empty()) return {};
  std::string bytes;
  const auto add_size = [&](std::size_t size) {
    const auto number = static_cast<std::int32_t>(size);
    bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
  };
  add_size(pairs.size());
  for (const auto& [key, value] : pairs) {
    add_size(key.size());
    bytes.append(key);
    add_size(value.size());
    bytes.append(value);
  }
  return bytes;
}

void fill_schema(SharedBatch batch, const ArrowColumn* column, ArrowSchema* out) {
  auto parts = std::make_unique<SchemaParts>();
  parts->batch = std::move(batch);
  const bool is_whole = column == nullptr;
  if (is_whole) {
    parts->metadata = encoded(parts->batch->metadata);
    parts->children.resize(parts->batch->columns.size());
    for (std::size_t i = 0; i < parts->children.size(); ++i) {
      fill_schema(parts->batch, &parts->batch->columns[i], &parts->children[i]);
      parts->pointers.push_back(&parts->children[i]);
    }
  }
  *out = {};
  out->format = is_whole ? "+s" : column->format.c_str();
  out->name = is_whole ? "" : column->name.c_str();
  out->metadata = parts->metadata.empty() ? nullptr : parts->metadata.data();
  out->flags = is_whole ? 0 : ARROW_FLAG_NULLABLE;
  out->n_children = static_cast<std::int64_t>(parts->pointers.size());
  out->children = parts->pointers.data();
  out->release = release_parts<SchemaParts, ArrowSchema>;
  out->private_data = parts.release();
}

void fill_array(SharedBatch batch, const ArrowColumn* column, ArrowArray* out) {
  auto parts = std::make_unique<ArrayParts>();
  parts->batch = std::move(batch);
  if (column == nullptr) {
    parts->buffers = {nullptr};
    parts->children.resize(parts->batch->columns.size());
    for (std::size_t i = 0; i < parts->children.size(); ++i) {
      fill_array(parts->batch, &parts->batch->columns[i], &parts->children[i]);
      parts->pointers.push_back(&parts->children[i]);
    }
  } else {
    parts->buffers = column->buffers;
  }
  *out = {};
  out->length = parts->batch->length;
  out->null_count = column == nullptr ? 0 : column->null_count;
  out->n_buffers = static_cast<std::int64_t>(parts->buffers.size());
  out->buffers = parts->buffers.data();
  out->n_children = static_cast<std::int64_t>(parts->pointers.size());
  out->children = parts->pointers.data();
  out->release = release_parts<ArrayParts, ArrowArray>;
  out->private_data = parts.release();
}

// Is what a stream of ours does; the callbacks of the interface call it.
class StreamSource {
 public:
  virtual ~StreamSource() = default;
  virtual int schema(ArrowSchema* out) = 0;
  virtual int next(ArrowArray* out) = 0;  // leaves *out released at the end
  virtual const char* last_error() { return nullptr; }
};

StreamSource& source_of(ArrowArrayStream* stream) {
  return *static_cast<StreamSource*>(stream->private_data);
}

// Nothing may be thrown through the interface.
template <class Call>
int guarded(Call call) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  }
}

void fill_stream(std::unique_ptr<StreamSource> source, ArrowArrayStream* out) {
  out->get_schema = [](ArrowArrayStream* stream, ArrowSchema* schema) {
    return guarded([&] { return source_of(stream).schema(schema); });
  };
  out->get_next = [](ArrowArrayStream* stream, ArrowArray* array) {
    return guarded([&] { return source_of(stream).next(array); });
  };
  out->get_last_error = [](ArrowArrayStream* stream) { return source_of(stream).last_error(); };
  out->release = [](ArrowArrayStream* stream) {
    delete &source_of(stream);
    stream->release = nullptr;
  };
  out->private_data = source.release();
}

class BatchSource : public StreamSource {
 public:
  explicit BatchSource(SharedBatch batch) : batch_(std::move(batch)) {}

  int schema(ArrowSchema* out) override {
    fill_schema(batch_, nullptr, out);
    return 0;
  }
  int next(ArrowArray* out) override {
    *out = {};
    if (!std::exchange(given_, true)) fill_array(batch_, nullptr, out);
    return 0;
  }

 private:
  const SharedBatch batch_;
  bool given_ = false;
};

// Owns something of the interface.
template <class Struct>
class Taken {
 public:
  Taken() = default;
  explicit Taken(Struct* from) : value_(*from) { from->release = nullptr; }
  Taken(const Taken&) = delete;
  Taken& operator=(const Taken&) = delete;
  ~Taken() { reset(); }

  void reset() {
    if (value_.release != nullptr) value_.release(&value_);
  }
  void move_to(Struct* out) {
    *out = value_;
    value_.release = nullptr;
  }
  Struct* get() { return &value_; }

 private:
  Struct value_ = {};
};

class ArraySource : public StreamSource {
 public:
  ArraySource(ArrowSchema* schema, ArrowArray* array) : schema_(schema), array_(array) {}

  // A stream is asked for its schema once by the engine.
  int schema(ArrowSchema* out) override {
    if (schema_.get()->release == nullptr) return EINVAL;
    schema_.move_to(out);
    return 0;
  }
  int next(ArrowArray* out) override {
    array_.move_to(out);
    return 0;
  }

 private:
  Taken<ArrowSchema> schema_;
  Taken<ArrowArray> array_;
};

class StoppableSource : public StreamSource {
 public:
  StoppableSource(const HeldEngine& held, ArrowArrayStream* taken, std::stop_token stop,
                  OnStop on_stop, std::shared_ptr<StreamProgress> progress)
      : held_(held),
        stream_(taken),
        stop_(std::move(stop)),
        on_stop_(on_stop),
        progress_(std::move(progress)) {}

  int schema(ArrowSchema* out) override {
    const HeldEngine::Callback callback(held_);
    return stream_.get()->get_schema(stream_.get(), out);
  }

  int next(ArrowArray* out) override {
    const HeldEngine::Callback callback(held_);
    *out = {};
    if (stop_.stop_requested()) {
      was_stopped_ = on_stop_ == OnStop::kFail;
      return was_stopped_ ? ECANCELED : 0;
    }
    if (sliced_ == nullptr) {
      const int error = stream_.get()->get_next(stream_.get(), out);
      if (error != 0 || out->release == nullptr) return error;
      if (out->length <= kSliceRows) {
        progress_->rows += static_cast<std::uint64_t>(std::max<std::int64_t>(out->length, 0));
        return 0;
      }
      sliced_ = std::make_shared<Taken<ArrowArray>>(out);
      position_ = 0;
    }
    give_slice(out);
    return 0;
  }

  const char* last_error() override {
    if (was_stopped_) return "stopped";
    ArrowArrayStream* const stream = stream_.get();
    return stream->get_last_error == nullptr ? nullptr : stream->get_last_error(stream);
  }

 private:
  using SharedArray = std::shared_ptr<Taken<ArrowArray>>;

  // A slice is the struct array over fewer rows; its children are those of the whole one.
  void give_slice(ArrowArray* out) {
    auto keep = std::make_unique<SharedArray>(sliced_);
    const ArrowArray& whole = *sliced_->get();
    const std::int64_t rows = std::min(kSliceRows, whole.length - position_);
    *out = whole;
    out->length = rows;
    out->offset = whole.offset + position_;
    if (whole.null_count != 0) out->null_count = -1;
    out->private_data = keep.release();
    out->release = [](ArrowArray* slice) {
      delete static_cast<SharedArray*>(slice->private_data);
      slice->release = nullptr;
    };
    position_ += rows;
    progress_->rows += static_cast<std::uint64_t>(rows);
    if (position_ == whole.length) sliced_.reset();
  }

  const HeldEngine& held_;
  Taken<ArrowArrayStream> stream_;
  const std::stop_token stop_;
  const OnStop on_stop_;
  bool was_stopped_ = false;
  const std::shared_ptr<StreamProgress> progress_;
  SharedArray sliced_;  // null: the next array of the stream is due
  std::int64_t position_ = 0;
};

}  // namespace

void make_stream(std::shared_ptr<const ArrowBatch> batch, ArrowArrayStream* out) {
  fill_stream(std::make_unique<BatchSource>(std::move(batch)), out);
}

void make_stream(ArrowSchema* schema, ArrowArray* array, ArrowArrayStream* out) {
  fill_stream(std::make_unique<ArraySource>(schema, array), out);
}

void make_stoppable(const HeldEngine& held, ArrowArrayStream* taken, std::stop_token stop,
                    OnStop on_stop, std::shared_ptr<StreamProgress> progress,
                    ArrowArrayStream* out) {
  fill_stream(
      std::make_unique<StoppableSource>(held, taken, std::move(stop), on_stop, std::move(progress)),
      out);
}

}  // namespace rollcall::python
