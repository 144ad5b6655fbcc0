// This store keeps pages in a file that it has removed already, and hardly anything in memory, so
// that what a process that uses it takes is the engine's.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "rollcall/store.h"

namespace rollcall::testing {

// Holds what a store has on disk.
class PageFile {
 public:
  PageFile() : file_(std::tmpfile()) {
    if (file_ == nullptr) std::abort();
  }
  ~PageFile() { std::fclose(file_); }
  PageFile(const PageFile&) = delete;
  PageFile& operator=(const PageFile&) = delete;

  Status write(const PageAddress& address, const std::string& bytes) {
    const std::lock_guard lock(mutex_);
    if (::pwrite(::fileno(file_), bytes.data(), bytes.size(), static_cast<off_t>(end_)) !=
        static_cast<ssize_t>(bytes.size())) {
      return Status::io_error("page file: cannot be written");
    }
    places_[address] = {end_, bytes.size()};
    end_ += bytes.size();
    return {};
  }

  Result<std::string> read(const PageAddress& address) const {
    const std::lock_guard lock(mutex_);
    const auto place = places_.find(address);
    if (place == places_.end()) {
      return Status::corruption("page file: " + to_string(address.id) + " is missing");
    }
    std::string bytes(place->second.second, '\0');
    if (::pread(::fileno(file_), bytes.data(), bytes.size(),
                static_cast<off_t>(place->second.first)) != static_cast<ssize_t>(bytes.size())) {
      return Status::io_error("page file: cannot be read");
    }
    return bytes;
  }

  std::optional<LastCommit> last_commit;

  void remove(const PageAddress& address) {
    const std::lock_guard lock(mutex_);
    places_.erase(address);
  }

 private:
  std::FILE* const file_;
  mutable std::mutex mutex_;
  std::size_t end_ = 0;
  std::map<PageAddress, std::pair<std::size_t, std::size_t>> places_;  // begin and size
};

// Is for one engine at a time, which asks nothing while it ingests, because superseded pages are
// removed at once.
class PageFileStore final : public Store {
 public:
  explicit PageFileStore(std::shared_ptr<PageFile> file) : file_(std::move(file)) {}

  Result<std::optional<LastCommit>> last_commit() const override { return file_->last_commit; }
  Status write_ahead(const Commit& part) override {
    for (std::size_t i = 0; i < part.pages.size(); ++i) {
      std::string bytes;
      ROLLCALL_RETURN_IF_ERROR(part.encode(i, bytes));
      ROLLCALL_RETURN_IF_ERROR(file_->write({part.pages[i].id, part.epoch}, bytes));
    }
    return {};
  }
  Status discard_ahead() override { return {}; }  // nobody reaches them
  Status commit(const Commit& commit) override {
    ROLLCALL_RETURN_IF_ERROR(write_ahead(commit));
    for (const PageAddress& address : commit.superseded) file_->remove(address);
    file_->last_commit = LastCommit{commit.epoch, commit.manifest()};
    return {};
  }
  Status compact() override { return {}; }
  Result<std::shared_ptr<const StoreView>> view() const override {
    return std::shared_ptr<const StoreView>(std::make_shared<View>(file_));
  }
  bool read_only() const override { return false; }
  Result<StoreSize> size() const override { return StoreSize{}; }

 private:
  class View final : public StoreView {
   public:
    explicit View(std::shared_ptr<const PageFile> file) : file_(std::move(file)) {}
    Result<std::string> read(const PageAddress& address) const override {
      return file_->read(address);
    }

   private:
    std::shared_ptr<const PageFile> file_;
  };

  const std::shared_ptr<PageFile> file_;
};

}  // namespace rollcall::testing
