"""The numbers under which resource types and search parameters stand in the database."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]


def type_code(name: str) -> int:
    lines = [line.strip().strip('",') for line in (ROOT / "gateway/store/schema/type_codes.inc").read_text().splitlines()
             if line.strip().startswith('"')]
    return lines.index(name) + 1


def parameter_id(name: str) -> int:
    for line in (ROOT / "fhir/definitions/search_parameter_ids.txt").read_text().splitlines():
        if line.endswith("/SearchParameter/" + name):
            return int(line.split()[0])
    raise KeyError(name)
