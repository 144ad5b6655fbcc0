// This fuzzes sets of users as Roaring bitmaps, and the dictionaries beside them. What is read as a
// set is written again, and is the same set.

#include "rollcall/roaring.h"

#include "core/source/lists/roaring_format.h"
#include "core/source/lists/roaring_list.h"
#include "tests/fuzz/fuzz_target.h"

namespace rollcall {
namespace {

constexpr std::size_t kNumbersMax = 100'000;

class CountedUsers : public UserTaker {
 public:
  void make_room(std::size_t count) override { room_ = count; }
  void add(UserId) override { ++count_; }
  bool is_full() const { return count_ == room_; }

 private:
  std::size_t room_ = 0, count_ = 0;
};

Result<std::vector<std::uint64_t>> numbers_in(std::string_view bytes) {
  std::vector<std::uint64_t> numbers;
  const std::string name = "set";
  ROLLCALL_RETURN_IF_ERROR(read_roaring(name, bytes, [&](std::uint64_t number) {
    fuzz::require(numbers.empty() || numbers.back() < number, "numbers that do not rise");
    numbers.push_back(number);
    return numbers.size() < kNumbersMax ? Status() : Status::resource_exhausted("enough");
  }));
  return numbers;
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  std::string_view input = fuzz::as_text(data, size);
  const std::size_t dictionary_bytes = fuzz::take_choice(input);
  const std::string_view dictionary = input.substr(0, dictionary_bytes);
  const std::string_view bytes = input.substr(dictionary.size());
  if (!is_roaring(bytes)) return 0;
  const Result<std::vector<std::uint64_t>> numbers = numbers_in(bytes);
  if (!numbers.ok()) {
    const StatusCode code = numbers.status().code();
    fuzz::require(code == StatusCode::kInvalidArgument || code == StatusCode::kResourceExhausted,
                  numbers.status().to_string());
    return 0;
  }
  const std::string written = to_roaring(*numbers);
  fuzz::require(is_roaring(written), "what was written is no set");
  fuzz::require(*numbers_in(written) == *numbers, "another set after it was written");

  QuestionBudget budget(std::size_t{64} << 20);
  const QueryLimits limits;
  QuestionAccount account(budget, limits);
  CountedUsers users;
  const Status texts = read_text_set("set", bytes, "dictionary", dictionary, account, users);
  fuzz::require(texts.ok() ? users.is_full() : texts.code() == StatusCode::kInvalidArgument,
                texts.to_string());
  return 0;
}
