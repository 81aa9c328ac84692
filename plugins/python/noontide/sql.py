"""SQL databases, each by the name that the operator gave it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from .host import Host

Value = None | bool | int | float | str | bytes | datetime
"""A parameter, or one column of a row. Decimals, larger integers, UUIDs, JSON, dates, intervals and arrays are text."""

Dialect = Literal["sqlite", "postgresql", "mysql"]
"""Which SQL is spoken. MariaDB is mysql."""


@dataclass(frozen=True)
class Statement:
    """Exactly one statement. Parameters stand as `?` (SQLite, MySQL) or `$1` (PostgreSQL, SQLite)."""

    text: str
    parameters: Sequence[Value] = ()


@dataclass(frozen=True)
class Rows:
    """What a query found: each row is a dict by column name, in the order of the statement."""

    columns: list[str]
    values: list[tuple[Value, ...]] = field(default_factory=list)
    type_names: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (dict(zip(self.columns, row)) for row in self.values)

    def __len__(self) -> int:
        return len(self.values)

    def first(self) -> dict[str, Any] | None:
        """The first row, if there is one."""
        return next(iter(self), None)

    def only(self) -> dict[str, Any]:
        """The one row there must be, as of an aggregate."""
        if len(self.values) != 1:
            raise ValueError(f"exactly one row is expected, the statement gave {len(self.values)}")
        return next(iter(self))


class Sql:
    """A SQL connection of the host. Whether it is granted shows at the first use."""

    def __init__(self, host: Host, connection: str) -> None:
        self._host, self._connection = host, connection

    def dialect(self) -> Dialect:
        """Which SQL to write."""
        return self._host.sql_dialect(self._connection)  # type: ignore[return-value]

    def query(self, text: str, *parameters: Value) -> Rows:
        """Reads, and only reads, whatever is granted."""
        return self._host.sql_query(self._connection, Statement(text, parameters))

    def execute(self, text: str, *parameters: Value) -> int:
        """Writes by one statement; gives how many rows it has changed. Needs a grant to write."""
        return self.execute_all([Statement(text, parameters)])[0]

    def execute_all(self, statements: Iterable[Statement]) -> list[int]:
        """Writes by several statements in one transaction: all hold, or none. Gives how many rows each has changed."""
        return self._host.sql_execute(self._connection, list(statements))
