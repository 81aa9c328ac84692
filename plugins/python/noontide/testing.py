"""A call without a host: it remembers what the handler said and wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from . import errors
from .call import Call, Cause, Invocation, Window
from .host import Level, Scope
from .outbox import Webhook
from .sql import Rows, Statement


@dataclass(frozen=True)
class LogLine:
    """A line that was logged."""

    level: Level
    message: str
    fields: dict[str, str]


@dataclass(frozen=True)
class Artifact:
    """A file that was attached."""

    media_type: str
    content: bytes

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode()


@dataclass
class Database:
    """A SQL connection of a test. `answers` pairs words with what a statement that holds them gives: rows, a number of
    changes, or an exception to raise. Case and white space do not count; the first that fits answers."""

    dialect: str = "sqlite"
    writable: bool = False
    answers: Sequence[tuple[str, Rows | int | Exception]] = ()
    asked: list[Statement] = field(default_factory=list)

    def answer(self, statement: Statement) -> Rows | int:
        self.asked.append(statement)
        text = _folded(statement.text)
        fitting = [answer for words, answer in self.answers if _folded(words) in text]
        if not fitting:
            raise errors.Refused(f"the test has no answer to: {text}")
        if isinstance(fitting[0], Exception):
            raise fitting[0]
        return fitting[0]


class TestCall(Call):
    """First attempt, due at 2026-01-01T00:00:00Z, UTC, no input, nothing granted, unless it is said otherwise."""

    __test__ = False

    def __init__(
        self,
        *,
        handler: str = "",
        input: Any = None,
        attempt: int = 1,
        max_attempts: int = 1,
        due_at: datetime = datetime(2026, 1, 1, tzinfo=UTC),
        window: tuple[datetime, datetime] | None = None,
        previous_success: datetime | None = None,
        timezone: str = "UTC",
        cause: Cause = "schedule",
        items: Mapping[str, Any] | None = None,
        extra: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        state: Mapping[str, Any] | None = None,
        shared: Mapping[str, Any] | None = None,
        sql: Mapping[str, Database] | None = None,
        kv: Mapping[str, Mapping[str, bytes]] | None = None,
        time_left: timedelta | None = None,
        cancelled_after: int | None = None,
        refusing_artifacts: Exception | None = None,
        refusing_messages: Exception | None = None,
    ) -> None:
        """`cancelled_after` asks the run to stop once the handler has looked so many times; 0 asks before it begins."""
        asked = Invocation(
            run_id="01977000-0000-7000-8000-000000000001",
            fire_key="test@2026-01-01T00:00:00Z",
            schedule="test",
            handler=handler,
            attempt=attempt,
            max_attempts=max_attempts,
            due_at=due_at,
            fired_at=due_at,
            deadline=None,
            previous_success=previous_success,
            window=None if window is None else Window(*window),
            timezone=timezone,
            cause=cause,
            trace_parent="00-00000000000000000000000000000001-0000000000000001-01",
            input=json.dumps(input),
            items=[(key, json.dumps(payload)) for key, payload in (items or {}).items()],
            extra=dict(extra or {}),
        )
        self.recording = Recording(
            secrets=dict(secrets or {}),
            state={"schedule": _entries(state), "plugin": _entries(shared)},
            databases=dict(sql or {}),
            caches={name: dict(held) for name, held in (kv or {}).items()},
            left=time_left,
            looks_left=cancelled_after,
            artifact_refusal=refusing_artifacts,
            message_refusal=refusing_messages,
        )
        super().__init__(asked, self.recording)

    @property
    def lines(self) -> list[LogLine]:
        """What was logged."""
        return self.recording.lines

    @property
    def steps(self) -> list[tuple[int, int | None, str]]:
        """Progress that was told: done, total, note."""
        return self.recording.steps

    @property
    def artifacts(self) -> dict[str, Artifact]:
        """Files that were attached, by name."""
        return self.recording.artifacts

    def state_after(self, key: str) -> Any:
        """The value it left under this key; none if there is none."""
        return self._left("schedule", key)

    def shared_after(self, key: str) -> Any:
        """The value it left under this key of the shared memory; none if there is none."""
        return self._left("plugin", key)

    @property
    def messages(self) -> list[Webhook]:
        """What it handed to the outbox."""
        return self.recording.messages

    def _left(self, scope: Scope, key: str) -> Any:
        entry = self.recording.state[scope].get(key)
        return None if entry is None else json.loads(entry[0])

    def statements(self, connection: str) -> list[Statement]:
        """The statements that a connection was asked, in order."""
        return self.recording.databases[connection].asked

    def kv_after(self, connection: str, key: str) -> bytes | None:
        """The value it left under this key of a Redis connection."""
        return self.recording.caches[connection].get(key)


@dataclass
class Recording:
    """The host of a test."""

    secrets: dict[str, str]
    state: dict[Scope, dict[str, tuple[bytes, int]]]
    databases: dict[str, Database]
    caches: dict[str, dict[str, bytes]]
    left: timedelta | None
    looks_left: int | None
    artifact_refusal: Exception | None
    message_refusal: Exception | None
    lines: list[LogLine] = field(default_factory=list)
    steps: list[tuple[int, int | None, str]] = field(default_factory=list)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    messages: list[Webhook] = field(default_factory=list)

    def log(self, level: Level, message: str, fields: Sequence[tuple[str, str]]) -> None:
        self.lines.append(LogLine(level, message, dict(fields)))

    def progress(self, done: int, total: int | None, note: str) -> None:
        self.steps.append((done, total, note))

    def is_cancelled(self) -> bool:
        if self.looks_left is None:
            return False
        self.looks_left -= 1
        return self.looks_left < 0

    def time_left(self) -> timedelta | None:
        return self.left

    def secret(self, name: str) -> str:
        if name not in self.secrets:
            raise errors.secret_not_granted(name)
        return self.secrets[name]

    def attach(self, name: str, media_type: str, content: bytes) -> None:
        if self.artifact_refusal is not None:
            raise self.artifact_refusal
        self.artifacts[name] = Artifact(media_type, content)

    def state_load(self, scope: Scope, key: str) -> tuple[bytes, int] | None:
        return self.state[scope].get(key)

    def state_save(self, scope: Scope, key: str, value: bytes, expected: int | None) -> int:
        revision = self.state[scope].get(key, (b"", 0))[1]
        if expected is not None and expected != revision:
            raise errors.Conflict("state: the entry is not at the expected revision")
        self.state[scope][key] = (value, revision + 1)
        return revision + 1

    def state_remove(self, scope: Scope, key: str) -> None:
        self.state[scope].pop(key, None)

    def state_keys(self, scope: Scope, prefix: str, after: str | None, limit: int) -> tuple[list[str], bool]:
        found = sorted((key for key in self.state[scope] if key.startswith(prefix)), key=str.encode)
        found = [key for key in found if after is None or key.encode() > after.encode()]
        return found[:limit], len(found) > limit

    def outbox_send(self, webhook: Webhook) -> str:
        if self.message_refusal is not None:
            raise self.message_refusal
        self.messages.append(webhook)
        return f"test@2026-01-01T00:00:00Z-{len(self.messages) - 1}"

    def sql_dialect(self, connection: str) -> str:
        return self._database(connection).dialect

    def sql_query(self, connection: str, statement: Statement) -> Rows:
        answer = self._database(connection).answer(statement)
        if not isinstance(answer, Rows):
            raise errors.Refused("this is a query, and the test has a number of changes for it")
        return answer

    def sql_execute(self, connection: str, statements: Sequence[Statement]) -> list[int]:
        database = self._database(connection)
        if not database.writable:
            raise errors.connection_read_only("sql", connection)
        changes = [database.answer(statement) for statement in statements]
        if not all(isinstance(one, int) for one in changes):
            raise errors.Refused("this is no query, and the test has rows for it")
        return changes  # type: ignore[return-value]

    def kv_get(self, connection: str, key: str) -> bytes | None:
        return self._cache(connection).get(key)

    def kv_set(self, connection: str, key: str, value: bytes, ttl_ms: int | None) -> None:
        self._cache(connection)[key] = value

    def kv_set_if_absent(self, connection: str, key: str, value: bytes, ttl_ms: int | None) -> bool:
        cache = self._cache(connection)
        return key not in cache and cache.setdefault(key, value) is value

    def kv_remove(self, connection: str, key: str) -> bool:
        return self._cache(connection).pop(key, None) is not None

    def kv_increment(self, connection: str, key: str, by: int) -> int:
        cache = self._cache(connection)
        try:
            total = int(cache.get(key, b"0")) + by
        except ValueError:
            raise errors.Refused("Redis refused: the value is not an integer") from None
        cache[key] = str(total).encode()
        return total

    def kv_expire(self, connection: str, key: str, ttl_ms: int) -> bool:
        return key in self._cache(connection)

    def kv_keys(self, connection: str, prefix: str, limit: int) -> tuple[list[str], bool]:
        found = [key for key in self._cache(connection) if key.startswith(prefix)]
        return found[:limit], len(found) > limit

    def _database(self, connection: str) -> Database:
        if connection not in self.databases:
            raise errors.connection_not_granted("sql", connection)
        return self.databases[connection]

    def _cache(self, connection: str) -> dict[str, bytes]:
        if connection not in self.caches:
            raise errors.connection_not_granted("kv", connection)
        return self.caches[connection]


def _entries(values: Mapping[str, Any] | None) -> dict[str, tuple[bytes, int]]:
    return {key: (json.dumps(value).encode(), 1) for key, value in (values or {}).items()}


def _folded(text: str) -> str:
    return " ".join(text.split()).lower()
