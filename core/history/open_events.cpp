#include "core/history/open_events.h"

#include <algorithm>
#include <functional>

namespace rollcall {
namespace {

// Says where a row lies, with what it is sorted by, and with what every row has.
struct Place {
  TimeUs time;
  Amount value;
  std::uint32_t row;
  std::uint32_t name;

  friend bool operator<(const Place& a, const Place& b) {
    return a.time != b.time ? a.time < b.time : a.row < b.row;
  }
};

constexpr std::size_t kRecentTexts = 256;

}  // namespace

OpenEvents::OpenEvents(std::size_t dimension_count, std::size_t property_count)
    : dimension_count_(dimension_count), property_count_(property_count) {}

OpenEvents::Piece& OpenEvents::last_piece() {
  if (size_ % kPieceRows == 0) {
    pieces_.push_back(std::make_shared_for_overwrite<Piece>());
    Piece& piece = *pieces_.back();
    if (property_count_ != 0) recent_texts_.assign(kRecentTexts, {});
    piece.dimensions.resize(dimension_count_ * kPieceRows);
    piece.properties.resize(property_count_ * kPieceRows);
    memory_bytes_ += sizeof(Piece) + piece.dimensions.size() * sizeof(std::uint32_t) +
                     piece.properties.size() * sizeof(std::string_view);
  }
  return *pieces_.back();
}

std::string_view OpenEvents::store(std::string_view text, Piece& piece) {
  if (text.empty()) return {};
  constexpr std::size_t kPlaces = 8;
  const std::size_t first = std::hash<std::string_view>{}(text) % recent_texts_.size();
  std::size_t place = first;
  for (std::size_t i = 0; i < kPlaces; ++i) {
    const std::size_t next = (first + i) % recent_texts_.size();
    if (recent_texts_[next] == text) return recent_texts_[next];
    if (!recent_texts_[next].empty()) continue;
    place = next;
    break;
  }
  std::string_view& recent = recent_texts_[place];
  const std::size_t before = piece.texts.memory_bytes();
  recent = piece.texts.store(text);
  const std::size_t more = piece.texts.memory_bytes() - before;
  memory_bytes_ += more;
  text_bytes_ += more;
  return recent;
}

void OpenEvents::append(const Rows& rows) {
  for (std::size_t done = 0; done < rows.ordinals.size();) {
    Piece& piece = last_piece();
    const std::size_t at = size_ % kPieceRows;
    const std::size_t count = std::min(kPieceRows - at, rows.ordinals.size() - done);
    std::copy_n(&rows.ordinals[done], count, &piece.ordinals[at]);
    std::copy_n(&rows.times[done], count, &piece.times[at]);
    std::copy_n(&rows.names[done], count, &piece.names[at]);
    if (rows.values.empty()) {
      std::fill_n(&piece.values[at], count, 0);
    } else {
      std::copy_n(&rows.values[done], count, &piece.values[at]);
    }
    for (std::size_t dimension = 0; dimension < dimension_count_; ++dimension) {
      std::copy_n(&rows.dimensions[dimension][done], count,
                  &piece.dimensions[dimension * kPieceRows + at]);
    }
    for (std::size_t property = 0; property < property_count_; ++property) {
      for (std::size_t i = 0; i < count; ++i) {
        piece.properties[property * kPieceRows + at + i] =
            store(rows.properties[property][done + i], piece);
      }
    }
    done += count;
    size_ += count;
  }
}

std::size_t OpenEvents::growth_bytes(std::size_t row_count, std::size_t text_bytes) const {
  const std::size_t piece_bytes = sizeof(Piece) + sizeof(std::shared_ptr<Piece>) +
                                  dimension_count_ * kPieceRows * sizeof(std::uint32_t) +
                                  property_count_ * kPieceRows * sizeof(std::string_view) +
                                  (text_bytes == 0 ? std::size_t{0} : kTextChunkBytes);
  const std::size_t recent_bytes =
      property_count_ == 0 ? 0 : kRecentTexts * sizeof(std::string_view);
  return recent_bytes + (row_count / kPieceRows + 1) * piece_bytes + text_bytes + text_bytes / 2;
}

bool OpenEvents::drop(std::span<const std::uint32_t> ordinals) {
  const auto is_dropped = [&](std::uint32_t ordinal) {
    return std::ranges::binary_search(ordinals, ordinal);
  };
  std::size_t kept_count = 0;
  for (std::size_t row = 0; row < size_; ++row) {
    kept_count += is_dropped(pieces_[row / kPieceRows]->ordinals[row % kPieceRows]) ? 0U : 1U;
  }
  if (kept_count == size_) return false;
  OpenEvents kept(dimension_count_, property_count_);
  for (std::size_t row = 0; row < size_; ++row) {
    const Piece& piece = *pieces_[row / kPieceRows];
    const std::size_t at = row % kPieceRows;
    if (is_dropped(piece.ordinals[at])) continue;
    std::vector<std::span<const std::uint32_t>> dimensions;
    for (std::size_t dimension = 0; dimension < dimension_count_; ++dimension) {
      dimensions.emplace_back(&piece.dimensions[dimension * kPieceRows + at], 1);
    }
    std::vector<std::span<const std::string_view>> properties;
    for (std::size_t property = 0; property < property_count_; ++property) {
      properties.emplace_back(&piece.properties[property * kPieceRows + at], 1);
    }
    kept.append({.ordinals = {&piece.ordinals[at], 1},
                 .times = {&piece.times[at], 1},
                 .names = {&piece.names[at], 1},
                 .values = {&piece.values[at], 1},
                 .dimensions = dimensions,
                 .properties = properties});
  }
  *this = std::move(kept);
  return true;
}

OpenEvents::Snapshot OpenEvents::snapshot() const {
  Snapshot snapshot;
  snapshot.pieces_.assign(pieces_.begin(), pieces_.end());
  snapshot.size_ = size_;
  snapshot.dimension_count_ = dimension_count_;
  snapshot.property_count_ = property_count_;
  snapshot.text_bytes_ = text_bytes_;
  return snapshot;
}

void OpenEvents::clear() {
  pieces_.clear();
  recent_texts_ = {};
  size_ = 0;
  memory_bytes_ = 0;
  text_bytes_ = 0;
}

std::size_t OpenEvents::Snapshot::property_bytes() const {
  // A row has its text in two columns, and a block of rows has a dictionary while it is packed.
  constexpr std::size_t kTextBytes = 2 * sizeof(std::string_view);
  return size_ * property_count_ * kTextBytes + text_bytes_;
}

// Rows are first dealt to their users, which leaves little to sort, because most streams give the
// events of a user in the order of time.
EventColumns OpenEvents::Snapshot::sorted() const {
  const auto piece_of = [&](std::size_t row) -> const Piece& { return *pieces_[row / kPieceRows]; };
  std::uint32_t least = ~std::uint32_t{0}, most = 0;
  for (std::size_t row = 0; row < size_; ++row) {
    const std::uint32_t ordinal = piece_of(row).ordinals[row % kPieceRows];
    least = std::min(least, ordinal);
    most = std::max(most, ordinal);
  }
  const std::size_t users = size_ == 0 ? 0 : std::size_t{most} - least + 1;
  std::vector<std::uint32_t> ends(users + 1);
  for (std::size_t row = 0; row < size_; ++row) {
    ++ends[piece_of(row).ordinals[row % kPieceRows] - least + std::size_t{1}];
  }
  for (std::size_t user = 0; user < users; ++user) ends[user + 1] += ends[user];
  std::vector<Place> places(size_);
  for (std::size_t row = 0; row < size_; ++row) {
    const Piece& piece = piece_of(row);
    const std::size_t at = row % kPieceRows;
    places[ends[piece.ordinals[at] - least]++] = {piece.times[at], piece.values[at],
                                                  static_cast<std::uint32_t>(row), piece.names[at]};
  }

  EventColumns sorted;
  sorted.dimensions.resize(dimension_count_);
  sorted.properties.resize(property_count_);
  sorted.resize(size_);
  std::size_t begin = 0;
  for (std::size_t user = 0; user < users; begin = ends[user++]) {
    const auto first = places.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = places.begin() + ends[user];
    if (!std::is_sorted(first, last)) std::sort(first, last);
    std::fill(sorted.ordinals.begin() + static_cast<std::ptrdiff_t>(begin),
              sorted.ordinals.begin() + ends[user], static_cast<std::uint32_t>(least + user));
  }
  for (std::size_t i = 0; i < size_; ++i) {
    sorted.times[i] = places[i].time;
    sorted.names[i] = places[i].name;
    sorted.values[i] = places[i].value;
  }
  if (dimension_count_ == 0 && property_count_ == 0) return sorted;
  for (std::size_t i = 0; i < size_; ++i) {
    const Piece& piece = piece_of(places[i].row);
    const std::size_t at = places[i].row % kPieceRows;
    for (std::size_t dimension = 0; dimension < dimension_count_; ++dimension) {
      sorted.dimensions[dimension][i] = piece.dimensions[dimension * kPieceRows + at];
    }
    for (std::size_t property = 0; property < property_count_; ++property) {
      sorted.properties[property][i] = piece.properties[property * kPieceRows + at];
    }
  }
  return sorted;
}

}  // namespace rollcall
