#include "rollcall/memory_store.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/base/guarded_store.h"
#include "core/base/mutex.h"

namespace rollcall {

namespace {

constexpr Epoch kNever = std::numeric_limits<Epoch>::max();

}  // namespace

// A superseded page stays until the last view that may read it is gone; views opened later do not
// see it, just as they would not find it in a directory.
class MemoryDisk {
 public:
  std::optional<LastCommit> last_commit() const {
    const ReadLock lock(mutex_);
    if (last_epoch_ == 0) return std::nullopt;
    return LastCommit{last_epoch_, manifest_};
  }

  // Writes a page of the next commit ahead of it.
  void write(const PageAddress& address, std::string bytes) {
    const WriteLock lock(mutex_);
    pages_.insert_or_assign(address, Page{std::move(bytes), kNever});
  }
  void discard_ahead() {
    const WriteLock lock(mutex_);
    std::erase_if(pages_,
                  [last = last_epoch_](const auto& page) { return page.first.epoch > last; });
  }

  // Makes the next commit the last one, once its pages are written.
  void apply(const Commit& commit, std::string manifest) {
    const WriteLock lock(mutex_);
    for (const PageAddress& address : commit.superseded) {
      const auto page = pages_.find(address);
      if (page == pages_.end() || page->second.superseded_by != kNever) continue;
      page->second.superseded_by = commit.epoch;
      superseded_[commit.epoch].push_back(address);
    }
    manifest_ = std::move(manifest);
    last_epoch_ = commit.epoch;
    drop_unreadable_pages();
  }

  // Checks that the commit is the next one and that its pages ascend.
  Status check_next(const Commit& commit) const {
    const ReadLock lock(mutex_);
    if (commit.epoch != last_epoch_ + 1) {
      return Status::invalid_argument("memory store: a commit of epoch " +
                                      std::to_string(commit.epoch) + " follows one of epoch " +
                                      std::to_string(last_epoch_));
    }
    return check_pages(commit);
  }

  // Says whether pages of the next commit are there.
  bool is_ahead() const {
    const ReadLock lock(mutex_);
    return std::any_of(pages_.begin(), pages_.end(),
                       [last = last_epoch_](const auto& page) { return page.first.epoch > last; });
  }

  // Each pin_last_epoch() is undone by one unpin() of the epoch that it returned.
  Epoch pin_last_epoch() {
    const WriteLock lock(mutex_);
    pinned_epochs_.insert(last_epoch_);
    return last_epoch_;
  }

  void unpin(Epoch epoch) {
    const WriteLock lock(mutex_);
    pinned_epochs_.erase(pinned_epochs_.find(epoch));
    drop_unreadable_pages();
  }

  // Returns the page as it stood after the commit of `view_epoch`; with `ahead`, also one that was
  // written ahead of the next.
  Result<std::string> read(const PageAddress& address, Epoch view_epoch, bool ahead) const {
    const ReadLock lock(mutex_);
    const auto page = pages_.find(address);
    if (page == pages_.end() || address.epoch > view_epoch + (ahead ? 1 : 0) ||
        page->second.superseded_by <= view_epoch) {
      return Status::corruption("memory store: " + to_string(address.id) + ", epoch " +
                                std::to_string(address.epoch) + ": the page is missing");
    }
    return page->second.bytes;
  }

  StoreSize size() const {
    const ReadLock lock(mutex_);
    StoreSize size;
    size.disk_bytes = manifest_.size();
    for (const auto& [address, page] : pages_) {
      if (page.superseded_by == kNever && address.epoch <= last_epoch_) ++size.page_count;
      size.disk_bytes += page.bytes.size();
    }
    return size;
  }

 private:
  struct Page {
    std::string bytes;
    Epoch superseded_by;  // kNever: live
  };

  // A page superseded by commit e is read by views of earlier epochs only.
  void drop_unreadable_pages() ROLLCALL_REQUIRES(mutex_) {
    const Epoch oldest_view = pinned_epochs_.empty() ? last_epoch_ : *pinned_epochs_.begin();
    while (!superseded_.empty() && superseded_.begin()->first <= oldest_view) {
      for (const PageAddress& address : superseded_.begin()->second) pages_.erase(address);
      superseded_.erase(superseded_.begin());
    }
  }

  mutable SharedMutex mutex_;
  std::map<PageAddress, Page> pages_ ROLLCALL_GUARDED_BY(mutex_);
  // These are by the commit that superseded them.
  std::map<Epoch, std::vector<PageAddress>> superseded_ ROLLCALL_GUARDED_BY(mutex_);
  std::multiset<Epoch> pinned_epochs_ ROLLCALL_GUARDED_BY(mutex_);  // one for each view
  Epoch last_epoch_ ROLLCALL_GUARDED_BY(mutex_) = 0;
  std::string manifest_ ROLLCALL_GUARDED_BY(mutex_);
};

namespace {

class MemoryView final : public StoreView {
 public:
  explicit MemoryView(std::shared_ptr<MemoryDisk> disk)
      : disk_(std::move(disk)), epoch_(disk_->pin_last_epoch()), ahead_(disk_->is_ahead()) {}
  ~MemoryView() override { disk_->unpin(epoch_); }
  MemoryView(const MemoryView&) = delete;
  MemoryView& operator=(const MemoryView&) = delete;

  Result<std::string> read(const PageAddress& address) const override {
    return disk_->read(address, epoch_, ahead_);
  }

 private:
  const std::shared_ptr<MemoryDisk> disk_;
  const Epoch epoch_;
  const bool ahead_;
};

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(std::shared_ptr<MemoryDisk> disk) : disk_(std::move(disk)) {
    disk_->discard_ahead();
  }

  Result<std::optional<LastCommit>> last_commit() const override { return disk_->last_commit(); }

  Status write_ahead(const Commit& part) override {
    ROLLCALL_RETURN_IF_ERROR(disk_->check_next(part));
    for (std::size_t i = 0; i < part.pages.size(); ++i) {
      std::string bytes;
      ROLLCALL_RETURN_IF_ERROR(part.encode(i, bytes));
      disk_->write({part.pages[i].id, part.epoch}, std::move(bytes));
    }
    return {};
  }

  Status discard_ahead() override {
    disk_->discard_ahead();
    return {};
  }

  Status commit(const Commit& commit) override {
    if (Status status = write_ahead(commit); !status.ok()) {
      disk_->discard_ahead();
      return status;
    }
    disk_->apply(commit, commit.manifest());
    return {};
  }

  Status compact() override { return {}; }  // what no view can read is gone already

  Result<std::shared_ptr<const StoreView>> view() const override {
    return std::shared_ptr<const StoreView>(std::make_shared<MemoryView>(disk_));
  }

  bool read_only() const override { return false; }

  Result<StoreSize> size() const override { return disk_->size(); }

 private:
  const std::shared_ptr<MemoryDisk> disk_;
};

}  // namespace

std::shared_ptr<MemoryDisk> make_memory_disk() { return std::make_shared<MemoryDisk>(); }

std::unique_ptr<Store> open_memory_store(std::shared_ptr<MemoryDisk> disk) {
  if (disk == nullptr) disk = make_memory_disk();
  return guard_store(std::make_unique<MemoryStore>(std::move(disk)),
                     {.given = "memory store", .place = "memory store"});
}

}  // namespace rollcall
