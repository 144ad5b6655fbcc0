#include "operations/report_words.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

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
                                       .name = "name",
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
                                       .leaving_meaning = ""};

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
    .name = "名称",
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
    .leaving_meaning = "最近 30 天来过、但最近 7 天没有来的用户。"};

constexpr std::pair<std::string_view, std::string_view> kChineseColumns[] = {
    {"active", "活跃用户"},
    {"base_users", "基数"},
    {"churned", "流失用户"},
    {"cohort", "分组"},
    {"complete", "已完整"},
    {"contacted", "触达组"},
    {"conversion_rate", "转化率"},
    {"converted", "转化用户"},
    {"date", "日期"},
    {"difference", "差值"},
    {"dormant", "流失"},
    {"event", "事件"},
    {"events", "事件数"},
    {"holdout", "对照组"},
    {"new", "新用户"},
    {"payers", "付费用户"},
    {"paying_rate", "付费率"},
    {"period", "周期"},
    {"rate", "比率"},
    {"resurrected", "回流用户"},
    {"retained", "留存用户"},
    {"returning", "持续用户"},
    {"rule", "规则"},
    {"segment", "分群"},
    {"share", "占比"},
    {"size", "人数"},
    {"step", "步骤"},
    {"user", "用户"},
    {"users", "用户数"},
    {"value", "金额"}};

}  // namespace

std::string_view column_word(std::string_view column, Language language) {
  if (language == Language::kEnglish) return column;
  const auto* const known = std::ranges::find(
      kChineseColumns, column, &std::pair<std::string_view, std::string_view>::first);
  return known == std::end(kChineseColumns) ? column : known->second;
}

const ReportWords& words_of(Language language) {
  return language == Language::kChinese ? kChineseWords : kEnglishWords;
}

}  // namespace rollcall
