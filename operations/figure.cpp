#include "rollcall/figure.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "operations/report_words.h"
#include "rollcall/json.h"

namespace rollcall {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Returns the code point that begins at `place`, and its length, or 0 and 1 if it is none.
std::pair<std::uint32_t, std::size_t> code_point_at(std::string_view text, std::size_t place) {
  const auto lead = static_cast<unsigned char>(text[place]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  const std::string_view piece = text.substr(place, length);
  const bool is_one = piece.size() == length && simdjson::validate_utf8(piece.data(), length);
  if (!is_one) return {0, 1};
  if (length == 1) return {lead, 1};
  std::uint32_t point = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    point = point << 6 | (static_cast<unsigned char>(piece[i]) & 0x3FU);
  }
  return {point, length};
}

// Says whether a character would move what comes after it, or take no place.
bool is_hidden(std::uint32_t point) {
  const auto is_in = [point](std::uint32_t first, std::uint32_t last) {
    return point >= first && point <= last;
  };
  return (point < 0x20 && point != '\t' && point != '\n') || is_in(0x7F, 0x9F) || point == 0xAD ||
         point == 0x61C || is_in(0x200B, 0x200F) || is_in(0x2028, 0x202E) ||
         is_in(0x2060, 0x2069) || point == 0xFEFF || is_in(0xFFF9, 0xFFFB) ||
         is_in(0xE0000, 0xE007F);
}

bool is_numeric(ColumnType type) {
  return type == ColumnType::kInt || type == ColumnType::kCount || type == ColumnType::kRatio ||
         type == ColumnType::kDecimal;
}

std::string notes_html(const std::vector<std::string>& notes, Language language) {
  std::string list = "<ul>";
  for (const std::string& note : notes) {
    const std::string_view words = note_words(note, language);
    list +=
        fmt::format("<li>{}</li>", words.empty() ? english_html(note, language) : html_text(words));
  }
  return list + "</ul>";
}

// Reads a list of texts, as a definition has its notes.
std::vector<std::string> texts_of(std::string_view json) {
  std::vector<std::string> texts;
  const Result<Json> list = parse_json(json);
  if (!list.ok() || !list->is_array()) return texts;
  for (const Json& text : list->get<Json::Array>()) texts.push_back(text.get<std::string>());
  return texts;
}

std::string folded(std::string_view title, std::string_view content) {
  return fmt::format("<details><summary>{}</summary>{}</details>\n", title, content);
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t place = 0; place < text.size();) {
    const auto [point, length] = code_point_at(text, place);
    switch (point) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if (is_hidden(point)) {
          out += kReplacement;
        } else {
          out += text.substr(place, length);
        }
    }
    place += length;
  }
  return out;
}

std::string table_html(const QueryResult& result, std::string_view caption, Language language,
                       std::size_t rows_max) {
  std::string html = fmt::format("<table><caption>{}</caption><thead><tr>", html_text(caption));
  for (const Column& column : result.columns) {
    html +=
        fmt::format("<th scope=\"col\"{}>{}</th>", is_numeric(column.type) ? " class=\"n\"" : "",
                    html_text(column_word(column.name, language)));
  }
  html += "</tr></thead><tbody>\n";
  const std::size_t shown = std::min(rows_max, result.rows.size());
  for (std::size_t y = 0; y < shown; ++y) {
    html += "<tr>";
    for (std::size_t x = 0; x < result.columns.size(); ++x) {
      const Column& column = result.columns[x];
      const std::string text =
          html_text(cell_words(result.rows[y][x], result.kind, column.name, language));
      // The first cell of a row says what the row is about.
      html += x == 0 ? fmt::format("<th scope=\"row\">{}</th>", text)
                     : fmt::format("<td{}>{}</td>", is_numeric(column.type) ? " class=\"n\"" : "",
                                   text);
    }
    html += "</tr>\n";
  }
  html += "</tbody></table>\n";
  if (shown < result.rows.size()) {
    html += fmt::format("<p>{}</p>\n", fmt::format(fmt::runtime(words_of(language).rows_left_out),
                                                   result.rows.size() - shown));
  }
  return html;
}

std::string english_html(std::string_view text, Language language) {
  const std::string html = html_text(text);
  return language == Language::kEnglish ? html : fmt::format("<span lang=\"en\">{}</span>", html);
}

std::string figure_html(const QueryResult& result, std::string_view title, std::string_view meaning,
                        Language language) {
  return figure_with_meaning(result, title, html_text(meaning), language);
}

std::string figure_with_meaning(const QueryResult& result, std::string_view title,
                                std::string_view meaning, Language language) {
  const ReportWords& words = words_of(language);
  std::string html = fmt::format("<figure><figcaption>{}</figcaption>\n", html_text(title));
  if (!meaning.empty()) html += fmt::format("<p class=\"meaning\">{}</p>\n", meaning);
  const std::string chart = chart_svg(result, title, language);
  html += chart;
  const std::string table = table_html(result, title, language);
  html += chart.empty() ? table : folded(words.table, table);
  if (!result.notes.empty()) {
    html += folded(words.notes, notes_html(result.notes, language));
  }
  std::string definition = fmt::format("<dl><dt>kind</dt><dd>{}</dd>", html_text(result.kind));
  for (const auto& [name, json] : result.definition) {
    definition += fmt::format("<dt>{}</dt><dd>{}</dd>", html_text(name),
                              name == "notes" ? notes_html(texts_of(json), language)
                                              : fmt::format("<code>{}</code>", html_text(json)));
  }
  html += folded(words.definition, definition + "</dl>");
  return html + "</figure>\n";
}

std::string_view figure_css() {
  return R"(:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1,h2,figcaption{line-height:1.2}
figure{margin:0 0 2rem;break-inside:avoid}
figcaption{font-weight:600;font-size:1.1rem}
.meaning{margin:.3rem 0;opacity:.8}
.chart{max-width:100%;height:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
caption{text-align:left;opacity:.8}
th,td{padding:.15rem .6rem;border-bottom:1px solid #8884;text-align:left;font-weight:400}
thead th{font-weight:600}
.n{text-align:right}
dt{font-weight:600}
dd{margin:0 0 .3rem 1rem;overflow-wrap:anywhere}
@media print{details::details-content{content-visibility:visible}summary{display:none}}
)";
}

}  // namespace rollcall
