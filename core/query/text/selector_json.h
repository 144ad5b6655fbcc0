// Reads and writes selectors and conditions as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/query/text/json_reader.h"
#include "rollcall/segment.h"

namespace rollcall {

// Reads {"channel": "ads", "plan": {"ne": "free"}}, or a list of such objects, and adds the
// conditions to `out`.
Status read_where(const Json& value, const std::string& path, std::vector<PropertyCondition>& out);
// Reads null, "*", a name, a list of names, or an object with event or not_event, and where.
Status read_selector(const Json& value, const std::string& path, Selector& out);
FieldReader selector_field(std::string_view name, Selector& out);

// Reads a list of selectors.
FieldReader selectors_field(std::string_view name, std::vector<Selector>& out);

std::string where_json(const std::vector<PropertyCondition>& where);
std::string selector_json(const Selector& selector);
std::string selectors_json(const std::vector<Selector>& selectors);
// Reads a selector as segments have it: "purchase[plan=pro]".
std::string selector_text(const Selector& selector);

}  // namespace rollcall
