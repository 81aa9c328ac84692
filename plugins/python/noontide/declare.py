"""The declaration: what the plugin is, and which function answers to which name."""

from __future__ import annotations

import inspect
import json
import re
import traceback
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from . import shape
from .call import Call
from .item import described
from .outcome import Failure, Items, Permanent, Retry, RunAgain, Skipped


@dataclass(frozen=True)
class Wants:
    """What the plugin would like to be granted. Shown beside the operator's grants, never acted on."""

    http: list[str] = field(default_factory=list)
    """Origins, such as https://api.example.com"""
    tcp: list[str] = field(default_factory=list)
    """host:port"""
    env: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    """Guest paths of folders."""
    sql: list[str] = field(default_factory=list)
    """Names of SQL connections, as in `shop`, or `shop read-write` where it also writes."""
    kv: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Handler:
    """A function that answers to a name."""

    name: str
    body: Callable[..., Any]
    summary: str
    example: Any
    timeout: timedelta | None
    input: Any
    """The type of the function's second argument; none if it takes the call alone."""

    def input_schema(self) -> dict[str, Any]:
        """The JSON Schema of its input."""
        return {} if self.input is None else shape.schema(self.input)

    def run(self, call: Call) -> Any:
        """The function's own result."""
        return self.body(call) if self.input is None else self.body(call, call.input(self.input))


@dataclass
class Plugin:
    """What `plugin` and `handler` have declared. One component is one plugin."""

    name: str = ""
    version: str = ""
    summary: str = ""
    wants: Wants = field(default_factory=Wants)
    handlers: dict[str, Handler] = field(default_factory=dict)

    def run(self, call: Call) -> Done | Items | Skipped | RunAgain:
        """Runs the handler that the call names, as the host does: JSON in, JSON out. Raises a `Failure`; any other
        exception becomes a `Retry`, and its traceback lines of the run's log."""
        found = self.handlers.get(call.handler)
        if found is None:
            names = ", ".join(self.handlers)
            raise Permanent(f"plugin `{self.name}` has no handler `{call.handler}`, it has: {names}")
        try:
            return _ended(found.run(call))
        except (Skipped, RunAgain) as end:
            return end
        except (Failure, MemoryError):
            raise
        except Exception as error:
            for line in _traceback(error):
                call.error(line)
            raise Retry(described(error)) from error


@dataclass(frozen=True)
class Done:
    """Done, with a result as JSON text."""

    json: str | None


DECLARED = Plugin()


def plugin(*, name: str, version: str, summary: str, wants: Wants | None = None) -> None:
    """Says what this plugin is. Names are lower-case letters, digits and hyphens."""
    DECLARED.name, DECLARED.version, DECLARED.summary, DECLARED.wants = name, version, summary, wants or Wants()


def handler(
    *, summary: str, name: str | None = None, example: Any = None, timeout: str | timedelta | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes a function a handler: `def count(call: Call, input: Input) -> Any`. Its name is the function's, with hyphens.
    The type of `input` gives the JSON Schema; without a second argument any input is taken. `timeout` (as in "30s", or a
    timedelta) counts where the schedule sets none."""

    def declare(body: Callable[..., Any]) -> Callable[..., Any]:
        called = name or body.__name__.replace("_", "-")
        DECLARED.handlers[called] = Handler(called, body, summary, example, _span(timeout), _input(body))
        return body

    return declare


def run(call: Call) -> Done | Items | Skipped | RunAgain:
    """Runs the handler that the call names, as the host does."""
    return DECLARED.run(call)


def _input(body: Callable[..., Any]) -> Any:
    """The hint of the second argument; the schema is made here once, so that a type that has none stops the build."""
    parameters = list(inspect.signature(body).parameters.values())
    if len(parameters) < 2:
        return None
    hint = typing.get_type_hints(body, include_extras=True).get(parameters[1].name, Any)
    shape.schema(hint)
    return hint


_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours"}


def _span(text: str | timedelta | None) -> timedelta | None:
    if text is None or isinstance(text, timedelta):
        return text
    parts = re.fullmatch(r"(\d+)(ms|s|m|h)", text)
    if parts is None:
        raise ValueError(f"timeout `{text}`: a number with ms, s, m or h is expected, as in \"30s\"")
    return timedelta(**{_UNITS[parts[2]]: int(parts[1])})


def _ended(result: Any) -> Done | Items | Skipped | RunAgain:
    if isinstance(result, (Items, Skipped, RunAgain)):
        return result
    if result is None:
        return Done(None)
    try:
        return Done(json.dumps(result, default=shape.written, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise Permanent(f"the result does not serialise: {error}") from None


def _traceback(error: BaseException) -> list[str]:
    """From the handler's function on: the frames of this module say nothing to its author."""
    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_globals.get("__package__") == __package__:
        frame = frame.tb_next
    lines = traceback.format_exception(type(error), error, frame or error.__traceback__)
    return "".join(lines).rstrip("\n").split("\n")
