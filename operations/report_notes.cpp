// The notes of answers in the languages of reports. As in message catalogues, the English text is
// the key, so that a note that is worded anew is in English until it has other words here; a test
// sees it.
#include <algorithm>
#include <iterator>
#include <utility>

#include "operations/report_words.h"

namespace rollcall {
namespace {

using NoteTranslation = std::pair<std::string_view, std::string_view>;

constexpr NoteTranslation kChineseNotes[] = {
    {"a row is complete when its last day has ended at as_of",
     "一行的最后一天在截至时刻已经结束，该行才算完整"},
    {"a row is complete when its last second has passed at as_of",
     "一行的最后一秒在截至时刻已经过去，该行才算完整"},
    {"new: first ever event in the period; returning: here in the period before, too; "
     "resurrecting: not in the period before, but earlier; dormant: in the period before, and not "
     "in this one",
     "新用户：首个事件发生在本周期；持续用户：上一周期也活跃；回流用户：上一周期不活跃，更早活跃过"
     "；"
     "沉默用户：上一周期活跃，本周期不活跃"},
    {"quick_ratio is (new + resurrecting) / dormant", "增长比 =（新用户 + 回流用户）/ 沉默用户"},
    {"a cell is complete when its last period has ended at as_of; the rate of an incomplete one is "
     "null, and a cell that begins after as_of is left out",
     "一格的最后一个周期在截至时刻已经结束才算完整；不完整的格没有比率，截至时刻之后才开始的格不列"
     "出"},
    {"a summary row counts the complete cells of its column, and is left out where there are none",
     "汇总行只统计该列完整的格；一格也没有时不列出"},
    {"a row is complete when the last day on which its users could come back has ended at as_of; "
     "the counts of an incomplete one are those so far, and its rate is null",
     "用户可以回来的最后一天在截至时刻已经结束，该行才算完整；不完整的行是目前的人数，没有比率"},
    {"recalled users came back after that day, up to as_of",
     "召回用户：在那一天之后、截至时刻之前又回来的用户"},
    {"a user of the base counts in the first rule that fits; share is of the base",
     "基数中的用户计入第一条符合的规则；占比以基数为分母"},
    {"payers are users whose amounts add up to more than 0, over all history",
     "付费用户：全部历史金额之和大于 0 的用户"},
    {"spans of days count back from as_of", "天数从截至时刻往回算"},
    {"events_per_user and value_per_user are over the users of the row",
     "人均事件数与人均金额以该行的用户数为分母"},
    {"payers are users whose amounts of the row sum to more than 0; value_per_payer divides value "
     "by them",
     "付费用户：该行金额之和大于 0 的用户；付费人均金额 = 金额 / 付费用户"},
    {"recency is the whole days from the day of a user's last event in the range to that of as_of; "
     "users without an event in it are left out",
     "距今天数：从用户在范围内最后一个事件的日期到截至日期的整天数；范围内没有事件的用户不计"},
    {"a score is 1 + floor(5 (worse + equal / 2) / all), counts of users, so that equal values "
     "share the score of the middle of them",
     "分数 = 1 + floor(5（更差人数 + 相同人数 / 2）/ "
     "总人数)；数值相同的用户得分相同，取其中间的分数"},
    {"rows are complete when the last day of to has ended at as_of, or without to",
     "结束日期在截至时刻已经过去，或没有设结束日期时，各行完整"},
    {"share is that of all users with an event in the range", "占比以范围内有事件的全部用户为分母"},
    {"the time of every user begins after the second of the run's instant, in both arms; a horizon "
     "is so many times 24 hours from there, its end included",
     "两组用户都从批次时刻的那一秒之后开始计时；观察期为若干个 24 小时，含终点"},
    {"both arms count whole, as they were drawn, whoever was reached",
     "两组都按抽取时的全体计算，无论是否触达"},
    {"uplift is the rate of the contacted minus that of the holdout: of conversion_rate if there "
     "is "
     "converted, else of return_rate; the interval is of 95 %, by Newcombe; the test is the "
     "two-proportion z, pooled; p is two-sided",
     "提升 = 触达组比率 - 对照组比率：有转化事件时用转化率，否则用召回率；95 % 区间用 Newcombe "
     "方法；检验为合并的双比例 z 检验，p 为双侧"},
    {"nothing is adjusted for many comparisons, or for looking often",
     "没有对多重比较或反复查看做校正"},
    {"a row is complete when its horizon is over at as_of",
     "观察期在截至时刻已经结束，该行才算完整"},
    {"rows without a run count each user in their first run; at each horizon they are of the runs "
     "for which it is over or, as long as there are none, of all",
     "没有批次的行把每个用户计入其第一个批次；每个观察期只含已结束的批次，一个也没有时含全部批次"},
};

}  // namespace

std::string_view note_words(std::string_view note, Language language) {
  if (language == Language::kEnglish) return note;
  const auto* const known = std::ranges::find(kChineseNotes, note, &NoteTranslation::first);
  return known == std::end(kChineseNotes) ? std::string_view() : known->second;
}

}  // namespace rollcall
