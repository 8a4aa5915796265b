"""Stage 1: reads the package's table of units and prefixes and our list of plain units. Knows files, not meaning."""

import dataclasses
import hashlib
import json
import pathlib
import re


class GenerationError(Exception):
    """A problem in the input. The text names file, place and rule, since it is all the reader of a build log gets."""


@dataclasses.dataclass
class Source:
    """Units and prefixes by code, as the package has them; what each unit without a definition of its own counts as."""

    units: dict[str, dict]
    prefixes: dict[str, dict]
    plain: dict[str, str]
    origin: str


# The package holds the table as a JavaScript object literal: strings, numbers, true, false, and bare member names.
TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|(-?\d[\d.]*(?:[eE][+-]?\d+)?)|(\w+)|([{}:,]))')


def read_literal(path: pathlib.Path, name: str) -> dict:
    """The object that `export const name = {…};` defines, with numbers as their text."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise GenerationError(f"{path}: the UCUM table is missing; run `./dev setup`, which fetches it") from error
    start = text.find(f"export const {name} = ")
    end = text.find("\n};", start)
    if start < 0 or end < 0:
        raise GenerationError(f"{path}: no `export const {name} = {{…}};`")
    position = text.index("{", start)
    body, out = text[: end + 2], []
    while position < len(body):
        match = TOKEN.match(body, position)
        if not match:
            if not body[position:].strip():
                break
            raise GenerationError(f"{path}: cannot read the literal at character {position}")
        string, number, word, sign = match.groups()
        position = match.end()
        if sign in ("}",) and out and out[-1] == ",":
            out.pop()
        out.append(string or (json.dumps(number) if number else word if word in ("true", "false") else
                              json.dumps(word) if word else sign))
    try:
        return json.loads("".join(out), object_pairs_hook=lambda pairs: no_duplicates(pairs, path))
    except ValueError as error:
        raise GenerationError(f"{path}: not the literal that was expected ({error})") from error


def no_duplicates(pairs: list[tuple], path: pathlib.Path) -> dict:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise GenerationError(f"{path}: a code stands twice in the table")
    return result


def read_plain(path: pathlib.Path) -> dict[str, str]:
    """Lines of `code kind`; a code holds no blank."""
    plain = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        code, _, kind = line.partition(" ")
        if kind not in ("arbitrary", "one") or code in plain:
            raise GenerationError(f"{path}:{number}: expected `code arbitrary` or `code one`, each code once")
        plain[code] = kind
    return plain


def load(package: pathlib.Path, plain_file: pathlib.Path) -> Source:
    units_file, prefixes_file = package / "dist" / "units.js", package / "dist" / "prefixes.js"
    units, prefixes = read_literal(units_file, "units"), read_literal(prefixes_file, "prefixes")
    digest = hashlib.sha256(units_file.read_bytes() + prefixes_file.read_bytes()).hexdigest()[:16]
    return Source(units, prefixes, read_plain(plain_file), f"@atomic-ehr/ucum (sha256 of its tables {digest})")
