// Holds an engine for Python: it lets threads call it without the GIL, ends calls that Python
// wants ended, and closes it once no call is under way.
#pragma once

#include <nanobind/nanobind.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "errors.h"
#include "gil.h"
#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "rollcall/rocks_store.h"

namespace rollcall::python {

// Says which store to open, and how.
struct Opening {
  std::string name;       // of the store, for people, as the caller names its directory
  std::string directory;  // an absolute path, because the process may go elsewhere
  bool in_memory = false;
  RocksStoreOptions store;
  EngineOptions engine;
};

// Is called now and then by the thread that waits for a call, with the GIL.
using Report = std::function<void()>;

class HeldEngine {
 public:
  // Opens a store. A store that has no commit yet is made with the settings of `opening`. An
  // existing one keeps its own; the caller compares. Returns the errors of `open_rocks_store` and
  // `Engine::open`.
  static std::unique_ptr<HeldEngine> open(Opening opening);
  // Closes the engine if that was not done, unless this process is a child of the one that opened
  // it. An error has nowhere to go.
  ~HeldEngine();

  // Calls `use(engine)` without the GIL, and returns its Status or Result. Any number of threads
  // may do so at once.
  template <class Use>
  auto with(Use use) {
    require_usable();
    const InFlight in_flight(*this);
    const GilRelease release;
    return call(use);
  }

  // Does the same with `use(engine, stop)`, a call that may take long, and ends it when Python has
  // an exception for this thread: in the main thread, that of a signal such as SIGINT. In another
  // thread without a report, the call runs in the thread itself.
  template <class Use>
  auto with_stop(Use use, const Report& report = {}) {
    require_usable();
    const InFlight in_flight(*this);
    std::stop_source stop;
    const Running running(*this, stop);
    const auto run = [&] {
      return call([&](Engine& engine) { return use(engine, stop.get_token()); });
    };
    if (!report && !is_main_thread()) {
      const GilRelease release;
      return run();
    }
    std::exception_ptr raised;
    std::future<decltype(run())> future;
    {
      const GilRelease release;
      future = std::async(std::launch::async, run);
      while (future.wait_for(kPause) != std::future_status::ready) {
        const nanobind::gil_scoped_acquire acquire;
        if (raised) continue;
        raised = exception_of(report);
        if (raised) stop.request_stop();
      }
    }
    auto outcome = future.get();
    if (raised) std::rethrow_exception(raised);
    return outcome;
  }

  // Lives while a call of the store calls a function of Python. That function may use the store,
  // but not close it or open it again, which would wait for the call.
  class Callback {
   public:
    explicit Callback(const HeldEngine& held) : outer_(std::exchange(calling_, &held)) {}
    ~Callback() { calling_ = outer_; }
    Callback(const Callback&) = delete;
    Callback& operator=(const Callback&) = delete;

   private:
    const HeldEngine* const outer_;
  };

  // Waits for all calls to end, and closes the engine, which makes a checkpoint. Later calls are
  // refused at once. Closing it again does nothing. The caller has the GIL.
  Status close();
  // Does the same at the end of the process: asks calls to stop, and does not wait for those that
  // go on for more than `kExitWait`. The engine then makes its checkpoint, and is left as it is.
  Status close_at_exit();
  // Opens the store again so that it keeps further properties from now on. The caller has the GIL.
  Status keep(const std::vector<std::string>& names);

  bool is_closed() const { return closed_; }
  bool is_own_process() const { return ::getpid() == process_; }
  const std::string& name() const { return opening_.name; }
  bool is_in_memory() const { return opening_.in_memory; }
  // Returns where the states of alerts are. Raises an error if the store is in memory, which has
  // none, or as any call does.
  const std::string& alert_directory() const;
  bool was_made() const { return was_made_; }  // by this opening, and not before
  StoreSettings settings();

 private:
  // Makes a call known while it lives, so that closing at the end of the process can stop it.
  class Running {
   public:
    Running(HeldEngine& held, std::stop_source& stop) : held_(held), stop_(stop) {
      const std::lock_guard lock(held_.stops_mutex_);
      held_.stops_.insert(&stop_);
    }
    ~Running() {
      const std::lock_guard lock(held_.stops_mutex_);
      held_.stops_.erase(&stop_);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    HeldEngine& held_;
    std::stop_source& stop_;
  };

  // Counts a call from when it may give the GIL up until it has it again.
  class InFlight {
   public:
    explicit InFlight(HeldEngine& held) : held_(held) { ++held_.in_flight_; }
    ~InFlight() { --held_.in_flight_; }
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;

   private:
    HeldEngine& held_;
  };

  static constexpr std::chrono::milliseconds kPause{20};
  static constexpr std::chrono::seconds kExitWait{10};

  explicit HeldEngine(Opening opening) : opening_(std::move(opening)) {}

  template <class Use>
  auto call(const Use& use) -> decltype(use(std::declval<Engine&>())) {
    const std::shared_lock lock(mutex_);
    if (engine_ == nullptr) return closed_error();
    return use(*engine_);
  }
  Status open_engine();   // the caller has the mutex, or nobody else has the object
  Status close_engine();  // waits for the mutex
  Status keep_in_engine(const std::vector<std::string>& names);  // does as well
  Status closed_error() const;
  // Raises an error if the engine is closed or belongs to another process. A closed engine is
  // refused without giving the GIL up, as Python may be about to end.
  void require_usable() const;
  // Raises an error in a function that a call of this store calls.
  void require_no_callback() const;
  static bool is_main_thread();
  // Returns the exception that Python has for this thread, or null.
  std::exception_ptr exception_of(const Report& report) const;

  static thread_local const HeldEngine* calling_;  // null: this thread is in no callback

  Opening opening_;
  const std::shared_ptr<MemoryDisk> disk_ = make_memory_disk();
  const int process_ = ::getpid();
  bool was_made_ = false;
  // Calls share it; whoever closes or replaces the engine has it alone. It is never waited for with
  // the GIL, since calls may need the GIL to end.
  std::shared_mutex mutex_;
  std::unique_ptr<Engine> engine_;
  std::atomic<bool> closed_ = false;
  std::atomic<int> in_flight_ = 0;
  std::mutex stops_mutex_;
  std::set<std::stop_source*> stops_;
};

}  // namespace rollcall::python
