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

}  // namespace

void PendingRejects::add(const std::string& file, std::uint64_t lines_before,
                         DecodedBlock& decoded) {
  for (BlockReject& reject : decoded.rejects) {
    RejectedRow& row = rejects_.emplace_back();
    row.file = file;
    row.line = lines_before + reject.line + 1;
    row.column = reject.fault.column;
    row.reason = std::move(reject.fault.reason);
    row.kind = reject.fault.kind;
    row.row = reject.record;
    bytes_ += sizeof(row) + row.file.size() + row.reason.size() + row.kind.size() + row.row.size();
  }
  for (const RejectCount& count : decoded.rejected_by_kind) add_count(count, by_kind_);
  rows_ += decoded.rows - decoded.good_rows;
}

void PendingRejects::tell(const std::function<void(const RejectedRow&)>& hook,
                          IngestReport& report) {
  PendingRejects told = std::exchange(*this, {});
  report.rows_read += told.rows_;
  report.rows_rejected += told.rows_;
  for (const RejectCount& count : told.by_kind_) add_count(count, report.rejected_by_kind);
  for (RejectedRow& row : told.rejects_) {
    if (hook) hook(row);
    if (report.examples.size() < kExamplesMax) report.examples.push_back(std::move(row));
  }
}

}  // namespace rollcall
