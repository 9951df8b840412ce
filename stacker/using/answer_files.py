"""Write records of answers, as they come: CSV, JSON lines, Parquet, or a table on the terminal."""

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TextIO

from stacker.artifacts.csv_cells import guard_cell
from stacker.artifacts.errors import PipelineError, WrongUseError
from stacker.artifacts.outputs import replaced_file
from stacker.artifacts.terminal import escape_line
from stacker.using.answer_records import flatten_record

SUFFIXES = (".csv", ".jsonl", ".parquet")
DIGITS = 4  # of a probability on the terminal
Record = dict[str, Any]


class Writer(Protocol):
    """Takes records, some at a time."""

    def write(self, records: Sequence[Record]) -> None: ...


def check_output(path: Path | None) -> None:
    """Refuse a file that no writer knows before any work.

    Raises:
        PipelineError: the suffix is none of `SUFFIXES`, or the extra for it is not installed.
    """
    if path is None:
        return
    if path.suffix not in SUFFIXES:
        raise WrongUseError(f"--output: expected a file ending in {', '.join(SUFFIXES)}, received {path}")
    if path.suffix == ".parquet":
        _import_parquet()


@contextmanager
def open_writer(path: Path | None, columns: Sequence[str]) -> Iterator[Writer]:
    """A writer of records; the file appears whole, when the block has succeeded, or not at all.

    Args:
        path: of the file, whose suffix says the format; None for a table on standard output.
        columns: of a table.

    Raises:
        PipelineError: as of `check_output`.
    """
    if path is None:
        yield _Table(sys.stdout)
        return
    check_output(path)
    with replaced_file(path) as partial:
        if path.suffix == ".parquet":
            with _Parquet(partial, columns) as writer:
                yield writer
            return
        with partial.open("w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
            yield _Comma(columns, stream) if path.suffix == ".csv" else _Lines(stream)


class _Lines:
    def __init__(self, stream: TextIO):
        self.stream = stream

    def write(self, records: Sequence[Record]) -> None:
        self.stream.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


class _Comma:
    def __init__(self, columns: Sequence[str], stream: TextIO):
        self.columns = columns
        self.writer = csv.DictWriter(stream, columns, lineterminator="\n")
        self.writer.writeheader()

    def write(self, records: Sequence[Record]) -> None:
        rows = (flatten_record(record, self.columns) for record in records)
        self.writer.writerows({name: _to_text(value) for name, value in row.items()} for row in rows)


class _Parquet:
    def __init__(self, path: Path, columns: Sequence[str]):
        pyarrow, parquet = _import_parquet()
        self.arrow = pyarrow
        self.schema = pyarrow.schema([(name, self._choose_type(name)) for name in columns])
        self.writer = parquet.ParquetWriter(path, self.schema)

    def __enter__(self) -> "_Parquet":
        return self

    def __exit__(self, *_: object) -> None:
        self.writer.close()

    def write(self, records: Sequence[Record]) -> None:
        rows = [flatten_record(record, self.schema.names) for record in records]
        self.writer.write_table(self.arrow.Table.from_pylist(rows, schema=self.schema))

    def _choose_type(self, name: str) -> Any:
        if name.startswith("set_"):
            return self.arrow.list_(self.arrow.string())
        if name == "is_novel":
            return self.arrow.bool_()
        is_number = name == "novelty" or "probability" in name.split("_")
        return self.arrow.float64() if is_number else self.arrow.string()


class _Table:
    """Lines as they come: what comes first says how wide the columns are."""

    def __init__(self, stream: TextIO):
        self.stream = stream
        self.widths: list[int] = []

    def write(self, records: Sequence[Record]) -> None:
        rows = [[escape_line(cell) for cell in _build_row(record)] for record in records]
        if not self.widths:
            read = [record for record in records if record["reason"] is None]
            header = _build_header(read[0]) if read else ["photo", "verdict"]
            rows.insert(0, header)
            self.widths = [max(len(row[number]) for row in rows if len(row) > number) for number in range(len(header))]
        for row in rows:
            widths = [*self.widths, *[0] * len(row)]
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
            print("  ".join(cells).rstrip(), file=self.stream)


def _build_header(record: Record) -> list[str]:
    return ["photo", "verdict", "probabilities", *record.get("members", {}), "novelty"]


def _build_row(record: Record) -> list[str]:
    if record["reason"] is not None:
        return [record["photo"], "unreadable"]
    likely = ", ".join(f"{name} {probability:.{DIGITS}f}" for name, probability in record["classes"])
    votes = [f"{name} {probability:.2f}" for name, probability in record.get("members", {}).values()]
    return [record["photo"], record["verdict"], likely, *votes, f"{record['novelty']:.2f}"]


def _to_text(value: Any) -> Any:
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return guard_cell(value) if isinstance(value, str) else value


def _import_parquet() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError:
        raise PipelineError(
            "--output: a .parquet file needs the extra `parquet`: run `pip install --require-hashes -r "
            "requirements.lock -r locks/parquet.lock`, or choose .csv or .jsonl"
        ) from None
    return pyarrow, pyarrow.parquet
