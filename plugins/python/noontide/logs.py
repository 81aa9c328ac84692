"""The standard `logging`, wired to the run's log."""

from __future__ import annotations

import logging

from .host import Host, Level


class ToHost(logging.Handler):
    """Hands records to the host. `extra={"rows": 3}` becomes fields; the logger's name is the field `logger`."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host

    def emit(self, record: logging.LogRecord) -> None:
        fields = [(name, str(value)) for name, value in vars(record).items() if name not in _OWN]
        logger = [] if record.name == "root" else [("logger", record.name)]
        level = _level(record.levelno)
        # A traceback that goes with it is lines of its own.
        message, *traceback = self.format(record).split("\n")
        self._host.log(level, message, logger + fields)
        for line in traceback:
            self._host.log(level, line, [])


_OWN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _level(number: int) -> Level:
    if number < logging.DEBUG:
        return "trace"
    if number < logging.INFO:
        return "debug"
    if number < logging.WARNING:
        return "info"
    return "warn" if number < logging.ERROR else "error"
