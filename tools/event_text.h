// These write batches of events as text: CSV and NDJSON, as `rollcall ingest` reads them without
// being told how.
#pragma once

#include <cstdint>
#include <string>

#include "rollcall/event.h"

namespace rollcall::tools {

// Returns "user_id,event,time,value,country,...\n", with the names of the properties at the end.
std::string csv_header(const EventBatch& batch);

// Append one line per event. Times are RFC 3339 in UTC, with microseconds; a value of 0 is left
// out; amounts are multiples of 10^-value_decimals.
void append_csv(const EventBatch& batch, std::uint32_t value_decimals, std::string& out);
void append_ndjson(const EventBatch& batch, std::uint32_t value_decimals, std::string& out);

}  // namespace rollcall::tools
