"""Redis databases, each by the name that the operator gave it."""

from __future__ import annotations

from datetime import timedelta

from .host import Host


class Kv:
    """A Redis connection of the host. Whether it is granted shows at the first use."""

    def __init__(self, host: Host, connection: str) -> None:
        self._host, self._connection = host, connection

    def get(self, key: str) -> bytes | None:
        """The value under this key."""
        return self._host.kv_get(self._connection, key)

    def get_text(self, key: str) -> str | None:
        """The value under this key as text."""
        value = self.get(key)
        return None if value is None else value.decode()

    def set(self, key: str, value: bytes | str, ttl: timedelta | None = None) -> None:
        """Writes. Without `ttl` the value stays until it is removed, also if the one before it did not."""
        self._host.kv_set(self._connection, key, _bytes(value), _millis(ttl))

    def set_if_absent(self, key: str, value: bytes | str, ttl: timedelta | None = None) -> bool:
        """Writes only if the key is not there; whether it has written."""
        return self._host.kv_set_if_absent(self._connection, key, _bytes(value), _millis(ttl))

    def remove(self, key: str) -> bool:
        """Removes; whether it was there."""
        return self._host.kv_remove(self._connection, key)

    def increment(self, key: str, by: int = 1) -> int:
        """Adds to a number; a key that is not there counts as 0. Gives the sum."""
        return self._host.kv_increment(self._connection, key, by)

    def expire(self, key: str, ttl: timedelta) -> bool:
        """Lets the value go after so long, from now on; whether it was there."""
        return self._host.kv_expire(self._connection, key, round(ttl / timedelta(milliseconds=1)))

    def keys(self, prefix: str, limit: int) -> tuple[list[str], bool]:
        """The keys that begin with `prefix`, at most `limit`, and whether there are more."""
        return self._host.kv_keys(self._connection, prefix, limit)


def _bytes(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _millis(span: timedelta | None) -> int | None:
    return None if span is None else round(span / timedelta(milliseconds=1))
