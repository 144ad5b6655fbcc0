#include "core/source/lists/user_dictionary.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

#include "core/source/lists/list_limits.h"
#include "rollcall/json.h"
#include "rollcall/roaring.h"

namespace rollcall {
namespace {

std::string_view whole_lines(std::string_view text) { return text.substr(0, text.rfind('\n') + 1); }

}  // namespace

DictionaryReader::DictionaryReader(std::string name, std::string_view text)
    : name_(std::move(name)), text_(whole_lines(text)) {}

Result<bool> DictionaryReader::next() {
  if (at_ == text_.size()) return false;
  const std::size_t end = text_.find('\n', at_);
  const std::string_view line = text_.substr(at_, end - at_);
  if (line.size() > kListPieceBytesMax) return fault("has more bytes than a line may have");
  const Result<Json> entry = parse_json(line);
  const Json* const user = entry.ok() && entry->is_object() ? entry->find("user") : nullptr;
  if (user == nullptr || !user->is_string() || user->get<std::string>().empty()) {
    return fault("must be an object with an \"ordinal\" and a \"user\"");
  }
  const Json* const ordinal = entry->find("ordinal");
  if (ordinal == nullptr || !ordinal->is_number_unsigned() ||
      ordinal->get<std::uint64_t>() != next_ordinal_) {
    return fault(fmt::format("must have the \"ordinal\" {}, as the lines before it are {}",
                             next_ordinal_, next_ordinal_));
  }
  user_ = user->get<std::string>();
  ++next_ordinal_;
  at_ = end + 1;
  return true;
}

Status DictionaryReader::fault(std::string_view what) const {
  return Status::invalid_argument(fmt::format("{}:{}: {}", name_, next_ordinal_ + 1, what));
}

std::string dictionary_line(std::uint64_t ordinal, const std::string& user) {
  return fmt::format("{{\"ordinal\":{},\"user\":{}}}\n", ordinal, Json(user).text());
}

std::string dictionary_beside(const std::string& path) {
  return path.substr(0, path.rfind('/') + 1) + "dictionary.jsonl";
}

}  // namespace rollcall
