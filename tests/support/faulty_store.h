// This is a store whose calls fail when a test says so.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "rollcall/store.h"

namespace rollcall::testing {

// Says what fails. Shared by the test and the store; any thread may change it.
struct Faults {
  std::atomic<bool> reads{false};
  std::atomic<bool> commits{false};
  std::function<void()> before_commit;
  std::function<void()> before_read;  // of each page

  // Says which of all calls, counted from 1, fails, and all after it if `for_ever`; at 0, none
  // does. A commit fails once it is there, if `late`.
  std::uint64_t call = 0;
  bool for_ever = false;
  bool late = false;
  std::atomic<std::uint64_t> calls{0};

  bool next_fails() {
    const std::uint64_t number = ++calls;
    return call != 0 && (for_ever ? number >= call : number == call);
  }
};

class FaultyView : public StoreView {
 public:
  FaultyView(std::shared_ptr<const StoreView> view, std::shared_ptr<Faults> faults)
      : view_(std::move(view)), faults_(std::move(faults)) {}
  Result<std::string> read(const PageAddress& address) const override {
    if (faults_->before_read) faults_->before_read();
    if (faults_->next_fails() || faults_->reads)
      return Status::io_error("read: as the test wanted");
    return view_->read(address);
  }

 private:
  std::shared_ptr<const StoreView> view_;
  std::shared_ptr<Faults> faults_;
};

// Wraps any store.
class FaultyStore : public Store {
 public:
  FaultyStore(std::unique_ptr<Store> store, std::shared_ptr<Faults> faults)
      : store_(std::move(store)), faults_(std::move(faults)) {}

  Result<std::optional<LastCommit>> last_commit() const override {
    if (faults_->next_fails()) return Status::io_error("last_commit: as the test wanted");
    return store_->last_commit();
  }
  Status commit(const Commit& commit) override {
    if (faults_->before_commit) faults_->before_commit();
    const bool fails = faults_->next_fails() || faults_->commits;
    if (!fails) return store_->commit(commit);
    if (faults_->late) ROLLCALL_RETURN_IF_ERROR(store_->commit(commit));
    return Status::io_error("commit: as the test wanted");
  }
  Status write_ahead(const Commit& part) override {
    const bool fails = faults_->next_fails() || faults_->commits;
    if (!fails) return store_->write_ahead(part);
    return Status::io_error("write ahead: as the test wanted");
  }
  Status discard_ahead() override {
    if (faults_->next_fails()) return Status::io_error("discard: as the test wanted");
    return store_->discard_ahead();
  }
  Status compact() override { return store_->compact(); }
  std::size_t limit_memory(std::size_t bytes_max) override {
    return store_->limit_memory(bytes_max);
  }
  Result<std::shared_ptr<const StoreView>> view() const override {
    if (faults_->next_fails()) return Status::io_error("view: as the test wanted");
    ROLLCALL_ASSIGN_OR_RETURN(std::shared_ptr<const StoreView> view, store_->view());
    return std::shared_ptr<const StoreView>(new FaultyView(std::move(view), faults_));
  }
  bool read_only() const override { return store_->read_only(); }
  Result<StoreSize> size() const override {
    if (faults_->next_fails()) return Status::io_error("size: as the test wanted");
    return store_->size();
  }

 private:
  std::unique_ptr<Store> store_;
  std::shared_ptr<Faults> faults_;
};

}  // namespace rollcall::testing
