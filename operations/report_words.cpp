#include "operations/report_words.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <variant>

#include "rollcall/cell_text.h"

namespace rollcall {
namespace {

constexpr ReportWords kEnglishWords = {.lang = "en",
                                       .report = "Report",
                                       .as_of = "as of",
                                       .events = "events",
                                       .users = "users",
                                       .first_day = "first day",
                                       .last_day = "last day",
                                       .table = "Table",
                                       .notes = "Notes",
                                       .definition = "Definition",
                                       .rows_left_out = "{} more rows are left out.",
                                       .not_answered = "This question has no answer here: {}",
                                       .nothing_kept = "The store keeps none.",
                                       .campaign = "campaign",
                                       .run = "run",
                                       .klass = "class",
                                       .contacted = "contacted",
                                       .holdout = "held out",
                                       .audiences = "Audiences",
                                       .name = "name",
                                       .series = "series",
                                       .state = "state",
                                       .since = "since",
                                       .date = "date",
                                       .last_value = "value",
                                       .off = "off",
                                       .not_judged = "not judged yet",
                                       .not_shown = "Their states are not shown here.",
                                       .health = "Health",
                                       .retention = "Retention",
                                       .churn = "Churn",
                                       .warning = "Early warning",
                                       .value = "Value",
                                       .funnels = "Funnels",
                                       .questions = "Saved questions",
                                       .campaigns = "Campaigns",
                                       .alerts = "Alerts",
                                       .leaving = "Users who fell silent",
                                       .active_days = "Active users by day",
                                       .growth = "Where this week's users come from",
                                       .weekly_cohorts = "Weekly cohorts: who comes back",
                                       .lost_after_7_days = "Lost after 7 days",
                                       .lost_by_month = "Lost by month",
                                       .at_risk = "Users at risk",
                                       .paying = "Paying users by month",
                                       .rfm = "Users by recency, frequency and value",
                                       .active_days_meaning = "",
                                       .growth_meaning = "",
                                       .weekly_cohorts_meaning = "",
                                       .lost_after_7_days_meaning = "",
                                       .lost_by_month_meaning = "",
                                       .at_risk_meaning = "",
                                       .paying_meaning = "",
                                       .rfm_meaning = "",
                                       .leaving_meaning = "",
                                       .campaign_meaning = ""};

constexpr ReportWords kChineseWords = {
    .lang = "zh",
    .report = "运营报告",
    .as_of = "截至",
    .events = "事件数",
    .users = "用户数",
    .first_day = "第一天",
    .last_day = "最后一天",
    .table = "数据表",
    .notes = "说明",
    .definition = "口径",
    .rows_left_out = "另有 {} 行未列出。",
    .not_answered = "此问题无法回答：{}",
    .nothing_kept = "没有保存任何内容。",
    .campaign = "活动",
    .run = "批次",
    .klass = "分组",
    .contacted = "触达组",
    .holdout = "对照组",
    .audiences = "人群",
    .name = "名称",
    .series = "序列",
    .state = "状态",
    .since = "开始时间",
    .date = "日期",
    .last_value = "数值",
    .off = "未启用",
    .not_judged = "尚未判断",
    .not_shown = "此处不显示告警状态。",
    .health = "概况",
    .retention = "留存",
    .churn = "流失",
    .warning = "流失预警",
    .value = "价值",
    .funnels = "漏斗",
    .questions = "已保存的问题",
    .campaigns = "召回活动",
    .alerts = "告警与熔断",
    .leaving = "已沉默的用户",
    .active_days = "日活跃用户",
    .growth = "每周用户构成",
    .weekly_cohorts = "按周分组的留存",
    .lost_after_7_days = "7 日流失",
    .lost_by_month = "自然月流失",
    .at_risk = "有流失风险的用户",
    .paying = "每月付费用户",
    .rfm = "用户分群（RFM）",
    .active_days_meaning = "每天有任意事件的去重用户数。",
    .growth_meaning =
        "每周活跃用户的构成：新用户、持续用户、回流用户；以及上周活跃而本周未来的用户。",
    .weekly_cohorts_meaning = "首次出现在同一周的用户，在之后第几周又回来的比例。",
    .lost_after_7_days_meaning = "当天活跃、随后 7 天内没有任何事件的用户。",
    .lost_by_month_meaning = "某个自然月活跃、下个自然月没有任何事件的用户。",
    .at_risk_meaning = "最近 30 天活跃的用户中，按顺序符合各条预警规则的人数。",
    .paying_meaning = "每月有正金额的用户，以及他们的占比和人均金额。",
    .rfm_meaning = "按最近一次、频次和金额打分后的用户分群。",
    .leaving_meaning = "最近 30 天来过、但最近 7 天没有来的用户。",
    .campaign_meaning =
        "每个批次的用户在名单定下之后各观察期内回来、转化和付费的情况，触达组与对照组相比。"};

using Translation = std::pair<std::string_view, std::string_view>;

// Names of which each is the same in Chinese, such as those of scores and statistics, are not here.
constexpr Translation kChineseColumns[] = {{"active", "活跃用户"},
                                           {"active_days", "活跃天数"},
                                           {"active_periods", "活跃周期数"},
                                           {"answers", "回答数"},
                                           {"arm", "组别"},
                                           {"arppu", "付费用户均值"},
                                           {"at", "天数或次数"},
                                           {"at_least", "至少次数"},
                                           {"base", "基数"},
                                           {"breadth", "人均功能数"},
                                           {"churned", "流失用户"},
                                           {"class", "类别"},
                                           {"cohort", "分组"},
                                           {"complete", "已完整"},
                                           {"conversion_rate", "转化率"},
                                           {"converted", "转化用户"},
                                           {"cost", "成本"},
                                           {"cost_per_extra", "每增一人成本"},
                                           {"cost_per_returned", "每召回一人成本"},
                                           {"cost_per_user", "人均成本"},
                                           {"date", "日期"},
                                           {"day", "第几天"},
                                           {"days", "天数"},
                                           {"detractors", "贬损者"},
                                           {"difference", "差值"},
                                           {"dormant", "沉默用户"},
                                           {"dropped", "流失人数"},
                                           {"due", "已到期"},
                                           {"event", "事件"},
                                           {"events", "事件数"},
                                           {"events_per_user", "人均事件数"},
                                           {"excluded", "已排除"},
                                           {"feature", "功能"},
                                           {"followed", "有后续"},
                                           {"frequency", "频次"},
                                           {"from", "起点"},
                                           {"from_days", "起始天数"},
                                           {"high", "区间上限"},
                                           {"high_mean", "均值上限"},
                                           {"high_rate", "比率上限"},
                                           {"horizon", "观察天数"},
                                           {"hour", "小时"},
                                           {"hours", "小时数"},
                                           {"immature", "未到期"},
                                           {"invalid", "无效"},
                                           {"last_event", "最后事件"},
                                           {"low", "区间下限"},
                                           {"low_mean", "均值下限"},
                                           {"low_rate", "比率下限"},
                                           {"ltv_to_cost", "价值成本比"},
                                           {"mean", "均值"},
                                           {"mean_active_days", "平均活跃天数"},
                                           {"mean_frequency", "平均频次"},
                                           {"mean_monetary", "平均金额"},
                                           {"mean_recency", "平均距今天数"},
                                           {"mean_repeat", "复购均值"},
                                           {"mean_seconds", "平均用时"},
                                           {"mean_total_seconds", "平均总用时"},
                                           {"median_days_to_adopt", "采用天数中位数"},
                                           {"median_seconds", "用时中位数"},
                                           {"median_total_seconds", "总用时中位数"},
                                           {"monetary", "金额"},
                                           {"name", "名称"},
                                           {"new", "新用户"},
                                           {"new_adopters", "新采用用户"},
                                           {"of", "类型"},
                                           {"passives", "中立者"},
                                           {"payback_day", "回本天数"},
                                           {"payers", "付费用户"},
                                           {"paying_rate", "付费率"},
                                           {"period", "周期"},
                                           {"promoters", "推荐者"},
                                           {"quick_ratio", "增长比"},
                                           {"rate", "比率"},
                                           {"ratio", "比值"},
                                           {"reached", "触达用户"},
                                           {"recalled", "召回用户"},
                                           {"recency", "距今天数"},
                                           {"resurrecting", "回流用户"},
                                           {"retained", "留存用户"},
                                           {"retained_with", "做过者留存率"},
                                           {"retained_without", "未做者留存率"},
                                           {"return_rate", "召回率"},
                                           {"returned", "回来的用户"},
                                           {"returning", "持续用户"},
                                           {"returning_users", "持续使用用户"},
                                           {"rule", "规则"},
                                           {"run", "批次"},
                                           {"segment", "分群"},
                                           {"share", "占比"},
                                           {"size", "人数"},
                                           {"statistic", "统计量"},
                                           {"step", "步骤"},
                                           {"step_rate", "单步转化率"},
                                           {"to", "终点"},
                                           {"to_days", "截止天数"},
                                           {"uplift", "提升"},
                                           {"user", "用户"},
                                           {"users", "用户数"},
                                           {"users_at_least", "至少如此的用户"},
                                           {"users_current", "当前连续用户"},
                                           {"users_longest", "最长连续用户"},
                                           {"value", "金额"},
                                           {"value_per_active", "活跃人均金额"},
                                           {"value_per_payer", "付费人均金额"},
                                           {"value_per_user", "人均金额"},
                                           {"variant", "实验组"},
                                           {"weekday", "星期"},
                                           {"what", "项目"},
                                           {"window_days", "窗口天数"}};

// Are the words that the engine itself puts into cells of these columns. What people have named,
// such as an event, stays as it is.
constexpr std::string_view kColumnsOfWords[] = {"rule", "segment", "arm"};
constexpr Translation kChineseCells[] = {{"about_to_sleep", "即将沉睡"},
                                         {"at_risk", "有流失风险"},
                                         {"cannot_lose", "不可流失"},
                                         {"champions", "重要价值"},
                                         {"contacted", "触达组"},
                                         {"declining", "活跃下降"},
                                         {"firing", "告警"},
                                         {"hibernating", "沉睡"},
                                         {"holdout", "对照组"},
                                         {"lost", "已流失"},
                                         {"loyal", "忠诚"},
                                         {"needs_attention", "需关注"},
                                         {"ok", "正常"},
                                         {"other", "其他"},
                                         {"pending", "待定"},
                                         {"potential", "潜力"},
                                         {"silent", "沉默"},
                                         {"stale", "过期"}};

template <std::size_t N>
std::string_view translated(std::string_view word, const Translation (&words)[N]) {
  const auto* const known = std::ranges::find(words, word, &Translation::first);
  return known == std::end(words) ? word : known->second;
}

}  // namespace

std::string_view column_word(std::string_view column, Language language) {
  return language == Language::kEnglish ? column : translated(column, kChineseColumns);
}

std::string_view cell_word(std::string_view word, Language language) {
  return language == Language::kEnglish ? word : translated(word, kChineseCells);
}

std::string cell_words(const Cell& cell, std::string_view kind, std::string_view column,
                       Language language) {
  std::string shown = shown_text(cell, kind, column);
  if (language == Language::kEnglish) return shown;
  if (const bool* const yes = std::get_if<bool>(&cell)) return *yes ? "是" : "否";
  const bool has_words = std::ranges::find(kColumnsOfWords, column) != std::end(kColumnsOfWords);
  return has_words ? std::string(cell_word(shown, language)) : shown;
}

const ReportWords& words_of(Language language) {
  return language == Language::kChinese ? kChineseWords : kEnglishWords;
}

}  // namespace rollcall
