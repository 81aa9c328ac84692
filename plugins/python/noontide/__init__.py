"""Noontide plugins in Python: a declaration, and a function per handler.

    from dataclasses import dataclass
    from noontide import Call, Wants, handler, plugin

    plugin(name="order-count", version="0.1.0", summary="Counts the orders in a folder.", wants=Wants(folders=["/orders"]))

    @dataclass
    class Input:
        \"""suffix: Files that end with this are orders.\"""
        suffix: str = ".json"

    @handler(summary="Counts files.", example={"suffix": ".json"}, timeout="30s")
    def count(call: Call, input: Input) -> dict:
        ...

`declare` is the declaration, `call` is what a handler gets, `outcome` how it may end, `errors` why the host gave
nothing, `shape` joins type hints and JSON, `testing` stands in for the host, `guest` is the contract's side.
"""

from .call import Call, Window
from .declare import Done, Wants, handler, plugin, run
from .errors import (
    ArtifactError,
    Conflict,
    ConnectionFailed,
    HostError,
    NotGranted,
    OutboxError,
    ReadOnly,
    Refused,
    SecretUnavailable,
    StateError,
    TimedOut,
    TooLarge,
    Unavailable,
)
from .item import Item
from .outcome import Cancelled, Failure, InvalidInput, ItemOutcome, Items, Permanent, Retry, RunAgain, Skipped
from .sql import Rows, Statement

__all__ = [
    "ArtifactError",
    "Call",
    "Cancelled",
    "Conflict",
    "ConnectionFailed",
    "Done",
    "Failure",
    "HostError",
    "InvalidInput",
    "Item",
    "ItemOutcome",
    "Items",
    "NotGranted",
    "OutboxError",
    "Permanent",
    "ReadOnly",
    "Refused",
    "Retry",
    "Rows",
    "RunAgain",
    "SecretUnavailable",
    "Skipped",
    "StateError",
    "Statement",
    "TimedOut",
    "TooLarge",
    "Unavailable",
    "Wants",
    "Window",
    "handler",
    "plugin",
    "run",
]
