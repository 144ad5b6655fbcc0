#include "core/base/guard.h"

#include <fmt/format.h>

#include <exception>
#include <new>

namespace rollcall {

Status caught_exception(std::string_view where) {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& exception) {
    return Status::io_error(fmt::format("{}: {}", where, exception.what()));
  } catch (...) {
    return Status::io_error(fmt::format("{}: threw what is no std::exception", where));
  }
}

}  // namespace rollcall
