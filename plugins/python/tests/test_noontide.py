"""The helper module without a sandbox."""

import enum
import logging
import unittest
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from noontide import (
    Call,
    Conflict,
    InvalidInput,
    Items,
    NotGranted,
    Permanent,
    ReadOnly,
    Retry,
    Rows,
    RunAgain,
    Skipped,
    Wants,
    declare,
    handler,
    plugin,
    run,
    shape,
)
from noontide.logs import ToHost
from noontide.testing import Database

plugin(name="exam", version="1.2.3", summary="Is examined.", wants=Wants(secrets=["KEY"]))


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Part:
    size: float = 1.0


@dataclass
class Double:
    """Doubles it.

    n: How much,
        in pieces.
    """

    n: int
    part: Part = field(default_factory=Part)
    colours: list[Colour] = field(default_factory=list)
    mode: Literal["fast", "slow"] = "fast"
    since: datetime | None = None
    note: Annotated[str, "A word."] = ""


class Loose(TypedDict):
    """day: When."""

    day: date
    more: NotRequired[dict[str, int]]


@handler(summary="Doubles.", example={"n": 2}, timeout="90s")
def double(call: Call, input: Double) -> dict:
    return {"n": input.n * 2, "part": input.part, "since": input.since}


@handler(summary="Takes all.", name="any-thing", timeout=timedelta(milliseconds=5))
def anything(call: Call) -> Any:
    given = call.input()
    if given == "lookup":
        return {}["where"]
    return {"skip": Skipped("idle"), "again": RunAgain(timedelta(seconds=5)), "nan": float("nan")}.get(given, given)


@handler(summary="Loose.")
def loose(call: Call, input: Loose) -> str:
    return input["day"].isoformat()


def called(name: str, input: Any = None) -> Any:
    return run(Call.test(handler=name, input=input))


class Declared(unittest.TestCase):
    def test_a_declaration_names_its_handlers_with_schema_example_and_timeout(self) -> None:
        found = declare.DECLARED
        self.assertEqual((found.name, found.version, found.wants.secrets), ("exam", "1.2.3", ["KEY"]))
        self.assertEqual(found.handlers["double"].timeout, timedelta(seconds=90))
        schema = found.handlers["double"].input_schema()
        self.assertEqual((schema["required"], schema["description"]), (["n"], "Doubles it."))
        self.assertEqual(schema["properties"]["n"], {"type": "integer", "description": "How much, in pieces."})
        self.assertEqual(schema["properties"]["colours"]["items"], {"enum": ["red"]})
        self.assertEqual(schema["properties"]["note"]["description"], "A word.")
        self.assertEqual(found.handlers["any-thing"].input_schema(), {})
        self.assertEqual(found.handlers["loose"].input_schema()["required"], ["day"])

    def test_a_timeout_without_a_unit_and_a_type_without_a_schema_stop_the_build(self) -> None:
        with self.assertRaisesRegex(ValueError, "30s"):
            handler(summary="", timeout="30")(anything)
        with self.assertRaisesRegex(TypeError, "dataclass"):

            @handler(summary="")
            def odd(call: Call, input: complex) -> None: ...

    def test_an_unknown_handler_is_a_permanent_failure_that_names_the_known_ones(self) -> None:
        with self.assertRaisesRegex(Permanent, "no handler `triple`, it has: double, any-thing, loose"):
            called("triple")


class Run(unittest.TestCase):
    def test_json_goes_in_and_out(self) -> None:
        ended = called("double", {"n": 21, "part": {"size": 3}, "since": "2026-01-01T00:00:00Z"})
        self.assertEqual(ended.json, '{"n": 42, "part": {"size": 3.0}, "since": "2026-01-01T00:00:00+00:00"}')
        self.assertEqual(called("loose", {"day": "2026-02-03"}).json, '"2026-02-03"')

    def test_an_input_of_another_shape_says_where(self) -> None:
        for given, words in [
            ({"n": "two"}, "input: `n`: an integer is expected, it is 'two'"),
            ({"n": True}, "an integer is expected"),
            ({"n": 1, "part": {"size": "x"}}, "`part.size`: a number"),
            ({"n": 1, "colours": ["blue"]}, r"`colours\[0\]`: one of \['red'\]"),
            ({"n": 1, "mode": "odd"}, "one of"),
            ({"n": 1, "since": "noon"}, "an instant"),
            ({"n": 1, "m": 1}, "no `m` is known, there are: n, part"),
            (None, "`n` is missing"),
            ([], "an object is expected"),
        ]:
            with self.assertRaisesRegex(InvalidInput, words):
                called("double", given)

    def test_what_ends_well_may_be_returned_or_raised(self) -> None:
        self.assertEqual(str(called("any-thing", "skip")), "idle")
        self.assertEqual(called("any-thing", "again").after, timedelta(seconds=5))
        self.assertIsNone(called("any-thing").json)

    def test_any_exception_is_tried_again_and_its_traceback_is_in_the_log(self) -> None:
        call = Call.test(handler="any-thing", input="lookup")
        with self.assertRaisesRegex(Retry, "KeyError: 'where'"):
            run(call)
        said = [line.message for line in call.lines]
        self.assertEqual(said[0], "Traceback (most recent call last):")
        self.assertRegex(said[1], "test_noontide.py.*in anything")

    def test_a_result_without_json_is_permanent(self) -> None:
        with self.assertRaisesRegex(Permanent, "does not serialise"):
            called("any-thing", "nan")


class Asked(unittest.TestCase):
    def test_a_payload_of_another_shape_fails_only_its_own_item(self) -> None:
        call = Call.test(items={"a": 1, "b": "two", "c": 3})

        def work(number: int) -> None:
            if number == 3:
                raise ValueError("three")

        a, b, c = Items(item.settle(work) for item in call.items(int)).outcomes
        self.assertEqual((a.reason, c.reason), (None, "ValueError: three"))
        self.assertIn("an integer is expected", b.reason)

    def test_what_is_included_arguments_and_the_trace_id_are_told(self) -> None:
        call = Call.test(input={"args": ["ops", 2]}, extra={"includes": '["daily"]', "included-inputs": '{"daily": 7}'})
        self.assertEqual((call.includes(), call.included_input("daily", int)), (["daily"], 7))
        self.assertIsNone(call.included_input("weekly"))
        self.assertEqual((call.args(), len(call.trace_id)), (["ops", 2], 32))

    def test_a_window_holds_its_beginning_and_not_its_end(self) -> None:
        begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
        window = Call.test(window=(begin, end)).window
        self.assertTrue(begin in window and end not in window)

    def test_a_request_to_stop_is_seen_after_so_many_looks_and_stays(self) -> None:
        call = Call.test(cancelled_after=2)
        self.assertEqual([call.is_cancelled() for _ in range(4)], [False, False, True, True])

    def test_logging_goes_to_the_run(self) -> None:
        call = Call.test()
        logger = logging.Logger("shop")
        logger.addHandler(ToHost(call.recording))
        logger.warning("%d rows", 3, extra={"table": "orders"})
        line = call.lines[0]
        self.assertEqual((line.level, line.message, line.fields), ("warn", "3 rows", {"logger": "shop", "table": "orders"}))


class Kept(unittest.TestCase):
    def test_a_run_sees_its_own_writes_and_compare_and_set_refuses_another_revision(self) -> None:
        state = Call.test(state={"page": "a"}).state
        self.assertEqual(state.get_with_revision("page"), ("a", 1))
        self.assertEqual(state.cas("page", 1, "b"), 2)
        with self.assertRaises(Conflict):
            state.cas("page", 1, "c")
        self.assertEqual((state.get("page"), state.get("new", 7), state.cas("new", 0, 1)), ("b", 7, 1))
        state.remove("page")
        self.assertIsNone(state.get("page"))

    def test_the_shared_memory_is_another_and_keys_come_in_order(self) -> None:
        call = Call.test(state={"b": 1, "a": 2, "x": 3}, shared={"a": 7})
        self.assertEqual((call.shared.get("a"), call.shared.set("n", 1), call.state.get("n")), (7, 1, None))
        self.assertEqual((call.state.keys(), call.state.keys("x"), call.shared_after("n")), (["a", "b", "x"], ["x"], 1))

    def test_a_message_is_handed_over_with_its_key(self) -> None:
        call = Call.test()
        key = call.outbox.webhook("https://example.com/hook", json={"day": date(2026, 1, 1)}, headers={"X-A": "b"})
        message = call.messages[0]
        self.assertTrue(key.endswith("-0"))
        self.assertEqual((message.method, message.content_type), ("POST", "application/json"))
        self.assertEqual((message.body, message.headers), (b'{"day": "2026-01-01"}', {"X-A": "b"}))

    def test_what_is_not_granted_says_what_to_write_where(self) -> None:
        call = Call.test(secrets={"KEY": "s3cret"})
        self.assertEqual(call.secret("KEY"), "s3cret")
        for ask in [lambda: call.secret("OTHER"), lambda: call.sql("shop").query("select 1"), lambda: call.kv("c").get("a")]:
            with self.assertRaisesRegex(NotGranted, r"is not granted: add .*\[plugin\."):
                ask()

    def test_databases_answer_by_script(self) -> None:
        shop = Database(answers=[("from orders", Rows(["n"], [(7,)]))])
        call = Call.test(sql={"shop": shop}, kv={"cache": {"n": b"41"}})
        self.assertEqual(call.sql("shop").query("select n\n FROM  orders where id > ?", 3).only(), {"n": 7})
        self.assertEqual(call.statements("shop")[0].parameters, (3,))
        with self.assertRaises(ReadOnly):
            call.sql("shop").execute("delete from orders")
        cache = call.kv("cache")
        self.assertEqual((cache.increment("n"), cache.set_if_absent("n", "0"), cache.keys("", 5)), (42, False, (["n"], False)))

    def test_every_plain_type_reads_as_itself(self) -> None:
        for hint, value in [(tuple[int, str], [1, "a"]), (dict[str, int], {"a": 1}), (int | str, "a"), (None, None)]:
            shape.read(hint, value)
        self.assertEqual(shape.read(set[int], [1, 1]), {1})


if __name__ == "__main__":
    unittest.main()
