"""How a call ends: well, or badly. All of it can be raised; what ends well can be returned too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta


class Failure(Exception):
    """How a call ends badly. Any other exception counts as `Retry`, and its traceback goes into the run's log."""


class Retry(Failure):
    """It may pass: the schedule's retry policy decides, and waits at least `after` if that is given."""

    def __init__(self, message: object, after: timedelta | None = None) -> None:
        super().__init__(str(message))
        self.after = after


class Permanent(Failure):
    """Trying again would not help; the run fails without another attempt."""


class InvalidInput(Failure):
    """The input cannot be worked with; the run fails without another attempt."""


class Cancelled(Failure):
    """The handler noticed the request to stop and stopped. `Call.stop_if_cancelled` raises it."""

    def __init__(self) -> None:
        super().__init__("cancelled")


class Skipped(Exception):
    """Nothing to do, and why."""


class RunAgain(Exception):
    """Call again after so long; does not count as a failure."""

    def __init__(self, after: timedelta) -> None:
        super().__init__(f"again after {after}")
        self.after = after


@dataclass(frozen=True)
class ItemOutcome:
    """What became of one item: `reason` is none if it is done, else what went wrong."""

    key: str
    reason: str | None = None

    @classmethod
    def done(cls, key: str) -> ItemOutcome:
        """The item is done and will not come again."""
        return cls(key)

    @classmethod
    def failed(cls, key: str, reason: object) -> ItemOutcome:
        """The item failed."""
        return cls(key, str(reason))


class Items:
    """Done item by item; what failed is tried again, what succeeded is not."""

    def __init__(self, outcomes: Iterable[ItemOutcome]) -> None:
        self.outcomes = list(outcomes)

    def __repr__(self) -> str:
        return f"Items({self.outcomes!r})"
