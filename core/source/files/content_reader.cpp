#include "core/source/files/content_reader.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace rollcall {

Result<ContentReader> ContentReader::open(const std::string& path, SourceWait wait) {
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> source, ByteSource::open(path, wait));
  return ContentReader(std::move(source), std::move(wait));
}

ContentReader::ContentReader(std::unique_ptr<ByteSource> source, SourceWait wait)
    : source_(std::move(source)), wait_(std::move(wait)) {}

Result<std::string_view> ContentReader::head(const HeadWanted& wanted) {
  if (has_head_) return std::string_view(ahead_);
  std::size_t got = 0;
  const auto is_enough = [&] {
    return wanted.enough && wanted.enough(std::string_view(ahead_).substr(0, got));
  };
  for (std::size_t size = kHeadBytes; !at_end_;) {
    ahead_.resize(size);
    const Result<ReadBytes> read = source_->read(ahead_.data() + got, size - got);
    if (read.status().code() == StatusCode::kCancelled && got > 0) return stopped_within(got);
    ROLLCALL_RETURN_IF_ERROR(read.status());
    got += read->size;
    at_end_ = read->at_end;
    const bool is_full = got == size;
    if ((is_full && size >= wanted.bytes_max) || is_enough()) break;
    if (is_full) size = std::min(2 * size, wanted.bytes_max);
  }
  ahead_.resize(got);
  has_head_ = true;
  return std::string_view(ahead_);
}

Result<ReadBytes> ContentReader::read(char* out, std::size_t size) {
  size = std::min<std::uint64_t>(size, end_ - read_to_);
  if (size == 0) return ReadBytes{0, true};
  ReadBytes read;
  if (ahead_begin_ < ahead_.size()) {
    read.size = ahead_.copy(out, size, ahead_begin_);
    ahead_begin_ += read.size;
    read.at_end = at_end_ && ahead_begin_ == ahead_.size();
  } else if (at_end_) {
    read.at_end = true;
  } else {
    ROLLCALL_ASSIGN_OR_RETURN(read, source_->read(out, size));
  }
  read_to_ += read.size;
  read.at_end = read.at_end || read_to_ == end_;
  return read;
}

Result<bool> ContentReader::skip_to(std::uint64_t target) {
  std::vector<char> buffer(std::min<std::uint64_t>(target - offset(), 1 << 20));
  while (offset() < target) {
    const std::size_t wanted = std::min<std::uint64_t>(target - offset(), buffer.size());
    ROLLCALL_ASSIGN_OR_RETURN(const ReadBytes got, read(buffer.data(), wanted));
    take({buffer.data(), got.size});
    if (got.at_end && offset() < target) return false;
  }
  return true;
}

}  // namespace rollcall
