// parse_segment reads the text of a segment by recursive descent.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/guard.h"
#include "core/query/text/date_text.h"
#include "core/query/text/decimal_text.h"
#include "core/query/text/query_names.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/segment_cursor.h"
#include "core/query/text/segment_json.h"
#include "rollcall/json.h"
#include "rollcall/message_text.h"
#include "rollcall/question.h"
#include "rollcall/segment.h"

namespace rollcall {
namespace {

using Kind = Segment::Kind;
using Test = PropertyCondition::Test;

// It says what stands behind the parenthesis of a function.
enum class Tail { kNothing, kDays, kTimes, kSum, kValue };

struct Function {
  std::string_view name;
  Kind kind;
  Tail tail;
};

constexpr std::array<Function, 13> kFunctions = {{{"did", Kind::kDid, Tail::kNothing},
                                                  {"first", Kind::kFirst, Tail::kNothing},
                                                  {"days", Kind::kDid, Tail::kDays},
                                                  {"times", Kind::kDid, Tail::kTimes},
                                                  {"sum", Kind::kDid, Tail::kSum},
                                                  {"declined", Kind::kDeclined, Tail::kNothing},
                                                  {"favourite", Kind::kFavourite, Tail::kValue},
                                                  {"converted", Kind::kConverted, Tail::kNothing},
                                                  {"dropped", Kind::kDropped, Tail::kNothing},
                                                  {"in_file", Kind::kFile, Tail::kNothing},
                                                  {"segment", Kind::kSaved, Tail::kNothing},
                                                  {"campaign", Kind::kAudience, Tail::kNothing},
                                                  {"variant", Kind::kVariant, Tail::kNothing}}};

struct Comparison {
  std::string_view symbol;
  Segment::Compare compare;
  std::int32_t shift;  // to the number that `compare` goes with
};

// No symbol begins with one before it.
constexpr std::array<Comparison, 6> kComparisons = {{{">=", Segment::Compare::kAtLeast, 0},
                                                     {"<=", Segment::Compare::kAtMost, 0},
                                                     {"==", Segment::Compare::kExactly, 0},
                                                     {"=", Segment::Compare::kExactly, 0},
                                                     {">", Segment::Compare::kAtLeast, 1},
                                                     {"<", Segment::Compare::kAtMost, -1}}};

struct NumberTest {
  std::string_view symbol;
  Test test;
};

// No symbol begins with one before it, and "=" is tried after all of them.
constexpr std::array<NumberTest, 5> kNumberTests = {{{">=", Test::kAtLeast},
                                                     {"<=", Test::kAtMost},
                                                     {"==", Test::kEquals},
                                                     {">", Test::kMore},
                                                     {"<", Test::kLess}}};

constexpr std::string_view kPartsAllowed =
    "did(...), first(...), days(...), times(...), sum(...), declined(...), favourite(...), "
    "converted(...), dropped(...), in_file(...), segment(...), campaign(...), variant(...), "
    "not or \"(\"";
constexpr std::string_view kEventsAllowed = "the name of an event, \"!\" and a name, or \"*\"";
constexpr std::string_view kFunnelsAllowed = "a funnel such as {\"steps\": [\"visit\", \"order\"]}";
constexpr std::string_view kNamesAllowed = "a name, in double quotes if it has blanks";

class SegmentParser {
 public:
  SegmentParser(std::string_view text, int depth) : cursor_(text), depth_(depth) {}

  Result<Segment> parse() {
    Segment segment;
    ROLLCALL_RETURN_IF_ERROR(read_any(depth_, segment));
    if (!cursor_.at_end()) return cursor_.unexpected("and, or, or the end");
    return segment;
  }

 private:
  using ReadPart = Status (SegmentParser::*)(int depth, Segment& out);

  // `depth` counts the `not` and the parentheses around a part, and the segments around the text.
  Status read_any(int depth, Segment& out) {
    return read_list("or", Kind::kAny, &SegmentParser::read_all, depth, out);
  }

  Status read_all(int depth, Segment& out) {
    return read_list("and", Kind::kAll, &SegmentParser::read_part, depth, out);
  }

  // Reads parts with `joint` between them; one alone stands for itself.
  Status read_list(std::string_view joint, Kind kind, ReadPart read, int depth, Segment& out) {
    ROLLCALL_RETURN_IF_ERROR((this->*read)(depth, out));
    if (!cursor_.accept_word(joint)) return {};
    Segment list;
    list.kind = kind;
    list.parts.push_back(std::move(out));
    do {
      ROLLCALL_RETURN_IF_ERROR((this->*read)(depth, list.parts.emplace_back()));
    } while (cursor_.accept_word(joint));
    out = std::move(list);
    return {};
  }

  Status read_part(int depth, Segment& out) {
    if (depth > kSegmentDepthMax) {
      return cursor_.fault(cursor_.word(),
                           fmt::format("segments are nested deeper than {}", kSegmentDepthMax));
    }
    if (cursor_.accept_word("not")) {
      out.kind = Kind::kNot;
      return read_part(depth + 1, out.parts.emplace_back());
    }
    if (cursor_.accept("(")) {
      ROLLCALL_RETURN_IF_ERROR(read_any(depth + 1, out));
      return cursor_.expect(")", "and, or, or \")\"");
    }
    return read_call(depth, out);
  }

  Status read_call(int depth, Segment& out) {
    const std::string_view word = cursor_.word();
    if (word.empty() || is_word(word, "and") || is_word(word, "or")) {
      return cursor_.unexpected(kPartsAllowed);
    }
    const auto* const function =
        std::find_if(kFunctions.begin(), kFunctions.end(),
                     [&](const Function& f) { return is_word(word, f.name); });
    if (function == kFunctions.end()) return unknown_function(word);
    cursor_.take_word();
    ROLLCALL_RETURN_IF_ERROR(cursor_.expect("(", "\"(\""));
    out.kind = function->kind;
    if (out.kind == Kind::kFile || out.kind == Kind::kSaved) {
      ROLLCALL_RETURN_IF_ERROR(cursor_.read_name(kNamesAllowed, out.name));
      return cursor_.expect(")", "\")\"");
    }
    if (out.kind == Kind::kAudience) return read_audience(out);
    if (out.kind == Kind::kVariant) return read_variant(function->name, depth, out);
    if (out.kind == Kind::kConverted || out.kind == Kind::kDropped) {
      return read_funnel(function->name, depth, out);
    }
    if (out.kind == Kind::kFavourite) {
      ROLLCALL_RETURN_IF_ERROR(cursor_.read_name("the name of a property", out.favourite.property));
      if (!cursor_.accept_word("of")) return cursor_.unexpected("\"of\" and an event");
    }
    ROLLCALL_RETURN_IF_ERROR(read_selector(out.event));
    if (out.kind == Kind::kDeclined) return read_decline(out);
    std::string_view allowed = after_selector(out.event);
    if (cursor_.accept(",")) {
      ROLLCALL_RETURN_IF_ERROR(read_range(out.range));
      allowed = "\")\"";
    }
    ROLLCALL_RETURN_IF_ERROR(cursor_.expect(")", allowed));
    return read_tail(function->tail, out);
  }

  Status read_tail(Tail tail, Segment& out) {
    switch (tail) {
      case Tail::kNothing:
        break;
      case Tail::kDays: {
        Segment::DaysTest& test = out.days.emplace(Segment::DaysTest{});
        return read_count("days", kSpanDaysMax, test.compare, test.days);
      }
      case Tail::kTimes: {
        Segment::TimesTest& test = out.times.emplace(Segment::TimesTest{});
        return read_count("times", kTimesMax, test.compare, test.times);
      }
      case Tail::kSum:
        return read_sum(out.sum.emplace(Segment::SumTest{}));
      case Tail::kValue:
        ROLLCALL_RETURN_IF_ERROR(cursor_.expect("=", "\"=\" and a value of the property"));
        return cursor_.read_name(kNamesAllowed, out.favourite.value);
    }
    return {};
  }

  // Reads what stands in the parentheses: name, run=2026-01-05, class=lapsed, arm=contacted)
  Status read_audience(Segment& out) {
    ROLLCALL_RETURN_IF_ERROR(cursor_.read_name(kNamesAllowed, out.name));
    while (cursor_.accept(",")) {
      const bool is_run = cursor_.accept_word("run");
      const bool is_class = !is_run && cursor_.accept_word("class");
      if (!is_run && !is_class && !cursor_.accept_word("arm")) {
        return cursor_.unexpected("run=..., class=... or arm=...");
      }
      ROLLCALL_RETURN_IF_ERROR(cursor_.expect("=", "\"=\""));
      if (is_run || is_class) {
        std::optional<std::string>& name = is_run ? out.audience.run : out.audience.class_name;
        ROLLCALL_RETURN_IF_ERROR(cursor_.read_name(kNamesAllowed, name.emplace()));
        continue;
      }
      const auto* const arm = std::ranges::find_if(
          kArmNames, [&](const auto& spelling) { return cursor_.accept_word(spelling.name); });
      if (arm == kArmNames.end()) return cursor_.unexpected("contacted or holdout");
      out.audience.arm = arm->value;
    }
    return cursor_.expect(")", "\",\" or \")\"");
  }

  using ReadQuestion = Status (*)(const Json&, const std::string& path, int depth, Query& out);

  // Reads the object of a question within a segment.
  Status read_question(std::string_view name, std::string_view allowed, ReadQuestion read,
                       int depth, std::shared_ptr<const Query>& out) {
    std::string_view text;
    ROLLCALL_RETURN_IF_ERROR(cursor_.read_object(allowed, text));
    const Result<Json> json = parse_json(text);
    if (!json.ok()) return cursor_.fault(text, json.status().message());
    Query question;
    const Status status = read(*json, std::string(name), depth + 1, question);
    if (!status.ok()) return cursor_.fault(text, status.message());
    out = std::make_shared<const Query>(std::move(question));
    return {};
  }

  // Reads what stands in the parentheses: b, {"exposure": "assign", "variant": "group", ...})
  Status read_variant(std::string_view name, int depth, Segment& out) {
    ROLLCALL_RETURN_IF_ERROR(cursor_.read_name(kNamesAllowed, out.name));
    ROLLCALL_RETURN_IF_ERROR(cursor_.expect(",", "\",\" and a comparison"));
    ROLLCALL_RETURN_IF_ERROR(
        read_question(name, kComparisonsAllowed, read_segment_comparison, depth, out.comparison));
    return cursor_.expect(")", "\")\"");
  }

  // Reads what stands in the parentheses: {"steps": ["visit", "order"]}, 2)
  Status read_funnel(std::string_view name, int depth, Segment& out) {
    ROLLCALL_RETURN_IF_ERROR(
        read_question(name, kFunnelsAllowed, read_segment_funnel, depth, out.funnel));
    if (out.kind == Kind::kDropped) {
      ROLLCALL_RETURN_IF_ERROR(cursor_.expect(",", "\",\" and a step"));
      ROLLCALL_RETURN_IF_ERROR(
          read_whole_number(2, static_cast<std::int64_t>(FunnelQuery::kStepsMax), out.at_step));
    }
    return cursor_.expect(")", "\")\"");
  }

  // Reads what follows the selector: ", 7d, 0.5, 4)".
  Status read_decline(Segment& out) {
    ROLLCALL_RETURN_IF_ERROR(cursor_.expect(",", "\",\" and a number of days such as \"7d\""));
    const std::optional<LastSpan> span = parse_last_span(cursor_.word());
    if (!span || span->unit != LastSpan::Unit::kDay) return cursor_.unexpected(kDaySpansAllowed);
    out.range.last = span;
    cursor_.take_word();
    ROLLCALL_RETURN_IF_ERROR(cursor_.expect(",", "\",\" and a share such as \"0.5\""));
    if (!is_share(cursor_.word())) return cursor_.unexpected(kSharesAllowed);
    out.decline.to_at_most = cursor_.take_word();
    ROLLCALL_RETURN_IF_ERROR(cursor_.expect(",", "\",\" and a number of events"));
    ROLLCALL_RETURN_IF_ERROR(read_whole_number(1, kTimesMax, out.decline.from_at_least));
    return cursor_.expect(")", "\")\"");
  }

  // Whoever types a bare name means the segment that is kept by it.
  Status unknown_function(std::string_view word) {
    std::vector<std::string> allowed;
    for (const Function& function : kFunctions) allowed.emplace_back(function.name);
    std::string text = unknown_name("function", word, allowed);
    cursor_.take_word();
    if (!cursor_.accept("(")) {
      text +=
          fmt::format("; a segment saved by that name is segment({})", excerpt(name_text(word)));
    }
    return cursor_.fault(word, text);
  }

  Status read_selector(Selector& out) {
    if (!cursor_.accept("*")) {
      const bool is_other = cursor_.accept("!");
      out.match = is_other ? Selector::Names::kNoneOf : Selector::Names::kAnyOf;
      ROLLCALL_RETURN_IF_ERROR(read_names(is_other ? kNamesAllowed : kEventsAllowed, out.names));
    }
    if (!cursor_.accept("[")) return {};
    do {
      ROLLCALL_RETURN_IF_ERROR(read_condition(out.where.emplace_back()));
    } while (cursor_.accept(","));
    return cursor_.expect("]", after_condition(out.where.back().test));
  }

  static std::string_view after_selector(const Selector& selector) {
    if (!selector.where.empty()) return "\",\" or \")\"";
    if (selector.match == Selector::Names::kAny) return "\"[\", \",\" or \")\"";
    return "\"|\", \"[\", \",\" or \")\" (a name with blanks stands in double quotes)";
  }

  Status read_names(std::string_view allowed, std::vector<std::string>& out) {
    do {
      ROLLCALL_RETURN_IF_ERROR(cursor_.read_name(allowed, out.emplace_back()));
      allowed = kNamesAllowed;
    } while (cursor_.accept("|"));
    return {};
  }

  Status read_condition(PropertyCondition& out) {
    if (cursor_.accept("!")) {
      out.test = Test::kIsNotSet;
      return cursor_.read_name("the name of a property", out.property);
    }
    ROLLCALL_RETURN_IF_ERROR(
        cursor_.read_name("the name of a property, or \"!\" and one", out.property));
    for (const NumberTest& number : kNumberTests) {
      if (!cursor_.accept(number.symbol)) continue;
      out.test = number.test;
      return read_decimal(out.values.emplace_back());
    }
    if (cursor_.accept("=")) {
      out.test = Test::kAnyOf;
      return read_names(kNamesAllowed, out.values);
    }
    if (cursor_.accept("!=")) {
      out.test = Test::kNoneOf;
      return read_names(kNamesAllowed, out.values);
    }
    if (cursor_.accept("~")) {
      out.test = Test::kContains;
      return cursor_.read_name(kNamesAllowed, out.values.emplace_back());
    }
    out.test = Test::kIsSet;
    return {};
  }

  Status read_decimal(std::string& out) {
    if (!parse_decimal_text(cursor_.word())) return cursor_.unexpected(kDecimalsAllowed);
    out = cursor_.take_word();
    return {};
  }

  static std::string_view after_condition(Test test) {
    switch (test) {
      case Test::kAnyOf:
      case Test::kNoneOf:
        return "\"|\", \",\" or \"]\"";
      case Test::kIsSet:
        return "\"=\", \"!=\", \"~\", \">=\", \"<=\", \"==\", \">\", \"<\", \",\" or \"]\"";
      case Test::kContains:
      case Test::kIsNotSet:
      case Test::kMore:
      case Test::kAtLeast:
      case Test::kLess:
      case Test::kAtMost:
      case Test::kEquals:
        break;
    }
    return "\",\" or \"]\"";
  }

  // It takes everything up to the parenthesis, because dates in words have blanks within.
  Status read_range(DateRangeText& out) {
    constexpr std::string_view kDots = "..";
    const std::string_view text = cursor_.take_until(')');
    const std::size_t dots = text.find(kDots);
    if (dots == std::string_view::npos) {
      out.last = parse_last_span(text);
      if (out.last) return {};
      out.from = out.to = parse_date_text(text);
      if (out.from) return {};
      return cursor_.unexpected(fmt::format("{}; or {}; or two dates with \"..\" between",
                                            kLastSpansAllowed, kDateTextsAllowed),
                                text);
    }
    if (text == kDots) return cursor_.unexpected("a date before or after \"..\"", text);
    ROLLCALL_RETURN_IF_ERROR(read_date(text.substr(0, dots), out.from));
    return read_date(text.substr(dots + kDots.size()), out.to);
  }

  // An empty text leaves the end open.
  Status read_date(std::string_view text, std::optional<DateText>& out) const {
    text = without_blanks_around(text);
    out = parse_date_text(text);
    return out || text.empty() ? Status() : cursor_.unexpected(kDateTextsAllowed, text);
  }

  // Reads a comparison with a number of `what`, of which there are at most `most`.
  Status read_count(std::string_view what, std::int32_t most, Segment::Compare& compare,
                    std::int32_t& count) {
    const auto* const comparison =
        std::find_if(kComparisons.begin(), kComparisons.end(),
                     [&](const Comparison& c) { return cursor_.accept(c.symbol); });
    if (comparison == kComparisons.end()) {
      return cursor_.unexpected(
          fmt::format("\">=\", \"<=\", \"=\", \">\" or \"<\" and a number of {}", what));
    }
    std::int64_t number = 0;
    ROLLCALL_RETURN_IF_ERROR(read_whole_number(std::max(0, -comparison->shift),
                                               std::int64_t{most} - comparison->shift, number));
    compare = comparison->compare;
    count = static_cast<std::int32_t>(number + comparison->shift);
    return {};
  }

  template <class Number>
  Status read_whole_number(std::int64_t min, std::int64_t max, Number& out) {
    const std::string_view word = cursor_.word();
    Number number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool is_number = error == std::errc() && end == word.data() + word.size();
    if (!is_number || number < min || number > max) {
      return cursor_.unexpected(fmt::format("a whole number from {} to {}", min, max));
    }
    cursor_.take_word();
    out = number;
    return {};
  }

  // An amount has no next one, so that there is nothing for ">" and "<" to stand for.
  Status read_sum(Segment::SumTest& out) {
    const auto* const comparison =
        std::find_if(kComparisons.begin(), kComparisons.end(),
                     [&](const Comparison& c) { return c.shift == 0 && cursor_.accept(c.symbol); });
    if (comparison == kComparisons.end()) {
      return cursor_.unexpected("\">=\", \"<=\" or \"=\" and a sum");
    }
    out.compare = comparison->compare;
    return read_decimal(out.amount);
  }

  SegmentCursor cursor_;
  const int depth_;
};

}  // namespace

Result<Segment> parse_nested_segment(std::string_view text, int depth) {
  return SegmentParser(text, depth).parse();
}

Result<Segment> parse_segment(std::string_view text) {
  return guarded("segment", [&] { return parse_nested_segment(text, 0); });
}

}  // namespace rollcall
