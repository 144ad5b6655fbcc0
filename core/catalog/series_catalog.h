// Maps names to numbers: event names, dimension values, and the series made of them.
//
// Presence is kept for series: an event name, an event name with one value of one dimension, or any
// event. Every event belongs to the series of its name and, for each declared dimension, to the
// series of its value there ("" when absent).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rollcall/options.h"
#include "rollcall/status.h"

namespace rollcall {

using SeriesId = std::uint32_t;
using EventCode = std::uint32_t;
using ValueCode = std::uint32_t;

inline constexpr SeriesId kAnySeries = 0;
// Series from here on are not in the catalog: a plan finds their events in the history.
inline constexpr SeriesId kEventSeriesBegin = SeriesId{1} << 31;
inline constexpr std::string_view kOtherName = "$other";

// Holds strings, numbered from 0 in the order of their first appearance, at most `size_max` of
// them. All later ones get the number of "$other".
class BoundedDictionary {
 public:
  explicit BoundedDictionary(std::uint32_t size_max) : size_max_(size_max) {}

  std::uint32_t intern(std::string_view text);
  std::optional<std::uint32_t> find(std::string_view text) const;
  const std::vector<std::string>& values() const { return values_; }
  // Returns whether a value was turned into "$other".
  bool overflowed() const { return overflowed_; }

  // Says how far it has grown, so that it can be truncated to that point.
  struct Mark {
    std::size_t size = 0;
    bool overflowed = false;
    friend bool operator==(const Mark&, const Mark&) = default;
  };
  Mark mark() const { return {values_.size(), overflowed_}; }
  void truncate(const Mark& mark);

  void serialize(std::string& out) const;
  Status deserialize(std::string_view bytes);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::uint32_t size_max_;
  bool overflowed_ = false;
  std::vector<std::string> values_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> numbers_;
};

// One writer may use it while nobody reads; any number of readers may use it otherwise.
class SeriesCatalog {
 public:
  explicit SeriesCatalog(const StoreSettings& settings);

  // Says what a series is made of.
  struct Series {
    static constexpr std::uint32_t kNoDimension = ~std::uint32_t{0};
    EventCode event = 0;  // ignored for kAnySeries
    std::uint32_t dimension = kNoDimension;
    ValueCode value = 0;

    friend bool operator==(const Series&, const Series&) = default;
    bool is_event() const { return dimension == kNoDimension; }
  };

  EventCode intern_event(std::string_view name) { return events_.intern(name); }
  ValueCode intern_value(std::size_t dimension, std::string_view value) {
    return values_[dimension].intern(value);
  }
  // Return the series, and make it if it is new.
  SeriesId event_series(EventCode event);
  SeriesId value_series(EventCode event, std::uint32_t dimension, ValueCode value);

  // Return the series if it exists. If it does not, no event of it was ever seen.
  std::optional<SeriesId> find_event_series(EventCode event) const;
  std::optional<SeriesId> find_value_series(EventCode event, std::uint32_t dimension,
                                            ValueCode value) const;

  const BoundedDictionary& events() const { return events_; }
  // Returns how many decimals amounts have.
  std::uint32_t value_decimals() const { return value_decimals_; }
  const std::vector<std::string>& dimensions() const { return dimensions_; }
  const BoundedDictionary& values(std::size_t dimension) const { return values_[dimension]; }
  // Returns the names of the kept properties, which have no series, in the order of their numbers.
  const std::vector<std::string>& kept_properties() const { return kept_properties_; }
  void set_kept_properties(std::vector<std::string> names) { kept_properties_ = std::move(names); }
  // Series other than kAnySeries are numbered 1..series_count() - 1.
  std::size_t series_count() const { return series_.size(); }
  const Series& series(SeriesId id) const { return series_[id]; }

  // Says how far the catalog has grown. Truncating it to a mark removes the names and series that
  // came since, so that a batch that fails leaves none behind.
  struct Mark {
    BoundedDictionary::Mark events;
    std::vector<BoundedDictionary::Mark> values;
    std::size_t series = 0;
    friend bool operator==(const Mark&, const Mark&) = default;
  };
  Mark mark() const;
  void truncate(const Mark& mark);

  void serialize(std::string& out) const;
  Status deserialize(std::string_view bytes);

 private:
  SeriesId find_or_make(const Series& series);

  std::vector<std::string> dimensions_;
  std::vector<std::string> kept_properties_;
  std::uint32_t value_decimals_;
  BoundedDictionary events_;
  std::vector<BoundedDictionary> values_;  // by dimension
  std::vector<Series> series_;
  struct SeriesHash {
    std::size_t operator()(const Series& series) const;
  };
  std::unordered_map<Series, SeriesId, SeriesHash> ids_;
};

}  // namespace rollcall
