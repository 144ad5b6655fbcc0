// Which sources have been read before, and how far.
//
// A source is known by its content: its position says, by a 128-bit hash, which bytes it had up to
// where it was read. A file with those bytes is that source again, whatever its name, and what
// follows them is new. A source that grows keeps its earlier ends, so that an older copy of it is
// known as well, and one that went on in another way counts from where the two part. How it is read
// belongs to a source: the same content read in another way would be another source, and count
// again.
#pragma once

#include <xxhash.h>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/source/files/content_reader.h"
#include "core/source/ingest/refused_ranges.h"
#include "core/source/ingest/source_reading.h"
#include "rollcall/delivery.h"
#include "rollcall/status.h"

namespace rollcall {

// How far a source has been read: what SourcePosition::position holds, as JSON.
struct KnownSource {
  std::string id;    // SourcePosition::id; stays as the source grows
  std::string name;  // the path it was last read from, for people
  // Never null. Thousands of files share one.
  std::shared_ptr<const SourceReading> reading = std::make_shared<SourceReading>();
  ContentMark mark;         // everything before it is committed
  std::uint64_t rows = 0;   // before the mark, ingested or not
  std::uint64_t lines = 0;  // line ends before the mark
  bool counted = false;     // some row before the mark may have been ingested
  bool tail = false;        // the last line before the mark had no line end
  // All of the content that had a row after the mark which was told as rejected, and which is read
  // again when it grows, as it may not have been whole.
  std::optional<XXH128_hash_t> told;

  // Rows before the mark that limits keep out: of what this source has read itself.
  RefusedRanges refused;
  // Before it, what limits refused was not kept: an earlier version read it.
  std::uint64_t refusals_unknown_before = 0;
  // What the content begins with, up to an end of another source, was read as that one, and what
  // was refused of it is kept there.
  struct Origin {
    std::string id;
    std::uint64_t end = 0;
  };
  std::optional<Origin> origin;

  // Where reading it ended before it grew.
  struct End {
    std::uint64_t offset = 0;
    XXH128_hash_t hash{};  // of the bytes before `offset`
    std::uint64_t rows = 0;
    std::uint64_t lines = 0;
    bool tail = false;
  };
  std::vector<End> earlier_ends;  // by offset

  SourcePosition to_position() const;
  // nullopt: a position that is somebody else's.
  static std::optional<KnownSource> from_position(const SourcePosition& position);
};

// Threads: one at a time.
class SourceRegistry {
 public:
  explicit SourceRegistry(const std::vector<SourcePosition>& positions);

  // How a content is to be read, when what is not chosen is as in `known` (null: guessed), whose
  // first reading came to `first_end`.
  using ReadAs =
      std::function<Result<SourceReading>(const SourceReading* known, std::uint64_t first_end)>;
  // Whether a row, good or not, stands in the beginning of a content.
  using HoldsRow = std::function<bool(std::string_view beginning)>;

  struct Recognized {
    ContentReader content;  // at the mark of `source`
    // Has a new id when it is new: nothing of it is read, or what it shares with an earlier end of
    // another source.
    KnownSource source;
    bool known = false;  // some of it is read, and is not to be read again
    // The same content was counted when it was read in another way, most recently this one.
    std::optional<SourceReading> otherwise;
    // All of the content, which goes on after the mark of `source`, may be what another source
    // begins with, and have been counted with it.
    struct Longer {
      std::string name;
      std::uint64_t offset = 0;   // up to which that one was read
      std::uint64_t content = 0;  // bytes of this one
    };
    std::optional<Longer> longer;
  };
  // Finds out whether the file at `path`, of which `content` has had nothing taken, is known, by
  // reading it up to where it was read before.
  //   kInvalidArgument  what `read_as` says of an unknown content
  //   kCancelled        stopped meanwhile
  Result<Recognized> recognize(const std::string& path, ContentReader content,
                               const ReadAs& read_as, const HoldsRow& holds_row);

  // The columns that counted sources were read with, by role: user, time, event and value.
  std::map<std::string, std::set<std::string>> columns_by_role() const;

  // Remembers how far a source has been read.
  void update(const KnownSource& source);

  // What limits keep out of a content that is read as `source`: its own part, and those of the
  // sources that it goes on from. First comes what the content begins with.
  struct Part {
    KnownSource owner;      // as it was when the run began, if not updated since
    std::uint64_t end = 0;  // of the owner's part in this content
    std::vector<RefusedRange> due;
  };
  // `due`: what is to be read again under `now`. It is told once, and forgotten here.
  std::vector<Part> take_due(const KnownSource& source, const Limits& now);

 private:
  // The first bytes that a mark tells, by their number and their hash's two halves.
  using Head = std::array<std::uint64_t, 3>;

  std::string new_id(std::string_view head, const SourceReading& reading) const;
  // Those that a content with this head may be, in the order of their first update.
  std::vector<const KnownSource*> sources_like(std::string_view head) const;
  // Where the source of that number stands in by_waymarks_, or belongs.
  std::vector<std::size_t>::iterator place_by_waymarks(std::size_t number);
  // A source that was read further than `mark` and has its waymarks, too; null: there is none.
  const KnownSource* longer_than(const ContentMark& mark) const;
  // The same for a content that is `head`: a row at least must be in both.
  const KnownSource* longer_than(std::string_view head, const HoldsRow& holds_row) const;

  std::vector<KnownSource> sources_;
  std::vector<std::shared_ptr<const SourceReading>> readings_;  // that sources share, each once
  std::vector<std::size_t> by_waymarks_;  // numbers in sources_, in the order of their waymarks
  std::unordered_map<std::string, std::size_t> by_id_;  // numbers in sources_
  std::map<Head, std::vector<std::size_t>> by_head_;    // of any mark that the sources have had
};

}  // namespace rollcall
