// This file has how an engine forgets users.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "core/base/memory_policy.h"
#include "core/base/sort_unique.h"
#include "core/engine/engine_state.h"
#include "rollcall/partitioner.h"

namespace rollcall {
namespace {

// Holds the numbers of users, partition by partition. A list may be as long as memory has room for,
// so it is not copied.
class UsersByPartition {
 public:
  UsersByPartition(std::span<const UserId> users, std::uint32_t partition_count)
      : begins_(partition_count + 1), numbers_(users.size()) {
    const Partitioner partition_of(partition_count);
    for (const UserId& user : users) ++begins_[partition_of(hash_of(user)) + 1];
    std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
    std::vector<std::size_t> ends(begins_.begin(), begins_.end() - 1);
    for (std::size_t i = 0; i < users.size(); ++i) {
      numbers_[ends[partition_of(hash_of(users[i]))]++] = i;
    }
  }
  std::span<const std::size_t> operator[](std::uint32_t partition) const {
    return std::span(numbers_).subspan(begins_[partition],
                                       begins_[partition + 1] - begins_[partition]);
  }

 private:
  std::vector<std::size_t> begins_;
  std::vector<std::size_t> numbers_;
};

}  // namespace

Status Engine::State::write_ahead(Partition& partition) {
  ROLLCALL_RETURN_IF_ERROR(write_failure.status());
  ROLLCALL_RETURN_IF_ERROR(partition.fold(*view, FoldDepth::kBounds));
  // Pages count as stored before they are, so whatever ends this early ends writing.
  UnlessFinished writing(
      write_failure,
      Status::resource_exhausted("engine: writing ahead was interrupted; open the store again"));
  CollectedPages pages;
  partition.collect_dirty(epoch + 1, seal_limits(), pages);
  Status written = finish_pages(pages, *view);
  superseded_ahead.insert(superseded_ahead.end(), pages.superseded.begin(), pages.superseded.end());
  if (written.ok()) {
    written = store->write_ahead(
        commit_of(epoch + 1, pages.dirty, static_cast<unsigned>(workers.thread_count())));
  }
  if (!written.ok()) {
    writing.fail(written);
    return written;
  }
  ROLLCALL_ASSIGN_OR_RETURN(view, view_of(*store));
  partition.finish_commit();
  writing.finish();
  evict(partition, 0, epoch + 1);
  return {};
}

Result<std::uint64_t> Engine::State::forget_in_partitions(std::span<const UserId> users,
                                                          bool& has_written_ahead) {
  const UsersByPartition users_in(users, settings.partition_count);
  std::uint64_t found = 0;
  std::vector<std::uint32_t> forgotten_in;  // and not written ahead
  for (std::uint32_t i = 0; i < settings.partition_count; ++i) {
    if (users_in[i].empty()) continue;
    const Gate::Pass pass(gate);
    Partition& partition = partitions[i];
    evict_for(state_bytes_max() *
              kRoomMadeShare);  // what the users are in comes on top, where that is full
    ROLLCALL_RETURN_IF_ERROR(partition.load_users(*view));
    ROLLCALL_RETURN_IF_ERROR(partition.fold(*view, FoldDepth::kBounds));
    std::vector<std::uint32_t> ordinals;
    for (const std::size_t number : users_in[i]) {
      const UserId& user = users[number];
      if (const auto ordinal = partition.users().find(hash_of(user), user)) {
        ordinals.push_back(*ordinal);
      }
    }
    sort_unique(ordinals);
    ROLLCALL_RETURN_IF_ERROR(partition.load_pages_of(ordinals, *view));
    UnlessFinished forgetting(
        state_failure,
        Status::resource_exhausted("engine: a user was forgotten in part; open the store again"));
    ROLLCALL_RETURN_IF_ERROR(forget_in_audiences(i, ordinals));
    partition.forget(ordinals);
    day_totals.clear();
    kept_ranks.change();
    forgetting.finish();
    found += ordinals.size();
    forgotten_in.push_back(i);
    evict_for(0);
    if (!has_written_ahead && memory_use().resident_bytes <= state_bytes_max()) continue;
    has_written_ahead = true;
    by_partition = true;  // batches wait for the commit
    for (const std::uint32_t number : std::exchange(forgotten_in, {})) {
      ROLLCALL_RETURN_IF_ERROR(write_ahead(partitions[number]));
    }
  }
  return found;
}

// First, nobody can come back; then partition after partition forgets. A user is in one of them,
// and gone at once. Ingest goes on between them as far as it needs no checkpoint. A crash undoes
// all of it, or nothing. If the changed pages do not fit in memory, they are written ahead of the
// commit, and batches wait for it.
Result<std::uint64_t> Engine::State::forget(std::span<const UserId> users) {
  ROLLCALL_RETURN_IF_ERROR(check_writable());
  for (const UserId& user : users) {
    const bool is_integer = std::holds_alternative<std::uint64_t>(user);
    if (is_integer != (settings.user_kind == UserKind::kInteger)) {
      return Status::invalid_argument(fmt::format("forget: a user id is {} (the store's are {})",
                                                  is_integer ? "an integer" : "a string",
                                                  is_integer ? "strings" : "integers"));
    }
  }
  const MutexLock no_checkpoint(checkpointer.mutex());
  {
    const Gate::Pass pass(gate);
    ROLLCALL_RETURN_IF_ERROR(check_failures());
    auto more = tables.forgotten ? std::make_shared<ForgottenUsers>(*tables.forgotten)
                                 : std::make_shared<ForgottenUsers>();
    for (const UserId& user : users) more->add(user);
    if (more->empty()) return std::uint64_t{0};
    if (tables.segments.forget(*more)) tables.changed.add(PageKind::kSegments);
    tables.forgotten = std::move(more);
    tables.changed.add(PageKind::kForgotten);
    forgotten_by = epoch + 1;
    note_change();
  }
  bool has_written_ahead = false;
  Result<std::uint64_t> found = forget_in_partitions(users, has_written_ahead);
  if (!found.ok() && !has_written_ahead) return found;
  // What was written ahead must be in a commit before anything else changes it.
  ROLLCALL_RETURN_IF_ERROR(checkpoint_alone());
  if (has_written_ahead) by_partition = false;
  return found;
}

}  // namespace rollcall
