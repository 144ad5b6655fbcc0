// Says what random tests expect of an answer of the engine and one of the oracle.
#pragma once

#include <gtest/gtest.h>

#include "rollcall/query.h"
#include "rollcall/status.h"
#include "tests/support/query_file.h"
#include "tests/support/query_generator.h"
#include "tests/support/result_text.h"

namespace rollcall::testing {

inline void expect_agreement(const Stream& stream, const Query& query,
                             const Result<QueryResult>& found,
                             const Result<QueryResult>& expected) {
  ASSERT_TRUE(agree(found, expected))
      << "found:\n"
      << text_or_error(found) << "expected:\n"
      << text_or_error(expected)
      << query_file_text(stream.settings, stream.events, stream.saved, query, "");
}

}  // namespace rollcall::testing
