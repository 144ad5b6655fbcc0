// Writes what calls of rollcall.h return, as JSON. The fields have the names of the structs'.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rollcall/audience.h"
#include "rollcall/campaign.h"
#include "rollcall/delivery.h"
#include "rollcall/file_source.h"
#include "rollcall/info.h"
#include "rollcall/notifier.h"
#include "rollcall/store_copy.h"

namespace rollcall::c {

std::string info_json(const EngineInfo& info);
std::string verify_json(const VerifyReport& report);
std::string copy_json(const StoreCopy& copy);
std::string sources_json(const std::vector<SourcePosition>& sources);
std::string outcome_json(std::uint64_t rows, const IngestOutcome& outcome);
std::string report_json(const IngestReport& report);
std::string explanation_json(const Explanation& explanation);
std::string segments_json(const std::vector<SegmentInfo>& segments);
std::string audience_json(const AudienceInfo& audience);
std::string audiences_json(const std::vector<AudienceInfo>& audiences);
std::string campaigns_json(const Engine& engine, const std::vector<Campaign>& campaigns);
std::string tried_json(const std::vector<TriedTarget>& tried);

}  // namespace rollcall::c
