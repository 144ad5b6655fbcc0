// Questions may read regular files of a bounded size, where the options say, with links resolved.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/file_source.h"
#include "rollcall/memory_store.h"
#include "rollcall/regular_file.h"
#include "rollcall/rocks_store.h"
#include "rollcall/store_copy.h"
#include "rollcall/user_file.h"
#include "tests/core/source/source_files.h"
#include "tests/edges/edge_engine.h"
#include "tests/support/error_text.h"

namespace rollcall::testing {
namespace {

namespace fs = std::filesystem;

const std::string kSecret = "secret";  // a user of each list

class QuestionPaths : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(directory_.path("in/deep"));
    fs::create_directories(directory_.path("inner"));  // begins as the other does
    fs::create_directories(directory_.path("out"));
    for (const char* name : {"in/list", "in/deep/list", "inner/list", "out/list"}) {
      directory_.write(name, "ann\n" + kSecret + "\n");
    }
    open({directory_.path("in")});
  }
  void open(std::vector<std::string> directories) {
    EngineOptions options;
    options.question_directories = std::move(directories);
    engine_ = *Engine::open(open_memory_store(), options);
    ASSERT_TRUE(ingest_events(*engine_, {edge_event("ann"), edge_event("bob")}).ok());
  }
  Status ask(const std::string& path) const {
    Segment segment;
    segment.kind = Segment::Kind::kFile;
    segment.name = path;
    Query query;
    query.ask = SegmentQuery{std::move(segment)};
    const Result<QueryResult> count = engine_->query(query);
    if (count.ok()) {
      EXPECT_EQ(count->rows.at(0).at(0), Cell(std::int64_t{1})) << path;
    }
    EXPECT_EQ(engine_->explain(query).status().code(), count.status().code());
    return count.status();
  }
  std::string in(const std::string& name) const { return directory_.path("in/" + name); }
  void expect_elsewhere(const std::string& path) const {
    const Status status = ask(path);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << path << ": " << status.to_string();
    EXPECT_EQ(status.hint(), OptionHint(Option::kQuestionDirectories)) << status.to_string();
    EXPECT_FALSE(repeats(status, kSecret));
  }

  TestDirectory directory_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(QuestionPaths, NoneByDefault) {
  open({});
  expect_elsewhere(in("list"));
  expect_elsewhere("/etc/passwd");
  expect_elsewhere("/nowhere");
  expect_elsewhere("list");
}

TEST_F(QuestionPaths, InAndBeneathTheDirectoriesAlone) {
  EXPECT_TRUE(ask(in("list")).ok());
  EXPECT_TRUE(ask(in("deep/list")).ok());
  EXPECT_TRUE(ask(in("deep/../list")).ok());
  EXPECT_TRUE(ask(directory_.path("out/../in/./list")).ok());
  EXPECT_EQ(ask(in("missing")).code(), StatusCode::kNotFound);
  expect_elsewhere(directory_.path("inner/list"));
  expect_elsewhere(directory_.path("out/list"));
  expect_elsewhere(in("../out/list"));
  expect_elsewhere(directory_.path("missing"));
  expect_elsewhere("");
  open({directory_.path("nowhere"), directory_.path("out/list")});  // a file is that file
  EXPECT_TRUE(ask(directory_.path("out/list")).ok());
  expect_elsewhere(in("list"));
  expect_elsewhere(directory_.path("out/other"));
}

TEST_F(QuestionPaths, LinksAreResolved) {
  fs::create_symlink(directory_.path("out/list"), in("link"));
  fs::create_symlink(directory_.path("out"), in("links"));
  fs::create_symlink("../out/list", in("relative"));
  fs::create_symlink("deep/list", in("within"));
  fs::create_symlink(directory_.path("in"), directory_.path("out/back"));
  expect_elsewhere(in("link"));
  expect_elsewhere(in("links/list"));
  expect_elsewhere(in("relative"));
  EXPECT_TRUE(ask(in("within")).ok());
  EXPECT_TRUE(ask(directory_.path("out/back/list")).ok());
  open({directory_.path("out/back")});  // the directory's own name may be one
  EXPECT_TRUE(ask(in("list")).ok());
  expect_elsewhere(directory_.path("out/list"));
}

TEST_F(QuestionPaths, RelativeOnesBeginInTheCurrentDirectory) {
  const fs::path before = fs::current_path();
  fs::current_path(directory_.path("in"));
  EXPECT_TRUE(ask("list").ok());
  EXPECT_TRUE(ask("deep/../list").ok());
  expect_elsewhere("../out/list");
  fs::current_path(directory_.path());
  open({"in"});  // a relative one is that of when the engine was opened
  fs::current_path(directory_.path("out"));
  EXPECT_TRUE(ask("../in/list").ok());
  expect_elsewhere("list");
  fs::current_path(before);
}

TEST_F(QuestionPaths, OfSavedSegmentsAndOfArraysAlike) {
  const std::string file = directory_.path("out/list");
  ASSERT_TRUE(engine_->save_segment("s", *parse_segment("in_file(" + file + ")")).ok());
  ASSERT_TRUE(engine_->save_segment("t", *parse_segment("not segment(s)")).ok());
  const auto status = [&](const std::string& json) {
    return engine_->query(*parse_queries(json)).status();
  };
  for (const std::string among : {"segment(s)", "segment(t)", "did(login) or segment(t)"}) {
    const Status told =
        status(R"([{"kind": "active"}, {"kind": "active", "among": ")" + among + "\"}]");
    EXPECT_EQ(told.code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(told.hint(), OptionHint(Option::kQuestionDirectories));
    EXPECT_EQ(told.message(),
              "[1]: " + file + ": lies where questions may read no file (allowed: in and beneath " +
                  directory_.path("in") + ")");
  }
}

// There are a directory, devices, a pipe and a socket, all at once, and none is waited for.
TEST_F(QuestionPaths, WhatIsNoRegularFileIsRefused) {
  open({"/"});
  ASSERT_EQ(::mkfifo(in("pipe").c_str(), 0600), 0);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const fs::path before = fs::current_path();
  fs::current_path(directory_.path("in"));
  std::strcpy(address.sun_path, "socket");
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  fs::current_path(before);
  for (const std::string& path :
       {std::string("/dev/zero"), std::string("/dev/tty"), std::string("/dev/stdin"), in("pipe"),
        in("socket"), in("deep"), std::string("/")}) {
    const bool may_differ = path.starts_with("/dev/t") || path.starts_with("/dev/s");
    for (const Status& status : {ask(path), read_user_file(path, UserKind::kString).status(),
                                 read_regular_file(path, 100).status()}) {
      EXPECT_FALSE(status.ok()) << path;
      if (may_differ || path == in("socket")) continue;  // no terminal; a socket cannot be opened
      EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.to_string();
      EXPECT_TRUE(status.hint().empty()) << status.to_string();
    }
  }
  ::close(socket);
}

TEST_F(QuestionPaths, SizesAreBounded) {
  // Says that it is large, and takes no room; one that is large once it is decompressed; and one
  // that says that it has no bytes at all.
  fs::resize_file(directory_.write("in/large", "ann\n"), (std::uintmax_t{256} << 20) + 1);
  const std::string zeros(std::size_t{1} << 20, '0');
  std::string packed;
  for (int i = 0; i < 300; ++i) packed += zstd(zeros);
  directory_.write("in/packed", packed);
  for (const auto& [name, what] : {std::pair("large", ""), std::pair("packed", ", decompressed")}) {
    const Status status = ask(in(name));
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(
        status.message(),
        fmt::format("{}: has more than 268435456 bytes{}, which are allowed", in(name), what));
  }
  EXPECT_EQ(*read_regular_file(directory_.write("in/small", "12345"), 5), "12345");
  EXPECT_EQ(read_regular_file(directory_.write("in/small", "123456"), 5).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(read_regular_file("/proc/self/maps", 5).status().code(), StatusCode::kInvalidArgument);
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  ASSERT_EQ(::write(pipe[1], "123456", 6), 6);
  ::close(pipe[1]);
  EXPECT_EQ(read_to_end(pipe[0], "<pipe>", 5).status().code(), StatusCode::kInvalidArgument);
  ::close(pipe[0]);
}

// The operating system would end the path at the NUL, and read what its beginning names.
TEST_F(QuestionPaths, ANulIsInNoPath) {
  const std::string path = in("list") + std::string("\0.bak", 5);
  const auto expect_refused = [](const Status& status) {
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.to_string();
    EXPECT_TRUE(status.hint().empty()) << status.to_string();
  };
  expect_refused(ask(path));
  expect_refused(
      engine_->query(R"({"kind": "active", "among": {"in_file": "list\u0000.bak"}})").status());
  Segment segment;
  segment.kind = Segment::Kind::kFile;
  segment.name = path;
  expect_refused(engine_->save_segment("s", segment));
  Segment inner;
  inner.kind = Segment::Kind::kNot;
  inner.parts = {segment};
  expect_refused(engine_->save_segment("s", inner));

  expect_refused(read_user_file(path, UserKind::kString).status());
  expect_refused(read_regular_file(path, 100).status());
  EngineOptions options;
  options.question_directories = {directory_.path("in") + std::string("\0/x", 3)};
  expect_refused(Engine::open(open_memory_store(), options).status());
  expect_refused(ingest_files(*engine_, {path}, {}, {}).status());
  expect_refused(inspect_source({path}, {}, {}).status());
  const std::string store = directory_.path("store") + std::string("\0.db", 4);
  expect_refused(open_rocks_store(store).status());
  expect_refused(open_rocks_store(store, {.read_only = true}).status());
  expect_refused(copy_rocks_store(store, directory_.path("copy")).status());
  ASSERT_TRUE(open_rocks_store(directory_.path("real")).ok());
  expect_refused(copy_rocks_store(directory_.path("real"), store).status());
  EXPECT_FALSE(fs::exists(directory_.path("store")));
  EXPECT_FALSE(fs::exists(directory_.path("store.new")));
}

// Names of events, and of saved segments, are data.
TEST_F(QuestionPaths, ANulMayBeInANameThatIsNoPath) {
  const std::string name("log\0in", 6);
  ASSERT_TRUE(ingest_events(*engine_, {edge_event("cem", 0, name)}).ok());
  ASSERT_TRUE(engine_->save_segment(name, *parse_segment("did(*)")).ok());
  for (const char* segment : {R"({"did": "log\u0000in"})", R"({"segment": "log\u0000in"})"}) {
    EXPECT_TRUE(engine_->query(fmt::format(R"({{"kind": "active", "among": {}}})", segment)).ok());
  }
}

}  // namespace
}  // namespace rollcall::testing
