"""What the host sends once the run's success is on record."""

from __future__ import annotations

import json as documents
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .host import Host
from .shape import written


@dataclass(frozen=True)
class Webhook:
    """One HTTP request. The host sets `Idempotency-Key`, `traceparent` and `User-Agent`."""

    url: str
    """Within `http` of `[plugin.<name>]`."""
    method: str = "POST"
    content_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Outbox:
    """What the host sends for this run once its success is on record, and never if the run fails, traps, is stopped or loses
    its lease. A message goes out at least once, with the same `Idempotency-Key` however often."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def webhook(
        self,
        url: str,
        *,
        json: Any = None,
        body: bytes | str = b"",
        content_type: str | None = None,
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
    ) -> str:
        """Hands a request over; gives the `Idempotency-Key` it will have. The body is `json`, or `body` as it is."""
        if json is not None:
            body, content_type = documents.dumps(json, default=written), content_type or "application/json"
        content = body.encode() if isinstance(body, str) else body
        return self._host.outbox_send(Webhook(url, method.upper(), content_type, dict(headers or {}), content))
