// Reads the files of users that a question names.
#pragma once

#include <string>
#include <vector>

#include "core/base/question_account.h"
#include "core/catalog/segment_catalog.h"
#include "rollcall/question.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Reads the files that the query's segments name, and those of the saved segments they name, into
// `catalog`. Reads no file that lies outside `directories`. The lists take memory of the account,
// so the call may throw QuestionFailure.
Status read_listed_files(const Query& query, UserKind kind,
                         const std::vector<std::string>& directories, SegmentCatalog& catalog,
                         QuestionAccount& account);

}  // namespace rollcall
