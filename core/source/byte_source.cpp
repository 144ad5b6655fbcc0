#include "core/source/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "rollcall/standard_descriptors.h"

namespace rollcall {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";
constexpr std::string_view kZstdSkippableMagic = "\x2a\x4d\x18";  // after one of 16 bytes
constexpr std::size_t kMagicBytesMax = 10;

std::string errno_text() { return std::error_code(errno, std::generic_category()).message(); }

// An open file, of which the first bytes can be looked at before they are read.
class StoredFile {
 public:
  StoredFile(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  StoredFile(StoredFile&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        name_(std::move(other.name_)),
        ahead_(std::move(other.ahead_)),
        bytes_read_(other.bytes_read_) {}
  StoredFile& operator=(StoredFile&&) = delete;
  ~StoredFile() {
    if (fd_ > STDIN_FILENO) ::close(fd_);
  }

  const std::string& name() const { return name_; }
  std::uint64_t bytes_read() const { return bytes_read_; }

  // The first `size` bytes, or all there are. Call before any read.
  Result<std::string_view> look_ahead(std::size_t size) {
    std::string ahead(size, '\0');
    ROLLCALL_ASSIGN_OR_RETURN(const std::size_t got, read(ahead.data(), size));
    ahead.resize(got);
    bytes_read_ = 0;
    ahead_ = std::move(ahead);
    return std::string_view(ahead_);
  }

  // Fills `out`; fewer bytes only at the end.
  Result<std::size_t> read(char* out, std::size_t size) {
    std::size_t got = ahead_.copy(out, size);
    ahead_.erase(0, got);
    while (got < size) {
      const ssize_t n = ::read(fd_, out + got, size - got);
      if (n == 0) break;
      if (n < 0) {
        if (errno == EINTR) continue;
        return Status::io_error(fmt::format("{}: cannot be read: {}", name_, errno_text()));
      }
      got += static_cast<std::size_t>(n);
    }
    bytes_read_ += got;
    return got;
  }

 private:
  int fd_;
  std::string name_;
  std::string ahead_;
  std::uint64_t bytes_read_ = 0;
};

class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(StoredFile file) : file_(std::move(file)) {}

  Result<std::size_t> read(char* out, std::size_t size) override { return file_.read(out, size); }
  std::uint64_t stored_bytes_read() const override { return file_.bytes_read(); }
  bool is_compressed() const override { return false; }

 private:
  StoredFile file_;
};

// What gzip and zstd have in common: a window of compressed bytes, refilled when it is empty.
class CompressedSource : public ByteSource {
 public:
  std::uint64_t stored_bytes_read() const override { return file_.bytes_read(); }
  bool is_compressed() const override { return true; }

 protected:
  explicit CompressedSource(StoredFile file) : file_(std::move(file)), window_(kWindowBytes) {}

  // Leaves window_size() == 0 only at the end of the file.
  Status refill() {
    if (window_begin_ < window_end_) return {};
    ROLLCALL_ASSIGN_OR_RETURN(window_end_, file_.read(window_.data(), window_.size()));
    window_begin_ = 0;
    return {};
  }
  const char* window() const { return window_.data() + window_begin_; }
  std::size_t window_size() const { return window_end_ - window_begin_; }
  void consume(std::size_t size) { window_begin_ += size; }

  Status damaged(std::string_view format, std::string_view what) const {
    return Status::corruption(fmt::format("{}: damaged {}: {}", file_.name(), format, what));
  }

 private:
  static constexpr std::size_t kWindowBytes = 256 << 10;

  StoredFile file_;
  std::vector<char> window_;
  std::size_t window_begin_ = 0, window_end_ = 0;
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

  Result<std::size_t> read(char* out, std::size_t size) override {
    std::size_t got = 0;
    while (got < size) {
      if (!in_member_) {
        ROLLCALL_ASSIGN_OR_RETURN(const bool another, begin_member());
        if (!another) break;
      }
      ROLLCALL_RETURN_IF_ERROR(refill());
      if (window_size() == 0) return damaged("gzip", "it is cut off");
      constexpr std::size_t kStepMax = std::size_t{1} << 30;  // zlib counts in 32 bits
      const std::size_t in_size = window_size(), out_size = std::min(size - got, kStepMax);
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(window()));
      stream_.avail_in = static_cast<uInt>(in_size);
      stream_.next_out = reinterpret_cast<Bytef*>(out + got);
      stream_.avail_out = static_cast<uInt>(out_size);
      const int code = inflate(&stream_, Z_NO_FLUSH);
      consume(in_size - stream_.avail_in);
      got += out_size - stream_.avail_out;
      if (code == Z_MEM_ERROR) throw std::bad_alloc();
      if (code == Z_STREAM_END) {
        in_member_ = false;
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return damaged("gzip", stream_.msg != nullptr ? stream_.msg : "it cannot be decompressed");
      }
    }
    return got;
  }

 private:
  // Goes to the next member, over padding with zeros; false at the end of the file.
  Result<bool> begin_member() {
    for (;;) {
      ROLLCALL_RETURN_IF_ERROR(refill());
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
};

class ZstdSource final : public CompressedSource {
 public:
  explicit ZstdSource(StoredFile file)
      : CompressedSource(std::move(file)), stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr) throw std::bad_alloc();
  }
  ZstdSource(const ZstdSource&) = delete;
  ZstdSource& operator=(const ZstdSource&) = delete;
  ~ZstdSource() override { ZSTD_freeDStream(stream_); }

  Result<std::size_t> read(char* out, std::size_t size) override {
    ZSTD_outBuffer to = {out, size, 0};
    while (to.pos < to.size) {
      ROLLCALL_RETURN_IF_ERROR(refill());
      const bool at_end = window_size() == 0;
      if (at_end && !in_frame_) break;
      ZSTD_inBuffer from = {window(), window_size(), 0};
      const std::size_t before = to.pos;
      const std::size_t code = ZSTD_decompressStream(stream_, &to, &from);
      note_beginning({window(), from.pos});
      consume(from.pos);
      if (ZSTD_isError(code) != 0) return damaged("zstd", ZSTD_getErrorName(code));
      in_frame_ = code != 0;
      if (!in_frame_) beginning_.clear();
      if (at_end && to.pos == before) return damaged("zstd", "it is cut off");
    }
    return to.pos;
  }

  bool is_unchecked() const override { return is_unchecked_; }

 private:
  // Looks at the byte after the magic number of the frame that `bytes` are of: it says whether a
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
  std::string beginning_;  // of the frame
  bool in_frame_ = false;
  bool is_unchecked_ = false;
};

}  // namespace

namespace {

// A frame of zstd may be one to skip.
bool is_zstd(std::string_view head) {
  if (head.starts_with(kZstdMagic)) return true;
  const bool skippable = !head.empty() && (static_cast<unsigned char>(head[0]) & 0xF0) == 0x50;
  return skippable && head.substr(1).starts_with(kZstdSkippableMagic);
}

// The name of a compression that is not read; "" for all that is.
std::string_view other_compression(std::string_view head) {
  if (head.starts_with("BZh") &&
      head.substr(std::min<std::size_t>(4, head.size())).starts_with("1AY&SY"))
    return "bzip2";
  if (head.starts_with(std::string_view("\xFD"
                                        "7zXZ\0",
                                        6)))
    return "xz";
  if (head.starts_with("PK\x03\x04")) return "zip";
  return {};
}

}  // namespace

Result<std::unique_ptr<ByteSource>> ByteSource::open(const std::string& path) {
  ROLLCALL_RETURN_IF_ERROR(open_standard_descriptors());
  const bool standard_input = path == "-";
  const int fd = standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const std::string message = fmt::format("{}: cannot be opened: {}", path, errno_text());
    return errno == ENOENT ? Status::not_found(message) : Status::io_error(message);
  }
  StoredFile file(fd, standard_input ? "standard input" : path);
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
    source = std::make_unique<ZstdSource>(std::move(file));
  } else {
    source = std::make_unique<PlainSource>(std::move(file));
  }
  return source;
}

Status check_to_the_end(const std::string& path) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, ByteSource::open(path));
  std::vector<char> buffer(1 << 20);
  for (std::size_t got = buffer.size(); got == buffer.size();) {
    ROLLCALL_ASSIGN_OR_RETURN(got, source->read(buffer.data(), buffer.size()));
  }
  return {};
}

std::optional<std::uint64_t> stored_size(const std::string& path) {
  struct stat info {};
  if (path == "-" || ::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  return static_cast<std::uint64_t>(info.st_size);
}

}  // namespace rollcall
