#include "errors.h"

#include <nanobind/stl/string.h>

#include <string>
#include <string_view>

#include "rollcall/option_hint.h"

namespace nb = nanobind;

namespace rollcall::python {
namespace {

// Bytes of a message that are no UTF-8, such as those of a path, are shown as escapes.
nb::object text_of(std::string_view text) {
  return nb::steal(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "backslashreplace"));
}

nb::list ways_of(const OptionHint& hint) {
  nb::list ways;
  for (const OptionHint::Way& way : hint.ways) {
    nb::dict options;
    for (const OptionValue& value : way) {
      const std::string_view name = name_of(value.option);
      options[nb::str(name.data(), name.size())] = text_of(value.value);
    }
    ways.append(options);
  }
  return ways;
}

}  // namespace

std::string code_name(StatusCode code) {
  std::string name;
  for (const char c : to_string(code)) {
    if (c == '/') continue;
    const bool is_capital = 'A' <= c && c <= 'Z';
    name += c == ' ' ? '_' : is_capital ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return name;
}

void raise(const Status& status) {
  const nb::object make = nb::module_::import_("rollcall._errors").attr("error_of");
  const nb::object error = make(code_name(status.code()), text_of(status.message()),
                                text_of(to_string(status.hint())), ways_of(status.hint()));
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.ptr())), error.ptr());
  throw nb::python_error();
}

}  // namespace rollcall::python
