#!/usr/bin/env python3
"""FHIR definitions → constant C++ tables and packed resources: load → check → lower → emit, one file each. See README.md."""

import argparse
import hashlib
import pathlib
import sys

from check import check
from emit import emit, write
from load import GenerationError, load
from lower import lower
from resources import lower_resources, write_resources
from summary import summary_lines

DEFINITIONS = pathlib.Path(__file__).resolve().parent.parent / "definitions"


def assign_ids(source, ids_file: pathlib.Path) -> int:
    """Appends ids for urls that have none. Ids are never reused or moved, since they stand in databases."""
    fresh = sorted({p["url"] for p in source.search_parameters} - set(source.parameter_ids))
    following = max(source.parameter_ids.values(), default=0) + 1
    with ids_file.open("a", encoding="utf-8") as file:
        if not source.parameter_ids:
            file.write("# Stable ids of search parameters, as stored in databases. Lines are only ever appended.\n")
        for number, url in enumerate(fresh, following):
            file.write(f"{number} {url}\n")
    return len(fresh)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=pathlib.Path, default=DEFINITIONS / "node_modules" / "hl7.fhir.r4.examples")
    parser.add_argument("--corrections", type=pathlib.Path, default=DEFINITIONS / "corrections")
    parser.add_argument("--additions", type=pathlib.Path, default=DEFINITIONS / "additions")
    parser.add_argument("--ids", type=pathlib.Path, default=DEFINITIONS / "search_parameter_ids.txt")
    parser.add_argument("--prefix", default="R4", help="names the tables: k<PREFIX>Tables")
    parser.add_argument("--out", type=pathlib.Path, help="the C++ file to write")
    parser.add_argument("--summary", type=pathlib.Path, help="the summary to write")
    parser.add_argument("--resources", type=pathlib.Path, help="the file of compressed conformance resources to write")
    parser.add_argument("--assign-ids", action="store_true", help="give search parameters without a stable id one, and stop")
    options = parser.parse_args(arguments)
    try:
        source = load(options.package, options.corrections, options.additions, options.ids)
        if options.assign_ids:
            print(f"{assign_ids(source, options.ids)} ids assigned in {options.ids}")
            return 0
        check(source)
        tables = lower(source)
        package_file = options.package / "package.json"
        digest = hashlib.sha256(package_file.read_bytes()).hexdigest()[:16] if package_file.exists() else "none"
        if options.out:
            write(options.out, emit(tables, options.prefix, f"{options.package.name} (sha256 of package.json {digest})"))
        resources = lower_resources(source) if options.resources or options.summary else []
        if options.resources:
            write_resources(options.resources, resources)
        if options.summary:
            write(options.summary, "\n".join(summary_lines(tables, resources)) + "\n")
    except GenerationError as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
