#include "core/source/files/byte_source.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

namespace rollcall {
namespace {

// The third byte is the method, of which there is one. Without it, sets of users would be taken for
// gzip: they begin with a number.
constexpr std::string_view kGzipMagic = "\x1f\x8b\x08";
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";
constexpr std::string_view kZstdSkippableMagic = "\x2a\x4d\x18";  // after one of 16 bytes
constexpr std::size_t kMagicBytesMax = 10;

class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(StoredFile file) : ByteSource(std::move(file)) {}
  bool is_compressed() const override { return false; }

 private:
  Result<ReadBytes> read_some(char* out, std::size_t size, Deadline deadline) override {
    return file().read(out, size, deadline);
  }
};

// gzip and zstd have this in common: a window of compressed bytes, refilled when it is empty.
class CompressedSource : public ByteSource {
 public:
  bool is_compressed() const override { return true; }

 protected:
  explicit CompressedSource(StoredFile file) : ByteSource(std::move(file)), window_(kWindowBytes) {}

  // Leaves window_size() == 0 only at the end of the file, or past the deadline.
  Status refill(Deadline deadline) {
    if (window_begin_ < window_end_) return {};
    ROLLCALL_ASSIGN_OR_RETURN(const ReadBytes read,
                              file().read(window_.data(), window_.size(), deadline));
    window_begin_ = 0;
    window_end_ = read.size;
    at_end_ = read.at_end;
    return {};
  }
  bool at_end() const { return at_end_; }
  const char* window() const { return window_.data() + window_begin_; }
  std::size_t window_size() const { return window_end_ - window_begin_; }
  void consume(std::size_t size) { window_begin_ += size; }

  Status damaged(std::string_view format, std::string_view what) const {
    return Status::corruption(fmt::format("{}: damaged {}: {}", file().name(), format, what));
  }

 private:
  static constexpr std::size_t kWindowBytes = 256 << 10;

  std::vector<char> window_;
  std::size_t window_begin_ = 0, window_end_ = 0;
  bool at_end_ = false;
};

class GzipSource final : public CompressedSource {
 public:
  explicit GzipSource(StoredFile file) : CompressedSource(std::move(file)) {
    constexpr int kGzipOnly = 16;
    if (inflateInit2(&stream_, MAX_WBITS + kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;
  ~GzipSource() override { inflateEnd(&stream_); }

 private:
  Result<ReadBytes> read_some(char* out, std::size_t size, Deadline deadline) override {
    for (;;) {
      if (!in_member_) {
        ROLLCALL_ASSIGN_OR_RETURN(const bool another, begin_member(deadline));
        if (!another) return ReadBytes{0, at_end()};
      }
      // zlib may hold back what there was no room for.
      if (!holds_back_) {
        ROLLCALL_RETURN_IF_ERROR(refill(deadline));
        if (window_size() == 0 && at_end()) return damaged("gzip", "it is cut off");
        if (window_size() == 0) return ReadBytes{};
      }
      constexpr std::size_t kStepMax = std::size_t{1} << 30;  // zlib counts in 32 bits
      const std::size_t in_size = window_size(), out_size = std::min(size, kStepMax);
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(window()));
      stream_.avail_in = static_cast<uInt>(in_size);
      stream_.next_out = reinterpret_cast<Bytef*>(out);
      stream_.avail_out = static_cast<uInt>(out_size);
      const int code = inflate(&stream_, Z_NO_FLUSH);
      consume(in_size - stream_.avail_in);
      const std::size_t got = out_size - stream_.avail_out;
      if (code == Z_MEM_ERROR) throw std::bad_alloc();
      if (code == Z_STREAM_END) {
        in_member_ = false;
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return damaged("gzip", stream_.msg != nullptr ? stream_.msg : "it cannot be decompressed");
      }
      holds_back_ = in_member_ && stream_.avail_out == 0;
      if (got > 0) return ReadBytes{got, false};
    }
  }

  // Goes to the next member, over padding with zeros; returns false at the end of the file, or past
  // the deadline.
  Result<bool> begin_member(Deadline deadline) {
    for (;;) {
      ROLLCALL_RETURN_IF_ERROR(refill(deadline));
      if (window_size() == 0) return false;
      if (*window() == kGzipMagic[0]) break;
      if (*window() != '\0') return damaged("gzip", "other bytes follow it");
      consume(1);
    }
    inflateReset(&stream_);
    in_member_ = true;
    return true;
  }

  z_stream stream_{};
  bool in_member_ = false;
  bool holds_back_ = false;
};

class ZstdSource final : public CompressedSource {
 public:
  ZstdSource(StoredFile file, std::optional<std::size_t> window_bytes_max)
      : CompressedSource(std::move(file)), stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr) throw std::bad_alloc();
    if (!window_bytes_max) return;
    constexpr std::size_t kWindowBytesMin = std::size_t{1} << 10;
    const std::size_t bytes = std::bit_floor(std::max(*window_bytes_max, kWindowBytesMin));
    const ZSTD_bounds bounds = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
    constexpr int kLogMax = 27;  // of zstd, unless it is told otherwise
    const int log = std::clamp(std::countr_zero(bytes), bounds.lowerBound, kLogMax);
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, log);
    is_bounded_ = log < kLogMax;
  }
  ZstdSource(const ZstdSource&) = delete;
  ZstdSource& operator=(const ZstdSource&) = delete;
  ~ZstdSource() override { ZSTD_freeDStream(stream_); }

  std::size_t window_bytes() const override { return ZSTD_sizeof_DStream(stream_); }
  bool is_unchecked() const override { return is_unchecked_; }

 private:
  Result<ReadBytes> read_some(char* out, std::size_t size, Deadline deadline) override {
    for (;;) {
      // zstd may hold back what there was no room for.
      if (!holds_back_) {
        ROLLCALL_RETURN_IF_ERROR(refill(deadline));
        if (window_size() == 0 && at_end() && in_frame_) return damaged("zstd", "it is cut off");
        if (window_size() == 0) return ReadBytes{0, at_end()};
      }
      ZSTD_outBuffer to = {out, size, 0};
      ZSTD_inBuffer from = {window(), window_size(), 0};
      const std::size_t code = ZSTD_decompressStream(stream_, &to, &from);
      note_beginning({window(), from.pos});
      consume(from.pos);
      if (is_bounded_ && ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge) {
        return Status::resource_exhausted(
            fmt::format("{}: it is compressed with a window of more memory than there is for it",
                        file().name()));
      }
      if (ZSTD_isError(code) != 0) return damaged("zstd", ZSTD_getErrorName(code));
      in_frame_ = code != 0;
      if (!in_frame_) beginning_.clear();
      holds_back_ = in_frame_ && to.pos == to.size;
      if (to.pos > 0) return ReadBytes{to.pos, false};
    }
  }

  // Looks at the byte after the magic number of the frame that `bytes` begin: it says whether a
  // checksum stands at the frame's end.
  void note_beginning(std::string_view bytes) {
    constexpr unsigned kChecksumBit = 4;
    const std::size_t needed = kZstdMagic.size() + 1;
    if (beginning_.size() == needed) return;
    beginning_ += bytes.substr(0, needed - beginning_.size());
    if (beginning_.size() < needed || !beginning_.starts_with(kZstdMagic)) return;
    if ((static_cast<unsigned char>(beginning_.back()) & kChecksumBit) == 0) is_unchecked_ = true;
  }

  ZSTD_DStream* stream_;
  bool is_bounded_ = false;  // its window, by less than zstd does
  std::string beginning_;    // of the frame
  bool in_frame_ = false;
  bool holds_back_ = false;
  bool is_unchecked_ = false;
};

// A frame of zstd may be one to skip.
bool is_zstd(std::string_view head) {
  if (head.starts_with(kZstdMagic)) return true;
  const bool skippable = !head.empty() && (static_cast<unsigned char>(head[0]) & 0xF0) == 0x50;
  return skippable && head.substr(1).starts_with(kZstdSkippableMagic);
}

using namespace std::string_view_literals;

struct OtherCompression {
  std::string_view magic;
  std::string_view name;
};

constexpr OtherCompression kOtherCompressions[] = {
    {"BZh91AY&SY"sv, "bzip2"},
    {"\xFD"
     "7zXZ\0"sv,
     "xz"},
    {"PK\x03\x04"sv, "zip, as .xlsx spreadsheets are"},
    {"7z\xBC\xAF\x27\x1C"sv, "7-Zip"},
    {"\x04\x22\x4D\x18"sv, "lz4"},
    {"\x1F\x9D"sv, "compress"},
    {"\xFF\x06\0\0sNaPpY"sv, "snappy"},
    {"LZIP"sv, "lzip"},
    {"Rar!\x1A\x07"sv, "RAR"},
};

// Returns the name of a compression that is not read, or "" for all that is.
std::string_view other_compression(std::string_view head) {
  // The fourth character of bzip2 is its level.
  std::string bzip2(head);
  if (bzip2.size() > 3 && '1' <= bzip2[3] && bzip2[3] <= '9') bzip2[3] = '9';
  for (const OtherCompression& other : kOtherCompressions) {
    if (head.starts_with(other.magic) || bzip2.starts_with(other.magic)) return other.name;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<ByteSource>> ByteSource::open(const std::string& path, SourceWait wait) {
  ROLLCALL_ASSIGN_OR_RETURN(StoredFile file, StoredFile::open(path, std::move(wait)));
  return of(std::move(file), {});
}

Result<std::unique_ptr<ByteSource>> ByteSource::take(int descriptor, std::string name,
                                                     std::optional<std::size_t> window_bytes_max) {
  return of(StoredFile(descriptor, std::move(name), {}), window_bytes_max);
}

Result<std::unique_ptr<ByteSource>> ByteSource::of(StoredFile file,
                                                   std::optional<std::size_t> window_bytes_max) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string_view head, file.look_ahead(kMagicBytesMax));
  if (const std::string_view other = other_compression(head); !other.empty()) {
    return Status::unsupported(
        fmt::format("{}: it is compressed with {} (allowed: gzip, zstd, or not compressed)",
                    file.name(), other));
  }
  std::unique_ptr<ByteSource> source;
  if (head.starts_with(kGzipMagic)) {
    source = std::make_unique<GzipSource>(std::move(file));
  } else if (is_zstd(head)) {
    source = std::make_unique<ZstdSource>(std::move(file), window_bytes_max);
  } else {
    source = std::make_unique<PlainSource>(std::move(file));
  }
  return source;
}

Result<ReadBytes> ByteSource::read(char* out, std::size_t size) {
  constexpr auto kPatience = std::chrono::seconds(1);
  ReadBytes all;
  Deadline deadline;
  while (all.size < size && !all.at_end) {
    const Result<ReadBytes> some = read_some(out + all.size, size - all.size, deadline);
    // What came before the stop is not lost; the next call says that there was one.
    if (some.status().code() == StatusCode::kCancelled && all.size > 0) break;
    ROLLCALL_RETURN_IF_ERROR(some.status());
    if (some->size == 0 && !some->at_end) break;
    all.size += some->size;
    all.at_end = some->at_end;
    if (!file_.may_pause()) continue;
    const auto now = StoredFile::Clock::now();
    if (!deadline) deadline = now + kPatience;
    if (now >= *deadline) break;
  }
  return all;
}

std::string note_of_unchecked(std::string_view name) {
  return fmt::format(
      "{}: it is compressed without a checksum, so that damage to it may go unnoticed (zstd adds "
      "one with its option \"check\")",
      name);
}

Status check_to_the_end(const std::string& path, const SourceWait& wait) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, ByteSource::open(path, wait));
  std::vector<char> buffer(1 << 20);
  for (bool at_end = false; !at_end;) {
    ROLLCALL_ASSIGN_OR_RETURN(const ReadBytes read, source->read(buffer.data(), buffer.size()));
    at_end = read.at_end;
  }
  return {};
}

std::optional<std::uint64_t> stored_size(const std::string& path) {
  struct stat info {};
  if (path == "-" || ::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  return static_cast<std::uint64_t>(info.st_size);
}

}  // namespace rollcall
