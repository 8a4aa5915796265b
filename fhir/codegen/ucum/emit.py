"""Stage 4: writes the C++ rows, and the summary for people. A ratio is numerator / denominator × 10^exponent."""

from fractions import Fraction

from check import FUNCTIONS
from load import GenerationError
from lower import Table

LIMB = 1 << 64
METRIC, BASE, ARBITRARY = 1, 2, 4


def without_tens(number: int) -> tuple[int, int]:
    exponent = 0
    while number % 10 == 0:
        number, exponent = number // 10, exponent + 1
    return number, exponent


def parts(ratio: Fraction) -> tuple[int, int, int]:
    """(numerator, denominator, exponent of ten). Powers of two and five leave the denominator, so that what ends as a
    decimal is one."""
    numerator, denominator, exponent = ratio.numerator, ratio.denominator, 0
    for factor, other in ((2, 5), (5, 2)):
        while denominator % factor == 0:
            denominator, numerator, exponent = denominator // factor, numerator * other, exponent - 1
    numerator, tens = without_tens(numerator)
    return numerator, denominator, exponent + tens


class Pool:
    """Numbers of any length as 64-bit limbs, the lowest first; texts as slices of one string. Each once."""

    def __init__(self) -> None:
        self.limbs: list[int] = []
        self.numbers: dict[int, tuple[int, int]] = {}
        self.text = ""
        self.texts: dict[str, tuple[int, int]] = {}

    def number(self, value: int) -> tuple[int, int]:
        if value not in self.numbers:
            limbs, rest = [], value
            while rest:
                limbs.append(rest % LIMB)
                rest //= LIMB
            self.numbers[value] = (len(self.limbs), len(limbs))
            self.limbs.extend(limbs)
        return self.numbers[value]

    def string(self, value: str) -> tuple[int, int]:
        if value not in self.texts:
            self.texts[value] = (len(self.text), len(value))
            self.text += value
        return self.texts[value]


def braces(*values) -> str:
    return "{" + ", ".join(str(v) for v in values) + "}"


def literal(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?") + '"'


SLOT_BITS = 10


def slot_of(code: str) -> int:
    """Hash of a code; fhir/ucum/table.cpp has the same function."""
    data = code.encode()
    key = data[0] | data[-1] << 8 | data[len(data) // 2] << 16 | data[len(data) // 4] << 24 | len(data) << 32
    return (key * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF) >> (64 - SLOT_BITS)


def hash_slots(codes: list[str]) -> list[int]:
    """Open addressing: the position of a unit plus one, 0 for an empty slot."""
    if 2 * len(codes) > 1 << SLOT_BITS:
        raise GenerationError("more units than half of the slots: widen SLOT_BITS here and in fhir/ucum/table.hpp")
    slots = [0] * (1 << SLOT_BITS)
    for index, code in enumerate(codes):
        position = slot_of(code)
        while slots[position]:
            position = (position + 1) % len(slots)
        slots[position] = index + 1
    return slots


def emit(table: Table, origin: str) -> str:
    pool, dimensions, rows = Pool(), [], []
    base_ids = {code: i for i, code in enumerate(table.bases)}
    if len(base_ids) > 64:
        raise GenerationError("more than 64 base and arbitrary units: widen fhir/ucum/term.hpp")
    for unit in table.units:
        numerator, denominator, exponent = parts(unit.ratio)
        flags = METRIC * unit.metric + BASE * unit.base + ARBITRARY * unit.arbitrary
        rows.append("    " + braces(
            braces(*pool.string(unit.code)), braces(*pool.string(unit.value)), braces(*pool.string(unit.definition)),
            braces(*pool.number(numerator)), braces(*pool.number(denominator)), exponent, len(dimensions), len(unit.dimensions),
            flags, FUNCTIONS.index(unit.function) + 1 if unit.function else 0) + f",  // {unit.code}")
        dimensions.extend(braces(base_ids[b], n) for b, n in sorted(unit.dimensions.items(), key=lambda d: base_ids[d[0]]))
    prefixes = []
    for code, ratio in table.prefixes:
        numerator, denominator, exponent = parts(ratio)
        if denominator != 1 or numerator >= LIMB:
            raise GenerationError(f"prefix {code}: does not fit a row")
        prefixes.append("    " + braces(braces(*pool.string(code)), exponent, f"{numerator}U") + f",  // {code}")
    unit_ids = {unit.code: i for i, unit in enumerate(table.units)}
    if len(pool.text) > 0xFFFF or len(pool.limbs) > 0xFFFF or len(dimensions) > 0xFFFF:
        raise GenerationError("a pool has outgrown 16 bits")

    def array(kind: str, name: str, items: list[str], per_line: int) -> str:
        lines = [items[i:i + per_line] for i in range(0, len(items), per_line)]
        body = "\n".join("    " + ", ".join(line) + "," for line in lines)
        return f"constexpr {kind} {name}[] = {{\n{body}\n}};\n"

    text = "\n".join("    " + literal(pool.text[i:i + 100]) for i in range(0, len(pool.text), 100))
    return (f"// Generated from {origin} by fhir/codegen/ucum/generate.py. Edit those.\n"
            '#include "fhir/ucum/table.hpp"\n\nnamespace fhir::ucum {\nnamespace {\n\n'
            f"constexpr char kText[] =\n{text};\n\n"
            + array("std::uint64_t", "kLimbs", [f"0x{limb:X}U" for limb in pool.limbs], 5)
            + array("DimensionRow", "kDimensions", dimensions, 12)
            + array("std::uint16_t", "kBases", [str(unit_ids[code]) for code in table.bases], 20)
            + array("std::uint16_t", "kSlots", [str(slot) for slot in hash_slots([unit.code for unit in table.units])], 25)
            + "constexpr PrefixRow kPrefixes[] = {\n" + "\n".join(prefixes) + "\n};\n"
            + "constexpr UnitRow kUnits[] = {\n" + "\n".join(rows) + "\n};\n\n}  // namespace\n\n"
            f"constinit const Table kTable = {{{{kText, {len(pool.text)}}}, kLimbs, kDimensions, kBases, kPrefixes, kUnits, kSlots}};\n\n"
            "}  // namespace fhir::ucum\n")


def summary(table: Table) -> str:
    """One line per unit: what a change of package or generator changes is read here."""
    lines = [f"prefix {code}  {ratio}" for code, ratio in sorted(table.prefixes)]
    for unit in table.units:
        kind = " ".join(word for word, holds in (("metric", unit.metric), ("base", unit.base), ("arbitrary", unit.arbitrary)) if holds)
        value = f"{unit.function}({unit.value} {unit.definition})" if unit.function else f"{unit.value} {unit.definition}"
        base = ".".join(f"{code}{'' if n == 1 else n}" for code, n in sorted(unit.dimensions.items())) or "1"
        numerator, denominator, exponent = parts(unit.ratio)
        lines.append(f"unit {unit.code}  {value}  = {numerator}{'' if denominator == 1 else f'/{denominator}'}e{exponent} {base}"
                     + (f"  {kind}" if kind else ""))
    return "\n".join(lines) + "\n"
