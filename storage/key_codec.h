// Keys of the database. A page's key is its address, so that the order of the bytes is the order of
// addresses: by kind, partition, series, day, chunk, epoch. The other keys begin with a zero byte,
// which is no page kind, and come before all pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rollcall/store.h"

namespace rollcall {

inline constexpr std::size_t kPageKeyBytes = 25;

// The commit record of the last commit.
inline constexpr std::string_view kCommitRecordKey{"\0commit", 7};

// The lists of the page keys that a commit has written before its record, while it is under way;
// numbered from 0.
inline constexpr std::string_view kWrittenListPrefix{"\0written", 8};
std::string written_list_key(Epoch epoch, std::uint32_t number);

std::string encode_page_key(const PageAddress& address);

// Returns the address, or nothing where `key` is not the key of a page: a wrong length, a kind that
// does not exist.
std::optional<PageAddress> decode_page_key(std::string_view key);

}  // namespace rollcall
