// A store whose calls fail when a test says so.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "rollcall/store.h"

namespace rollcall::testing {

// What fails. Shared by the test and the store; any thread may change it.
struct Faults {
  std::atomic<bool> reads{false};
  std::atomic<bool> commits{false};
  std::chrono::milliseconds commit_delay{0};  // of each commit
};

class FaultyView : public StoreView {
 public:
  FaultyView(std::shared_ptr<const StoreView> view, std::shared_ptr<const Faults> faults)
      : view_(std::move(view)), faults_(std::move(faults)) {}
  Result<std::string> read(const PageAddress& address) const override {
    if (faults_->reads) return Status::io_error("read: as the test wanted");
    return view_->read(address);
  }

 private:
  std::shared_ptr<const StoreView> view_;
  std::shared_ptr<const Faults> faults_;
};

// Wraps any store.
class FaultyStore : public Store {
 public:
  FaultyStore(std::unique_ptr<Store> store, std::shared_ptr<const Faults> faults)
      : store_(std::move(store)), faults_(std::move(faults)) {}

  Result<std::optional<LastCommit>> last_commit() const override { return store_->last_commit(); }
  Status commit(const Commit& commit) override {
    std::this_thread::sleep_for(faults_->commit_delay);
    if (faults_->commits) return Status::io_error("commit: as the test wanted");
    return store_->commit(commit);
  }
  Result<std::shared_ptr<const StoreView>> view() const override {
    ROLLCALL_ASSIGN_OR_RETURN(std::shared_ptr<const StoreView> view, store_->view());
    return std::shared_ptr<const StoreView>(new FaultyView(std::move(view), faults_));
  }
  bool read_only() const override { return store_->read_only(); }
  Result<StoreSize> size() const override { return store_->size(); }

 private:
  std::unique_ptr<Store> store_;
  std::shared_ptr<const Faults> faults_;
};

}  // namespace rollcall::testing
