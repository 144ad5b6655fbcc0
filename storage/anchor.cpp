#include "storage/anchor.h"

#include <fcntl.h>
#include <xxhash.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/mutex.h"
#include "storage/little_endian.h"
#include "storage/store_directory.h"

namespace rollcall {

namespace {

constexpr std::size_t kSlotBytes = 4096;
constexpr std::size_t kSlotCount = 2;
constexpr std::string_view kAnchorMagic = "rollcall";
constexpr std::uint64_t kMarkOffset = kSlotCount * kSlotBytes;

std::string encode_slot(const AnchorState& state) {
  std::string slot(kAnchorMagic);
  slot.append(state.store_id.begin(), state.store_id.end());
  append_u64(slot, state.epoch);
  append_u64(slot, state.digest);
  append_u64(slot, state.first_journal);
  append_u64(slot, state.last_journal);
  append_u64(slot, XXH3_64bits(slot.data(), slot.size()));
  slot.resize(kSlotBytes, '\0');
  return slot;
}

// Returns nothing for a slot that is not what encode_slot() made.
std::optional<AnchorState> decode_slot(std::string_view slot) {
  if (slot.size() < kSlotBytes) return std::nullopt;
  AnchorState state;
  std::copy_n(slot.begin() + kAnchorMagic.size(), state.store_id.size(), state.store_id.begin());
  const char* number = slot.data() + kAnchorMagic.size() + state.store_id.size();
  for (std::uint64_t* field :
       {&state.epoch, &state.digest, &state.first_journal, &state.last_journal}) {
    *field = load_u64(number);
    number += sizeof *field;
  }
  if (slot != encode_slot(state)) return std::nullopt;
  return state;
}

Status rollback_status(const std::string& directory, const std::string& database_says,
                       const std::string& anchor_says) {
  return Status::corruption("the store went back in time: " + database_path(directory) + " " +
                            database_says + ", but " + anchor_path(directory) + " " + anchor_says +
                            "; put the newer database back, or accept the rollback and ingest "
                            "again what it lost")
      .with_hint({Option::kAcceptRollback, "true"});
}

}  // namespace

Result<Anchor> Anchor::open(const std::string& path, Access access) {
  ROLLCALL_ASSIGN_OR_RETURN(PosixFile file,
                            PosixFile::open(path, access == Access::kWrite ? O_RDWR : O_RDONLY));
  std::optional<AnchorState> latest;
  std::size_t latest_slot = 0;
  for (std::size_t i = 0; i < kSlotCount; ++i) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, file.read(i * kSlotBytes, kSlotBytes));
    const std::optional<AnchorState> state = decode_slot(bytes);
    // Both numbers only grow.
    const auto order = [](const AnchorState& slot) {
      return std::pair(slot.epoch, slot.last_journal);
    };
    if (!state || (latest && order(*latest) >= order(*state))) continue;
    latest = state;
    latest_slot = i;
  }
  if (!latest) {
    return Status::corruption(
               path +
               ": both slots of the file are damaged, so nothing tells whether the database has "
               "lost commits; put the file back, or accept the rollback")
        .with_hint({Option::kAcceptRollback, "true"});
  }
  return Anchor(std::move(file), *latest, latest_slot);
}

Result<Anchor> Anchor::create(const std::string& path, const AnchorState& state) {
  const std::string slot = encode_slot(state);
  ROLLCALL_RETURN_IF_ERROR(replace_file(path, slot + slot));
  return open(path, Access::kWrite);
}

Result<std::optional<JournalMark>> Anchor::journal_mark() const {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, file_.read(kMarkOffset, kJournalMarkBytes));
  return decode_journal_mark(bytes, state_.store_id);
}

Status Anchor::note_commit(const CommitFacts& facts, std::uint64_t first_journal) {
  const MutexLock lock(*mutex_);
  return write({facts.store_id, facts.epoch, facts.digest, first_journal, state_.last_journal});
}

Status Anchor::note_journal(std::uint64_t last_journal) {
  const MutexLock lock(*mutex_);
  AnchorState state = state_;
  state.last_journal = last_journal;
  return write(state);
}

Status Anchor::note_mark(const JournalMark& mark) {
  const MutexLock lock(*mutex_);
  return file_.write(kMarkOffset, encode_journal_mark(mark, state_.store_id));
}

Status Anchor::write(const AnchorState& state) {
  const std::size_t slot = (slot_ + 1) % kSlotCount;
  ROLLCALL_RETURN_IF_ERROR(file_.write(slot * kSlotBytes, encode_slot(state)));
  ROLLCALL_RETURN_IF_ERROR(file_.sync());
  slot_ = slot;
  state_ = state;
  return {};
}

Status check_same_store(const AnchorState& anchor, const CommitFacts& last,
                        const std::string& directory) {
  if (last.store_id == anchor.store_id) return {};
  return Status::corruption(database_path(directory) + " belongs to store " +
                            to_string(last.store_id) + ", but " + anchor_path(directory) +
                            " to store " + to_string(anchor.store_id) +
                            "; put together files that were together");
}

Status check_no_rollback(const AnchorState& anchor, const CommitFacts& last, Anchor::Access access,
                         const std::string& directory) {
  const std::string database_epoch = std::to_string(last.epoch);
  const std::string anchor_epoch = std::to_string(anchor.epoch);
  if (last.epoch < anchor.epoch) {
    return rollback_status(directory, "holds commit " + database_epoch,
                           "has seen commit " + anchor_epoch);
  }
  if (last.epoch > anchor.epoch + 1) {
    if (access == Anchor::Access::kRead) return {};
    return Status::corruption(anchor_path(directory) + " stands at commit " + anchor_epoch +
                              ", but " + database_path(directory) + " at " + database_epoch +
                              ", more than one ahead: it is an old copy; put the newer one back, "
                              "or accept what the database holds as a rollback")
        .with_hint({Option::kAcceptRollback, "true"});
  }
  const std::uint64_t digest_seen = last.epoch == anchor.epoch ? last.digest : last.previous_digest;
  if (digest_seen != anchor.digest) {
    return rollback_status(directory, "holds commit " + database_epoch + " of one history",
                           "has seen commit " + anchor_epoch + " of another");
  }
  return {};
}

}  // namespace rollcall
