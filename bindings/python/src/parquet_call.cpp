#include "parquet_call.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <utility>

#include "capsules.h"
#include "gil.h"

namespace nb = nanobind;

namespace rollcall::python {

Result<std::vector<std::uint64_t>> call_parquet_reader(const nb::object& read,
                                                       const std::string& path,
                                                       const ParquetRequest& request,
                                                       ArrowArrayStream* rows) {
  const nb::object told = read(path, request.columns, request.first_row_group, request.batch_rows,
                               request.page_bytes_max);
  if (nb::isinstance<nb::str>(told)) return Status::corruption(nb::cast<std::string>(told));
  auto groups = nb::cast<std::vector<std::uint64_t>>(told[nb::int_(0)]);
  const OwnedStream stream = take_stream(told[nb::int_(1)]);
  *rows = std::exchange(*stream, ArrowArrayStream{});
  return groups;
}

ReadParquet parquet_of_commands(const nb::object& read) {
  return [&read](const std::string& path, const ParquetRequest& request,
                 ArrowArrayStream* rows) -> Result<std::vector<std::uint64_t>> {
    const GilAcquire gil;
    try {
      return call_parquet_reader(read, path, request, rows);
    } catch (const nb::python_error& error) {
      return Status::unsupported(nb::str(error.value()).c_str());
    }
  };
}

}  // namespace rollcall::python
