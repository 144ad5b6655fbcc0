#include "core/catalog/series_catalog.h"

#include "core/base/byte_codec.h"

namespace rollcall {

std::uint32_t BoundedDictionary::intern(std::string_view text) {
  if (const auto found = find(text)) return *found;
  // "$other" itself needs no room: it takes the number past the last when it is first needed.
  if (values_.size() >= size_max_ && text != kOtherName) {
    overflowed_ = true;
    return intern(kOtherName);
  }
  const auto number = static_cast<std::uint32_t>(values_.size());
  values_.emplace_back(text);
  numbers_.emplace(values_.back(), number);
  return number;
}

std::optional<std::uint32_t> BoundedDictionary::find(std::string_view text) const {
  const auto found = numbers_.find(text);
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

void BoundedDictionary::truncate(const Mark& mark) {
  while (values_.size() > mark.size) {
    numbers_.erase(values_.back());
    values_.pop_back();
  }
  overflowed_ = mark.overflowed;
}

void BoundedDictionary::serialize(std::string& out) const {
  ByteWriter writer(out);
  writer.byte(overflowed_ ? 1 : 0);
  writer.varint(values_.size());
  for (const std::string& value : values_) writer.text(value);
}

Status BoundedDictionary::deserialize(std::string_view bytes) {
  ByteReader reader(bytes);
  values_.clear();
  numbers_.clear();
  overflowed_ = reader.varint_up_to(1) == 1;
  const std::size_t count = reader.count(1);
  for (std::size_t i = 0; i < count; ++i) {
    values_.emplace_back(reader.text());
    if (!numbers_.emplace(values_.back(), static_cast<std::uint32_t>(i)).second) {
      return Status::corruption("dictionary: \"" + values_.back() + "\" stands in it twice");
    }
  }
  if (!reader.done()) return Status::corruption("dictionary: its bytes do not add up");
  return {};
}

SeriesCatalog::SeriesCatalog(const StoreSettings& settings)
    : dimensions_(settings.dimensions),
      kept_properties_(settings.kept_properties),
      value_decimals_(settings.value_decimals),
      events_(settings.event_names_max),
      series_(1) {
  for (std::size_t i = 0; i < dimensions_.size(); ++i) {
    values_.emplace_back(settings.dimension_values_max);
  }
}

std::size_t SeriesCatalog::SeriesHash::operator()(const Series& series) const {
  std::uint64_t mixed = (static_cast<std::uint64_t>(series.event) << 32) | series.value;
  mixed = (mixed ^ series.dimension) * 0x9e3779b97f4a7c15u;
  return mixed ^ (mixed >> 29);
}

SeriesId SeriesCatalog::find_or_make(const Series& series) {
  const auto found = ids_.find(series);
  if (found != ids_.end()) return found->second;
  const auto id = static_cast<SeriesId>(series_.size());
  series_.push_back(series);  // first, so that `truncate` can undo what an exception cuts short
  ids_.emplace(series, id);
  return id;
}

SeriesId SeriesCatalog::event_series(EventCode event) {
  return find_or_make({event, Series::kNoDimension, 0});
}

SeriesId SeriesCatalog::value_series(EventCode event, std::uint32_t dimension, ValueCode value) {
  return find_or_make({event, dimension, value});
}

std::optional<SeriesId> SeriesCatalog::find_event_series(EventCode event) const {
  return find_value_series(event, Series::kNoDimension, 0);
}

std::optional<SeriesId> SeriesCatalog::find_value_series(EventCode event, std::uint32_t dimension,
                                                         ValueCode value) const {
  const auto found = ids_.find({event, dimension, value});
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

SeriesCatalog::Mark SeriesCatalog::mark() const {
  Mark mark{events_.mark(), {}, series_.size()};
  for (const BoundedDictionary& values : values_) mark.values.push_back(values.mark());
  return mark;
}

void SeriesCatalog::truncate(const Mark& mark) {
  while (series_.size() > mark.series) {
    ids_.erase(series_.back());
    series_.pop_back();
  }
  events_.truncate(mark.events);
  for (std::size_t i = 0; i < values_.size(); ++i) values_[i].truncate(mark.values[i]);
}

void SeriesCatalog::serialize(std::string& out) const {
  ByteWriter writer(out);
  std::string part;
  events_.serialize(part);
  writer.text(part);
  writer.varint(values_.size());
  for (const BoundedDictionary& values : values_) {
    part.clear();
    values.serialize(part);
    writer.text(part);
  }
  writer.varint(series_.size() - 1);
  for (std::size_t i = 1; i < series_.size(); ++i) {
    writer.varint(series_[i].event);
    writer.varint(series_[i].is_event() ? 0 : series_[i].dimension + std::uint64_t{1});
    writer.varint(series_[i].value);
  }
}

Status SeriesCatalog::deserialize(std::string_view bytes) {
  ByteReader reader(bytes);
  ROLLCALL_RETURN_IF_ERROR(events_.deserialize(reader.text()));
  if (reader.varint() != values_.size()) {
    return Status::corruption("dictionary: not as many dimensions as the store's settings name");
  }
  for (BoundedDictionary& values : values_) {
    ROLLCALL_RETURN_IF_ERROR(values.deserialize(reader.text()));
  }
  series_.assign(1, {});
  ids_.clear();
  const std::size_t count = reader.count(3);
  for (std::size_t i = 0; i < count; ++i) {
    Series series;
    series.event = reader.varint_up_to(~std::uint32_t{0});
    const std::uint64_t dimension = reader.varint_up_to<std::uint64_t>(values_.size());
    series.value = reader.varint_up_to(~std::uint32_t{0});
    if (dimension != 0) series.dimension = static_cast<std::uint32_t>(dimension - 1);
    const bool known =
        series.event < events_.values().size() &&
        (series.is_event() ? series.value == 0
                           : series.value < values_[series.dimension].values().size());
    if (!reader.ok() || !known || find_or_make(series) != i + 1) {
      return Status::corruption("dictionary: series " + std::to_string(i + 1) + " is not valid");
    }
  }
  if (!reader.done()) return Status::corruption("dictionary: its bytes do not add up");
  return {};
}

}  // namespace rollcall
