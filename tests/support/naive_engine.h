// The oracle: every answer by sets and loops, straight from the definitions of the queries.
//
// It keeps all events and counts anew for each question. It shares no code with the engine but the
// structs of a query and of a result, and the readers of their text, so that the two are
// independent readings of the same definitions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rollcall/options.h"
#include "rollcall/query.h"
#include "rollcall/status.h"
#include "tests/support/naive_data.h"
#include "tests/support/naive_response.h"
#include "tests/support/naive_segments.h"

namespace rollcall::testing {

// No thread may use it while another calls `ingest` or `save_segment`.
class NaiveEngine {
 public:
  explicit NaiveEngine(StoreSettings settings);

  void ingest(const std::vector<NaiveEvent>& events);

  // Gives the segment a name that others can use; the one that had it before is forgotten.
  void save_segment(const std::string& name, const Segment& segment);

  // Tells it who is in an audience.
  void freeze(const AudienceName& name, NaiveAudience audience);

  // Fills all of the result but `definition`, `pivot` and `stats`.
  //   kInvalidArgument  where the engine must refuse too, if not in the same words
  Result<QueryResult> query(const Query& query) const;
  Result<QueryResult> query(std::string_view json) const;

 private:
  Result<QueryResult> answer(const Query& query, const NaiveNow& now) const;

  NaiveData data_;
  SavedSegments saved_;
};

}  // namespace rollcall::testing
