"""Parquet in: pyarrow or DuckDB reads the files, and the engine takes their rows as those of other files."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Sequence
from typing import Any

from rollcall._columns import BegunStream
from rollcall._errors import NotFound

# Called with a path, the names of columns (all of them if there are none), the first row group that is
# wanted, the most rows of a batch, and the most bytes of a page. Returns how many rows each row group has
# and an Arrow stream of the rows; or a text that says why the file cannot be read.
Reader = Callable[[str, list[str], int, int, int], "tuple[list[int], Any] | str"]


def expand(paths: Sequence[str]) -> list[str]:
    """The paths that patterns such as ``events/*.parquet`` stand for; a path that exists is itself."""
    return [match for pattern in paths for match in _matches(pattern)]


def _matches(pattern: str) -> list[str]:
    if os.path.lexists(pattern) or not glob.has_magic(pattern):
        return [pattern]
    found = sorted(glob.glob(pattern, recursive=True))
    if not found:
        raise NotFound(f"{pattern}: no file has a name of this pattern")
    return found


def read(path: str, columns: list[str], first: int, batch_rows: int, page_bytes_max: int) -> tuple[list[int], Any] | str:
    """Reads a file with pyarrow if it is installed, or else with DuckDB.

    Raises:
        ImportError: neither is.
    """
    try:
        import pyarrow.parquet  # pylint: disable=import-outside-toplevel
    except ImportError:
        return _read_by_duckdb(path, columns, first)
    return _read_by_pyarrow(pyarrow, path, columns, first, batch_rows)


def _read_by_pyarrow(arrow: Any, path: str, columns: list[str], first: int,
                     batch_rows: int) -> tuple[list[int], Any] | str:
    # Whatever pyarrow makes of hostile bytes is an error of the file.
    try:
        file = arrow.parquet.ParquetFile(path)
        groups = [file.metadata.row_group(number).num_rows for number in range(file.metadata.num_row_groups)]
        schema = file.schema_arrow
        places = [place for place, name in enumerate(schema.names) if not columns or name in columns]
        wanted = arrow.schema([schema.field(place) for place in places])
        batches = file.iter_batches(batch_size=batch_rows, row_groups=range(first, len(groups)),
                                    columns=list(dict.fromkeys(wanted.names)))
        return groups, arrow.RecordBatchReader.from_batches(wanted, _only(batches, wanted.names))
    except (arrow.ArrowException, OSError, ValueError, KeyError, MemoryError, OverflowError) as error:
        return str(error)


def _only(batches: Any, names: list[str]) -> Any:
    """The batches with these columns alone: a name such as "a.b" stands for a field of the column "a", too."""
    for batch in batches:
        yield batch if batch.schema.names == names else batch.select(names)


def _read_by_duckdb(path: str, columns: list[str], first: int) -> tuple[list[int], Any] | str:
    try:
        import duckdb  # pylint: disable=import-outside-toplevel
    except ImportError as error:
        raise ImportError("Parquet files need pyarrow or DuckDB: pip install pyarrow (or give what another library "
                          "reads of them: polars.scan_parquet(...).collect())") from error
    try:
        connection = duckdb.connect()
        # The rows come in the order of the file, and times as instants.
        connection.execute("SET TimeZone = 'UTC'")
        literal = "'" + path.replace("'", "''") + "'"
        found = connection.execute("SELECT row_group_id, any_value(row_group_num_rows) FROM "
                                   f"parquet_metadata({literal}) GROUP BY 1 ORDER BY 1").fetchall()
        groups = [rows for _, rows in found]
        names = ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
        rows = connection.sql(f"SELECT {names or '* EXCLUDE file_row_number'} FROM "
                              f"read_parquet({literal}, file_row_number = true, hive_partitioning = false) "
                              f"WHERE file_row_number >= {sum(groups[:first])}")
        return groups, BegunStream(rows.__arrow_c_stream__())  # it raises some errors of a file only now
    # Whatever DuckDB makes of hostile bytes is an error of the file.
    except (duckdb.Error, RuntimeError, OSError, ValueError, MemoryError, OverflowError) as error:
        return str(error)
