// This header encodes a batch as a journal record, and decodes it. docs/format.md describes the
// bytes.
//
// Users whom the last commit has are identified by their ordinals, which never change; the others
// are listed in the record. A record therefore needs that commit, or a later one, but no batch that
// came in between: batches that were not to be durable may be lost.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch/block_pool.h"
#include "core/batch/prepared_batch.h"
#include "core/partition/partition.h"
#include "rollcall/delivery.h"
#include "rollcall/status.h"

namespace rollcall {

// Encodes batches, one after the other. Any thread may call `encode_rows`, one for each partition;
// `begin` is called before them, and `finish` after.
class JournalRecordWriter {
 public:
  void begin(const PreparedRows& rows, const Delivery& delivery, std::size_t partition_count);

  // Encodes the rows of a partition in which the batch is staged. The last commit has `base_users`
  // of its users.
  void encode_rows(const PreparedRows& rows, const Partition& partition, std::uint32_t base_users);

  // Returns the record, which is valid until the next begin().
  std::string_view finish();

  std::size_t memory_bytes() const;

 private:
  struct Part {
    // Fills `listed` and `codes`. `places` must be large enough, and is all 0 before and after.
    void list_users(std::span<const std::uint32_t> ordinals, std::uint32_t base_users);

    std::string bytes;
    // Holds, for users past base_users, the place in the record's list plus one, or 0 for one who
    // is not in it.
    std::vector<std::uint32_t> places;
    std::vector<std::uint32_t> listed;  // ordinals
    std::vector<std::uint32_t> codes;   // of the users, by row
    std::vector<TimeUs> times;          // by row
    // These are about the kept property at hand: its texts, where each text of the block at hand is
    // among them, from 1, and by row the place of its text.
    std::vector<std::string_view> texts;
    std::vector<std::uint32_t> text_places;
    std::vector<std::uint32_t> text_codes;
  };
  void encode_texts(const PreparedRows& rows, std::size_t property, std::uint32_t partition,
                    Part& part) const;

  std::string record_;
  std::vector<Part> parts_;  // by partition
};

struct JournalledBatch {
  std::unique_ptr<PreparedRows> rows;
  std::vector<SourcePosition> positions;
  std::optional<BatchToken> token;
};

// Returns the batch of a record. `load_users` is called with the number of each partition that has
// rows; the users of that partition must then stay loaded until the next call. Its errors are
// passed on.
//   kCorruption  the record is not what was written, or says what the store cannot hold
Result<JournalledBatch> decode_journal_record(
    std::string_view bytes, const StoreSettings& settings, const std::shared_ptr<BlockPool>& pool,
    const std::vector<Partition>& partitions,
    const std::function<Status(std::uint32_t)>& load_users);

}  // namespace rollcall
