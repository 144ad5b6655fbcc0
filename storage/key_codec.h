// These are the keys of the database. A page's key is its address, so keys are ordered as addresses
// are: by kind, partition, series, day, chunk, epoch. The other keys begin with a zero byte, which
// is no page kind, and come before all pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rollcall/store.h"

namespace rollcall {

inline constexpr std::size_t kPageKeyBytes = 25;

// Is the key of the commit record of the last commit.
inline constexpr std::string_view kCommitRecordKey{"\0commit", 7};

// Are the keys of the lists of the page keys that a commit in progress has written before its
// record, numbered from 0.
inline constexpr std::string_view kWrittenListPrefix{"\0written", 8};
std::string written_list_key(Epoch epoch, std::uint32_t number);

std::string encode_page_key(const PageAddress& address);

// Returns the address, or nullopt if `key` is not the key of a page, because of a wrong length or a
// kind that does not exist.
std::optional<PageAddress> decode_page_key(std::string_view key);

}  // namespace rollcall
