#!/usr/bin/env python3
"""Refusals of fhir/codegen/identifiers.py: each names the line."""

import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "fhir" / "codegen"))

import identifiers  # noqa: E402

RULE = "rule R luhn 9 *\n"


class Refusals(unittest.TestCase):
    def refused(self, text: str, *expected: str) -> None:
        with tempfile.TemporaryDirectory() as name:
            path = pathlib.Path(name) / "rules.txt"
            path.write_text(text, encoding="utf-8")
            with self.assertRaises(identifiers.GenerationError) as caught:
                identifiers.check(identifiers.load(path))
        for part in expected:
            self.assertIn(part, str(caught.exception))

    def test_each_refusal_names_line_and_rule(self):
        self.refused("nonsense x\n", "rules.txt:1", "expected one of")
        self.refused("rule R luhn 9\n", "rules.txt:1")
        self.refused("rule R crc 9 *\n", "rules.txt:1", "an algorithm")
        self.refused("rule R luhn 99 *\n", "a length up to 32")
        self.refused(RULE + RULE, "rules.txt:2", "(once)")
        self.refused(RULE + "system urn:x Q\n", "rules.txt:2", "rules that are defined above")
        self.refused(RULE + "system urn:x\n", "rules that are defined above")
        self.refused(RULE + "system urn:x R\nsystem urn:x R\n", "rules.txt:3", "stands twice")
        self.refused(RULE + "within urn:x 1 Q -\n", "rules that are defined above")


if __name__ == "__main__":
    unittest.main()
