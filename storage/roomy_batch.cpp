#include "storage/roomy_batch.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace rollcall {

namespace {

constexpr std::size_t kEntryHeadBytes = 11;  // a tag, and two lengths of up to five bytes

rocksdb::Slice slice_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

// A batch cannot be told to grow, but it can be made of its bytes in a larger string.
void make_room(rocksdb::WriteBatch& batch, std::size_t bytes) {
  const std::string& held = batch.Data();
  const std::size_t needed = held.size() + bytes;
  if (needed <= held.capacity()) return;
  std::string larger;
  larger.reserve(std::max(needed, 2 * held.size()));
  larger = held;
  batch = rocksdb::WriteBatch(std::move(larger));
}

}  // namespace

rocksdb::Status put_entry(rocksdb::WriteBatch& batch, std::string_view key,
                          std::string_view value) {
  make_room(batch, kEntryHeadBytes + key.size() + value.size());
  return batch.Put(slice_of(key), slice_of(value));
}

rocksdb::Status delete_entry(rocksdb::WriteBatch& batch, std::string_view key) {
  make_room(batch, kEntryHeadBytes + key.size());
  return batch.Delete(slice_of(key));
}

}  // namespace rollcall
