"""The handler without a sandbox: `python -m unittest`."""

import unittest

from noontide import Call, InvalidInput
from noontide_template import Input, greet


class Greet(unittest.TestCase):
    def test_it_greets_by_name_and_counts(self) -> None:
        call = Call.test(state={"greeted": 2})
        self.assertEqual(greet(call, Input("Ada")), {"greeting": "Hello, Ada!", "times": 3})
        self.assertEqual((call.lines[0].message, call.state_after("greeted")), ("greeting", 3))

    def test_nobody_is_an_invalid_input(self) -> None:
        with self.assertRaises(InvalidInput):
            greet(Call.test(), Input(" "))
