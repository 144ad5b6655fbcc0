// These are partial answers as bytes, which may come from anywhere.
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "core/base/byte_codec.h"
#include "core/query/plan/partial.h"
#include "core/query/plan/plan.h"

namespace rollcall {
namespace {

constexpr std::string_view kMagic = "rollpart";
constexpr std::uint8_t kVersion = 6;

enum Contents : std::uint8_t { kCounts, kIntegerUsers, kStringUsers };

// No partition can have more users than ordinals. The other two are far above what one partition
// can hold, and so far below the ends of their types that 4,096 partitions and the rows of the
// largest table stay within these.
constexpr std::uint64_t kUsersMax = std::uint64_t{1} << 32;
constexpr std::uint64_t kEventsMax = std::uint64_t{1} << 51;
constexpr AmountSum kAmountMax = AmountSum{1} << 91;
constexpr std::uint64_t kRowsMax = std::uint64_t{1} << 23;  // above check_cell_count's
static_assert(kEventsMax <= ~std::uint64_t{0} / kPartitionsMax);
static_assert(kAmountMax <= (AmountSum{1} << 126) / kPartitionsMax / kRowsMax);

// Each number takes at least this many bytes.
constexpr std::size_t kAmountBytes = 2;
constexpr std::size_t kTotalBytes = 4;

Status damaged(std::string_view what) {
  return Status::corruption(fmt::format("partial answer: {}", what));
}

std::uint64_t checksum_of(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

Contents contents_of(const PlanTask& task) {
  if (task.members == nullptr) return kCounts;
  return task.user_kind == UserKind::kInteger ? kIntegerUsers : kStringUsers;
}

// This tells the task from others, on any machine.
std::uint64_t digest_of(const PlanTask& task) {
  std::string identity;
  ByteWriter writer(identity);
  const std::uint64_t plan = task.plan.digest();
  writer.elements(&plan, 1);
  writer.byte(contents_of(task));
  const PartialShape shape = PartialShape::of(task);
  writer.varint(shape.cells);
  writer.varint(shape.amounts);
  writer.varint(shape.sample_lists);
  writer.varint(shape.tallies);
  writer.byte(shape.has_texts ? 1 : 0);
  writer.varint(shape.distributions);
  writer.varint(shape.outcome_lists);
  for (const TotalsRead& read : task.plan.reads().totals) {
    writer.byte(read.by_hour ? 1 : 0);
    writer.zigzag(read.days.first.value);
    writer.zigzag(read.days.last.value);
  }
  if (task.members != nullptr) {
    writer.byte(task.members->limit ? 1 : 0);
    writer.varint(task.members->limit.value_or(0));
    writer.text(task.members->after);
    for (const std::size_t cell : task.cells) writer.varint(cell);
  }
  return checksum_of(identity);
}

// The first number is written as it is, and each other as how far it is past the number after the
// one before.
void write_partitions(const PartitionSet& partitions, ByteWriter& writer) {
  writer.varint(partitions.count());
  std::size_t next = 0;
  for (std::size_t number = 0; number < partitions.size(); ++number) {
    if (partitions.test(number)) writer.varint(number - std::exchange(next, number + 1));
  }
}

bool read_partitions(ByteReader& reader, PartitionSet& partitions) {
  std::size_t next = 0;
  for (std::size_t left = reader.count(1); left > 0; --left) {
    const std::uint64_t distance = reader.varint();
    if (!reader.ok() || distance >= partitions.size() - next) return false;
    partitions.set(next + distance);
    next += distance + 1;
    if (next == partitions.size() && left > 1) return false;
  }
  return reader.ok();
}

void write_shape(const PartialShape& shape, ByteWriter& writer) {
  writer.varint(shape.cells);
  writer.varint(shape.amounts);
  writer.varint(shape.totals.size());
  for (const std::size_t size : shape.totals) writer.varint(size);
  writer.varint(shape.sample_lists);
  writer.varint(shape.tallies);
  writer.varint(shape.distributions);
  writer.varint(shape.outcome_lists);
}

// The numbers ascend, and each is written as how far it is past the one before.
void write_samples(std::vector<std::int64_t> numbers, ByteWriter& writer) {
  std::ranges::sort(numbers);
  writer.varint(numbers.size());
  std::int64_t before = 0;
  for (const std::int64_t number : numbers) {
    writer.varint(static_cast<std::uint64_t>(number - std::exchange(before, number)));
  }
}

bool read_samples(ByteReader& reader, std::size_t list, Partial& partial) {
  std::int64_t number = 0;
  for (std::size_t left = reader.count(1); left > 0 && reader.ok(); --left) {
    const std::uint64_t distance = reader.varint();
    if (distance > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() - number)) {
      return false;
    }
    number += static_cast<std::int64_t>(distance);
    partial.add_sample(list, number);
  }
  return reader.ok();
}

// The users ascend, and each is written as how far it is past the one before. Of the same users,
// those of the lesser value come first.
void write_outcomes(const UserOutcomes& outcomes, ByteWriter& writer) {
  const auto write_users = [&](const auto& users, const auto& hash_of, const auto& write_value) {
    writer.varint(users.size());
    std::uint64_t before = 0;
    for (const auto& user : users) {
      writer.varint(hash_of(user) - std::exchange(before, hash_of(user)));
      write_value(user);
    }
  };
  const auto write_hashes = [&](std::vector<std::uint64_t> hashes) {
    std::ranges::sort(hashes);
    write_users(hashes, std::identity(), [](std::uint64_t) {});
  };
  write_hashes(outcomes.without);
  if (outcomes.values.empty()) return write_hashes(outcomes.with);
  std::vector<std::pair<std::uint64_t, AmountSum>> with;
  for (std::size_t i = 0; i < outcomes.with.size(); ++i) {
    with.emplace_back(outcomes.with[i], outcomes.values[i]);
  }
  std::ranges::sort(with);
  write_users(
      with, [](const auto& user) { return user.first; },
      [&](const auto& user) { writer.sum(user.second); });
}

bool read_outcomes(ByteReader& reader, std::size_t list, Partial& partial) {
  for (const bool are_with : {false, true}) {
    const bool has_values = are_with && !partial.amounts.empty();
    std::uint64_t user = 0;
    for (std::size_t left = reader.count(has_values ? 1 + kAmountBytes : 1);
         left > 0 && reader.ok(); --left) {
      const std::uint64_t distance = reader.varint();
      if (distance > std::numeric_limits<std::uint64_t>::max() - user) return false;
      user += distance;
      const AmountSum measured = has_values ? reader.sum() : AmountSum{are_with};
      if (are_with && measured == 0) return false;
      partial.add_outcome(list, user, measured);
    }
  }
  return reader.ok();
}

bool read_texts(ByteReader& reader, Partial& partial) {
  for (std::size_t left = reader.count(2); left > 0; --left) {
    const std::string_view text = reader.text();
    const std::uint64_t user_count = reader.varint();
    const bool ascends = partial.texts.empty() || partial.texts.rbegin()->first < text;
    if (!reader.ok() || !ascends) return false;
    partial.add_text(text, user_count);
  }
  return reader.ok();
}

// Checks that the numbers to come are as many as the task has, and that there are bytes for so
// many.
bool is_shape(const PartialShape& shape, ByteReader& reader) {
  if (reader.varint() != shape.cells || reader.varint() != shape.amounts ||
      reader.varint() != shape.totals.size()) {
    return false;
  }
  for (const std::size_t size : shape.totals) {
    if (reader.varint() != size) return false;
  }
  if (reader.varint() != shape.sample_lists || reader.varint() != shape.tallies ||
      reader.varint() != shape.distributions || reader.varint() != shape.outcome_lists) {
    return false;
  }
  const std::size_t totals =
      std::accumulate(shape.totals.begin(), shape.totals.end(), std::size_t{0});
  return reader.ok() && reader.remaining() >= shape.cells + kAmountBytes * shape.amounts +
                                                  kTotalBytes * totals + shape.sample_lists +
                                                  shape.tallies + shape.distributions +
                                                  2 * shape.outcome_lists;
}

// Takes off what surrounds the answer, if that is sound and of the task.
Result<std::string_view> unwrap(std::string_view bytes, const PlanTask& task) {
  const std::size_t head = kMagic.size() + sizeof kVersion;
  std::uint64_t digest = 0, checksum = 0;
  if (bytes.size() < head || !bytes.starts_with(kMagic)) return damaged("it does not begin as one");
  if (const auto version = static_cast<std::uint8_t>(bytes[kMagic.size()]); version != kVersion) {
    return Status::unsupported(
        fmt::format("partial answer: of version {} (allowed: {})", version, kVersion));
  }
  if (bytes.size() < head + sizeof digest + sizeof checksum) return damaged("it is cut off");
  const std::string_view checked = bytes.substr(0, bytes.size() - sizeof checksum);
  std::memcpy(&checksum, checked.data() + checked.size(), sizeof checksum);
  if (checksum != checksum_of(checked)) return damaged("its checksum is another");
  std::memcpy(&digest, checked.data() + head, sizeof digest);
  if (digest != digest_of(task)) {
    return Status::invalid_argument("partial answer: it is one to another question");
  }
  return checked.substr(head + sizeof digest);
}

}  // namespace

std::string Partial::serialize(const PlanTask& task) const {
  std::string bytes(kMagic);
  ByteWriter writer(bytes);
  writer.byte(kVersion);
  const std::uint64_t digest = digest_of(task);
  writer.elements(&digest, 1);
  write_partitions(partitions, writer);
  if (users) {
    users->write(writer);
  } else {
    write_shape(PartialShape::of(*this), writer);
    for (const std::uint64_t user_count : cells) writer.varint(user_count);
    for (const AmountSum amount : amounts) writer.sum(amount);
    for (const std::vector<EventTotal>& read : totals) {
      for (const EventTotal& total : read) {
        writer.varint(total.events);
        writer.sum(total.value);
        writer.varint(total.users);
      }
    }
    for (const std::vector<std::int64_t>& numbers : samples) write_samples(numbers, writer);
    for (const std::uint64_t tally : tallies) writer.varint(tally);
    if (has_texts) {
      writer.varint(texts.size());
      for (const auto& [text, user_count] : texts) {
        writer.text(text);
        writer.varint(user_count);
      }
    }
    for (const Distribution& distribution : distributions) distribution.write(writer);
    for (const UserOutcomes& list : outcomes) write_outcomes(list, writer);
  }
  const std::uint64_t checksum = checksum_of(bytes);
  writer.elements(&checksum, 1);
  return bytes;
}

Result<Partial> Partial::deserialize(std::string_view bytes, const PlanTask& task,
                                     QuestionAccount* account) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string_view body, unwrap(bytes, task));
  ByteReader reader(body);
  PartitionSet partitions;
  if (!read_partitions(reader, partitions)) return damaged("its partitions are none");
  const PartialShape shape = PartialShape::of(task);
  if (!shape.has_users && !is_shape(shape, reader))
    return damaged("it has other numbers of counts");
  Partial partial = of_nobody(task, account);
  partial.partitions = partitions;
  if (shape.has_users) {
    if (!partial.users->read(reader)) return damaged("its users are not those of a page");
  } else {
    for (std::uint64_t& user_count : partial.cells) user_count = reader.varint();
    for (AmountSum& amount : partial.amounts) amount = reader.sum();
    for (std::vector<EventTotal>& read : partial.totals) {
      for (EventTotal& total : read) {
        total.events = reader.varint();
        total.value = reader.sum();
        total.users = reader.varint();
      }
    }
    for (std::size_t list = 0; list < shape.sample_lists; ++list) {
      if (!read_samples(reader, list, partial)) return damaged("its samples are no numbers");
    }
    for (std::uint64_t& tally : partial.tallies) tally = reader.varint();
    if (shape.has_texts && !read_texts(reader, partial)) return damaged("its texts do not ascend");
    for (Distribution& distribution : partial.distributions) {
      if (!distribution.read(reader)) return damaged("its distributions are not of numbers");
    }
    for (std::size_t list = 0; list < shape.outcome_lists; ++list) {
      if (!read_outcomes(reader, list, partial)) return damaged("its outcomes are not of users");
    }
  }
  if (!reader.done()) return damaged("it has other bytes than its numbers take");
  ROLLCALL_RETURN_IF_ERROR(partial.validate(task));
  return partial;
}

Status Partial::validate(const PlanTask& task) const {
  if (PartialShape::of(*this) != PartialShape::of(task)) {
    return damaged("it has other numbers of counts");
  }
  const std::uint64_t count = partitions.count();
  const std::uint64_t users_max = count * kUsersMax;
  const std::uint64_t events_max = count * kEventsMax;
  const AmountSum amount_max = count * kAmountMax;
  const auto is_amount = [&](AmountSum amount) {
    return -amount_max <= amount && amount <= amount_max;
  };
  const auto is_total = [&](const EventTotal& total) {
    // Users of several series are not counted apart.
    return total.events <= events_max && total.users <= events_max && is_amount(total.value);
  };
  const bool is_possible =
      (!users || users->user_count() <= users_max) &&
      std::ranges::all_of(cells, [&](std::uint64_t users_of) { return users_of <= users_max; }) &&
      std::ranges::all_of(amounts, is_amount) &&
      std::ranges::all_of(texts, [&](const auto& text) { return text.second <= users_max; }) &&
      std::ranges::all_of(tallies, [&](std::uint64_t tally) { return tally <= events_max; }) &&
      std::ranges::all_of(samples, [&](const auto& list) { return list.size() <= users_max; }) &&
      std::ranges::all_of(distributions,
                          [&](const Distribution& distribution) {
                            return distribution.is_within(users_max, kAmountMax, amount_max);
                          }) &&
      std::ranges::all_of(outcomes,
                          [&](const UserOutcomes& list) {
                            return list.without.size() <= users_max &&
                                   list.with.size() <= users_max &&
                                   std::ranges::all_of(list.values, is_amount);
                          }) &&
      std::ranges::all_of(totals,
                          [&](const auto& read) { return std::ranges::all_of(read, is_total); });
  return is_possible ? Status() : damaged("no partitions can come to its numbers");
}

}  // namespace rollcall
