// Hands answers over as Arrow, without rollcall linking Arrow.
#pragma once

#include <memory>

#include "rollcall/answer.h"
#include "rollcall/arrow_interface.h"
#include "rollcall/member_ids.h"
#include "rollcall/status.h"

namespace rollcall {

// Makes `*out` a stream of the rows of `result`, in batches of at most 65,536 rows. The caller owns
// it and releases it; what was there is overwritten. One thread may use it at a time.
//
// The columns have these types; each may hold nulls.
//   kDate               date32
//   kTime               timestamps in microseconds, in the zone of the store
//   kString             utf8
//   kInt, kCount        int64
//   kRatio              float64
//   kDecimal            decimal128 of 38 digits, with as many decimals as the store's amounts have,
//                       or as the column needs if those are more
//   kBool               bool
// The metadata of the schema has "rollcall.kind", "rollcall.definition" (a JSON object),
// "rollcall.as_of" and "rollcall.notes" (a JSON list), and "rollcall.next" where a page of members
// has another after it. That of each column has "rollcall.type", as in the JSON of the result.
//   kUnsupported  a decimal has more digits than fit
Status export_arrow_stream(QueryResult result, ArrowArrayStream* out);

// Does the same with the users behind a cell, whose ids are not copied, as batches own them. The
// column `user` is uint64 where ids are integers, and utf8 where they are texts.
Status export_arrow_stream(std::shared_ptr<const MemberIds> ids, ArrowArrayStream* out);

}  // namespace rollcall
