"""Why the host gave nothing. Each is an ordinary exception: not caught, the call is tried again."""

from __future__ import annotations


class HostError(Exception):
    """The host refused, or could not."""


class NotGranted(HostError):
    """The operator did not grant it to this plugin. The message says what to write where."""


class ReadOnly(HostError):
    """Granted for reading, and this would write, or might."""


class SecretUnavailable(HostError):
    """Granted, but the host could not read it."""


class StateError(HostError):
    """A value of the state was not read or written."""


class OutboxError(HostError):
    """A message was not taken."""


class Conflict(StateError):
    """The entry is not at the revision that was expected."""


class ArtifactError(HostError):
    """A file was not attached."""


class ConnectionFailed(HostError):
    """A database refused, did not answer in time, or is not there. `code` is the database's own, where it gave one."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Refused(ConnectionFailed):
    """The database said no; nothing of the call holds."""


class TimedOut(ConnectionFailed):
    """Stopped. Of a statement nothing holds; of a Redis command nobody knows."""


class TooLarge(ConnectionFailed):
    """Over a bound of the operator's. A result is never cut."""


class Unavailable(ConnectionFailed):
    """The database is not there, or went away half way. Of a write, nobody knows then whether it was done."""


def secret_not_granted(name: str) -> NotGranted:
    """In the words of the Rust SDK."""
    return NotGranted(
        f"secret `{name}` is not granted: add `secrets = {{ {name} = {{ env = \"{name}\" }} }}` to this plugin's table, "
        "[plugin.<name>]"
    )


def connection_not_granted(kind: str, connection: str) -> NotGranted:
    """`kind` is sql or kv."""
    return NotGranted(
        f"connection `{connection}` is not granted: add `{kind} = [\"{connection}\"]` to this plugin's table, [plugin.<name>]"
    )


def connection_read_only(kind: str, connection: str) -> ReadOnly:
    """`kind` is sql or kv."""
    return ReadOnly(
        f"connection `{connection}` is granted for reading only: to write, grant "
        f"`{kind} = {{ {connection} = \"read-write\" }}`"
    )


def over(what: str, name: str, allows: int) -> str:
    """A bound that is used up: a key in `limits` of the plugin, or one of the host's own."""
    units = {"state-keys": "entries", "outbox-messages": "messages", "artifact-count": "files"}
    if not name.startswith(("state-", "outbox-", "artifact-")):
        return f"{what}: over the host's bound for `{name}`, {allows}"
    unit = units.get(name, "bytes")
    return f"{what}: over `{name}`, which allows {allows} {unit}: less, or raise it in `limits` of this plugin's table, [plugin.<name>]"
