"""The payloads of a timetable, each with its own outcome."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .outcome import Failure, ItemOutcome

T = TypeVar("T")


@dataclass(frozen=True)
class Item(Generic[T]):
    """One payload of a timetable."""

    key: str
    """Identifies the payload; the same on every attempt."""
    payload: T | None
    """The payload; none if it does not read as its type."""
    mismatch: str | None = None
    """Why the payload does not read as its type: one bad payload fails its own item only."""

    def settle(self, work: Callable[[T], Any]) -> ItemOutcome:
        """Works on the payload and says what became of it: `return Items(item.settle(send) for item in call.items())`."""
        if self.mismatch is not None:
            return ItemOutcome.failed(self.key, self.mismatch)
        try:
            work(self.payload)  # type: ignore[arg-type]
        except Exception as error:
            return ItemOutcome.failed(self.key, described(error))
        return ItemOutcome.done(self.key)


def described(error: BaseException) -> str:
    """An exception in one line: its type if it is not one of ours, what it says, and where it was raised."""
    if isinstance(error, Failure):
        return str(error)
    return "".join(traceback.format_exception_only(error)).strip()
