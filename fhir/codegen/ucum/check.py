"""Stage 2: refuses what the later stages and the C++ reader do not expect, with the unit's code."""

import re

from load import GenerationError, Source

UNIT_FIELDS = {"CODE", "isMetric", "isBaseUnit", "isSpecial", "class", "dim", "dimension", "name", "printSymbol", "property",
               "value"}
# Names of functions, in the order of the C++ enum SpecialFunction (fhir/ucum/table.hpp) without its kNone.
FUNCTIONS = ["Cel", "degF", "degRe", "tanTimes100", "100tan", "hpX", "hpC", "hpM", "hpQ", "pH", "ln", "lg", "lgTimes2", "ld", "sqrt"]
DECIMAL = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
# A symbol: no digit at its end (it would be an exponent), brackets closed, none of the signs of the grammar outside.
SYMBOL = re.compile(r"(?:[^\[\]+\-0-9./(){}=\"\s]|\[[^\[\]\s]+\])+|10[*^]")


def check(source: Source) -> None:
    for code, prefix in source.prefixes.items():
        if not re.fullmatch(r"[A-Za-z]{1,2}", code) or not DECIMAL.fullmatch(prefix.get("value", "")):
            raise GenerationError(f"prefix {code}: expected one or two letters and a number")
    for code, unit in source.units.items():
        unknown = set(unit) - UNIT_FIELDS
        if unknown:
            raise GenerationError(f"unit {code}: unknown field: {', '.join(sorted(unknown))}")
        if not SYMBOL.fullmatch(code) or len(code) > 32:
            raise GenerationError(f"unit {code}: not a symbol that the grammar can read")
        value = unit["value"]
        if unit.get("isSpecial"):
            function = value.get("function", {})
            if function.get("name") not in FUNCTIONS or not DECIMAL.fullmatch(function.get("value", "")):
                raise GenerationError(f"unit {code}: special, but its function is not one of {', '.join(FUNCTIONS)}")
        elif not DECIMAL.fullmatch(value["value"]):
            raise GenerationError(f"unit {code}: its value is not a number")
        plain = not unit.get("isBaseUnit") and (value["Unit"], value["value"]) == ("1", "1")
        if plain != (code in source.plain):
            raise GenerationError(f"unit {code}: ucum_plain_units.txt must list exactly the units defined as 1, and this one "
                                  + ("is missing there" if plain else "is not defined as 1"))
    for code in source.plain:
        if code not in source.units:
            raise GenerationError(f"ucum_plain_units.txt: no unit {code}")
