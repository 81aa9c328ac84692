"""The host's ear, through the imports of the contract. Only inside a component."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from componentize_py_types import Err
from wit_world.imports import artifacts, kv, outbox, run, secrets, sql, state

from . import errors
from .host import Level, Scope
from .outbox import Webhook
from .sql import Rows, Statement, Value

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Imports:
    """The real host."""

    def log(self, level: Level, message: str, fields: Sequence[tuple[str, str]]) -> None:
        run.log(run.Level[level.upper()], message, list(fields))

    def progress(self, done: int, total: int | None, note: str) -> None:
        run.progress(done, total, note)

    def is_cancelled(self) -> bool:
        return run.is_cancelled()

    def time_left(self) -> timedelta | None:
        left = run.time_left()
        # Without a limit the host says the largest number there is, which is more than a timedelta holds.
        return None if left is None else timedelta(milliseconds=min(left, 10**14))

    def secret(self, name: str) -> str:
        try:
            return secrets.get(name)
        except Err as refused:
            match refused.value:
                case secrets.SecretError_NotGranted():
                    raise errors.secret_not_granted(name) from None
                case secrets.SecretError_Unavailable(reason):
                    raise errors.SecretUnavailable(f"secret `{name}` cannot be read: {reason}") from None
            raise

    def attach(self, name: str, media_type: str, content: bytes) -> None:
        try:
            artifacts.attach(name, media_type, content)
        except Err as refused:
            raise errors.ArtifactError(_artifact(refused.value)) from None

    def state_load(self, scope: Scope, key: str) -> tuple[bytes, int] | None:
        entry = _state(lambda: state.load(_scope(scope), key))
        return None if entry is None else (entry.value, entry.revision)

    def state_save(self, scope: Scope, key: str, value: bytes, expected: int | None) -> int:
        return _state(lambda: state.save(_scope(scope), key, value, expected))

    def state_remove(self, scope: Scope, key: str) -> None:
        _state(lambda: state.remove(_scope(scope), key))

    def state_keys(self, scope: Scope, prefix: str, after: str | None, limit: int) -> tuple[list[str], bool]:
        page = _state(lambda: state.keys(_scope(scope), prefix, after, limit))
        return list(page.keys), page.more

    def outbox_send(self, webhook: Webhook) -> str:
        headers = list(webhook.headers.items())
        message = outbox.Webhook(webhook.url, webhook.method, webhook.content_type, headers, webhook.body)
        try:
            return outbox.send(message)
        except Err as refused:
            raise errors.OutboxError(_outbox(refused.value)) from None

    def sql_dialect(self, connection: str) -> str:
        return _connected("sql", connection, lambda: sql.dialect(connection)).name.lower()

    def sql_query(self, connection: str, statement: Statement) -> Rows:
        found = _connected("sql", connection, lambda: sql.query(connection, _statement(statement)))
        return Rows(
            columns=[column.name for column in found.columns],
            values=[tuple(_from_sql(value) for value in row) for row in found.rows],
            type_names=[column.type_name for column in found.columns],
        )

    def sql_execute(self, connection: str, statements: Sequence[Statement]) -> list[int]:
        asked = [_statement(statement) for statement in statements]
        return list(_connected("sql", connection, lambda: sql.execute(connection, asked)))

    def kv_get(self, connection: str, key: str) -> bytes | None:
        return _connected("kv", connection, lambda: kv.get(connection, key))

    def kv_set(self, connection: str, key: str, value: bytes, ttl_ms: int | None) -> None:
        _connected("kv", connection, lambda: kv.set(connection, key, value, ttl_ms))

    def kv_set_if_absent(self, connection: str, key: str, value: bytes, ttl_ms: int | None) -> bool:
        return _connected("kv", connection, lambda: kv.set_if_absent(connection, key, value, ttl_ms))

    def kv_remove(self, connection: str, key: str) -> bool:
        return _connected("kv", connection, lambda: kv.remove(connection, key))

    def kv_increment(self, connection: str, key: str, by: int) -> int:
        return _connected("kv", connection, lambda: kv.increment(connection, key, by))

    def kv_expire(self, connection: str, key: str, ttl_ms: int) -> bool:
        return _connected("kv", connection, lambda: kv.expire(connection, key, ttl_ms))

    def kv_keys(self, connection: str, prefix: str, limit: int) -> tuple[list[str], bool]:
        found = _connected("kv", connection, lambda: kv.keys(connection, prefix, limit))
        return list(found.keys), found.more


def _artifact(error: artifacts.ArtifactError) -> str:
    match error:
        case artifacts.ArtifactError_OverLimit(cap):
            return errors.over("artifact", cap.key, cap.allows)
        case artifacts.ArtifactError_InvalidName(reason) | artifacts.ArtifactError_InvalidMediaType(reason):
            return f"artifact: {reason}"
    return str(error)


def _outbox(error: outbox.OutboxError) -> str:
    match error:
        case outbox.OutboxError_TooLarge(bound):
            return errors.over("outbox", bound.name, bound.allows)
        case outbox.OutboxError_NotGranted(reason) | outbox.OutboxError_Invalid(reason):
            return f"outbox: {reason}"
    return str(error)


def _scope(scope: Scope) -> state.Scope:
    return state.Scope[scope.upper()]


def _state(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except Err as refused:
        match refused.value:
            case state.StateError_Conflict():
                raise errors.Conflict("state: the entry is not at the expected revision") from None
            case state.StateError_TooLarge(bound):
                raise errors.StateError(errors.over("state", bound.name, bound.allows)) from None
            case state.StateError_Unavailable(reason):
                raise errors.StateError(f"state: the host cannot read its record: {reason}") from None
        raise


def _connected(kind: str, connection: str, ask: Callable[[], T]) -> T:
    """`kind` is sql or kv; their errors have the same names."""
    try:
        return ask()
    except Err as refused:
        error = refused.value
        words = {"sql": "the database", "kv": "Redis"}[kind]
        match type(error).__name__.partition("_")[2]:
            case "NotGranted":
                raise errors.connection_not_granted(kind, connection) from None
            case "ReadOnly":
                raise errors.connection_read_only(kind, connection) from None
            case "Refused":
                raise _refused(words, error.value) from None
            case "TimedOut":
                raise errors.TimedOut(f"{words} was stopped after {error.value} ms") from None
            case "TooLarge":
                raise errors.TooLarge(f"the answer is too large: {error.value}") from None
            case "Unavailable":
                raise errors.Unavailable(f"{words} is unavailable: {error.value}") from None
        raise


def _refused(words: str, reason: Any) -> errors.Refused:
    if isinstance(reason, str):
        return errors.Refused(f"{words} refused: {reason}")
    code = f" ({reason.code})" if reason.code else ""
    return errors.Refused(f"{words} refused: {reason.message}{code}", reason.code)


def _statement(statement: Statement) -> sql.Statement:
    return sql.Statement(statement.text, [_to_sql(value) for value in statement.parameters])


def _to_sql(value: Value) -> sql.Value:
    match value:
        case None:
            return sql.Value_Null()
        case bool():
            return sql.Value_Boolean(value)
        case int() if -(2**63) <= value < 2**63:
            return sql.Value_Integer(value)
        # Past 64 bits as text: databases read it as the number it is.
        case int():
            return sql.Value_Text(str(value))
        case float():
            return sql.Value_Float(value)
        case bytes():
            return sql.Value_Bytes(value)
        case datetime():
            # An instant without a zone is UTC, as the databases read theirs.
            aware = value if value.tzinfo else value.replace(tzinfo=UTC)
            return sql.Value_Instant((aware - EPOCH) // timedelta(microseconds=1))
    return sql.Value_Text(str(value))


def _from_sql(value: sql.Value) -> Value:
    match value:
        case sql.Value_Null():
            return None
        case sql.Value_Instant(unix_us):
            return EPOCH + timedelta(microseconds=unix_us)
    return value.value
