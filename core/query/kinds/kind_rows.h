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
const KindRow<AtRiskQuery>& row_of(std::type_identity<AtRiskQuery>);
const KindRow<NpsQuery>& row_of(std::type_identity<NpsQuery>);
const KindRow<RfmQuery>& row_of(std::type_identity<RfmQuery>);
const KindRow<RfmUsersQuery>& row_of(std::type_identity<RfmUsersQuery>);
const KindRow<AdoptionQuery>& row_of(std::type_identity<AdoptionQuery>);
const KindRow<AhaQuery>& row_of(std::type_identity<AhaQuery>);
const KindRow<LtvQuery>& row_of(std::type_identity<LtvQuery>);
const KindRow<CompareQuery>& row_of(std::type_identity<CompareQuery>);
const KindRow<ProfileQuery>& row_of(std::type_identity<ProfileQuery>);
const KindRow<StreaksQuery>& row_of(std::type_identity<StreaksQuery>);
const KindRow<MilestonesQuery>& row_of(std::type_identity<MilestonesQuery>);
const KindRow<ResponseQuery>& row_of(std::type_identity<ResponseQuery>);

}  // namespace rollcall
