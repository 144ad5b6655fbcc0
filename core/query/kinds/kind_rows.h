// These are the rows of the table of kinds, one line per kind. Each is defined in the kind's own
// file.
#pragma once

#include <type_traits>

#include "core/query/kinds/kind_row.h"

namespace rollcall {

const KindRow<ActiveQuery>& row_of(std::type_identity<ActiveQuery>);
const KindRow<RetentionQuery>& row_of(std::type_identity<RetentionQuery>);
const KindRow<ChurnQuery>& row_of(std::type_identity<ChurnQuery>);
const KindRow<IdleQuery>& row_of(std::type_identity<IdleQuery>);
const KindRow<CountsQuery>& row_of(std::type_identity<CountsQuery>);
const KindRow<LifecycleQuery>& row_of(std::type_identity<LifecycleQuery>);
const KindRow<StickinessQuery>& row_of(std::type_identity<StickinessQuery>);
const KindRow<SegmentQuery>& row_of(std::type_identity<SegmentQuery>);
const KindRow<FunnelQuery>& row_of(std::type_identity<FunnelQuery>);
const KindRow<ClockQuery>& row_of(std::type_identity<ClockQuery>);
const KindRow<PathsQuery>& row_of(std::type_identity<PathsQuery>);
const KindRow<ProfileQuery>& row_of(std::type_identity<ProfileQuery>);
const KindRow<StreaksQuery>& row_of(std::type_identity<StreaksQuery>);
const KindRow<MilestonesQuery>& row_of(std::type_identity<MilestonesQuery>);

}  // namespace rollcall
