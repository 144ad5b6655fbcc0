#include "core/source/ingest/pending_rejects.h"

#include <algorithm>
#include <utility>

namespace rollcall {
namespace {

void add_count(const RejectCount& count, std::vector<RejectCount>& counts) {
  const auto found = std::find_if(counts.begin(), counts.end(), [&](const RejectCount& known) {
    return known.kind == count.kind;
  });
  if (found == counts.end()) {
    counts.push_back(count);
  } else {
    found->rows += count.rows;
  }
}

// Returns the memory of a hint, whose values are short.
std::size_t size_of(const OptionHint& hint) {
  std::size_t size = 0;
  for (const OptionHint::Way& way : hint.ways) {
    size += sizeof(way) + way.size() * sizeof(OptionValue);
  }
  return size;
}

}  // namespace

void PendingRejects::add(const std::string& file, bool holds, std::uint64_t lines_before,
                         DecodedBlock& decoded) {
  for (BlockReject& reject : decoded.rejects) {
    RejectedRow& row = rejects_.emplace_back();
    row.file = file;
    row.line = lines_before + reject.line + 1;
    row.column = reject.fault.column;
    row.reason = std::move(reject.fault.reason);
    row.kind = reject.fault.kind;
    row.hint = reject.fault.helping_options();
    row.held = holds && reject.fault.limit.has_value();
    row.row = reject.record;
    bytes_ +=
        sizeof(row) + row.file.size() + row.reason.size() + size_of(row.hint) + row.row.size();
  }
  for (const RejectCount& count : decoded.rejected_by_kind) add_count(count, by_kind_);
  rows_ += decoded.rows - decoded.good_rows;
}

Status PendingRejects::tell(const std::function<Status(const RejectedRow&)>& hook) const {
  if (!hook) return {};
  for (const RejectedRow& row : rejects_) ROLLCALL_RETURN_IF_ERROR(hook(row));
  return {};
}

void PendingRejects::count_in(IngestReport& report) && {
  report.rows_read += rows_;
  report.rows_rejected += rows_;
  for (const RejectCount& count : by_kind_) add_count(count, report.rejected_by_kind);
  for (RejectedRow& row : rejects_) {
    if (report.examples.size() == kExamplesMax) break;
    report.examples.push_back(std::move(row));
  }
}

}  // namespace rollcall
