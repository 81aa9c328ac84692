"""The handler without a sandbox: `python -m unittest` in plugins/python."""

import tempfile
import unittest
from datetime import UTC, datetime
from pathlib import Path

from feed_report import Input, digest
from noontide import Call, Cancelled, Retry, Skipped

CSV = """time,name,value
2026-01-01T00:30:00Z,boiler,70
2026-01-01T01:00:00Z,boiler,72
2026-01-01T01:30:00,boiler,80
2026-01-01T01:40:00Z,<attic>,-3
2026-01-01T01:45:00Z,boiler,warm
2026-01-02T00:00:00Z,boiler,999
"""

DAY = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))


class Digest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name: str, text: str) -> Input:
        (self.folder / name).write_text(text, encoding="utf-8")
        return Input(folder=str(self.folder))

    def test_readings_outside_the_window_do_not_count_and_a_bad_row_is_named(self) -> None:
        call = Call.test(window=DAY)
        told = digest(call, self.write("a.csv", CSV))
        self.assertEqual((told["readings"], told["bad"]), (4, 1))
        boiler = told["rows"][1]
        self.assertEqual((boiler.name, boiler.count, boiler.median, boiler.mean), ("boiler", 3, 72, 74))
        bad = next(line for line in call.lines if line.level == "warn")
        self.assertEqual((bad.fields["file"], bad.fields["row"]), ("a.csv", "5"))
        self.assertIn("warm", bad.message)

    def test_the_change_is_against_the_report_before(self) -> None:
        call = Call.test(window=DAY, state={"means": {"boiler": 37.0}})
        self.assertEqual(digest(call, self.write("a.csv", CSV))["rows"][1].change, 100.0)
        self.assertEqual(call.state_after("means"), {"<attic>": -3.0, "boiler": 74.0})

    def test_names_cannot_break_out_of_the_page(self) -> None:
        call = Call.test(window=DAY)
        digest(call, self.write("a.csv", CSV))
        self.assertIn("&lt;attic&gt;", call.artifacts["report.html"].text)
        self.assertTrue(call.artifacts["report.csv"].text.startswith("name,count,median"))

    def test_json_is_read_as_a_list_and_line_by_line_and_what_is_none_is_a_bad_row(self) -> None:
        self.write("a.json", '[{"time": "2026-01-01T01:00:00Z", "name": "a", "value": 1}]')
        self.write("b.jsonl", '{"time": "2026-01-01T01:00:00Z", "name": "a", "value": 3}\n\n{"name": "a"}\n')
        call = Call.test()
        told = digest(call, self.write("c.json", "["))
        self.assertEqual((told["files"], told["readings"], told["bad"]), (3, 2, 2))

    def test_nothing_to_report_is_skipped_and_a_missing_folder_may_be_there_next_time(self) -> None:
        self.assertIsInstance(digest(Call.test(), Input(folder=str(self.folder))), Skipped)
        with self.assertRaisesRegex(Retry, "grant it"):
            digest(Call.test(), Input(folder="/not-there"))

    def test_it_stops_when_asked(self) -> None:
        given = self.write("a.csv", CSV)
        with self.assertRaises(Cancelled):
            digest(Call.test(cancelled_after=0), given)


if __name__ == "__main__":
    unittest.main()
