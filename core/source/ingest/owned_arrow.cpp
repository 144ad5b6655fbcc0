#include "core/source/ingest/owned_arrow.h"

#include <fmt/format.h>

namespace rollcall {
namespace {

// Checks that `schema` and `array` have all that is looked at.
bool is_complete(const ArrowSchema* schema, const ArrowArray* array) {
  if (schema == nullptr || schema->format == nullptr || array == nullptr) return false;
  if (array->n_buffers > 0 && array->buffers == nullptr) return false;
  if (schema->dictionary == nullptr) return true;
  return is_complete(schema->dictionary, array->dictionary);
}

}  // namespace

Status check_complete(const ArrowSchema& schema, const ArrowArray& array) {
  bool complete = is_complete(&schema, &array);
  const bool same = complete && schema.n_children == array.n_children;  // otherwise told later
  if (same && schema.n_children > 0) {
    complete = schema.children != nullptr && array.children != nullptr;
    for (std::int64_t i = 0; complete && i < schema.n_children; ++i) {
      complete = is_complete(schema.children[i], array.children[i]);
    }
  }
  if (complete) return {};
  return Status::invalid_argument(
      "arrow: a pointer of the stream's schema or array is null (allowed: children, formats, "
      "buffers and dictionaries as the Arrow C data interface asks for them)");
}

std::string stream_error_text(ArrowArrayStream* stream, int code) {
  const char* const text =
      stream->get_last_error == nullptr ? nullptr : stream->get_last_error(stream);
  return fmt::format("error {}: {}", code, text == nullptr ? "no reason given" : text);
}

}  // namespace rollcall
