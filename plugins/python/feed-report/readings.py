"""From files to readings: CSV with a header, a JSON list of objects, or a JSON object a line."""

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Columns:
    """Where a row has its parts."""

    time: str
    name: str
    value: str


@dataclass(frozen=True)
class Reading:
    """One number, of one thing, at one instant."""

    at: datetime
    name: str
    value: float


@dataclass(frozen=True)
class Bad:
    """A row that is none, counted from 1, and why."""

    row: int
    reason: str


def of(file: Path, columns: Columns) -> Iterator[Reading | Bad]:
    """The readings of a file. What is no JSON at all is one bad row."""
    try:
        # utf-8-sig: spreadsheets write a byte order mark.
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as text:
            for number, row in enumerate(KINDS[file.suffix](text), 1):
                yield _reading(number, row, columns)
    except json.JSONDecodeError as error:
        yield Bad(error.lineno, f"no JSON: {error}")


def _lines(text: Any) -> Iterator[Any]:
    return (json.loads(line) for line in text if line.strip())


KINDS: dict[str, Callable[[Any], Iterable[Any]]] = {".csv": csv.DictReader, ".json": json.load, ".jsonl": _lines}


def _reading(number: int, row: Any, columns: Columns) -> Reading | Bad:
    try:
        at = datetime.fromisoformat(row[columns.time])
        value = float(row[columns.value])
        if not math.isfinite(value):
            return Bad(number, f"{value} is no number to count with")
        return Reading(at if at.tzinfo else at.replace(tzinfo=UTC), str(row[columns.name]), value)
    except KeyError as missing:
        return Bad(number, f"there is no column {missing}")
    except (TypeError, ValueError) as error:
        return Bad(number, str(error))
