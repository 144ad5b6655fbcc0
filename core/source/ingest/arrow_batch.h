// Turns a record batch of Arrow into a batch of events.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text_arena.h"
#include "core/source/ingest/arrow_column.h"
#include "core/source/values/time_parser.h"
#include "core/time/time_zone.h"
#include "rollcall/arrow.h"
#include "rollcall/event.h"
#include "rollcall/options.h"
#include "rollcall/status.h"

namespace rollcall {

// Owns the columns that it makes, and views the record batch, which has to outlive it.
class ArrowBatch {
 public:
  // Errors count rows from `first_row`.
  ArrowBatch(const StoreSettings& settings, const TimeZone& zone, const ArrowColumns& names,
             const ArrowSchema* schema, const ArrowArray* array, std::uint64_t first_row)
      : settings_(settings),
        zone_(zone),
        names_(names),
        schema_(schema),
        array_(array),
        first_row_(first_row),
        wanted_(settings.properties()) {}

  // Is called once.
  //   kInvalidArgument  as ingest_arrow_stream
  Result<EventBatch> read(TimeParser& time_parser);

  // Returns the error of the first row whose user, event or property is a text that no engine
  // takes; the batch is what `read` returned. It is OK where there is none.
  Status row_fault(const EventBatch& batch) const;

 private:
  // Holds the texts of a column as a dictionary.
  struct Coded {
    std::vector<std::string_view> values;
    std::vector<std::uint32_t> codes;
  };

  Status check_shape() const;
  std::vector<std::string> column_names() const;
  Result<ArrowColumn> find(const std::string& name) const;
  // Returns whether a column is of the type whose only value is null.
  bool is_of_nulls(const std::string& name) const;
  Status read_users(EventBatch& batch);
  Status read_times(EventBatch& batch, TimeParser& parser);
  Status read_timestamps(const ArrowColumn& column);
  template <class Number>
  Status read_dates(const ArrowColumn& column);
  Status read_amounts(EventBatch& batch);
  Result<Coded> code(const ArrowColumn& column, const TextTypes& types, bool may_be_null);
  Status read_events(EventBatch& batch);
  Status read_properties();
  Coded join(const std::vector<Coded>& parts);

  const StoreSettings& settings_;
  const TimeZone& zone_;
  const ArrowColumns& names_;
  const ArrowSchema* schema_;
  const ArrowArray* array_;
  const std::uint64_t first_row_;
  TextArena arena_;
  std::vector<std::uint64_t> user_integers_;
  std::vector<std::string_view> user_strings_;
  std::vector<TimeUs> times_;
  std::optional<Day> latest_whole_day_;
  Coded events_;
  std::vector<Amount> amounts_;
  const std::vector<std::string> wanted_;  // properties
  std::vector<Coded> columns_;             // of these
  std::vector<PropertyColumn> properties_;
};

}  // namespace rollcall
