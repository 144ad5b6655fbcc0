#include "core/source/content_reader.h"

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

namespace rollcall {

Result<ContentReader> ContentReader::open(const std::string& path) {
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> source, ByteSource::open(path));
  return ContentReader(std::move(source));
}

ContentReader::ContentReader(std::unique_ptr<ByteSource> source)
    : source_(std::move(source)), state_(XXH3_createState()) {
  if (state_ == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(state_.get());
}

Result<std::string_view> ContentReader::head() {
  if (ahead_.empty()) {
    ahead_.resize(kHeadBytes);
    ROLLCALL_ASSIGN_OR_RETURN(const std::size_t got, source_->read(ahead_.data(), ahead_.size()));
    ahead_.resize(got);
  }
  return std::string_view(ahead_);
}

Result<std::size_t> ContentReader::read(char* out, std::size_t size) {
  size = std::min<std::uint64_t>(size, end_ - read_to_);
  const std::size_t from_ahead = std::min(size, ahead_.size() - ahead_begin_);
  ahead_.copy(out, from_ahead, ahead_begin_);
  ahead_begin_ += from_ahead;
  ROLLCALL_ASSIGN_OR_RETURN(const std::size_t got,
                            source_->read(out + from_ahead, size - from_ahead));
  read_to_ += from_ahead + got;
  return from_ahead + got;
}

void ContentReader::take(std::string_view bytes) {
  const std::size_t to_head = offset_ < kHeadBytes ? kHeadBytes - offset_ : 0;
  if (to_head > 0 && bytes.size() >= to_head) {
    XXH3_128bits_update(state_.get(), bytes.data(), to_head);
    offset_ += to_head;
    head_hash_ = XXH3_128bits_digest(state_.get());
    bytes.remove_prefix(to_head);
  }
  XXH3_128bits_update(state_.get(), bytes.data(), bytes.size());
  offset_ += bytes.size();
}

Result<bool> ContentReader::skip_to(std::uint64_t offset) {
  std::vector<char> buffer(std::min<std::uint64_t>(offset - offset_, 1 << 20));
  while (offset_ < offset) {
    const std::size_t wanted = std::min<std::uint64_t>(offset - offset_, buffer.size());
    ROLLCALL_ASSIGN_OR_RETURN(const std::size_t got, read(buffer.data(), wanted));
    take({buffer.data(), got});
    if (got < wanted) return false;
  }
  return true;
}

ContentMark ContentReader::mark() const {
  ContentMark mark;
  mark.offset = offset_;
  mark.hash = XXH3_128bits_digest(state_.get());
  mark.head_bytes = std::min<std::uint64_t>(offset_, kHeadBytes);
  mark.head_hash = offset_ < kHeadBytes ? mark.hash : head_hash_;
  return mark;
}

}  // namespace rollcall
