#!/usr/bin/env python3
"""fhir/definitions/national_identifiers.txt → constant C++ rows. Small enough for one file: load, check, lower, emit."""

import pathlib
import sys

ALGORITHMS = {"none": "kNone", "luhn": "kLuhn", "nir": "kNir", "siret": "kSiret", "ean13": "kEan13"}
WORDS = {"rule": 4, "system": None, "types": 1, "type": None, "within": 4}


class GenerationError(Exception):
    """A problem in the input: file, line and rule."""


def load(path: pathlib.Path) -> list[tuple[str, list[str]]]:
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        place = f"{path.name}:{number}"
        kind, values = words[0], words[1:]
        if kind not in WORDS or len(values) < 1 or (WORDS[kind] or len(values)) != len(values):
            raise GenerationError(f"{place}: expected one of {', '.join(WORDS)} with its words")
        rows.append((place, words))
    return rows


def check(rows: list[tuple[str, list[str]]]) -> None:
    rules, keys = set(), set()
    for place, (kind, *values) in rows:
        if kind == "rule":
            algorithm = values[1].removesuffix("+letters")
            if algorithm not in ALGORITHMS or not values[2].isdigit() or not 0 < int(values[2]) <= 32 or values[0] in rules:
                raise GenerationError(f"{place}: expected a rule's name (once), an algorithm and a length up to 32")
            rules.add(values[0])
            continue
        key = (kind, values[0], values[1] if kind == "within" else "")
        if key in keys:
            raise GenerationError(f"{place}: stands twice")
        keys.add(key)
        named = values[2:3] if kind == "within" else values[1:]
        if kind != "types" and (not named or not set(named) <= rules):
            raise GenerationError(f"{place}: expected rules that are defined above")


def text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def emit(rows: list[tuple[str, list[str]]], origin: str) -> str:
    ids = {}
    lines: dict[str, list[str]] = {kind: [] for kind in WORDS}
    for _, (kind, *values) in rows:
        if kind == "rule":
            ids[values[0]] = len(ids)
            letters = "true" if values[1].endswith("+letters") or values[1] == "nir" else "false"
            algorithm = ALGORITHMS[values[1].removesuffix("+letters")]
            start = "" if values[3] == "*" else values[3]
            lines[kind].append(f"{{{text(values[0])}, CheckAlgorithm::{algorithm}, {values[2]}, {letters}, {text(start)}}}")
        elif kind in ("system", "type"):
            lines[kind].extend(f"{{{text(values[0])}, {ids[rule]}}}" for rule in values[1:])
        elif kind == "types":
            lines[kind].append(text(values[0]))
        else:
            system = "" if values[3] == "-" else values[3]
            lines[kind].append(f"{{{text(values[0])}, {text(values[1])}, {ids[values[2]]}, {text(system)}}}")

    def array(cpp_type: str, name: str, kind: str) -> str:
        return f"constexpr {cpp_type} {name}[] = {{\n" + "".join(f"    {line},\n" for line in lines[kind]) + "};\n"

    return (f"// Generated from {origin} by fhir/codegen/identifiers.py. Edit those.\n"
            '#include "fhir/validation/identifiers/table.hpp"\n\nnamespace fhir::validation {\nnamespace {\n\n'
            + array("NumberRule", "kRules", "rule") + array("RuleOfKey", "kSystems", "system")
            + array("std::string_view", "kTypeSystems", "types") + array("RuleOfKey", "kTypes", "type")
            + array("InnerNumber", "kInner", "within")
            + "\n}  // namespace\n\nconstinit const IdentifierTable kIdentifierTable = "
            "{kRules, kSystems, kTypeSystems, kTypes, kInner};\n\n}  // namespace fhir::validation\n")


def main(arguments: list[str]) -> int:
    source, out = map(pathlib.Path, arguments)
    try:
        rows = load(source)
        check(rows)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(emit(rows, f"fhir/definitions/{source.name}"), encoding="utf-8")
    except GenerationError as error:
        print(f"identifiers.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
