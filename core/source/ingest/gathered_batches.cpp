#include "core/source/ingest/gathered_batches.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/base/memory_policy.h"
#include "core/source/values/block_dictionary.h"

namespace rollcall {
namespace {

constexpr std::size_t kGroupRows = 1'000'000;
constexpr auto kPatience = std::chrono::seconds(1);

// Returns about how much memory a batch takes, here and once it is prepared.
std::size_t memory_bytes_of(const EventBatch& events) {
  std::size_t bytes = 0;
  for (const std::string_view user : events.user_strings) bytes += user.size();
  std::size_t values = events.event.values.size();
  for (const PropertyColumn& property : events.properties) values += property.column.values.size();
  const std::size_t bytes_of_row = sizeof(std::string_view) + sizeof(TimeUs) + sizeof(Amount) +
                                   sizeof(std::uint32_t) * (1 + events.properties.size());
  return 2 * (bytes + values * sizeof(std::string_view) + events.time.size() * bytes_of_row);
}

// Holds the columns of several batches, one after the other.
class JoinedColumns {
 public:
  // Makes a batch of all events. It views what is here and what the batches view.
  EventBatch join(const std::vector<std::unique_ptr<HeldBatch>>& batches) {
    EventBatch joined;
    properties_.resize(batches.front()->events.properties.size());
    reserve(batches);
    for (const std::unique_ptr<HeldBatch>& batch : batches) {
      const EventBatch& events = batch->events;
      const std::size_t rows = events.time.size();
      append(events.user_integers, integers_);
      append(events.user_strings, strings_);
      append(events.time, times_);
      append(events.value, values_);
      events_.append(events.event, rows);
      for (std::size_t i = 0; i < properties_.size(); ++i) {
        properties_[i].append(events.properties[i].column, rows);
      }
      if (events.known_until) {
        joined.known_until =
            std::max(joined.known_until.value_or(*events.known_until), *events.known_until);
      }
    }
    for (std::size_t i = 0; i < properties_.size(); ++i) {
      columns_.push_back({batches.front()->events.properties[i].name, properties_[i].view()});
    }
    joined.user_integers = integers_;
    joined.user_strings = strings_;
    joined.time = times_;
    joined.value = values_;
    joined.event = events_.view();
    joined.properties = columns_;
    return joined;
  }

 private:
  // Each value stands here once, since rows of one value are dated and counted together.
  struct Dictionary {
    BlockDictionary values;
    std::vector<std::uint32_t> codes;
    std::vector<std::uint32_t> code_of;  // by the codes of the batch that is appended

    void append(const DictionaryColumn& column, std::size_t rows) {
      code_of.clear();
      for (const std::string_view value : column.values) {
        const std::uint32_t known = values.find(value);
        code_of.push_back(known == BlockDictionary::kNew ? values.insert(value) : known);
      }
      if (column.codes.empty() && rows > 0) codes.insert(codes.end(), rows, code_of.front());
      for (const std::uint32_t code : column.codes) codes.push_back(code_of[code]);
    }
    DictionaryColumn view() const { return {values.values(), codes}; }
  };

  void reserve(const std::vector<std::unique_ptr<HeldBatch>>& batches) {
    std::size_t rows = 0;
    for (const std::unique_ptr<HeldBatch>& batch : batches) rows += batch->events.time.size();
    const EventBatch& first = batches.front()->events;
    if (!first.user_integers.empty()) integers_.reserve(rows);
    if (!first.user_strings.empty()) strings_.reserve(rows);
    times_.reserve(rows);
    if (!first.value.empty()) values_.reserve(rows);
    events_.codes.reserve(rows);
    for (Dictionary& property : properties_) property.codes.reserve(rows);
  }

  template <class T>
  static void append(std::span<const T> column, std::vector<T>& out) {
    out.insert(out.end(), column.begin(), column.end());
  }

  std::vector<std::uint64_t> integers_;
  std::vector<std::string_view> strings_;
  std::vector<TimeUs> times_;
  std::vector<Amount> values_;
  Dictionary events_;
  std::vector<Dictionary> properties_;
  std::vector<PropertyColumn> columns_;
};

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

Status GatheredBatches::add(std::unique_ptr<HeldBatch> batch) {
  const std::size_t bytes = memory_bytes_of(batch->events);
  Group alone;
  {
    const MutexLock lock(mutex_);
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
    gathered_.rows += batch->events.time.size();
    gathered_.bytes += bytes;
    gathered_.batches.push_back(std::move(batch));
    changed_.notify_all();
    if (in_one_piece_ || thread_.joinable()) return {};
    alone = std::exchange(gathered_, {});
  }
  return ingest(std::move(alone));
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
  const auto prepare = [&](const EventBatch& events) { return engine_.prepare(events); };
  std::vector<PreparedBatch> prepared;
  if (group.batches.size() > 1) {
    JoinedColumns columns;
    Result<PreparedBatch> joined = prepare(columns.join(group.batches));
    if (joined.ok()) {
      prepared.push_back(*std::move(joined));
      return ingest_prepared(std::move(prepared));
    }
  }
  // One of them is refused, or there is only one.
  for (const std::unique_ptr<HeldBatch>& batch : group.batches) {
    Result<PreparedBatch> one = prepare(batch->events);
    if (!one.ok()) {
      const bool keeps_earlier = !in_one_piece_ && !prepared.empty();
      if (keeps_earlier) ROLLCALL_RETURN_IF_ERROR(ingest_prepared(std::move(prepared)));
      return batch->fault(one.status());
    }
    prepared.push_back(*std::move(one));
  }
  return ingest_prepared(std::move(prepared));
}

Status GatheredBatches::ingest_prepared(std::vector<PreparedBatch> batches) {
  ROLLCALL_ASSIGN_OR_RETURN(const IngestOutcome outcome,
                            engine_.ingest(std::move(batches), delivery_));
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
