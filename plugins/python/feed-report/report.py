"""What the report says, and how it looks."""

import csv as commas
import io
import statistics
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from html import escape
from string import Template

from noontide import Window


@dataclass(frozen=True)
class Row:
    """One name's line of the report; `change` is that of the mean against the report before, in percent."""

    name: str
    count: int
    median: float
    mean: float
    p95: float
    change: float | None

    @classmethod
    def of(cls, name: str, values: list[float], mean_before: float | None) -> "Row":
        mean = statistics.fmean(values)
        change = None if not mean_before else round((mean - mean_before) / abs(mean_before) * 100, 1)
        # Of a single value, that value is every percentile.
        p95 = statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
        return cls(name, len(values), statistics.median(values), mean, p95, change)


PAGE = Template("""<!doctype html>
<meta charset="utf-8">
<title>Readings</title>
<style>
body { font: 15px system-ui; margin: 2rem }
td, th { padding: .2rem .8rem; text-align: right }
:first-child:is(td, th) { text-align: left }
</style>
<h1>Readings $span</h1>
<table><tr>$heads</tr>
$rows
</table>
""")


def html(rows: list[Row], window: Window | None, due_at: datetime) -> str:
    """A page that needs nothing else."""
    span = f"until {due_at:%Y-%m-%d %H:%M} UTC" if window is None else f"{window.from_:%Y-%m-%d %H:%M} to {window.to:%Y-%m-%d %H:%M} UTC"
    heads = "".join(f"<th>{field.name}</th>" for field in fields(Row))
    lines = "\n".join("<tr>" + "".join(f"<td>{escape(_shown(cell))}</td>" for cell in asdict(row).values()) + "</tr>" for row in rows)
    return PAGE.substitute(span=span, heads=heads, rows=lines)


def csv(rows: list[Row]) -> str:
    """The same for a spreadsheet."""
    text = io.StringIO()
    table = commas.writer(text)
    table.writerow(field.name for field in fields(Row))
    table.writerows(asdict(row).values() for row in rows)
    return text.getvalue()


def _shown(cell: object) -> str:
    if cell is None:
        return "–"
    return f"{cell:,.2f}" if isinstance(cell, float) else str(cell)
