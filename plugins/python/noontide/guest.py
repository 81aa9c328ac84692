"""The contract's side: what the host calls. Only inside a component; `entry.py` of a plugin names these two classes.

The interpreter is kept as it is at the end of the build, with everything imported, and each call begins there. What was
not imported then is not there: a component brings no files along."""

from __future__ import annotations

import importlib
import json
import linecache
import logging
import os
import random
import sys
from datetime import UTC, datetime, timedelta

from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.exports import describe as wit_describe
from wit_world.imports import types as wit

from .call import Call, Invocation, Window
from .guest_host import Imports
from .item import described
from .logs import ToHost
from .outcome import Cancelled, Failure, InvalidInput, ItemOutcome, Items, Permanent, Retry, RunAgain, Skipped
from .declare import DECLARED, Done, Handler as Declared

MILLISECOND = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# An instant outside the years that Python counts is one no schedule can mean; the nearest end stands for it.
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

# The standard library imports these only when they are first used.
for lazy in ["_strptime", "unicodedata", "encodings.idna"] + [
    f"encodings.{name}" for name in ("ascii", "cp1252", "latin_1", "utf_8", "utf_8_sig", "utf_16", "utf_32", "unicode_escape")
]:
    importlib.import_module(lazy)

logging.getLogger().addHandler(ToHost(Imports()))
logging.getLogger().setLevel(logging.INFO)

# For tracebacks. Without a time the lines are never looked for on a disk again.
for module in list(sys.modules.values()):
    file = getattr(module, "__file__", None) or ""
    if file and not file.startswith(("/python", "/bundled")) and (lines := linecache.getlines(file)):
        linecache.cache[file] = (sum(map(len, lines)), None, lines, file)


class Describe(exports.Describe):
    """What the plugin says about itself."""

    def describe(self) -> wit_describe.PluginInfo:
        wants = DECLARED.wants
        return wit_describe.PluginInfo(
            name=DECLARED.name,
            version=DECLARED.version,
            summary=DECLARED.summary,
            handlers=[_info(handler) for handler in DECLARED.handlers.values()],
            wants=wit_describe.Wants(**vars(wants)),
        )


class Handler(exports.Handler):
    """Where the work is done."""

    def run(self, call: wit.Invocation) -> wit.Outcome:
        _wake()
        try:
            return _outcome(DECLARED.run(Call(_invocation(call), Imports())))
        except Failure as failure:
            raise Err(_failure(failure)) from None
        except MemoryError:
            # The host knows better than we whose limit it was, and says so of a guest that broke off.
            os.abort()
        # Also what is no Exception, as of sys.exit(): unanswered, it would look like a trap.
        except BaseException as error:
            raise Err(wit.Failure_Retryable(wit.Retryable(described(error), None))) from None
        finally:
            sys.stdout.flush()
            sys.stderr.flush()


def _wake() -> None:
    """What the interpreter noted at build time and is another thing in each call: chance, and the environment."""
    random.seed()
    if hasattr(os, "reload_environ"):
        os.reload_environ()


def _info(handler: Declared) -> wit_describe.HandlerInfo:
    return wit_describe.HandlerInfo(
        name=handler.name,
        summary=handler.summary,
        input_schema=json.dumps(handler.input_schema()),
        example_input=None if handler.example is None else json.dumps(handler.example),
        timeout_ms=None if handler.timeout is None else round(handler.timeout / MILLISECOND),
    )


def _invocation(call: wit.Invocation) -> Invocation:
    extra = dict(call.extra)
    window = call.window
    return Invocation(
        run_id=call.run_id,
        fire_key=call.fire_key,
        schedule=call.schedule,
        handler=call.handler,
        attempt=call.attempt,
        max_attempts=call.max_attempts,
        due_at=instant(call.due_at),
        fired_at=instant(call.fired_at),
        deadline=None if call.deadline is None else instant(call.deadline),
        previous_success=None if call.previous_success is None else instant(call.previous_success),
        window=None if window is None else Window(instant(window.from_), instant(window.to)),
        timezone=call.timezone,
        # The contract's `cause` has no word for it.
        cause="after" if extra.get("cause") == "after" else call.cause.name.lower(),  # type: ignore[arg-type]
        trace_parent=call.trace_parent,
        input=call.input,
        items=[(item.key, item.payload) for item in call.items],
        extra=extra,
    )


def _outcome(ended: Done | Items | Skipped | RunAgain) -> wit.Outcome:
    match ended:
        case Items():
            return wit.Outcome_Items([wit.ItemOutcome(one.key, _settled(one)) for one in ended.outcomes])
        case Skipped():
            return wit.Outcome_Skipped(str(ended))
        case RunAgain():
            return wit.Outcome_RunAgain(round(ended.after / MILLISECOND))
        case Done():
            return wit.Outcome_Done(ended.json)


def _settled(one: ItemOutcome) -> Ok[None] | Err[str]:
    return Ok(None) if one.reason is None else Err(one.reason)


def _failure(failure: Failure) -> wit.Failure:
    match failure:
        case InvalidInput():
            return wit.Failure_InvalidInput(str(failure))
        case Permanent():
            return wit.Failure_Permanent(str(failure))
        case Cancelled():
            return wit.Failure_Cancelled()
        case Retry(after=timedelta() as after):
            return wit.Failure_Retryable(wit.Retryable(str(failure), max(0, round(after / MILLISECOND))))
    return wit.Failure_Retryable(wit.Retryable(str(failure), None))


def instant(unix_ms: int) -> datetime:
    """Milliseconds since 1970 as an aware datetime in UTC."""
    try:
        return EPOCH + unix_ms * MILLISECOND
    except OverflowError:
        return FIRST if unix_ms < 0 else LAST
