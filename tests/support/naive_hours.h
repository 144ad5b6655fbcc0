// Questions by hours and minutes for the oracle. It lists these periods one by one, and gives each
// the number of its place in the list; with the numbers in the place of days, the oracle answers
// such a question as it does one by days.
#pragma once

#include "rollcall/query.h"
#include "rollcall/status.h"
#include "tests/support/naive_data.h"
#include "tests/support/naive_scope.h"
#include "tests/support/naive_table.h"

namespace rollcall::testing {

bool is_by_hours(Period period);

struct NaiveHours {
  NaiveData data;  // its days are numbers, and it knows when the periods begin
  NaiveNow now;    // the same
  NaiveRange range;
};

//   kInvalidArgument  `from` is later than `to`; without history, a period of which the hours that
//                     are counted from the beginning of the day tell nothing
Result<NaiveHours> in_hours(const NaiveData& data, const NaiveNow& now, const QueryCommon& common,
                            Period period);

// Puts times in the place of numbers.
void name_hours(const NaiveData& data, NaiveTable& table);

}  // namespace rollcall::testing
