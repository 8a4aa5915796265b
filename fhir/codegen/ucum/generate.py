#!/usr/bin/env python3
"""The UCUM table → constant C++ rows: load → check → lower → emit, one file each. See README.md."""

import argparse
import pathlib
import sys

from check import check
from emit import emit, summary
from load import GenerationError, load
from lower import lower

DEFINITIONS = pathlib.Path(__file__).resolve().parent.parent.parent / "definitions"


def write(path: pathlib.Path, text: str) -> None:
    """Writes even when nothing changed: the build compares file times, and would run the generator again for ever."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=pathlib.Path, default=DEFINITIONS / "node_modules" / "@atomic-ehr" / "ucum")
    parser.add_argument("--kinds", type=pathlib.Path, default=DEFINITIONS / "ucum_plain_units.txt")
    parser.add_argument("--out", type=pathlib.Path, help="the C++ file to write")
    parser.add_argument("--summary", type=pathlib.Path, help="the summary to write")
    options = parser.parse_args(arguments)
    try:
        source = load(options.package, options.kinds)
        check(source)
        table = lower(source)
        if options.out:
            write(options.out, emit(table, source.origin))
        if options.summary:
            write(options.summary, summary(table))
    except GenerationError as error:
        print(f"ucum/generate.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
