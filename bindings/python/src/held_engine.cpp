#include "held_engine.h"

#include <optional>

namespace nb = nanobind;

namespace rollcall::python {

std::unique_ptr<HeldEngine> HeldEngine::open(Opening opening) {
  std::unique_ptr<HeldEngine> held(new HeldEngine(std::move(opening)));
  Status status;
  {
    const nb::gil_scoped_release release;
    status = held->open_engine();
  }
  raise_unless_ok(status);
  return held;
}

HeldEngine::~HeldEngine() {
  if (closed_ || !is_own_process()) return;
  const nb::gil_scoped_release release;
  const Status unheard = close(/*stop_calls=*/false);
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

Status HeldEngine::close(bool stop_calls) {
  if (stop_calls) {
    const std::lock_guard lock(stops_mutex_);
    for (std::stop_source* const stop : stops_) stop->request_stop();
  }
  const std::unique_lock lock(mutex_);
  closed_ = true;
  if (engine_ == nullptr) return {};
  const Status status = engine_->close();
  engine_.reset();
  return status;
}

Status HeldEngine::keep(const std::vector<std::string>& names) {
  const std::unique_lock lock(mutex_);
  if (engine_ == nullptr) return Status::failed_precondition(opening_.directory + ": closed");
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

void HeldEngine::require_own_process() const {
  if (is_own_process()) return;
  raise(Status::failed_precondition(
      opening_.directory + ": belongs to process " + std::to_string(process_) +
      ", which opened it, and not to its child " + std::to_string(::getpid()) +
      " (allowed: open it in the process that uses it)"));
}

bool HeldEngine::is_main_thread() {
  const nb::object threading = nb::module_::import_("threading");
  return nb::cast<unsigned long>(threading.attr("get_ident")()) ==
         nb::cast<unsigned long>(threading.attr("main_thread")().attr("ident"));
}

std::exception_ptr HeldEngine::exception_of(const Report& report) {
  try {
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
    if (report) report();
  } catch (const nb::python_error&) {
    return std::current_exception();
  }
  return nullptr;
}

}  // namespace rollcall::python
