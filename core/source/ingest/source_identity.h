// Knows which sources have been read before, and how far.
//
// A source is identified by its content: its position tells, by a 128-bit hash, which bytes it had
// up to where it was read. A file with those bytes is that source again, whatever its name, and
// what follows them is new. A source that grows keeps its earlier ends, so that an older copy of it
// is recognised as well, and a copy that went on differently counts from where the two differ. The
// way it is read is part of a source: the same content read in another way would be another source,
// and count again.
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

// Says how far a source has been read, which is what SourcePosition::position holds, as JSON.
struct KnownSource {
  std::string id;    // SourcePosition::id; stays as the source grows
  std::string name;  // the path it was last read from, for people
  // It is never null. Thousands of files may share one.
  std::shared_ptr<const SourceReading> reading = std::make_shared<SourceReading>();
  ContentMark mark;         // everything before it is committed
  std::uint64_t rows = 0;   // before the mark, ingested or not
  std::uint64_t lines = 0;  // line ends before the mark
  bool counted = false;     // some row before the mark may have been ingested
  bool tail = false;        // the last line before the mark had no line end
  // Is the hash of all of the content, if a row after the mark was reported as rejected. That row
  // is read again when the content grows, because it may not have been whole.
  std::optional<XXH128_hash_t> told;

  // Counts rows before the mark that limits keep out, if this source has read them itself.
  RefusedRanges refused;
  // Before this offset, what limits refused was not kept, because an earlier version read it.
  std::uint64_t refusals_unknown_before = 0;
  // Is set if the content begins with another source, up to an end of that one. It was read as that
  // source, which also keeps what was refused of it.
  struct Origin {
    std::string id;
    std::uint64_t end = 0;
  };
  std::optional<Origin> origin;

  // Is a place where reading ended before the content grew.
  struct End {
    std::uint64_t offset = 0;
    XXH128_hash_t hash{};  // of the bytes before `offset`
    std::uint64_t rows = 0;
    std::uint64_t lines = 0;
    bool tail = false;
  };
  std::vector<End> earlier_ends;  // by offset

  SourcePosition to_position() const;
  // Returns nullopt if somebody else made the position.
  static std::optional<KnownSource> from_position(const SourcePosition& position);
};

// One thread may use it at a time.
class SourceRegistry {
 public:
  explicit SourceRegistry(const std::vector<SourcePosition>& positions);

  // Returns how a content is to be read. What is not chosen is as in `known`, whose first reading
  // got to `first_end`; if `known` is null, it is guessed.
  using ReadAs =
      std::function<Result<SourceReading>(const SourceReading* known, std::uint64_t first_end)>;
  // Returns whether the beginning of a content holds a row, good or not.
  using HoldsRow = std::function<bool(std::string_view beginning)>;

  struct Recognized {
    ContentReader content;  // at the mark of `source`
    // Has a new id if it is new: nothing of it is read, or only what it shares with another source
    // up to an earlier end of that one.
    KnownSource source;
    bool known = false;  // some of it is read, and is not to be read again
    // The same content was counted when it was read in another way, most recently in this one.
    std::optional<SourceReading> otherwise;
    // All of the content, which goes on after the mark of `source`, may be the beginning of another
    // source, and may have been counted with it.
    struct Longer {
      std::string name;
      std::uint64_t offset = 0;   // how far that source was read
      std::uint64_t content = 0;  // bytes of this content
    };
    std::optional<Longer> longer;
  };
  // Determines whether the file at `path` is known by reading it up to where it was read before.
  // Nothing of `content` has been taken yet.
  //   kInvalidArgument  as `read_as`, for an unknown content
  //   kCancelled        stopped meanwhile
  Result<Recognized> recognize(const std::string& path, ContentReader content,
                               const ReadAs& read_as, const HoldsRow& holds_row);

  struct RecognizedRows {
    KnownSource source;
    bool known = false;
    std::optional<SourceReading> otherwise;  // as in Recognized
  };
  // Does the same for a Parquet file at `path` whose bytes have the hash `digest`.
  //   kInvalidArgument  as `read_as`, for an unknown content
  Result<RecognizedRows> recognize_rows(const std::string& path, XXH128_hash_t digest,
                                        const ReadAs& read_as) const;

  // Returns the columns that counted sources were read with, by role: user, time, event and value.
  std::map<std::string, std::set<std::string>> columns_by_role() const;

  // Remembers how far a source has been read.
  void update(const KnownSource& source);

  // Holds what limits keep out of a content that is read as `source`: its own part, and those of
  // the sources that it continues. The beginning of the content comes first.
  struct Part {
    KnownSource owner;      // as it was when the run began, if not updated since
    std::uint64_t end = 0;  // end of the owner's part in this content
    std::vector<RefusedRange> due;
  };
  // Returns the parts. `due` is what is to be read again under `now`; it is returned once, and then
  // forgotten here.
  std::vector<Part> take_due(const KnownSource& source, const Limits& now);

 private:
  // Holds the first bytes of a mark, by their number and the two halves of their hash.
  using Head = std::array<std::uint64_t, 3>;

  std::string new_id(std::string_view head, const SourceReading& reading) const;
  // Returns the sources that a content with this head may be, in the order of their first update.
  std::vector<const KnownSource*> sources_like(std::string_view head) const;
  // Returns where the source of that number stands in by_waymarks_, or belongs.
  std::vector<std::size_t>::iterator place_by_waymarks(std::size_t number);
  // Returns a source that was read further than `mark` and has its waymarks, too, or null if there
  // is none.
  const KnownSource* longer_than(const ContentMark& mark) const;
  // Does the same for a content that is `head`. Both must have at least one row in common.
  const KnownSource* longer_than(std::string_view head, const HoldsRow& holds_row) const;

  std::vector<KnownSource> sources_;
  std::vector<std::shared_ptr<const SourceReading>> readings_;  // each shared by many sources
  std::vector<std::size_t> by_waymarks_;  // numbers in sources_, in the order of their waymarks
  std::unordered_map<std::string, std::size_t> by_id_;  // numbers in sources_
  std::map<Head, std::vector<std::size_t>> by_head_;    // by any mark that a source has had
};

}  // namespace rollcall
