// Hands an answer over as Arrow.
#pragma once

#include <memory>
#include <string>

#include "rollcall/answer.h"
#include "rollcall/arrow.h"

namespace rollcall::python {

// Makes `*out` a stream of the rows of `result`, as one batch. The caller releases it.
//   kDate    date32          kInt, kCount  int64
//   kTime    timestamp[us]   kRatio        float64
//   kString  utf8            kDecimal      decimal128 of 38 digits, with as many decimals as the
//   kBool    bool                          column needs; utf8 if a number has more digits
// Timestamps are in `time_zone`. Strings of a column with more than 2 GiB are large_utf8. The
// schema's metadata has what was asked: "rollcall.kind", "rollcall.definition" and
// "rollcall.as_of".
void make_answer_stream(std::shared_ptr<const QueryResult> result, const std::string& time_zone,
                        ArrowArrayStream* out);

// Returns the definition of an answer as one JSON object.
std::string definition_json(const QueryResult& result);

}  // namespace rollcall::python
