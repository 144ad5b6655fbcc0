#include "core/source/lists/user_dictionary.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "core/source/lists/list_limits.h"
#include "rollcall/roaring.h"

namespace rollcall {
namespace {

using EntryJson = nlohmann::json;

std::string_view whole_lines(std::string_view text) { return text.substr(0, text.rfind('\n') + 1); }

}  // namespace

DictionaryReader::DictionaryReader(std::string name, std::string_view text)
    : name_(std::move(name)), text_(whole_lines(text)) {}

Result<bool> DictionaryReader::next() {
  if (at_ == text_.size()) return false;
  const std::size_t end = text_.find('\n', at_);
  const std::string_view line = text_.substr(at_, end - at_);
  if (line.size() > kListPieceBytesMax) return fault("has more bytes than a line may have");
  const EntryJson entry = EntryJson::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!entry.is_object() || !entry.contains("user") || !entry["user"].is_string() ||
      entry["user"].get_ref<const std::string&>().empty()) {
    return fault("must be an object with an \"ordinal\" and a \"user\"");
  }
  if (!entry.contains("ordinal") || entry["ordinal"] != next_ordinal_) {
    return fault(fmt::format("must have the \"ordinal\" {}, as the lines before it are {}",
                             next_ordinal_, next_ordinal_));
  }
  user_ = entry["user"].get<std::string>();
  ++next_ordinal_;
  at_ = end + 1;
  return true;
}

Status DictionaryReader::fault(std::string_view what) const {
  return Status::invalid_argument(fmt::format("{}:{}: {}", name_, next_ordinal_ + 1, what));
}

std::string dictionary_line(std::uint64_t ordinal, const std::string& user) {
  return fmt::format("{{\"ordinal\":{},\"user\":{}}}\n", ordinal, EntryJson(user).dump());
}

std::string dictionary_beside(const std::string& path) {
  return path.substr(0, path.rfind('/') + 1) + "dictionary.jsonl";
}

}  // namespace rollcall
