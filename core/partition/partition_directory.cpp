// This file has how a partition finds its pages again: by the directory page and the user pages. It
// also has what a checkpoint writes. `docs/format.md` describes the bytes.
#include <algorithm>

#include "core/base/assert.h"
#include "core/base/byte_codec.h"
#include "core/partition/partition.h"

namespace rollcall {
namespace {

void write_events(const std::map<SeriesId, std::uint64_t>& events, ByteWriter& writer) {
  writer.varint(events.size());
  for (const auto& [series, count] : events) {
    writer.varint(series);
    writer.varint(count);
  }
}

PageId user_page_id(std::uint32_t partition, std::size_t chunk) {
  return {PageKind::kUsers, partition, 0, 0, static_cast<std::uint32_t>(chunk)};
}

std::map<SeriesId, std::uint64_t> read_events(ByteReader& reader, std::size_t series_count) {
  std::map<SeriesId, std::uint64_t> events;
  for (std::size_t left = reader.count(2); left > 0 && reader.ok(); --left) {
    const auto series = reader.varint_up_to<SeriesId>(series_count - 1);
    events[series] = reader.varint();
  }
  return events;
}

void add_pages(EventLog::Pages& from, CollectedPages& to) {
  for (EventLog::Page& block : from.pages) {
    to.dirty.push_back({block.id, LateBytes{std::move(block.bytes)}});
  }
  to.superseded.insert(to.superseded.end(), from.superseded.begin(), from.superseded.end());
}

}  // namespace

// It lacks the runs of history, which come last.
std::string Partition::serialize_directory() const {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.varint(user_count_);
  writer.varint(forgotten_count_);
  write_events(events_, writer);
  write_events({}, writer);  // of forgotten users, which nothing keeps
  writer.varint(user_page_epochs_.size());
  for (const Epoch epoch : user_page_epochs_) writer.varint(epoch);
  pages_.write_directory(writer);
  return bytes;
}

Status Partition::deserialize_directory(std::string_view bytes, BatchNumber opened_in) {
  ByteReader reader(bytes);
  user_count_ = reader.varint_up_to(~std::uint32_t{0});
  forgotten_count_ = reader.varint_up_to(user_count_);
  events_ = read_events(reader, pages_.series_count());
  read_events(reader, pages_.series_count());  // of forgotten users, by earlier programs
  user_page_epochs_.resize(reader.count(1));
  for (Epoch& epoch : user_page_epochs_) epoch = reader.varint();
  ROLLCALL_RETURN_IF_ERROR(pages_.read_directory(reader, opened_in));
  if (history_) ROLLCALL_RETURN_IF_ERROR(history_->read_directory(reader));
  if (!reader.done()) return Status::corruption("its bytes do not add up");
  if (user_page_epochs_.size() !=
      (user_count_ + std::uint64_t{kChunkOrdinals} - 1) / kChunkOrdinals) {
    return Status::corruption("it has " + std::to_string(user_page_epochs_.size()) +
                              " user pages for " + std::to_string(user_count_) + " users");
  }
  return {};
}

Status Partition::open(const StoreView& view, Epoch epoch, std::size_t series_count,
                       BatchNumber opened_in) {
  const PageId directory_id{PageKind::kPartition, number_, 0, 0, 0};
  pages_.expect_series(series_count);
  ROLLCALL_ASSIGN_OR_RETURN(const std::string directory, view.read({directory_id, epoch}));
  if (Status status = deserialize_directory(directory, opened_in); !status.ok()) {
    return Status::corruption(to_string(directory_id) + ": " + status.message());
  }
  epoch_ = epoch;
  stored_user_count_ = user_count_;
  dirty_ = pages_.has_retired_pages();
  users_loaded_ = user_count_ == 0;
  // This is a guess until they have been read once.
  constexpr std::size_t kUserBytes = 32;
  user_bytes_ = users_.kind() == UserKind::kString ? user_count_ * kUserBytes : 0;
  return {};
}

Status Partition::load_for(const ReadSet& reads, std::uint32_t partition_count,
                           const StoreView& view) {
  if (reads.only_of_lists && !may_have_listed(reads, partition_count)) return {};
  ROLLCALL_RETURN_IF_ERROR(pages_.load_for(reads, view));
  return reads.lists.empty() ? Status() : load_users(view);
}

bool Partition::may_have_listed(const ReadSet& reads, std::uint32_t partition_count) const {
  return std::ranges::any_of(reads.lists, [&](const auto& list) {
    return !list->of_partition(number_, partition_count).empty();
  });
}

Status Partition::load_users(const StoreView& view) {
  if (users_loaded_) return {};
  UserIndex users(users_.kind());
  users.reserve(user_count_);
  for (std::size_t chunk = 0; chunk < user_page_epochs_.size(); ++chunk) {
    const PageId id = user_page_id(number_, chunk);
    ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, view.read({id, user_page_epochs_[chunk]}));
    if (Status status = users.append(bytes); !status.ok()) {
      return Status::corruption(to_string(id) + ": " + status.message());
    }
  }
  if (users.size() != user_count_) {
    return Status::corruption("user pages of partition " + std::to_string(number_) + " hold " +
                              std::to_string(users.size()) + " users, its directory says " +
                              std::to_string(user_count_));
  }
  if (users.erased_count() != forgotten_count_) {
    return Status::corruption("user pages of partition " + std::to_string(number_) + " lack " +
                              std::to_string(users.erased_count()) + " users, its directory says " +
                              std::to_string(forgotten_count_));
  }
  users_ = std::move(users);
  users_loaded_ = true;
  return {};
}

void Partition::collect_users(std::uint32_t chunk, Epoch epoch, std::vector<DirtyPage>& dirty,
                              std::vector<PageAddress>& superseded) {
  const PageId id = user_page_id(number_, chunk);
  if (chunk < user_page_epochs_.size()) {
    superseded.push_back({id, user_page_epochs_[chunk]});
  } else {
    user_page_epochs_.push_back(0);
  }
  user_page_epochs_[chunk] = epoch;
  const std::uint32_t first = chunk * kChunkOrdinals;
  std::string bytes;
  users_.serialize(first, std::min(kChunkOrdinals, user_count_ - first), bytes);
  dirty.push_back({id, std::move(bytes)});
}

void Partition::collect_dirty(Epoch epoch, const SealLimits& limits, CollectedPages& pages) {
  auto& [dirty, superseded, work] = pages;
  ROLLCALL_ASSERT(awaiting_any_.empty() && awaiting_bounds_.empty());
  pages_.compact_quiet_days();
  // If the partition was written ahead of this commit, its pages must not be written again. Should
  // history have moved on since, the next commit lets go of what is old.
  if (!dirty_ && (epoch_ == epoch || !has_old_events(limits.history_begin))) return;
  pages_.collect(epoch, dirty, superseded);
  EventLog::Changes history;
  if (history_) history = history_->collect(epoch, limits);
  add_pages(history, pages);
  // Users are only ever added or erased. These pages therefore change: the one that the last stored
  // user is in, those after it, and those before it with erased users.
  const std::uint32_t first_new = stored_user_count_ / kChunkOrdinals;
  for (const std::uint32_t chunk : erased_chunks_) {
    if (chunk < first_new || stored_user_count_ == user_count_) {
      collect_users(chunk, epoch, dirty, superseded);
    }
  }
  erased_chunks_.clear();
  for (std::uint32_t chunk = first_new;
       stored_user_count_ < user_count_ && chunk * kChunkOrdinals < user_count_; ++chunk) {
    collect_users(chunk, epoch, dirty, superseded);
  }
  stored_user_count_ = user_count_;
  const PageId id{PageKind::kPartition, number_, 0, 0, 0};
  if (epoch_ != 0) superseded.push_back({id, epoch_});
  epoch_ = epoch;
  dirty_ = false;
  std::string directory = serialize_directory();
  if (!history.seal) {
    if (ByteWriter writer(directory); history_) history.write_directory(writer);
    dirty.push_back({id, std::move(directory)});
    return;
  }
  // It ends with what comes of sealing.
  work.push_back([id, history = std::move(history), directory = std::move(directory)](
                     const StoreView& view, CollectedPages& more) mutable -> Status {
    ROLLCALL_ASSIGN_OR_RETURN(EventLog::Pages sealed, history.seal(view));
    add_pages(sealed, more);
    ByteWriter writer(directory);
    history.write_directory(writer);
    more.dirty.push_back({id, std::move(directory)});
    return {};
  });
}

}  // namespace rollcall
