#include "tools/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "tools/file_place.h"
#include "tools/terminal.h"

namespace rollcall::tools {
namespace {

bool is_regular(int descriptor) {
  struct stat info {};
  return ::fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
}

class PlainFile : public OutputFile {
 public:
  PlainFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  ~PlainFile() override {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  bool may_wait() const override { return !is_regular(descriptor_); }

  Status append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return failure();
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Status close() override {
    return ::close(std::exchange(descriptor_, -1)) == 0 ? Status() : failure();
  }

 private:
  Status failure() const { return Status::io_error(path_ + ": " + std::strerror(errno)); }

  const std::string path_;
  int descriptor_;
};

class StandardOutput : public OutputFile {
 public:
  bool may_wait() const override { return !is_regular(STDOUT_FILENO); }
  Status append(std::string_view bytes) override { return write_standard_output(bytes); }
  Status close() override { return {}; }
};

class GzipFile : public OutputFile {
 public:
  explicit GzipFile(std::unique_ptr<OutputFile> file) : file_(std::move(file)), packed_(1 << 18) {
    constexpr int kGzipWindow = 15 + 16;  // the largest window, in a gzip wrapper
    deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY);
  }
  ~GzipFile() override { deflateEnd(&stream_); }

  bool may_wait() const override { return file_->may_wait(); }

  Status append(std::string_view bytes) override {
    constexpr std::size_t kPieceMax = std::numeric_limits<uInt>::max();
    for (; bytes.size() > kPieceMax; bytes.remove_prefix(kPieceMax)) {
      ROLLCALL_RETURN_IF_ERROR(pack(bytes.substr(0, kPieceMax), Z_NO_FLUSH));
    }
    return pack(bytes, Z_NO_FLUSH);
  }

  Status close() override {
    ROLLCALL_RETURN_IF_ERROR(pack({}, Z_FINISH));
    return file_->close();
  }

 private:
  Status pack(std::string_view bytes, int flush) {
    // zlib takes its input through a pointer to mutable bytes, and leaves them as they are.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(packed_.data());
      stream_.avail_out = static_cast<uInt>(packed_.size());
      deflate(&stream_, flush);
      ROLLCALL_RETURN_IF_ERROR(file_->append({packed_.data(), packed_.size() - stream_.avail_out}));
    } while (stream_.avail_out == 0);
    return {};
  }

  const std::unique_ptr<OutputFile> file_;
  z_stream stream_{};
  std::vector<char> packed_;
};

class ZstdFile : public OutputFile {
 public:
  explicit ZstdFile(std::unique_ptr<OutputFile> file)
      : file_(std::move(file)), context_(ZSTD_createCCtx()), packed_(ZSTD_CStreamOutSize()) {
    // It is not on by default, unlike in the command line of zstd.
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  }

  bool may_wait() const override { return file_->may_wait(); }

  Status append(std::string_view bytes) override { return pack(bytes, ZSTD_e_continue); }

  Status close() override {
    ROLLCALL_RETURN_IF_ERROR(pack({}, ZSTD_e_end));
    return file_->close();
  }

 private:
  Status pack(std::string_view bytes, ZSTD_EndDirective directive) {
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    std::size_t held_back = 0;
    do {
      ZSTD_outBuffer output{packed_.data(), packed_.size(), 0};
      held_back = ZSTD_compressStream2(context_.get(), &output, &input, directive);
      if (ZSTD_isError(held_back) != 0) return Status::io_error(ZSTD_getErrorName(held_back));
      ROLLCALL_RETURN_IF_ERROR(file_->append({packed_.data(), output.pos}));
    } while (directive == ZSTD_e_end ? held_back > 0 : input.pos < input.size);
    return {};
  }

  struct Freer {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  const std::unique_ptr<OutputFile> file_;
  const std::unique_ptr<ZSTD_CCtx, Freer> context_;
  std::vector<char> packed_;
};

}  // namespace

Status check_output_place(const std::string& path) {
  const std::string store = path == "-" ? std::string() : store_around(path);
  if (store.empty()) return {};
  return Status::invalid_argument(
      fmt::format("{}: lies in {}, a store (allowed: a file elsewhere)", path, store));
}

Result<std::unique_ptr<OutputFile>> OutputFile::open(const std::string& path) {
  if (path == "-") return std::unique_ptr<OutputFile>(std::make_unique<StandardOutput>());
  ROLLCALL_RETURN_IF_ERROR(check_output_place(path));
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return Status::io_error(path + ": " + std::strerror(errno));
  std::unique_ptr<OutputFile> file = std::make_unique<PlainFile>(path, descriptor);
  if (path.ends_with(".gz")) file = std::make_unique<GzipFile>(std::move(file));
  if (path.ends_with(".zst")) file = std::make_unique<ZstdFile>(std::move(file));
  return file;
}

}  // namespace rollcall::tools
