#include "core/query/plan/segment_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include "core/query/plan/audience_reads.h"
#include "core/query/plan/plan.h"
#include "core/query/sets/user_sink.h"
#include "core/query/sets/vertical_count.h"
#include "rollcall/message_text.h"
#include "rollcall/question.h"

namespace rollcall {
namespace {

using Kind = Segment::Kind;
using Compare = Segment::Compare;

// Counts the parts of a segment; those of saved segments count wherever they are named.
constexpr std::size_t kPartsMax = 10'000;
// Each question within a question is planned and counted within that one.
constexpr std::size_t kQuestionDepthMax = 10;

bool holds(Segment::DaysTest test, std::int32_t days) {
  switch (test.compare) {
    case Compare::kAtLeast:
      return days >= test.days;
    case Compare::kAtMost:
      return days <= test.days;
    case Compare::kExactly:
      break;
  }
  return days == test.days;
}

}  // namespace

class SegmentSet::Resolver {
 public:
  Resolver(std::string_view field, const std::vector<PropertyCondition>& where,
           const PlanContext& context, const Timeframe& timeframe)
      : field_(field),
        where_(where),
        context_(context),
        timeframe_(timeframe),
        nesting_(context.nesting == nullptr ? own_nesting_ : *context.nesting) {}

  Result<SegmentSet> resolve(const Segment& segment) {
    if (++nesting_.parts > kPartsMax) {
      return fault(
          fmt::format("must have at most {} parts, those of the segments it names counted "
                      "wherever they are named, found more",
                      kPartsMax));
    }
    if (context_.account != nullptr) context_.account->check();
    take(sizeof(SegmentSet));
    SegmentSet set;
    set.kind_ = segment.kind;
    switch (segment.kind) {
      case Kind::kDid:
      case Kind::kFirst:
      case Kind::kDeclined:
      case Kind::kFavourite:
        if (auto reason = SegmentHistory::why_needed(segment, where_, context_)) {
          ROLLCALL_RETURN_IF_ERROR(resolve_history(segment, *std::move(reason), set));
        } else {
          ROLLCALL_RETURN_IF_ERROR(resolve_events(segment, set));
        }
        break;
      case Kind::kConverted:
      case Kind::kDropped:
        ROLLCALL_RETURN_IF_ERROR(resolve_funnel(segment, set));
        break;
      case Kind::kVariant:
        ROLLCALL_RETURN_IF_ERROR(resolve_variant(segment, set));
        break;
      case Kind::kNot:
        set.seen_ = everybody(context_, timeframe_);
        [[fallthrough]];
      case Kind::kAll:
      case Kind::kAny:
        for (const Segment& part : segment.parts) {
          ROLLCALL_ASSIGN_OR_RETURN(SegmentSet resolved, resolve(part));
          set.parts_.push_back(std::move(resolved));
        }
        break;
      case Kind::kFile:
        // The list was read before planning.
        set.list_ = context_.segments.files.find(segment.name)->second;
        set.seen_ = everybody(context_, timeframe_);
        break;
      case Kind::kAudience:
        ROLLCALL_RETURN_IF_ERROR(resolve_audience(segment, set));
        break;
      case Kind::kSaved: {
        ROLLCALL_ASSIGN_OR_RETURN(const SavedSegment* const saved, find_saved(segment.name));
        if (!saved->users) return resolve_saved(segment.name, saved->expression);
        set.kind_ = Kind::kFile;
        set.list_ = saved->users;
        set.seen_ = everybody(context_, timeframe_);
        break;
      }
    }
    return set;
  }

 private:
  void take(std::size_t bytes) const {
    if (context_.account != nullptr) context_.account->take(bytes, QuestionNeed::kSegments);
  }

  Status fault(const std::string& text) const {
    return Status::invalid_argument(fmt::format("{}: {}", field_, text));
  }

  Result<SegmentSet> resolve_saved(const std::string& name, const Segment& expression) {
    std::vector<std::string>& within = nesting_.saved;
    if (std::find(within.begin(), within.end(), name) != within.end()) {
      return fault(fmt::format("segment {} names itself, by way of {}", quoted_excerpt(name),
                               excerpts(within)));
    }
    within.push_back(name);
    Result<SegmentSet> set = resolve(expression);
    within.pop_back();
    return set;
  }

  // Plans a question that a segment holds like any other, up to the instant of the question.
  Status resolve_question(const std::string& field, Query question, SegmentSet& set) {
    ROLLCALL_RETURN_IF_ERROR(check_history(field, context_));
    if (nesting_.questions == kQuestionDepthMax) {
      return fault(
          fmt::format("funnels are nested deeper than {}, those of the segments it names counted "
                      "wherever they are named",
                      kQuestionDepthMax));
    }
    // A breakdown is planned for any value first, which no question that is asked for can say.
    std::ranges::copy_if(
        where_, std::back_inserter(question.common.where), [](const auto& condition) {
          return condition.test != PropertyCondition::Test::kNoneOf || !condition.values.empty();
        });
    if (!timeframe_.as_of.empty()) question.common.as_of = timeframe_.as_of_time;
    PlanContext context = context_;
    context.value = nullptr;
    context.open_from.reset();
    context.nesting = &nesting_;
    ++nesting_.questions;
    Result<std::unique_ptr<Plan>> plan = context_.make_plan(question, context);
    --nesting_.questions;
    if (!plan.ok()) return plan.status().within(field);
    constexpr std::size_t kCopies = 3;  // the plan's, that of the question, and that of all
    constexpr std::size_t kPlanBytes = 8'192;
    take(kPlanBytes + kCopies * (*plan)->reads().memory_bytes());
    set.question_ = *std::move(plan);
    return {};
  }

  Status resolve_funnel(const Segment& segment, SegmentSet& set) {
    const bool is_dropped = segment.kind == Kind::kDropped;
    const std::string field = fmt::format("{}: {}", field_, is_dropped ? "dropped" : "converted");
    ROLLCALL_RETURN_IF_ERROR(resolve_question(field, *segment.funnel, set));
    const std::size_t steps = std::get<FunnelQuery>(segment.funnel->ask).steps.size();
    set.question_cells_ = is_dropped ? set.question_->cells_of(
                                           static_cast<std::size_t>(segment.at_step) - 1, "dropped")
                                     : set.question_->cells_of(steps - 1, "users");
    return {};
  }

  // The members that are asked for name the variant, which a plan may not know beforehand.
  Status resolve_variant(const Segment& segment, SegmentSet& set) {
    Query question = *segment.comparison;
    question.common.members.emplace().where = {{"variant", segment.name}};
    ROLLCALL_RETURN_IF_ERROR(
        resolve_question(fmt::format("{}: variant", field_), std::move(question), set));
    for (const std::string_view column : {"users", "immature"}) {
      for (const std::size_t cell : set.question_->cells_of_row({segment.name}, 0, column)) {
        set.question_cells_.push_back(cell);
      }
    }
    std::ranges::sort(set.question_cells_);
    return {};
  }

  // Adds the sets of an audience that are in the part, and the names of its classes.
  void add_sets(const Audience& audience, const Segment::AudiencePart& part,
                std::vector<std::string>& class_names, SegmentSet& set) const {
    using Arm = Segment::AudiencePart::Arm;
    std::vector<std::size_t> sets;
    for (std::size_t i = 0; i < audience.classes.size(); ++i) {
      const std::string& name = audience.classes[i].name;
      if (std::ranges::find(class_names, name) == class_names.end()) class_names.push_back(name);
      if (part.class_name && *part.class_name != name) continue;
      if (part.arm != Arm::kHoldout) sets.push_back(2 * i);
      if (part.arm != Arm::kContacted) sets.push_back(2 * i + 1);
    }
    if (!sets.empty()) set.audiences_.push_back(read_of(audience, std::move(sets), context_));
  }

  Status resolve_audience(const Segment& segment, SegmentSet& set) const {
    const Segment::AudiencePart& part = segment.audience;
    std::vector<std::string> campaigns;
    std::vector<std::string> run_names;
    std::vector<std::string> class_names;
    for (const auto& [name, audience] : audiences_of(context_)) {
      if (campaigns.empty() || campaigns.back() != name.campaign) {
        campaigns.push_back(name.campaign);
      }
      if (name.campaign != segment.name) continue;
      run_names.push_back(name.run);
      if (part.run && name.run != *part.run) continue;
      add_sets(audience, part, class_names, set);
    }
    if (run_names.empty()) {
      return fault(unknown_name("campaign", segment.name, campaigns));
    }
    if (part.run && class_names.empty()) return fault(unknown_name("run", *part.run, run_names));
    if (set.audiences_.empty()) {
      return fault(unknown_name("class", part.class_name.value_or(""), class_names));
    }
    set.seen_ = everybody(context_, timeframe_);
    return {};
  }

  Status resolve_history(const Segment& segment, std::string reason, SegmentSet& set) const {
    take(sizeof(SegmentHistory));
    ROLLCALL_ASSIGN_OR_RETURN(
        SegmentHistory history,
        SegmentHistory::resolve(field_, segment, where_, context_, timeframe_, std::move(reason)));
    if (history.takes_others()) set.seen_ = everybody(context_, timeframe_);
    take(history.memory_bytes());
    set.history_ = std::make_shared<const SegmentHistory>(std::move(history));
    return {};
  }

  Status resolve_events(const Segment& segment, SegmentSet& set) const {
    const std::string field =
        fmt::format("{}: {}", field_, segment.kind == Kind::kDid ? "did" : "first");
    ROLLCALL_ASSIGN_OR_RETURN(set.events_,
                              resolve_selector(field, segment.event, where_, context_));
    // The series are held here, in unions, and in what is read.
    constexpr std::size_t kCopies = 5;
    take(kCopies * set.events_.series.size() * sizeof(SeriesId));
    const bool is_from_history =
        !set.events_.series.empty() && EventSeries::is_one(set.events_.series.front());
    ROLLCALL_ASSIGN_OR_RETURN(
        const DateEnds ends,
        resolve_dates(field, segment.range, context_, timeframe_,
                      is_from_history ? context_.first_day_of_history() : context_.days.first));
    const DayRange data = timeframe_.data;
    if (ends.from && ends.to) {
      set.days_ = {std::max(*ends.from, data.first), std::min(*ends.to, data.last)};
    }
    if (segment.kind == Kind::kFirst) {
      if (!set.days_.empty())
        set.before_ = LongUnion::before(set.events_, set.days_.first, timeframe_);
      return {};
    }
    set.days_test_ = segment.days;
    if (segment.days) {
      if (holds(*segment.days, 0)) set.seen_ = everybody(context_, timeframe_);
    } else if (set.days_.last == data.last) {
      set.active_ = LongUnion::since(set.events_, set.days_.first, timeframe_);
    } else if (set.days_.first == data.first) {
      set.active_ = LongUnion::before(set.events_, set.days_.last + 1, timeframe_);
    }
    return {};
  }

  Result<const SavedSegment*> find_saved(const std::string& name) const {
    const auto& all = context_.segments.saved;
    const auto found = all.find(name);
    if (found != all.end()) return &found->second;
    std::vector<std::string> names;
    for (const auto& [known, segment] : all) names.push_back(known);
    return fault(names.empty()
                     ? fmt::format("unknown segment {}: none has been saved", quoted_excerpt(name))
                     : unknown_name("segment", name, names));
  }

  std::string_view field_;
  const std::vector<PropertyCondition>& where_;
  const PlanContext& context_;
  const Timeframe& timeframe_;
  SegmentNesting own_nesting_;
  SegmentNesting& nesting_;
};

Result<SegmentSet> SegmentSet::resolve(std::string_view field, const Segment& segment,
                                       const std::vector<PropertyCondition>& where,
                                       const PlanContext& context, const Timeframe& timeframe) {
  return Resolver(field, where, context, timeframe).resolve(segment);
}

void SegmentSet::add_reads(ReadSet& reads) const {
  if (!days_.empty() && active_.empty()) reads.presence.push_back({events_.series, days_});
  active_.add_reads(reads);
  before_.add_reads(reads);
  seen_.add_reads(reads);
  if (list_) reads.lists.push_back(list_);
  reads.audiences.insert(reads.audiences.end(), audiences_.begin(), audiences_.end());
  if (history_ && history_->reads_history()) {
    reads.read_history(history_->days().first, history_->reason());
    history_->add_reads(reads);
  }
  if (question_) reads.add(question_->reads());
  for (const SegmentSet& part : parts_) part.add_reads(reads);
}

void SegmentSet::free_scratch() const {
  if (question_) question_->free_scratch();
  for (const SegmentSet& part : parts_) part.free_scratch();
}

void SegmentSet::add_notes(std::vector<std::string>& notes) const {
  const std::span<const std::string> own = question_  ? question_->notes()
                                           : history_ ? std::span(history_->notes())
                                                      : std::span(events_.notes);
  for (const std::string& note : own) {
    if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
  }
  for (const SegmentSet& part : parts_) part.add_notes(notes);
}

void SegmentSet::write_identity(ByteWriter& writer) const {
  for (const DayRange days : {days_, history_ ? history_->days() : DayRange()}) {
    writer.zigzag(days.first.value);
    writer.zigzag(days.last.value);
  }
  if (question_) writer.varint(question_->digest());
  for (const SegmentSet& part : parts_) part.write_identity(writer);
}

BitSpan SegmentSet::evaluate(ChunkSets& sets) const {
  if (kind_ == Kind::kDid && !history_) {
    if (days_test_) return users_by_days(sets);
    return active_.empty() ? sets.active(events_, days_) : sets.active(active_);
  }
  // The buffer for the result is taken from the arena before those for its parts, and stays when
  // those are given back.
  MutableSet result = sets.make_set();
  const std::size_t mark = sets.arena().mark();
  if (question_) {
    result.assign(users_of_question(sets));
    if (sets.limit()) result.keep(*sets.limit());
  } else if (history_) {
    const BitSpan told = history_->evaluate(sets);
    if (history_->takes_others()) {
      result.assign(sets.active(seen_));
      result.remove(told);
    } else {
      result.assign(told);
    }
  } else if (list_) {
    result.assign(sets.listed(*list_));
    result.keep(sets.active(seen_));
  } else if (kind_ == Kind::kAudience) {
    for (const auto& read : audiences_) {
      result.add(sets.in_audience(*read));
      sets.arena().give_back_to(mark);
    }
    result.keep(sets.active(seen_));
  } else if (kind_ == Kind::kFirst) {
    result.assign(sets.active(events_, days_));
    result.remove(sets.active(before_));
  } else if (kind_ == Kind::kNot) {
    result.assign(sets.active(seen_));
    result.remove(parts_[0].evaluate(sets));
  } else {
    result.assign(parts_[0].evaluate(sets));
    sets.arena().give_back_to(mark);
    for (std::size_t i = 1; i < parts_.size(); ++i) {
      const BitSpan part = parts_[i].evaluate(sets);
      if (kind_ == Kind::kAll) {
        result.keep(part);
      } else {
        result.add(part);
      }
      sets.arena().give_back_to(mark);
    }
  }
  sets.arena().give_back_to(mark);
  return result.span();
}

BitSpan SegmentSet::users_of_question(ChunkSets& sets) const {
  const std::span<std::uint64_t> words(sets.arena().take(), sets.chunk().word_count());
  UserSink sink(question_cells_, words);
  question_->count(sets.chunk(), sink);
  return {words.data(), words.size()};
}

BitSpan SegmentSet::users_by_days(ChunkSets& sets) const {
  MutableSet result = sets.make_set();
  const std::size_t mark = sets.arena().mark();
  std::vector<BitSpan> days;
  for (Day day = days_.first; day <= days_.last; day = day + 1) {
    const BitSpan active = sets.active(events_, {day, day});
    if (!active.empty()) days.push_back(active);
  }
  const VerticalCount count(sets, days);
  const auto at_least = [&](std::int32_t n) { return count.at_least(static_cast<std::size_t>(n)); };
  switch (days_test_->compare) {
    case Compare::kAtLeast:
      result.assign(days_test_->days == 0 ? sets.active(seen_) : at_least(days_test_->days));
      break;
    case Compare::kAtMost:
      result.assign(sets.active(seen_));
      result.remove(at_least(days_test_->days + 1));
      break;
    case Compare::kExactly:
      result.assign(days_test_->days == 0 ? sets.active(seen_) : at_least(days_test_->days));
      result.remove(at_least(days_test_->days + 1));
      break;
  }
  sets.arena().give_back_to(mark);
  return result.span();
}

LongUnion everybody(const PlanContext& context, const Timeframe& timeframe) {
  SeriesUnion any = {.series = {kAnySeries}, .has_bounds = true, .notes = {}};
  if (context.events->takes_all()) {
    any = {{context.events->add({}, context.events->why_all())}, /*has_bounds=*/false, {}};
  }
  return LongUnion::since(any, timeframe.data.first, timeframe);
}

}  // namespace rollcall
