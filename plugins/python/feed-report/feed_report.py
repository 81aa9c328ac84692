"""Reads the readings of a folder (CSV and JSON files) and leaves a report of what they say: one row a name, with count,
median, mean, 95th percentile and the change against the report before.

Readings outside the call's window do not count. `readings` understands files, `report` writes; this is the handler."""

from dataclasses import dataclass
from pathlib import Path

import readings
import report
from noontide import Call, Retry, Skipped, Wants, handler, plugin

plugin(
    name="feed-report",
    version="0.1.0",
    summary="Statistics of the readings in a folder, as HTML and CSV.",
    wants=Wants(folders=["/feed"]),
)


@dataclass
class Input:
    """What to read.

    folder: The folder as the plugin sees it: a guest path of a grant.
    value: The column with the number.
    name: The column that says what was measured.
    time: The column with the instant, in ISO 8601; without a zone it is UTC.
    """

    folder: str = "/feed"
    value: str = "value"
    name: str = "name"
    time: str = "time"


@handler(summary="One row of statistics a name, inside the window if there is one.", example={"folder": "/feed"}, timeout="5m")
def digest(call: Call, input: Input) -> dict[str, object] | Skipped:
    columns = readings.Columns(input.time, input.name, input.value)
    groups: dict[str, list[float]] = {}
    bad = 0
    files = _files(Path(input.folder))
    for done, file in enumerate(files):
        call.stop_if_cancelled()
        call.progress(done, len(files), file.name)
        for reading in readings.of(file, columns):
            if isinstance(reading, readings.Bad):
                bad += 1
                call.warn(reading.reason, file=file.name, row=reading.row)
            elif call.window is None or reading.at in call.window:
                groups.setdefault(reading.name, []).append(reading.value)
    if not groups:
        return Skipped(f"no reading in {len(files)} files of {input.folder}")
    before = call.state.get("means", {})
    rows = [report.Row.of(name, values, before.get(name)) for name, values in sorted(groups.items())]
    call.attach("report.html", "text/html; charset=utf-8", report.html(rows, call.window, call.due_at))
    call.attach("report.csv", "text/csv; charset=utf-8", report.csv(rows))
    call.state.set("means", {row.name: row.mean for row in rows})
    call.info("reported", files=len(files), names=len(rows), bad=bad)
    return {"files": len(files), "readings": sum(row.count for row in rows), "bad": bad, "rows": rows}


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in readings.KINDS)
    except FileNotFoundError:
        raise Retry(
            f"{folder} is not there: grant it, `folders = {{ \"{folder}\" = {{ path = \"…\", mode = \"read\" }} }}` "
            "in [plugin.feed-report]"
        ) from None
