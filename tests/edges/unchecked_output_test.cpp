// Files that are compressed without a checksum are reported, once for each file; files with one are
// not.

#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "rollcall/user_file.h"
#include "tests/core/source/ingesting.h"
#include "tests/core/source/source_files.h"
#include "tests/edges/edge_engine.h"

namespace rollcall {
namespace {

std::string zstd_frame(std::string_view text, bool checksum) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum ? 1 : 0);
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return out;
}

std::vector<std::string> notes_of(const std::vector<std::string>& paths) {
  const auto engine = open_engine();
  const IngestReport report = ingest(*engine, paths);
  EXPECT_GT(report.rows_ingested, 0u);
  std::vector<std::string> notes;
  for (const HintedText& note : report.notes) notes.push_back(note.text);
  return notes;
}

TEST(UncheckedOutput, IsToldOfOncePerFile) {
  const TestDirectory directory;
  const std::string head = std::string(kHeader) + rows(0, 400);
  const std::string skippable = std::string("\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
  const auto note = [](const std::string& path) {
    return path +
           ": it is compressed without a checksum, so that damage to it may go unnoticed (zstd "
           "adds one with its option \"check\")";
  };
  const std::string checked =
      directory.write("checked.zst", zstd_frame(head, true) + zstd_frame(rows(400, 400), true));
  const std::string packed = directory.write("packed.gz", gzip(std::string(kHeader) + rows(1, 9)));
  const std::string plain = directory.write("plain.csv", std::string(kHeader) + rows(2, 9));
  const std::string skipped = directory.write(
      "skipped.zst", skippable + zstd_frame(std::string(kHeader) + rows(3, 9), true));
  EXPECT_EQ(notes_of({checked, packed, plain, skipped}), std::vector<std::string>());

  const std::string all = directory.write("all.zst", zstd_frame(head + "w,2026-01-01,e\n", false));
  const std::string last =
      directory.write("last.zst", zstd_frame(head + "x", true) + zstd_frame(rows(400, 9), false));
  const std::string first = directory.write(
      "first.zst", skippable + zstd_frame(head + "y", false) + zstd_frame(rows(400, 9), true));
  const std::string both =
      directory.write("both.zst", zstd_frame(head + "z", false) + zstd_frame(rows(400, 9), false));
  std::vector<std::string> notes = notes_of({checked, all, last, first, both});
  std::sort(notes.begin(), notes.end());
  EXPECT_EQ(notes, (std::vector{note(all), note(both), note(first), note(last)}));
}

TEST(UncheckedOutput, IsFoundWhereverAFrameBegins) {
  // This makes the windows in which a file is read end within the beginnings of frames.
  constexpr std::size_t kWindowBytes = 256 << 10;
  const TestDirectory directory;
  std::string noise = std::string(kHeader);
  for (std::uint64_t i = 1; noise.size() < kWindowBytes; i = i * 6364136223846793005u + 1) {
    noise += std::to_string(i) + ",2026-01-01,e\n";
  }
  const std::string frame = zstd_frame(noise, true);
  ASSERT_LT(frame.size(), kWindowBytes - 100);
  for (std::size_t cut = 0; cut <= 6; ++cut) {
    SCOPED_TRACE(cut);
    std::string filler = "\x50\x2a\x4d\x18";
    const std::size_t size = kWindowBytes - frame.size() - 8 - cut;
    for (int shift = 0; shift < 32; shift += 8) filler += static_cast<char>(size >> shift & 255);
    filler.resize(8 + size, 'x');
    const std::string path = directory.write("cut" + std::to_string(cut),
                                             frame + filler + zstd_frame(rows(0, 9), false));
    EXPECT_EQ(notes_of({path}).size(), 1u);
  }
}

TEST(UncheckedOutput, ListsOfUsersAreToldLikeFilesOfEvents) {
  const TestDirectory directory;
  const std::string unchecked = directory.write("l.zst", zstd_frame("ann\nbob\n", false));
  const std::string checked = directory.write("c.zst", zstd_frame("ann\nbob\n", true));
  EngineOptions options;
  options.question_directories = {directory.path()};
  const auto engine = *Engine::open(open_memory_store(), options);
  ASSERT_TRUE(
      testing::ingest_events(*engine, {testing::edge_event("ann"), testing::edge_event("bob")})
          .ok());
  const auto notes = [&](const std::string& path) {
    const auto answer =
        engine->query(R"({"kind": "segment", "segment": {"in_file": ")" + path + "\"}}");
    EXPECT_TRUE(answer.ok()) << answer.status().to_string();
    std::vector<std::string> read;
    UserFileOptions reading;
    reading.notes = &read;
    EXPECT_TRUE(read_user_file(path, UserKind::kString, reading).ok());
    EXPECT_EQ(read.size(), answer->notes.size());
    return answer->notes;
  };
  EXPECT_EQ(notes(unchecked),
            std::vector<std::string>{
                "in_file(" + unchecked +
                "): it is compressed without a checksum, so that damage to it may go unnoticed "
                "(zstd adds one with its option \"check\")"});
  EXPECT_TRUE(notes(checked).empty());
}

}  // namespace
}  // namespace rollcall
