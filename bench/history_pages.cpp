#include "bench/history_pages.h"

#include <utility>

namespace rollcall::bench {

class HistoryPages::CountingStore final : public Store {
 public:
  CountingStore(std::unique_ptr<Store> store, std::shared_ptr<HistoryPages> pages)
      : store_(std::move(store)), pages_(std::move(pages)) {}

  Status commit(const Commit& commit) override {
    Status status = store_->commit(pages_->counted(commit));
    if (status.ok()) pages_->note(commit);
    return status;
  }
  Status write_ahead(const Commit& part) override {
    return store_->write_ahead(pages_->counted(part));
  }

  Result<std::optional<LastCommit>> last_commit() const override { return store_->last_commit(); }
  Status discard_ahead() override { return store_->discard_ahead(); }
  Status compact() override { return store_->compact(); }
  Result<std::shared_ptr<const StoreView>> view() const override { return store_->view(); }
  std::size_t limit_memory(std::size_t bytes_max) override {
    return store_->limit_memory(bytes_max);
  }
  bool read_only() const override { return store_->read_only(); }
  Status check_place() const override { return store_->check_place(); }
  Result<StoreSize> size() const override { return store_->size(); }
  Journal* journal() override { return store_->journal(); }
  Status check_journal() const override { return store_->check_journal(); }

 private:
  std::unique_ptr<Store> store_;
  std::shared_ptr<HistoryPages> pages_;
};

std::unique_ptr<Store> HistoryPages::count(std::unique_ptr<Store> store,
                                           std::shared_ptr<HistoryPages> pages) {
  return std::make_unique<CountingStore>(std::move(store), std::move(pages));
}

// The pages outlive the call of the store that the commit is for.
Commit HistoryPages::counted(const Commit& commit) {
  Commit counted = commit;
  counted.encode = [this, &commit](std::size_t number, std::string& bytes) {
    const std::size_t before = bytes.size();
    Status status = commit.encode(number, bytes);
    const PageAddress address{commit.pages[number].id, commit.epoch};
    if (status.ok() && address.id.kind == PageKind::kHistory) note(address, bytes.size() - before);
    return status;
  };
  return counted;
}

void HistoryPages::note(const PageAddress& address, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  kept_[address] = bytes;
  written_bytes_ += bytes;
}

void HistoryPages::note(const Commit& commit) {
  const std::lock_guard lock(mutex_);
  ++commits_;
  for (const PageAddress& address : commit.superseded) kept_.erase(address);
}

std::uint64_t HistoryPages::commits() const {
  const std::lock_guard lock(mutex_);
  return commits_;
}

std::uint64_t HistoryPages::written_bytes() const {
  const std::lock_guard lock(mutex_);
  return written_bytes_;
}

std::uint64_t HistoryPages::kept_bytes() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t bytes = 0;
  for (const auto& [address, of_page] : kept_) bytes += of_page;
  return bytes;
}

}  // namespace rollcall::bench
