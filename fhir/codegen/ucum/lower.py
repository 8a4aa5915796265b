"""Stage 3: units in terms of the base units. Ratios are exact fractions; the C++ tests read the same definitions again."""

import dataclasses
import re
from fractions import Fraction

from check import FUNCTIONS
from load import GenerationError, Source

TERM = re.compile(r"([./]?)(?:(10[*^]|(?:[^./\[\]0-9+\-*^]|\[[^\]]*\])+)([+-]?\d+)?|(\d+))")


@dataclasses.dataclass
class Unit:
    code: str
    metric: bool
    base: bool
    arbitrary: bool
    function: str
    value: str  # as in the table, for tests and summary
    definition: str
    ratio: Fraction = Fraction(1)
    dimensions: dict[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Table:
    units: list[Unit]
    prefixes: list[tuple[str, Fraction]]
    bases: list[str]


class Lowering:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.prefixes = {code: Fraction(prefix["value"]) for code, prefix in source.prefixes.items()}
        self.done: dict[str, Unit] = {}
        self.open: list[str] = []

    def unit(self, code: str) -> Unit:
        if code in self.done:
            return self.done[code]
        if code in self.open:
            raise GenerationError(f"unit {code}: defined by itself: {' → '.join(self.open)}")
        self.open.append(code)
        raw = self.source.units[code]
        definition = raw["value"].get("function") or raw["value"]
        unit = Unit(code, raw["isMetric"], bool(raw.get("isBaseUnit")), self.source.plain.get(code) == "arbitrary",
                    definition.get("name", "") if raw.get("isSpecial") else "", definition["value"], definition["Unit"])
        if unit.base or unit.arbitrary:
            unit.dimensions = {code: 1}
        else:
            unit.ratio, unit.dimensions = self.term(unit.definition, code)
            unit.ratio *= Fraction(unit.value)
        self.open.pop()
        self.done[code] = unit
        return unit

    def symbol(self, text: str, origin: str) -> tuple[Fraction, dict[str, int]]:
        """A unit, or a prefix with a metric unit."""
        candidates = [("", text)] + [(p, text[len(p):]) for p in self.prefixes if text.startswith(p)]
        for prefix, code in candidates:
            if code in self.source.units and (not prefix or self.source.units[code]["isMetric"]):
                unit = self.unit(code)
                if unit.function:
                    raise GenerationError(f"unit {origin}: defined by the special unit {code}")
                return self.prefixes.get(prefix, Fraction(1)) * unit.ratio, unit.dimensions
        raise GenerationError(f"unit {origin}: defined by an unknown unit {text}")

    def term(self, text: str, origin: str) -> tuple[Fraction, dict[str, int]]:
        """A product without parentheses, which is all that definitions use."""
        ratio, dimensions, position = Fraction(1), {}, 0
        while position < len(text):
            match = TERM.match(text, position)
            if not match or match.end() == position:
                raise GenerationError(f"unit {origin}: cannot read its definition {text}")
            position = match.end()
            sign, symbol, exponent, number = match.groups()
            if symbol:
                factor, parts, power = *self.symbol(symbol, origin), int(exponent or "1")
            else:
                factor, parts, power = Fraction(number), {}, 1
            power = -power if sign == "/" else power
            ratio *= factor ** power
            for base, count in parts.items():
                dimensions[base] = dimensions.get(base, 0) + count * power
        return ratio, {base: count for base, count in dimensions.items() if count}


def lower(source: Source) -> Table:
    lowering = Lowering(source)
    units = [lowering.unit(code) for code in sorted(source.units, key=str.encode)]
    bases = [unit.code for unit in units if unit.base or unit.arbitrary]
    # Longer prefixes first: "da" is tried before "d".
    prefixes = sorted(lowering.prefixes.items(), key=lambda p: (-len(p[0]), p[0]))
    assert all(not unit.function or unit.function in FUNCTIONS for unit in units)
    return Table(units, prefixes, bases)
