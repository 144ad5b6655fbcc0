#include "core/catalog/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "core/base/byte_codec.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

constexpr std::uint32_t kValueDecimalsMax = 12;
constexpr std::size_t kDimensionsMax = 64;
constexpr std::size_t kKeptPropertiesMax = 64;
// A manifest begins with this byte. Manifests of format 1 begin with the kind of users, which is 0
// or 1.
constexpr std::uint8_t kFormat = 2;
// They are in the order in which format 1 has their epochs, except that the journal's number
// precedes the last.
constexpr PageKind kTablesOfFirstFormat[] = {PageKind::kDictionary, PageKind::kSources,
                                             PageKind::kSegments, PageKind::kForgotten};

void write_settings(const StoreSettings& settings, ByteWriter& writer) {
  writer.byte(static_cast<std::uint8_t>(settings.user_kind));
  writer.varint(settings.partition_count);
  writer.text(settings.time_zone);
  writer.byte(static_cast<std::uint8_t>(settings.week_start));
  writer.varint(settings.value_decimals);
  writer.varint(settings.dimensions.size());
  for (const std::string& dimension : settings.dimensions) writer.text(dimension);
  writer.varint(settings.event_names_max);
  writer.varint(settings.dimension_values_max);
  writer.byte(settings.history ? 1 : 0);
}

StoreSettings read_settings(ByteReader& reader, bool is_first_format) {
  StoreSettings settings;
  settings.user_kind = static_cast<UserKind>(reader.varint_up_to<std::uint8_t>(1));
  settings.partition_count = reader.varint_up_to(kPartitionsMax);
  settings.time_zone = reader.text();
  settings.week_start = static_cast<WeekStart>(reader.varint_up_to<std::uint8_t>(1));
  settings.value_decimals = reader.varint_up_to(kValueDecimalsMax);
  settings.dimensions.resize(reader.count(1));
  for (std::string& dimension : settings.dimensions) dimension = reader.text();
  settings.event_names_max = reader.varint_up_to(~std::uint32_t{0});
  settings.dimension_values_max = reader.varint_up_to(~std::uint32_t{0});
  settings.history = !is_first_format && reader.varint_up_to(1) == 1;
  return settings;
}

void read_tables_of_first_format(ByteReader& reader, Manifest& manifest) {
  for (const PageKind kind : kTablesOfFirstFormat) {
    if (kind == PageKind::kForgotten) manifest.journal_next = reader.varint();
    if (const Epoch epoch = reader.varint(); epoch != 0) manifest.table_epochs[kind] = epoch;
  }
}

Status read_tables(ByteReader& reader, Manifest& manifest) {
  manifest.journal_next = reader.varint();
  std::uint8_t kind_before = 0;
  for (std::size_t left = reader.count(2); left > 0 && reader.ok(); --left) {
    const std::uint8_t kind = reader.byte();
    const Epoch epoch = reader.varint();
    if (kind <= kind_before || epoch == 0) {
      return Status::corruption("manifest: its pages do not ascend");
    }
    kind_before = kind;
    manifest.table_epochs[PageKind{kind}] = epoch;
  }
  return {};
}

Status validate_kept(const StoreSettings& settings) {
  const std::vector<std::string>& kept = settings.kept_properties;
  if (kept.empty()) return {};
  const auto fault = [](const std::string& text) {
    return Status::invalid_argument("settings: " + text).with_hint(Option::kKeptProperties);
  };
  if (!settings.history) {
    return fault(
        fmt::format("kept properties {}: the store keeps no history (allowed: dimensions; or a new "
                    "store with history)",
                    excerpts(kept)));
  }
  if (kept.size() > kKeptPropertiesMax) {
    return fault(
        fmt::format("{} kept properties (allowed: up to {})", kept.size(), kKeptPropertiesMax));
  }
  for (auto name = kept.begin(); name != kept.end(); ++name) {
    const std::vector<std::string>& dimensions = settings.dimensions;
    const bool is_dimension =
        std::find(dimensions.begin(), dimensions.end(), *name) != dimensions.end();
    if (name->empty() || is_dimension || std::find(kept.begin(), name, *name) != name) {
      return fault(
          fmt::format("kept property {} is {} (allowed: distinct names that are no "
                      "dimensions)",
                      quoted_excerpt(*name),
                      name->empty()  ? "empty"
                      : is_dimension ? "a dimension"
                                     : "named twice"));
    }
  }
  return {};
}

}  // namespace

Status validate(const StoreSettings& settings) {
  if (!std::has_single_bit(settings.partition_count) || settings.partition_count > kPartitionsMax) {
    return Status::invalid_argument(
               fmt::format("settings: partition_count is {} (allowed: powers of two from 1 to {})",
                           settings.partition_count, kPartitionsMax))
        .with_hint(Option::kPartitionCount);
  }
  if (settings.value_decimals > kValueDecimalsMax) {
    return Status::invalid_argument(fmt::format("settings: value_decimals is {} (allowed: 0 to {})",
                                                settings.value_decimals, kValueDecimalsMax))
        .with_hint(Option::kValueDecimals);
  }
  if (settings.event_names_max == 0 || settings.dimension_values_max == 0) {
    return Status::invalid_argument(
               "settings: event_names_max and dimension_values_max must be at least 1")
        .with_hint(OptionHint(Option::kEventNamesMax).or_else(Option::kDimensionValuesMax));
  }
  if (settings.dimensions.size() > kDimensionsMax) {
    return Status::invalid_argument(fmt::format("settings: {} dimensions (allowed: up to {})",
                                                settings.dimensions.size(), kDimensionsMax))
        .with_hint(Option::kDimensions);
  }
  for (auto name = settings.dimensions.begin(); name != settings.dimensions.end(); ++name) {
    if (name->empty() || std::find(settings.dimensions.begin(), name, *name) != name) {
      return Status::invalid_argument(
                 fmt::format("settings: dimension {} is {} (allowed: distinct names)",
                             quoted_excerpt(*name), name->empty() ? "empty" : "declared twice"))
          .with_hint(Option::kDimensions);
    }
  }
  return validate_kept(settings);
}

std::string Manifest::serialize() const {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.byte(kFormat);
  write_settings(settings, writer);
  writer.varint(event_count);
  writer.zigzag(days.first.value);
  writer.zigzag(days.last.value);
  writer.byte(known_until.has_value() ? 1 : 0);
  writer.zigzag(known_until.value_or(0));
  writer.varint(journal_next);
  writer.varint(table_epochs.size());
  for (const auto& [kind, epoch] : table_epochs) {
    writer.byte(static_cast<std::uint8_t>(kind));
    writer.varint(epoch);
  }
  writer.varint(partition_epochs.size());
  for (const Epoch epoch : partition_epochs) writer.varint(epoch);
  return bytes;
}

Result<Manifest> Manifest::deserialize(std::string_view bytes) {
  const bool is_first_format = !bytes.empty() && bytes.front() != kFormat;
  ByteReader reader(is_first_format || bytes.empty() ? bytes : bytes.substr(1));
  Manifest manifest;
  manifest.settings = read_settings(reader, is_first_format);
  manifest.event_count = reader.varint();
  manifest.days.first.value = static_cast<std::int32_t>(reader.zigzag());
  manifest.days.last.value = static_cast<std::int32_t>(reader.zigzag());
  const bool known = reader.varint_up_to(1) == 1;
  const TimeUs known_until = reader.zigzag();
  if (known) manifest.known_until = known_until;
  if (is_first_format) {
    read_tables_of_first_format(reader, manifest);
  } else {
    ROLLCALL_RETURN_IF_ERROR(read_tables(reader, manifest));
  }
  manifest.partition_epochs.resize(reader.count(1));
  for (Epoch& epoch : manifest.partition_epochs) epoch = reader.varint();
  if (!reader.done()) return Status::corruption("manifest: its bytes do not add up");
  if (manifest.partition_epochs.size() != manifest.settings.partition_count) {
    return Status::corruption(fmt::format("manifest: it names {} partitions of {}",
                                          manifest.partition_epochs.size(),
                                          manifest.settings.partition_count));
  }
  return manifest;
}

}  // namespace rollcall
