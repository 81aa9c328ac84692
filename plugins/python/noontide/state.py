"""Durable memories: a schedule's own, and the one that all of a plugin shares."""

from __future__ import annotations

import json
from typing import Any

from .errors import StateError
from .host import Host, Scope

PAGE = 1000
"""Keys of one answer."""


class State:
    """A durable memory. What a run writes is committed together with its outcome or not at all: after a failure, a trap or
    a timeout nothing has happened. If another run has changed an entry meanwhile that this one has read and written, nothing
    of this run holds and it is called again. Values are JSON, or bytes as they are; each key counts its writes, and that
    count is its revision."""

    def __init__(self, host: Host, scope: Scope) -> None:
        self._host, self._scope = host, scope

    def get(self, key: str, default: Any = None) -> Any:
        """The value under this key, this run's own writes included."""
        entry = self.get_with_revision(key)
        return default if entry is None else entry[0]

    def get_with_revision(self, key: str) -> tuple[Any, int] | None:
        """The value and its revision, for `cas`."""
        entry = self._host.state_load(self._scope, key)
        if entry is None:
            return None
        try:
            return json.loads(entry[0]), entry[1]
        except ValueError as error:
            raise StateError(f"state: `{key}` is no JSON: {error}") from None

    def set(self, key: str, value: Any) -> int:
        """Writes in any case and gives the new revision."""
        return self._host.state_save(self._scope, key, json.dumps(value).encode(), None)

    def cas(self, key: str, expected: int, value: Any) -> int:
        """Compare and set: writes only over this revision, and with 0 only if the key is new; else raises `Conflict`."""
        return self._host.state_save(self._scope, key, json.dumps(value).encode(), expected)

    def get_bytes(self, key: str) -> tuple[bytes, int] | None:
        """The bytes under this key and their revision."""
        return self._host.state_load(self._scope, key)

    def set_bytes(self, key: str, value: bytes) -> int:
        """Writes bytes as they are, in any case, and gives the new revision."""
        return self._host.state_save(self._scope, key, value, None)

    def cas_bytes(self, key: str, expected: int, value: bytes) -> int:
        """`cas` for bytes."""
        return self._host.state_save(self._scope, key, value, expected)

    def remove(self, key: str) -> None:
        """Forgets the key; forgetting what is not there is fine."""
        self._host.state_remove(self._scope, key)

    def keys(self, prefix: str = "") -> list[str]:
        """All keys that begin with `prefix` in the order of their bytes, this run's own writes included. Unlike reading, it
        looks at no revision: another run may add or remove keys until this one is committed."""
        found: list[str] = []
        more = True
        while more:
            page, more = self._host.state_keys(self._scope, prefix, found[-1] if found else None, PAGE)
            found += page
            more = more and bool(page)
        return found
