#include "core/base/guarded_store.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/guard.h"
#include "core/base/process_owned.h"

namespace rollcall {
namespace {

// Returns the text with the given name for each place in it.
std::string with_name(std::string text, const StoreName& name) {
  for (std::size_t at = 0; (at = text.find(name.place, at)) != std::string::npos;) {
    const std::size_t end = at + name.place.size();
    const bool begins = at == 0 || text[at - 1] == ' ';
    const bool ends =
        end == text.size() || std::string_view("/:, ").find(text[end]) != std::string_view::npos;
    if (!begins || !ends) {
      at = end;  // it is a part of another name
      continue;
    }
    text.replace(at, name.place.size(), name.given);
    at += name.given.size();
  }
  return text;
}

// Runs `body` where `owned` was made, and refuses it elsewhere.
template <class Owned, class Body>
auto call(const Owned& owned, const StoreName& name, const Body& body) -> decltype(body(*owned)) {
  return guarded(name.given, [&]() -> decltype(body(*owned)) {
    if (!owned.is_here()) {
      return Status::failed_precondition(
          name.given + ": the store was opened by another process, of which this is a child");
    }
    auto outcome = body(*owned);
    if (outcome.ok()) return outcome;
    return name.tell(status_of(outcome));
  });
}

class GuardedView final : public StoreView {
 public:
  GuardedView(std::shared_ptr<const StoreView> view, StoreName name)
      : name_(std::move(name)), view_(std::move(view)) {}

  Result<std::string> read(const PageAddress& address) const override {
    return call(view_, name_, [&](const auto& view) { return view->read(address); });
  }

 private:
  const StoreName name_;
  ProcessOwned<std::shared_ptr<const StoreView>> view_;
};

class GuardedJournal final : public Journal {
 public:
  GuardedJournal(Journal* journal, StoreName name) : name_(std::move(name)), journal_(journal) {}

  Status replay(std::uint64_t covered, Epoch epoch, const Visit& visit) override {
    return call(journal_, name_, [&](Journal* j) { return j->replay(covered, epoch, visit); });
  }
  Result<std::uint64_t> append(Epoch base, std::string_view bytes) override {
    return call(journal_, name_, [&](Journal* j) { return j->append(base, bytes); });
  }
  Status sync(std::uint64_t number) override {
    return call(journal_, name_, [&](Journal* j) { return j->sync(number); });
  }
  Status rotate() override {
    return call(journal_, name_, [&](Journal* j) { return j->rotate(); });
  }
  std::uint64_t bytes() const override { return journal_.is_here() ? (*journal_)->bytes() : 0; }

 private:
  const StoreName name_;
  ProcessOwned<Journal*> journal_;  // the store owns it
};

class GuardedStore final : public Store {
 public:
  GuardedStore(std::unique_ptr<Store> store, StoreName name)
      : name_(std::move(name)), read_only_(store->read_only()), store_(std::move(store)) {
    if (Journal* const journal = (*store_)->journal()) journal_.emplace(journal, name_);
  }

  Result<std::optional<LastCommit>> last_commit() const override {
    return call(store_, name_, [&](const auto& store) { return store->last_commit(); });
  }
  Status commit(const Commit& commit) override {
    return call(store_, name_, [&](const auto& store) { return store->commit(commit); });
  }
  Status write_ahead(const Commit& part) override {
    return call(store_, name_, [&](const auto& store) { return store->write_ahead(part); });
  }
  Status discard_ahead() override {
    return call(store_, name_, [&](const auto& store) { return store->discard_ahead(); });
  }
  Status compact() override {
    return call(store_, name_, [&](const auto& store) { return store->compact(); });
  }
  Result<std::shared_ptr<const StoreView>> view() const override {
    using View = std::shared_ptr<const StoreView>;
    return call(store_, name_, [&](const auto& store) -> Result<View> {
      ROLLCALL_ASSIGN_OR_RETURN(View view, store->view());
      return View(std::make_shared<const GuardedView>(std::move(view), name_));
    });
  }
  std::size_t limit_memory(std::size_t bytes_max) override {
    return store_.is_here() ? (*store_)->limit_memory(bytes_max) : 0;
  }
  bool read_only() const override { return read_only_; }
  Status check_place() const override {
    return call(store_, name_, [&](const auto& store) { return store->check_place(); });
  }
  Result<StoreSize> size() const override {
    return call(store_, name_, [&](const auto& store) { return store->size(); });
  }
  Journal* journal() override { return journal_ ? &*journal_ : nullptr; }
  Status check_journal() const override {
    return call(store_, name_, [&](const auto& store) { return store->check_journal(); });
  }

 private:
  const StoreName name_;
  const bool read_only_;
  ProcessOwned<std::unique_ptr<Store>> store_;
  std::optional<GuardedJournal> journal_;
};

}  // namespace

Status StoreName::tell(const Status& status) const {
  if (status.ok() || given == place) return status;
  return Status(status.code(), with_name(status.message(), *this)).with_hint(status.hint());
}

std::unique_ptr<Store> guard_store(std::unique_ptr<Store> store, StoreName name) {
  return std::make_unique<GuardedStore>(std::move(store), std::move(name));
}

}  // namespace rollcall
