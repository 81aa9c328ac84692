"""One call of a handler: what is asked, and the host's ear while it is being done."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from . import shape
from .host import Host, Level
from .item import Item
from .kv import Kv
from .outbox import Outbox
from .outcome import Cancelled, InvalidInput
from .sql import Sql
from .state import State

if TYPE_CHECKING:
    from .testing import TestCall

T = TypeVar("T")

Cause = Literal["schedule", "manual", "enqueued", "backfill", "after"]


@dataclass(frozen=True)
class Window:
    """The span of data that a run is about. `from_` lies inside, `to` does not."""

    from_: datetime
    to: datetime

    def __contains__(self, instant: datetime) -> bool:
        return self.from_ <= instant < self.to


@dataclass(frozen=True)
class Invocation:
    """What the host says when it calls. All instants are aware and in UTC."""

    run_id: str
    fire_key: str
    schedule: str | None
    handler: str
    attempt: int
    max_attempts: int
    due_at: datetime
    fired_at: datetime
    deadline: datetime | None
    previous_success: datetime | None
    window: Window | None
    timezone: str
    cause: Cause
    trace_parent: str
    input: str
    items: list[tuple[str, str]] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)


class Call:
    """One call of a handler."""

    def __init__(self, invocation: Invocation, host: Host) -> None:
        self._asked, self._host = invocation, host

    @staticmethod
    def test(**given: Any) -> TestCall:
        """A call to try a handler with; `TestCall` names what it may be given, and remembers what the handler did."""
        from .testing import TestCall

        return TestCall(**given)

    # ---- what is asked ----

    @property
    def run_id(self) -> str:
        """The run; the same on every attempt."""
        return self._asked.run_id

    @property
    def fire_key(self) -> str:
        """Stable over the attempts of one fire and unique to it: hand it on as idempotency key."""
        return self._asked.fire_key

    @property
    def schedule(self) -> str | None:
        """The schedule's name; none for an enqueued run."""
        return self._asked.schedule

    @property
    def handler(self) -> str:
        """The name by which this handler was called."""
        return self._asked.handler

    @property
    def attempt(self) -> int:
        """Which attempt this is, counted from 1."""
        return self._asked.attempt

    @property
    def max_attempts(self) -> int:
        """How many attempts the schedule allows."""
        return self._asked.max_attempts

    @property
    def due_at(self) -> datetime:
        """The nominal instant this run stands for, never "now"."""
        return self._asked.due_at

    @property
    def fired_at(self) -> datetime:
        """When this attempt began."""
        return self._asked.fired_at

    @property
    def deadline(self) -> datetime | None:
        """When the host will stop this attempt."""
        return self._asked.deadline

    @property
    def previous_success(self) -> datetime | None:
        """The due instant of the schedule's last successful run."""
        return self._asked.previous_success

    @property
    def window(self) -> Window | None:
        """The span of data this run is about, if the schedule sets one: `if written in call.window`."""
        return self._asked.window

    @property
    def timezone(self) -> str:
        """The schedule's time zone as IANA name, for example `Asia/Shanghai`."""
        return self._asked.timezone

    @property
    def cause(self) -> Cause:
        """What made the run happen."""
        return self._asked.cause

    @property
    def trace_parent(self) -> str:
        """W3C trace context, for the `traceparent` header of outgoing requests."""
        return self._asked.trace_parent

    @property
    def trace_id(self) -> str:
        """The trace's id alone, 32 hexadecimal digits."""
        return (self.trace_parent.split("-") + ["", ""])[1]

    def args(self) -> list[Any]:
        """The positional arguments, `{"args": […]}` in the input. No arguments are an empty list."""
        given = self.input()
        args = given.get("args", []) if isinstance(given, dict) else []
        if not isinstance(args, list):
            raise InvalidInput("args: a list is expected")
        return args

    def extra(self, name: str) -> str | None:
        """Something a newer host has to say, or a header: `call.extra("header.NAME")`."""
        return self._asked.extra.get(name)

    def includes(self) -> list[str]:
        """Smaller schedules whose work is part of this run, the nearest first: `weekly` and `daily` of a monthly one."""
        return list(json.loads(self.extra("includes") or "[]"))

    def included_input(self, schedule: str, type_: Any = Any) -> Any:
        """The input of an included schedule; none if this run does not include it."""
        inputs = json.loads(self.extra("included-inputs") or "{}")
        if schedule not in inputs:
            return None
        return _read(type_, inputs[schedule], f"input of `{schedule}`")

    def input(self, type_: Any = Any) -> Any:
        """The input as a type. A handler gets it as its second argument; this is for those that take the call alone."""
        given = json.loads(self._asked.input.strip() or "null")
        # No input at all is as good as an empty one: a handler whose fields all have defaults takes both.
        return _read(type_, {} if given is None and shape.is_object(type_) else given, "input")

    @overload
    def items(self) -> list[Item[Any]]: ...
    @overload
    def items(self, type_: type[T]) -> list[Item[T]]: ...
    def items(self, type_: Any = Any) -> list[Item[Any]]:
        """The payloads of a timetable, in the host's order. Empty for all other triggers."""
        return [_item(type_, key, payload) for key, payload in self._asked.items]

    # ---- how it goes ----

    def log(self, level: Level, message: object, **fields: object) -> None:
        """One line in the run's log, with fields: `call.info("counted", rows=3)`."""
        self._host.log(level, str(message), [(name, str(value)) for name, value in fields.items()])

    def trace(self, message: object, **fields: object) -> None:
        """A line at level trace."""
        self.log("trace", message, **fields)

    def debug(self, message: object, **fields: object) -> None:
        """A line at level debug."""
        self.log("debug", message, **fields)

    def info(self, message: object, **fields: object) -> None:
        """A line at level info."""
        self.log("info", message, **fields)

    def warn(self, message: object, **fields: object) -> None:
        """A line at level warn."""
        self.log("warn", message, **fields)

    def error(self, message: object, **fields: object) -> None:
        """A line at level error."""
        self.log("error", message, **fields)

    def progress(self, done: int, total: int | None = None, note: object = "") -> None:
        """How far the work has come: so much of a total (none if it is unknown), and a word about it."""
        self._host.progress(done, total, str(note))

    def is_cancelled(self) -> bool:
        """True, for good, once the run is asked to stop. Cheap: call it in loops."""
        return self._host.is_cancelled()

    def stop_if_cancelled(self) -> None:
        """Ends the handler by `Cancelled` once the run is asked to stop."""
        if self.is_cancelled():
            raise Cancelled

    def time_left(self) -> timedelta | None:
        """How long until the host stops this attempt; none if it will not."""
        return self._host.time_left()

    # ---- what the host keeps, and what is reached through it ----

    @property
    def state(self) -> State:
        """The schedule's durable memory. What a run writes counts only if the run ends well."""
        return State(self._host, "schedule")

    @property
    def shared(self) -> State:
        """The durable memory that all handlers and schedules of the plugin share."""
        return State(self._host, "plugin")

    @property
    def outbox(self) -> Outbox:
        """What the host sends once this run's success is on record: `call.outbox.webhook(url, json=order)`."""
        return Outbox(self._host)

    def attach(self, name: str, media_type: str, content: bytes | str) -> None:
        """Leaves a file with this run, such as a report: `report.html`, `text/html; charset=utf-8`. It is kept when the
        handler ends, well or badly; a trap, a timeout or a request to stop leaves none."""
        self._host.attach(name, media_type, content.encode() if isinstance(content, str) else content)

    def secret(self, name: str) -> str:
        """A secret the operator granted to this plugin."""
        return self._host.secret(name)

    def sql(self, connection: str) -> Sql:
        """A SQL database by the name that the operator gave it: `call.sql("shop").query("select …", 3)`."""
        return Sql(self._host, connection)

    def kv(self, connection: str) -> Kv:
        """A Redis database by the name that the operator gave it: `call.kv("cache").get_text("greeting")`."""
        return Kv(self._host, connection)


def _read(type_: Any, value: Any, where: str) -> Any:
    try:
        return shape.read(type_, value)
    except shape.Mismatch as mismatch:
        raise InvalidInput(f"{where}: {mismatch}") from None


def _item(type_: Any, key: str, payload: str) -> Item[Any]:
    try:
        return Item(key, shape.read(type_, json.loads(payload)))
    except (shape.Mismatch, ValueError) as mismatch:
        return Item(key, None, f"payload: {mismatch}")
