#include "held_engine.h"

#include <optional>
#include <thread>

namespace nb = nanobind;

namespace rollcall::python {

thread_local const HeldEngine* HeldEngine::calling_ = nullptr;

std::unique_ptr<HeldEngine> HeldEngine::open(Opening opening) {
  std::unique_ptr<HeldEngine> held(new HeldEngine(std::move(opening)));
  Status status;
  {
    const GilRelease release;
    status = held->open_engine();
  }
  raise_unless_ok(status);
  return held;
}

HeldEngine::~HeldEngine() {
  if (closed_ || !is_own_process()) return;
  const Status unheard = close();
  static_cast<void>(unheard.ok());
}

Status HeldEngine::open_engine() {
  std::unique_ptr<Store> store;
  if (opening_.in_memory) {
    store = open_memory_store(disk_);
  } else {
    ROLLCALL_ASSIGN_OR_RETURN(store, open_rocks_store(opening_.directory, opening_.store));
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<LastCommit> last, store->last_commit());
  was_made_ = !last;
  EngineOptions options = opening_.engine;
  if (last) options.settings.reset();
  ROLLCALL_ASSIGN_OR_RETURN(engine_, Engine::open(std::move(store), options));
  return {};
}

Status HeldEngine::close() {
  require_no_callback();
  closed_ = true;
  const InFlight in_flight(*this);
  const GilRelease release;
  return close_engine();
}

Status HeldEngine::close_at_exit() {
  closed_ = true;
  {
    const std::lock_guard lock(stops_mutex_);
    for (std::stop_source* const stop : stops_) stop->request_stop();
  }
  const GilRelease release;
  const auto end = std::chrono::steady_clock::now() + kExitWait;
  while (in_flight_ > 0 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (in_flight_ == 0) return close_engine();
  return call([](Engine& engine) { return engine.checkpoint(); });
}

Status HeldEngine::close_engine() {
  const std::unique_lock lock(mutex_);
  if (engine_ == nullptr) return {};
  const Status status = engine_->close();
  engine_.reset();
  return status;
}

Status HeldEngine::closed_error() const {
  return Status::failed_precondition(opening_.name + ": closed");
}

Status HeldEngine::keep(const std::vector<std::string>& names) {
  require_usable();
  require_no_callback();
  const InFlight in_flight(*this);
  const GilRelease release;
  return keep_in_engine(names);
}

Status HeldEngine::keep_in_engine(const std::vector<std::string>& names) {
  const std::unique_lock lock(mutex_);
  if (engine_ == nullptr) return closed_error();
  ROLLCALL_RETURN_IF_ERROR(engine_->close());
  engine_.reset();
  const std::vector<std::string> before = opening_.engine.keep;
  opening_.engine.keep.insert(opening_.engine.keep.end(), names.begin(), names.end());
  const Status status = open_engine();
  if (status.ok()) return {};
  opening_.engine.keep = before;
  // The store stays open as it was, if it can be.
  const Status again = open_engine();
  closed_ = !again.ok();
  return status;
}

StoreSettings HeldEngine::settings() {
  return value_or_raise(
      with([](Engine& engine) -> Result<StoreSettings> { return engine.settings(); }));
}

const std::string& HeldEngine::alert_directory() const {
  require_usable();
  if (!opening_.in_memory) return opening_.directory;
  raise(Status::unsupported("alerts: the store is in memory (allowed: one in a directory)"));
}

void HeldEngine::require_usable() const {
  if (is_own_process()) {
    if (closed_) raise(closed_error());
    return;
  }
  raise(Status::failed_precondition(
      opening_.name + ": belongs to process " + std::to_string(process_) +
      ", which opened it, and not to its child " + std::to_string(::getpid()) +
      " (allowed: open it in the process that uses it)"));
}

void HeldEngine::require_no_callback() const {
  if (calling_ != this) return;
  raise(Status(StatusCode::kFailedPrecondition,
               opening_.name + ": a function that a call of the store calls cannot close it "
                                    "or give it further properties"));
}

bool HeldEngine::is_main_thread() {
  const nb::object threading = nb::module_::import_("threading");
  return nb::cast<unsigned long>(threading.attr("get_ident")()) ==
         nb::cast<unsigned long>(threading.attr("main_thread")().attr("ident"));
}

std::exception_ptr HeldEngine::exception_of(const Report& report) const {
  try {
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
    if (report) {
      const Callback callback(*this);
      report();
    }
  } catch (const nb::python_error&) {
    return std::current_exception();
  }
  return nullptr;
}

}  // namespace rollcall::python
