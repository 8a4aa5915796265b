#!/usr/bin/env python3
"""Tests of fhir/codegen/ucum: a small table, the refusals, and the summary of the whole."""

import pathlib
import subprocess
import sys
import tempfile
import unittest
from fractions import Fraction

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "fhir" / "codegen" / "ucum"))

from check import check  # noqa: E402
from emit import emit  # noqa: E402
from load import GenerationError, load  # noqa: E402
from lower import lower  # noqa: E402

GENERATOR = ROOT / "fhir" / "codegen" / "ucum" / "generate.py"
SUMMARY = ROOT / "fhir" / "definitions" / "ucum.summary.txt"


def unit(code: str, value: str, definition: str, more: str = "") -> str:
    return (f'    "{code}": {{\n        isMetric: false,{more}\n        class: "toy",\n        value: {{\n'
            f'            Unit: "{definition}",\n            UNIT: "X",\n            value: "{value}"\n        }}\n    }},\n')


METRE = unit("m", "1", "1", " isBaseUnit: true,").replace("isMetric: false", "isMetric: true")
INCH = unit("[in]", "254e-2", "cm")


class Toy(unittest.TestCase):
    def table(self, units: str, plain: str = "", prefixes: str = '    "c": {\n        value: 0.01\n    },\n'):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "dist").mkdir()
            (folder / "dist" / "units.js").write_text(f"// toy\nexport const units = {{\n{units}}};\n", encoding="utf-8")
            (folder / "dist" / "prefixes.js").write_text(f"export const prefixes = {{\n{prefixes}}};\n", encoding="utf-8")
            (folder / "plain.txt").write_text(plain, encoding="utf-8")
            source = load(folder, folder / "plain.txt")
        check(source)
        return lower(source)

    def refused(self, text: str, *arguments) -> None:
        with self.assertRaises(GenerationError) as caught:
            self.table(*arguments)
        self.assertIn(text, str(caught.exception))

    def test_definitions_become_exact_ratios(self):
        rows = {u.code: u for u in self.table(METRE + INCH + unit("thirdsq", "1", "[in]2/3")).units}
        self.assertEqual(rows["[in]"].ratio, Fraction(254, 10000))
        self.assertEqual(rows["thirdsq"].ratio, Fraction(254, 10000) ** 2 / 3)
        self.assertEqual(rows["thirdsq"].dimensions, {"m": 2})

    def test_output_is_the_same_every_time(self):
        self.assertEqual(emit(self.table(METRE + INCH), "toy"), emit(self.table(INCH + METRE), "toy"))

    def test_refusals_name_the_unit_and_the_rule(self):
        self.refused("unknown unit foo", METRE + unit("x", "1", "foo"))
        self.refused("defined by itself", METRE + unit("x", "1", "y") + unit("y", "1", "x"))
        self.refused("is missing there", METRE + unit("x", "1", "1"))
        self.refused("is not defined as 1", METRE + INCH, "[in] arbitrary\n")
        self.refused("no unit z", METRE, "z one\n")
        self.refused("expected `code arbitrary`", METRE, "z\n")
        self.refused("not a number", METRE + unit("x", "about 1", "m"))
        self.refused("not a symbol", METRE + unit("x2", "2", "m"))
        self.refused("unknown field: colour", METRE + unit("x", "2", "m", ' colour: "red",'))
        self.refused("stands twice", METRE + INCH + INCH)
        self.refused("its function is not one of", METRE + unit("x", "2", "m", " isSpecial: true,"))
        self.refused("prefix", METRE, "", '    "c1": {\n        value: 0.01\n    },\n')


class WholeTable(unittest.TestCase):
    def test_committed_summary_is_current(self):
        with tempfile.TemporaryDirectory() as name:
            made = pathlib.Path(name) / "summary.txt"
            subprocess.run([sys.executable, "-B", str(GENERATOR), "--summary", str(made)], check=True)
            self.assertEqual(made.read_text(encoding="utf-8"), SUMMARY.read_text(encoding="utf-8"),
                             f"run {GENERATOR} --summary {SUMMARY} and read the difference")


if __name__ == "__main__":
    unittest.main()
