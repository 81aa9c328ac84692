"""The durable memory of a schedule."""

from __future__ import annotations

import json
from typing import Any

from .errors import StateError
from .host import Host


class State:
    """The durable memory of a schedule. What a run writes is committed together with its outcome or not at all: after a
    failure, a trap or a timeout nothing has happened. Values are JSON, or bytes as they are; each key counts its writes,
    and that count is its revision."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def get(self, key: str, default: Any = None) -> Any:
        """The value under this key, this run's own writes included."""
        entry = self.get_with_revision(key)
        return default if entry is None else entry[0]

    def get_with_revision(self, key: str) -> tuple[Any, int] | None:
        """The value and its revision, for `cas`."""
        entry = self._host.state_load(key)
        if entry is None:
            return None
        try:
            return json.loads(entry[0]), entry[1]
        except ValueError as error:
            raise StateError(f"state: `{key}` is no JSON: {error}") from None

    def set(self, key: str, value: Any) -> int:
        """Writes in any case and gives the new revision."""
        return self._host.state_save(key, json.dumps(value).encode(), None)

    def cas(self, key: str, expected: int, value: Any) -> int:
        """Compare and set: writes only over this revision, and with 0 only if the key is new; else raises `Conflict`."""
        return self._host.state_save(key, json.dumps(value).encode(), expected)

    def get_bytes(self, key: str) -> tuple[bytes, int] | None:
        """The bytes under this key and their revision."""
        return self._host.state_load(key)

    def set_bytes(self, key: str, value: bytes) -> int:
        """Writes bytes as they are, in any case, and gives the new revision."""
        return self._host.state_save(key, value, None)

    def cas_bytes(self, key: str, expected: int, value: bytes) -> int:
        """`cas` for bytes."""
        return self._host.state_save(key, value, expected)

    def remove(self, key: str) -> None:
        """Forgets the key; forgetting what is not there is fine."""
        self._host.state_remove(key)
