// This header writes events as the columns of a batch.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/event.h"
#include "rollcall/options.h"
#include "tests/support/naive_engine.h"

namespace rollcall::testing {

// Owns what its batch points to, but for the events' strings: the events must outlive it. An event
// without a value has value 0.
class EventColumns {
 public:
  EventColumns(std::span<const NaiveEvent> events, const StoreSettings& settings);

  EventBatch batch() const;

 private:
  struct Dictionary {
    std::vector<std::string_view> values;
    std::vector<std::uint32_t> codes;
    std::map<std::string_view, std::uint32_t> numbers;
    void push(std::string_view value);
    DictionaryColumn column() const { return {values, codes}; }
  };
  std::vector<std::uint64_t> user_integers_;
  std::vector<std::string_view> user_strings_;
  Dictionary event_;
  std::vector<TimeUs> time_;
  std::vector<Amount> value_;
  std::deque<Dictionary> properties_;
  std::vector<PropertyColumn> property_columns_;
  std::optional<TimeUs> known_until_;
};

}  // namespace rollcall::testing
