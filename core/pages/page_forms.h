// This is the table of page forms, with a row for each.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/pages/amounts_form.h"
#include "core/pages/bounds_form.h"
#include "core/pages/page_form.h"
#include "core/pages/presence_form.h"

namespace rollcall {

// The forms are in the order in which the day page and the directory page list their slots. A new
// row goes last: it adds to those pages, and so changes the format version.
using PageForms = std::tuple<PresenceForm, AmountsForm, BoundsForm>;

template <class Form>
using PageOf = typename Form::Page;
template <class Form>
using SlotOf = PageSlot<PageOf<Form>>;
template <class Form>
using SlotsOf = std::vector<SlotOf<Form>>;  // by chunk
template <class Form>
using SeriesOf = SeriesChunks<PageOf<Form>>;

template <PagePer kPer, class Forms>
struct FormsPer;
template <PagePer kPer, class... Forms>
struct FormsPer<kPer, std::tuple<Forms...>> {
  using Type = decltype(std::tuple_cat(
      std::declval<std::conditional_t<Forms::kPer == kPer, std::tuple<Forms>, std::tuple<>>>()...));
};
using DayForms = FormsPer<PagePer::kSeriesDayChunk, PageForms>::Type;
using SeriesForms = FormsPer<PagePer::kSeriesChunk, PageForms>::Type;

template <class Forms>
struct EachForm;
template <class... Forms>
struct EachForm<std::tuple<Forms...>> {
  static_assert((PageForm<Forms> && ...));

  // Calls visit(std::type_identity<Form>()) for each form.
  template <class Visit>
  static constexpr void visit(Visit visit) {
    (visit(std::type_identity<Forms>()), ...);
  }
};

// Rows are applied to pages of days alone, and the others follow from those.
static_assert([] {
  bool has_apply = false;
  EachForm<SeriesForms>::visit([&]<class Form>(std::type_identity<Form>) {
    for (const auto role : {SeriesRole::kEvent, SeriesRole::kDimensionValue, SeriesRole::kAny}) {
      has_apply = has_apply || Form::writer(role) == PageWriter::kApply;
    }
  });
  return !has_apply;
}());

// Holds an Of<Form> for each form of a list.
template <template <class> class Of, class Forms>
class PerForm;
template <template <class> class Of, class... Forms>
class PerForm<Of, std::tuple<Forms...>> {
 public:
  template <class Form>
  Of<Form>& of() {
    return static_cast<Member<Form>&>(members_).value;
  }
  template <class Form>
  const Of<Form>& of() const {
    return static_cast<const Member<Form>&>(members_).value;
  }

  // Calls visit(std::type_identity<Form>, Of<Form>&) for each form.
  template <class Visit>
  void for_each(Visit visit) {
    (visit(std::type_identity<Forms>(), of<Forms>()), ...);
  }
  template <class Visit>
  void for_each(Visit visit) const {
    (visit(std::type_identity<Forms>(), of<Forms>()), ...);
  }
  // Does the same until a call fails; returns its error.
  template <class Visit>
  Status try_each(Visit visit) {
    Status status;
    static_cast<void>(((status = visit(std::type_identity<Forms>(), of<Forms>())).ok() && ...));
    return status;
  }

 private:
  template <class Form>
  struct Member {
    Of<Form> value;
  };
  struct Members : Member<Forms>... {};
  Members members_;
};

template <class Form>
PageId page_id(std::uint32_t partition, const PagePlace& place) {
  const bool has_day = Form::kPer == PagePer::kSeriesDayChunk;
  return {Form::kKind, partition, place.series, has_day ? place.day.value : 0, place.chunk};
}

}  // namespace rollcall
