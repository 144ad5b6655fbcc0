#include "core/source/ingest/gathered_batches.h"

#include <fmt/format.h>

#include <new>
#include <system_error>
#include <utility>

#include "core/base/memory_policy.h"

namespace rollcall {
namespace {

constexpr std::size_t kGroupRows = std::size_t{1} << 20;
constexpr auto kPatience = std::chrono::seconds(1);

}  // namespace

GatheredBatches::GatheredBatches(Engine& engine, const Delivery& delivery)
    : engine_(engine),
      delivery_(delivery),
      in_one_piece_(delivery.token != nullptr || !delivery.positions.empty()),
      // One group is gathered while another is ingested.
      group_bytes_max_(engine.options().memory_bytes_max *
                       (in_one_piece_ ? kWaitingShare + kDecodingShare : kWaitingShare)) {
  if (in_one_piece_) return;
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    // The batches are ingested by the thread that adds them.
  }
}

GatheredBatches::~GatheredBatches() { stop(); }

Status GatheredBatches::add(PreparedBatch batch, std::size_t rows) {
  const std::size_t bytes = batch.memory_bytes();
  {
    MutexLock lock(mutex_);
    while (thread_.joinable() && !gathered_.batches.empty() && is_enough() && failure_.ok() &&
           thrown_ == nullptr) {
      changed_.wait(mutex_);
    }
    if (thrown_ != nullptr) std::rethrow_exception(thrown_);
    if (!failure_.ok()) return failure_;
    if (in_one_piece_ && gathered_.bytes + bytes > group_bytes_max_) {
      return Status::resource_exhausted(fmt::format(
          "arrow: a stream with positions or a token is ingested in one piece, and takes more than "
          "{} bytes (allowed: more memory, smaller streams, or streams without either)",
          group_bytes_max_));
    }
    if (gathered_.batches.empty()) gathered_.begun = std::chrono::steady_clock::now();
    gathered_.batches.push_back(std::move(batch));
    gathered_.rows += rows;
    gathered_.bytes += bytes;
    changed_.notify_all();
    if (in_one_piece_ || thread_.joinable()) return {};
  }
  Group group;
  {
    const MutexLock lock(mutex_);
    group = std::exchange(gathered_, {});
  }
  return ingest(std::move(group));
}

Result<IngestOutcome> GatheredBatches::finish(bool source_failed) {
  stop();
  Group rest;
  {
    const MutexLock lock(mutex_);
    if (thrown_ != nullptr) std::rethrow_exception(thrown_);
    if (!failure_.ok()) return failure_;
    rest = std::exchange(gathered_, {});
  }
  const bool is_due = in_one_piece_ ? !source_failed : !rest.batches.empty();
  if (is_due) ROLLCALL_RETURN_IF_ERROR(ingest(std::move(rest)));
  const MutexLock lock(mutex_);
  return outcome_;
}

bool GatheredBatches::is_enough() const {
  return gathered_.rows >= kGroupRows || gathered_.bytes >= group_bytes_max_;
}

void GatheredBatches::run() {
  for (;;) {
    Group group;
    {
      const MutexLock lock(mutex_);
      // With nothing gathered, the engine still sees to the checkpoints that are due by age.
      const auto asked = std::chrono::steady_clock::now();
      const auto due = [&]() ROLLCALL_REQUIRES(mutex_) {
        return (gathered_.batches.empty() ? asked : gathered_.begun) + kPatience;
      };
      while (!ended_ && !is_enough() && std::chrono::steady_clock::now() < due()) {
        changed_.wait_until(mutex_, due());
      }
      if (ended_) return;
      group = std::exchange(gathered_, {});
      changed_.notify_all();
    }
    Status status;
    std::exception_ptr thrown;
    try {
      status = ingest(std::move(group));
    } catch (...) {
      thrown = std::current_exception();
    }
    if (status.ok() && thrown == nullptr) continue;
    const MutexLock lock(mutex_);
    failure_ = std::move(status);
    thrown_ = thrown;
    changed_.notify_all();
    return;
  }
}

Status GatheredBatches::ingest(Group group) {
  ROLLCALL_ASSIGN_OR_RETURN(const IngestOutcome outcome,
                            engine_.ingest(std::move(group.batches), delivery_));
  const MutexLock lock(mutex_);
  outcome_.rows_forgotten += outcome.rows_forgotten;
  outcome_.was_skipped = outcome.was_skipped;
  return {};
}

void GatheredBatches::stop() {
  {
    const MutexLock lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace rollcall
