"""A CSV or Parquet file becomes columns, or is refused: what pandas would shift, fill or merge in silence."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from lennox.errors import one_line
from lennox.policy.problems import TableError

if TYPE_CHECKING:
    import pandas as pd

MAX_COLUMNS, MAX_VALUES = 1000, 20_000_000  # packed, a file of a few kilobytes can hold billions
_DECODER_ERRORS = (KeyError, TypeError, AttributeError, NotImplementedError, SyntaxError)  # of notes that pandas leaves


def read_file(path: Path) -> pd.DataFrame:
    """The columns of a file, CSV as texts. Raises TableError for what is not a table, or larger than the limits."""
    import pandas as pd

    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return _read_parquet(path)
        separator = _check_csv(path)
        return pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except OSError as error:
        raise TableError([f"{path.name}: cannot be read ({error.strerror}); name a CSV or Parquet file"]) from error
    except (ValueError, UnicodeError, csv.Error, RecursionError) as error:  # pandas' parser errors are ValueErrors
        reason = one_line(str(error).splitlines()[0] if str(error) else type(error).__name__)
        raise TableError([f"{path.name}: not a table ({reason}); give a CSV in UTF-8 or a Parquet file"]) from error


def _check_csv(path: Path) -> str:
    """What separates the columns; refused where pandas would shift, fill or merge them in silence."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = next((line for line in file if line.strip()), "")
        separator = next((character for character in ",;\t" if character in first), ",")
        file.seek(0)
        rows = csv.reader(file, delimiter=separator)
        header: list[str] = []
        for row in rows:
            if not any(value.strip() for value in row) and len(row) < 2:
                continue  # a blank line
            if not header:
                header = row
                # two that only spaces tell apart are one to a reader
                doubled = [name for name, count in Counter(map(str.strip, header)).items() if count > 1]
                if len(header) > MAX_COLUMNS:
                    raise TableError([f"{path.name}: {len(header)} columns; a table has {MAX_COLUMNS} at most"])
                if doubled:
                    raise TableError([f"{path.name}: the column '{doubled[0]}' comes twice; rename one"])
            elif len(row) != len(header):
                what = f"{path.name}: line {rows.line_num}: {len(row)} values under {len(header)} columns"
                raise TableError([f"{what}; complete the line, or put values with commas in quotes"])
    return separator


def _read_parquet(path: Path) -> pd.DataFrame:
    """Raises OSError or ValueError, whatever a damaged file makes the decoder raise."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            size = file.metadata.num_rows * max(file.metadata.num_columns, 1)
            if file.metadata.num_columns > MAX_COLUMNS or size > MAX_VALUES:
                raise TableError([f"{path.name}: larger than {MAX_COLUMNS} columns or {MAX_VALUES:,} values"])
            texts = [field.name for field in file.schema_arrow if pa.types.is_string(field.type)]
        with parquet.ParquetFile(path, read_dictionary=texts) as file:  # a text that many rows hold is held once
            table = file.read()
            table.validate(full=True)  # that texts are UTF-8, among others: pandas would find out late
            frame = table.to_pandas()
            # pandas keeps its index apart, where it has a name: it is a column as any other
            return frame.reset_index([name for name in frame.index.names if name is not None])
    except (OSError, ValueError, TableError):
        raise
    except (pa.ArrowException, MemoryError, *_DECODER_ERRORS) as error:
        raise ValueError(str(error)) from error
