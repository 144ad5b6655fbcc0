// Reads a question from one JSON object, including the fields that questions of every kind have.
#pragma once

#include <string_view>

#include "core/query/text/json_reader.h"
#include "rollcall/question.h"
#include "rollcall/status.h"

namespace rollcall {

// Reads a date, in words or not, or an instant, which is one of `time_zone` without an offset.
Status read_as_of(const Json& value, const std::string& path, std::string_view time_zone,
                  AsOf& out);

// Is a question whose kind is known, but whose other fields are yet to be read.
class QueryObject {
 public:
  struct Kind {
    std::string_view name;
    bool takes_range = false;  // from, to and last
    int segment_depth = 0;     // how many segments it is nested in
  };

  // All that the arguments refer to outlives the object. `common` receives the fields of every
  // kind.
  QueryObject(const Json& json, Kind kind, std::string_view time_zone, QueryCommon& common)
      : json_(json), kind_(kind), time_zone_(time_zone), common_(common) {}

  bool has(std::string_view field) const { return json_.contains(field); }
  // Returns the zone of instants that are written without an offset.
  std::string_view time_zone() const { return time_zone_; }
  // Returns how many segments the question is nested in.
  int segment_depth() const { return kind_.segment_depth; }
  // Returns an error with `text`, and the kind in front.
  Status fault(std::string_view text) const;
  // Reads every field of the object; `own` are those of the kind.
  //   kInvalidArgument  a field that neither the kind nor every kind has, or a value that is not
  //                     allowed there
  Status read(FieldReaders own) const;

 private:
  const Json& json_;
  Kind kind_;
  std::string_view time_zone_;  // of instants without an offset
  QueryCommon& common_;
};

}  // namespace rollcall
