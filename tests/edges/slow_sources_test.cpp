// Sources that come slowly: what came is ingested while the rest is waited for.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/file_source.h"
#include "rollcall/memory_store.h"
#include "rollcall/native_format.h"
#include "tests/core/source/ingesting.h"
#include "tests/core/source/source_files.h"

namespace rollcall {
namespace {

constexpr auto kPatience = std::chrono::seconds(60);

// Returns whether `holds` comes true while nobody does anything.
template <class Holds>
bool comes_true(const Holds& holds) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

// Is a FIFO that is ingested by another thread.
class SlowIngest {
 public:
  explicit SlowIngest(std::uint32_t checkpoint_seconds = 0, SourceOptions options = {})
      : options_(std::move(options)) {
    EngineOptions engine_options;
    engine_options.settings = StoreSettings{};
    engine_options.checkpoint_seconds = checkpoint_seconds;
    engine_ = *Engine::open(open_memory_store(), engine_options);
    EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    thread_ = std::jthread([this] {
      IngestHooks hooks;
      hooks.stop = stop_.get_token();
      report_ = ingest_files(*engine_, {path_}, options_, hooks);
    });
  }
  ~SlowIngest() {
    stop_.request_stop();
    close();
  }

  void write(std::string_view bytes) {
    if (writer_ < 0) writer_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    EXPECT_EQ(::write(writer_, bytes.data(), bytes.size()), std::ssize(bytes));
  }
  void close() {
    if (writer_ >= 0) ::close(std::exchange(writer_, -1));
  }
  void stop() { stop_.request_stop(); }

  const std::string& path() const { return path_; }
  Engine& engine() { return *engine_; }
  bool has_events(std::uint64_t count) {
    return comes_true([&] { return engine_->info().event_count >= count; });
  }
  const IngestReport& report() {
    if (thread_.joinable()) thread_.join();
    EXPECT_TRUE(report_->ok()) << report_->status().message();
    return **report_;
  }

 private:
  const TestDirectory directory_;
  const std::string path_ = directory_.path("fifo");
  const SourceOptions options_;
  std::unique_ptr<Engine> engine_;
  std::stop_source stop_;
  std::optional<Result<IngestReport>> report_;
  int writer_ = -1;
  std::jthread thread_;
};

std::string ndjson(int first, int count) {
  std::string text;
  for (int i = first; i < first + count; ++i) {
    text += fmt::format(R"({{"user":"u{}","event":"e","time":"2026-01-01"}})", i) + "\n";
  }
  return text;
}

std::string native(int first, int count) {
  EventBatch batch;
  std::vector<std::string> users;
  for (int i = first; i < first + count; ++i) users.push_back(fmt::format("u{}", i));
  const std::vector<std::string_view> views(users.begin(), users.end());
  const std::vector<TimeUs> times(views.size(), TimeUs{1'767'225'600'000'000});
  const std::vector<std::string_view> names = {"e"};
  batch.user_strings = views;
  batch.event.values = names;
  batch.time = times;
  std::string bytes;
  EXPECT_TRUE(append_native_block(batch, 6, bytes).ok());
  return bytes;
}

// Compresses piece by piece, so that each can be decompressed when it has come.
class GzipPieces {
 public:
  GzipPieces() { deflateInit2(&stream_, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY); }
  ~GzipPieces() { deflateEnd(&stream_); }
  std::string add(std::string text) {
    std::string out(text.size() + 1000, '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(text.data());
    stream_.avail_in = static_cast<uInt>(text.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    deflate(&stream_, Z_SYNC_FLUSH);
    out.resize(out.size() - stream_.avail_out);
    return out;
  }

 private:
  z_stream stream_{};
};

class ZstdPieces {
 public:
  std::string add(const std::string& text) {
    std::string out(text.size() + 1000, '\0');
    ZSTD_inBuffer from{text.data(), text.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    EXPECT_EQ(ZSTD_compressStream2(context_.get(), &to, &from, ZSTD_e_flush), 0u);
    out.resize(to.pos);
    return out;
  }

 private:
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context_{ZSTD_createCCtx(), &ZSTD_freeCCtx};
};

TEST(SlowSources, WhatCameIsIngestedInTheirSilence) {
  GzipPieces gzip;
  ZstdPieces zstd;
  const std::string header(kHeader);
  const std::vector<std::pair<const char*, std::vector<std::string>>> streams = {
      {"csv", {header + rows(0, 1), rows(1, 2)}},
      {"ndjson", {ndjson(0, 1), ndjson(1, 2)}},
      {"native", {native(0, 1), native(1, 2)}},
      {"gzip", {gzip.add(header + rows(0, 1)), gzip.add(rows(1, 2))}},
      {"zstd", {zstd.add(header + rows(0, 1)), zstd.add(rows(1, 2))}},
  };
  for (const auto& [name, pieces] : streams) {
    SlowIngest slow;
    slow.write(pieces[0]);
    EXPECT_TRUE(slow.has_events(1)) << name;
    slow.write(pieces[1]);
    EXPECT_TRUE(slow.has_events(3)) << name;
    slow.stop();
    EXPECT_EQ(slow.report().rows_ingested, 3u) << name;
  }
}

TEST(SlowSources, ALineWithoutItsEndWaits) {
  SlowIngest slow;
  slow.write(std::string(kHeader) + rows(0, 2) + "u7,2026-0");
  EXPECT_TRUE(slow.has_events(2));
  slow.write("1-01,e\n");
  EXPECT_TRUE(slow.has_events(3));
  slow.write("u8,2026-01-01,e");
  slow.close();
  EXPECT_EQ(slow.report().rows_ingested, 4u);
  EXPECT_EQ(slow.report().rows_rejected, 0u);
}

// There is never a second without new bytes.
TEST(SlowSources, ADripIsIngestedAsItComes) {
  SlowIngest slow;
  slow.write(kHeader);
  int written = 0;
  for (; written < 600 && slow.engine().info().event_count == 0; ++written) {
    slow.write(rows(written, 1));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_LT(written, 600);
  slow.close();
  EXPECT_EQ(slow.report().rows_ingested, static_cast<std::uint64_t>(written));
}

TEST(SlowSources, CheckpointsByAgeNeedNoNextBatch) {
  SlowIngest slow(/*checkpoint_seconds=*/1);
  // Nothing is old when the batch comes.
  ASSERT_TRUE(slow.engine().checkpoint().ok());
  const Epoch before = slow.engine().info().epoch;
  slow.write(std::string(kHeader) + rows(0, 5));
  ASSERT_TRUE(slow.has_events(5));
  EXPECT_TRUE(comes_true([&] { return slow.engine().info().epoch > before; }));
  const EngineInfo info = slow.engine().info();
  EXPECT_EQ(info.dirty_bytes, 0u);
}

TEST(SlowSources, AStopWakesWhoWaits) {
  struct Case {
    std::string written;
    std::uint64_t rows;
    std::size_t lost;  // bytes; 0: none, and no note
  };
  const std::string header(kHeader);
  for (const auto& [written, rows, lost] : std::vector<Case>{
           {"", 0, 0},
           {header, 0, header.size()},
           {header + rollcall::rows(0, 3), 3, 0},
           {header + rollcall::rows(0, 3) + "u9,20", 3, 5},
       }) {
    SlowIngest slow;
    if (!written.empty()) slow.write(written);
    if (rows > 0) {
      ASSERT_TRUE(slow.has_events(rows));
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));  // it waits by now, or will
    }
    slow.stop();
    const IngestReport& report = slow.report();
    EXPECT_TRUE(report.stopped);
    EXPECT_EQ(report.rows_ingested, rows);
    EXPECT_EQ(slow.engine().info().event_count, rows);
    EXPECT_EQ(slow.engine().info().dirty_bytes, 0u);
    ASSERT_EQ(report.notes.size(), lost == 0 ? 0u : 1u) << written;
    if (lost != 0) {
      EXPECT_EQ(report.notes[0].text,
                fmt::format("{}: {} bytes at the end were read, are no whole row, and are not kept",
                            slow.path(), lost));
    }
  }
}

}  // namespace
}  // namespace rollcall
