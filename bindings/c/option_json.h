// Reads the options of rollcall.h, which are JSON objects.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/arrow.h"
#include "rollcall/audience.h"
#include "rollcall/delivery.h"
#include "rollcall/file_source.h"
#include "rollcall/options.h"
#include "rollcall/report.h"
#include "rollcall/rocks_store.h"
#include "rollcall/segment.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall::c {

struct OpenOptions {
  EngineOptions engine;
  RocksStoreOptions store;
  bool in_memory = false;
};

// A delivery owns what it points to.
struct OwnedDelivery {
  std::vector<SourcePosition> positions;
  std::optional<BatchToken> token;
  Ack ack = Ack::kMemory;

  Delivery view() const { return {positions, token ? &*token : nullptr, ack}; }
};

struct FileOptions {
  SourceOptions source;
  IngestHooks hooks;  // without functions
};

// Each takes JSON, of which an empty text is an object without fields.
//   kInvalidArgument  malformed JSON, or a field or value that is not allowed; the text names it
Result<OpenOptions> read_open_options(std::string_view json);
Result<ArrowColumns> read_arrow_columns(std::string_view json);
Result<OwnedDelivery> read_delivery(std::string_view json);
// Dates of time limits are days in the time zone.
Result<FileOptions> read_file_options(std::string_view json, const std::string& time_zone);
Result<AudienceRequest> read_audience_request(std::string_view json, const std::string& time_zone);

// Names the users of a campaign that a question is for.
struct CampaignUsers {
  Segment::AudiencePart part;
  std::optional<std::uint64_t> limit;
  std::string after;
};
Result<CampaignUsers> read_campaign_users(std::string_view json);
// Takes the options of a report apart. They have no directory.
Result<ReportOptions> read_report_options(std::string_view json);
// Splits a list of definitions into their texts; an object is a list of one.
Result<std::vector<std::string>> read_definitions(std::string_view json);

// Reads ["a", "b"]; `name` begins errors.
Result<std::vector<std::string>> read_texts(std::string_view json, const std::string& name);
// Reads ["ann", "bob"] or [1, 2].
Result<std::vector<UserId>> read_users(std::string_view json, UserKind kind);

}  // namespace rollcall::c
