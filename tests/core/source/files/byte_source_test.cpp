#include "core/source/files/byte_source.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/core/source/source_files.h"
#include "tests/support/error_text.h"

namespace rollcall {
namespace {

// Everything in `path`, read in pieces of `step` bytes, or the error.
Result<std::string> contents(const std::string& path, std::size_t step) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, ByteSource::open(path));
  std::string out;
  std::string piece(step, '\0');
  for (;;) {
    ROLLCALL_ASSIGN_OR_RETURN(const ReadBytes got, source->read(piece.data(), step));
    out.append(piece, 0, got.size);
    if (got.at_end) return out;
  }
}

std::string random_text(std::size_t size) {
  std::mt19937_64 random(size);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>('a' + random() % 20);
  return text;
}

TEST(ByteSource, TellsCompressionByContent) {
  const TestDirectory directory;
  for (const std::size_t size : {0u, 1u, 3u, 1000u, 700'000u}) {
    const std::string text = random_text(size);
    const std::string paths[] = {
        directory.write("plain.gz", text),
        directory.write("gzip.csv", gzip(text)),
        directory.write("zstd.txt", zstd(text)),
        directory.write("members.gz",
                        gzip(text.substr(0, size / 3)) + gzip("") + gzip(text.substr(size / 3))),
        directory.write("padded.gz", gzip(text) + std::string(512, '\0')),
        directory.write("frames.zst",
                        zstd(text.substr(0, size / 2)) + zstd(text.substr(size / 2)))};
    for (const std::string& path : paths) {
      for (const std::size_t step : {1u, 4096u, 1u << 20}) {
        if (step == 1 && size > 1000) continue;
        const Result<std::string> found = contents(path, step);
        ASSERT_TRUE(found.ok()) << found.status().to_string();
        EXPECT_TRUE(*found == text) << path << " step=" << step << " size=" << size;
      }
    }
  }
}

TEST(ByteSource, SkipsFramesOfZstd) {
  const TestDirectory directory;
  for (const char kind : {'\x50', '\x5F'}) {
    const std::string skipped = kind + std::string("\x2A\x4D\x18\3\0\0\0abc", 10);
    const auto found =
        contents(directory.write("a.zst", skipped + zstd("one") + skipped + zstd("two")), 2);
    ASSERT_TRUE(found.ok()) << found.status().to_string();
    EXPECT_EQ(*found, "onetwo");
  }
}

TEST(ByteSource, NamesOtherCompressions) {
  const TestDirectory directory;
  const auto message = [&](std::string_view bytes) {
    const auto found = contents(directory.write("a", bytes), 10);
    return found.ok() ? "" : found.status().message();
  };
  const auto told = [&](const std::string& format) {
    return directory.path("a") + ": it is compressed with " + format +
           " (allowed: gzip, zstd, or not compressed)";
  };
  EXPECT_EQ(message("BZh91AY&SY....."), told("bzip2"));
  EXPECT_EQ(message("BZh11AY&SY....."), told("bzip2"));
  EXPECT_EQ(message(std::string("\xFD"
                                "7zXZ\0....",
                                10)),
            told("xz"));
  EXPECT_EQ(message("PK\x03\x04...."), told("zip, as .xlsx spreadsheets are"));
  EXPECT_EQ(message("BZh9,user\n"), "");
  EXPECT_EQ(message("7z\xBC\xAF\x27\x1C.."), told("7-Zip"));
  EXPECT_EQ(message("\x04\x22\x4D\x18...."), told("lz4"));
  EXPECT_EQ(message("\x1F\x9D\x90...."), told("compress"));
  EXPECT_EQ(message(std::string("\xFF\x06\0\0sNaPpY", 10)), told("snappy"));
  EXPECT_EQ(message("LZIP\x01...."), told("lzip"));
  EXPECT_EQ(message("Rar!\x1A\x07\x01."), told("RAR"));
}

TEST(ByteSource, CountsWhatIsStored) {
  const TestDirectory directory;
  const std::string bytes = gzip(random_text(100'000));
  const std::string path = directory.write("a.gz", bytes);
  EXPECT_EQ(stored_size(path), bytes.size());
  const auto source = *ByteSource::open(path);
  std::string out(200'000, '\0');
  ASSERT_EQ(source->read(out.data(), out.size())->size, 100'000u);
  EXPECT_EQ(source->stored_bytes_read(), bytes.size());
  EXPECT_EQ(stored_size("-"), std::nullopt);
  EXPECT_EQ(stored_size(directory.path()), std::nullopt);
}

TEST(ByteSource, CutOffAnywhereIsAnErrorThatNamesTheFile) {
  const TestDirectory directory;
  const std::string text = random_text(3000);
  for (const std::string& whole : {gzip(text), zstd(text)}) {
    for (std::size_t size = 5; size < whole.size(); size += size < 40 ? 1 : 37) {
      const std::string path = directory.write("cut", whole.substr(0, size));
      const Result<std::string> found = contents(path, 4096);
      ASSERT_FALSE(found.ok()) << "size=" << size;
      EXPECT_EQ(found.status().code(), StatusCode::kCorruption);
      EXPECT_TRUE(repeats(found.status(), path));
    }
  }
}

TEST(ByteSource, DamageIsAnError) {
  const TestDirectory directory;
  std::string bytes = gzip(random_text(3000));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
  EXPECT_EQ(contents(directory.write("a", bytes), 4096).status().code(), StatusCode::kCorruption);
  EXPECT_EQ(contents(directory.write("b", gzip("abc") + "more"), 4096).status().code(),
            StatusCode::kCorruption);
}

TEST(ByteSource, WhatIsNotThere) {
  const TestDirectory directory;
  const std::string path = directory.path("missing.csv");
  const Result<std::string> missing = contents(path, 10);
  EXPECT_EQ(missing.status().code(), StatusCode::kNotFound);
  EXPECT_TRUE(repeats(missing.status(), path));
  EXPECT_EQ(contents(directory.path(), 10).status().code(), StatusCode::kIoError);
}

}  // namespace
}  // namespace rollcall
