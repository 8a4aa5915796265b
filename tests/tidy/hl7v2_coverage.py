"""docs/hl7v2_coverage.md out of the rule files: every field of every supported segment, mapped, deliberately not, or not yet.

Without arguments it holds the document against the rules: exit 0 when it is what they say, 1 otherwise. `--write` writes it
again. A field that a rule file lists under `ignore:` needs its reason in hl7v2_reasons.txt, and a reason there needs a field.
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RULES = os.path.join(ROOT, "config/mappings/hl7v2")
DOCUMENT = os.path.join(ROOT, "docs/hl7v2_coverage.md")

# Rule files by what the document calls their messages.
FAMILIES = {"pam-fr": "ADT", "adt": "ADT", "documents": "MDM", "results": "ORU", "appointments": "SIU",
            "medication": "pharmacy", "charges": "DFT", "vaccinations": "VXU"}

# Segments and how many fields each has: HL7 v2.8.2, PAM.fr 2.11 for those with Z.
FIELDS = {"MSH": 25, "EVN": 7, "PID": 40, "PD1": 22, "NK1": 41, "PV1": 54, "PV2": 50, "ROL": 14, "MRG": 7, "OBX": 25, "AL1": 6,
          "DG1": 26, "PR1": 25, "GT1": 57, "IN1": 55, "IN2": 72, "IN3": 28, "TXA": 28, "ORC": 38, "OBR": 55, "SPM": 35, "NTE": 9,
          "PRT": 15, "SCH": 27, "RGS": 3, "AIS": 12, "AIG": 14, "AIL": 12, "AIP": 12, "TQ1": 14, "RXO": 36, "RXE": 45, "RXR": 6,
          "RXC": 11, "RXD": 35, "RXA": 29, "FT1": 43, "ZBE": 9, "ZFA": 12, "ZFP": 2, "ZFV": 11, "ZFM": 5, "ZFD": 8}

REASONS_FILE = os.path.join(ROOT, "tests/tidy/hl7v2_reasons.txt")


def read_reasons() -> dict[str, str]:
    """Field, or segment for all its fields → why it is left out. "PID-35..38" names four."""
    reasons: dict[str, str] = {}
    with open(REASONS_FILE, encoding="utf-8") as file:
        for line in filter(lambda text: text.strip() and not text.startswith("#"), file):
            names, reason = line.rstrip("\n").split(": ", 1)
            for name in names.split():
                first, _, last = name.partition("..")
                segment, _, number = first.partition("-")
                each = [f"{segment}-{n}" for n in range(int(number), int(last) + 1)] if last else [first]
                for field in each:
                    if field in reasons:
                        raise SystemExit(f"hl7v2_coverage: {field} has two reasons")
                    reasons[field] = reason
    return reasons


ADDRESS = re.compile(r"\b([A-Z][A-Z0-9]{2})(?:\[\d+\])?-(\d+)")
SEGMENT_ALONE = re.compile(r"^[A-Z][A-Z0-9]{2}$")


def text_of(path: str) -> str:
    """Without comments: a # at the beginning of a line or behind a blank."""
    with open(path, encoding="utf-8") as file:
        return "\n".join(re.sub(r"(^|\s)#.*$", "", line) for line in file.read().split("\n"))


def files_of(path: str, seen: set) -> list[str]:
    """The file and what it includes, each once."""
    if path in seen:
        return []
    seen.add(path)
    found = re.search(r"^include: \[([^\]]*)\]", text_of(path), re.MULTILINE)
    names = [name.strip() for name in found[1].split(",")] if found else []
    return [part for name in names for part in files_of(os.path.join(os.path.dirname(path), name), seen)] + [path]


def ignored_by(text: str) -> list[str]:
    found = re.search(r"^ignore: \[([^\]]*)\]", text, re.MULTILINE)
    return [name.strip() for name in found[1].split(",")] if found else []


def readings(text: str) -> dict[str, set]:
    """Field → the FHIR paths that it fills; "" where it decides or is part of a key."""
    fields: dict[str, set] = {}
    text = re.sub(r"^ignore: .*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"spec: [^\n]*?(?=[,}]|$)", "", text, flags=re.MULTILINE)  # what a rule follows is not what it reads
    start = text.find("\nresources:")
    body = text[start:] if start >= 0 else ""
    for number, field in ADDRESS.findall(re.sub(r"^(name|source|types|tables):.*$", "", text[:start] if start >= 0 else text,
                                                flags=re.MULTILINE)):
        if (number, field) and re.search(rf"^(required|complete): .*{number}\S*-{field}\b", text, re.MULTILINE):
            fields.setdefault(f"{number}-{field}", set()).add("")
    kind = ""
    paths: list[tuple[int, str]] = []  # of the rules around, by their indentation
    for block in re.split(r"(?m)^(?=\s*- )", body):
        first = block.split("\n")[0]
        if found := re.search(r"(?m)^    type: (\w+)", block):
            kind = found[1]
            paths = []
        indent = len(first) - len(first.lstrip())
        paths = [each for each in paths if each[0] < indent]
        to = re.search(r"(?<![\w-])to: ([^\s,}]+)", block)
        own = re.sub(r"extension\(([^)]*/)?([^)/]*)\)", r"extension(\2)", to[1].replace("+", "")) if to else ""
        whole = ".".join([path for _, path in paths] + ([own] if own else []))
        source = re.search(r"(?<![\w-])from: \"?([A-Z][A-Z0-9]{2})(?:\[[^\]]*\])?-(\d+)", block)
        if own:
            paths.append((indent, own))
        for number, field in ADDRESS.findall(block):
            said = source is not None and own and (number, field) == (source[1], source[2])
            fields.setdefault(f"{number}-{field}", set()).add(f"{kind}.{whole}" if said else "")
    return fields


def spans(numbers: list[int], segment: str) -> str:
    """PID-1, PID-3 to PID-5."""
    parts = []
    begin = 0
    while begin < len(numbers):
        end = begin
        while end + 1 < len(numbers) and numbers[end + 1] == numbers[end] + 1:
            end += 1
        parts.append(f"{segment}-{numbers[begin]}" if end == begin else f"{segment}-{numbers[begin]} to {numbers[end]}")
        begin = end + 1
    return ", ".join(parts)


def document() -> str:
    reasons_of = read_reasons()
    read: dict[str, dict[str, set]] = {}
    ignored: set[str] = set()
    for name, family in FAMILIES.items():
        for path in files_of(os.path.join(RULES, name + ".yaml"), set()):
            text = text_of(path)
            ignored.update(ignored_by(text))
            for field, targets in readings(text).items():
                read.setdefault(field, {}).setdefault(family, set()).update(targets)
    for field in sorted(ignored):
        elsewhere = field in read or any(each.startswith(field + "-") for each in read)
        if field not in reasons_of and field.split("-")[0] not in reasons_of and not elsewhere:
            raise SystemExit(f"hl7v2_coverage: {field} is ignored without a reason")
    for field in sorted(reasons_of):
        known = SEGMENT_ALONE.match(field) or int(field.split("-")[1]) <= FIELDS.get(field.split("-")[0], 0)
        if not known:
            raise SystemExit(f"hl7v2_coverage: {field} has a reason and is no field")
    for field in sorted(read):
        segment, number = field.split("-")
        if segment in FIELDS and int(number) > FIELDS[segment]:
            raise SystemExit(f"hl7v2_coverage: {field} is read, and {segment} has {FIELDS[segment]} fields")
    lines = ["# HL7 v2: what becomes of each field", "",
             "Generated from config/mappings/hl7v2 by tests/tidy/hl7v2_coverage.py --write. Edit those.", "",
             "Mapped is what a rule takes to an element, or reads to decide or to find a resource by. The reason of what is left out on "
             "purpose stands beside it; the rest is not taken yet. Of a message at hand, `passerelle hl7 translate` lists what no rule "
             "read.", ""]
    counts = []
    for segment, last in FIELDS.items():
        mapped = [n for n in range(1, last + 1) if f"{segment}-{n}" in read]
        reasons: dict[str, list[int]] = {}
        open_fields = []
        for n in range(1, last + 1):
            if n in mapped:
                continue
            reason = reasons_of.get(f"{segment}-{n}") or reasons_of.get(segment)
            (reasons.setdefault(reason, []) if reason else open_fields).append(n)
        counts.append((segment, last, len(mapped), sum(map(len, reasons.values())), len(open_fields)))
        lines += [f"## {segment}", ""]
        if mapped:
            lines += ["| field | becomes |", "|---|---|"]
            for n in mapped:
                by_target: dict[str, list[str]] = {}
                for family, targets in read[f"{segment}-{n}"].items():
                    for target in sorted(targets - {""}) or ["decides, or is part of a key"]:
                        by_target.setdefault(target, []).append(family)
                lines.append(f"| {segment}-{n} | " +
                             "; ".join(f"{target} ({', '.join(families)})" for target, families in by_target.items()) + " |")
            lines.append("")
        for reason, numbers in reasons.items():
            lines += [f"Deliberately not: {spans(numbers, segment)}: {reason}.", ""]
        if open_fields:
            lines += [f"Not yet: {spans(open_fields, segment)}.", ""]
    table = ["| segment | fields | mapped | deliberately not | not yet |", "|---|---|---|---|---|"]
    table += [f"| {s} | {a} | {m} | {d} | {o} |" for s, a, m, d, o in counts]
    table += ["| all | " + " | ".join(str(sum(each[i] for each in counts)) for i in range(1, 5)) + " |", ""]
    return "\n".join(lines[:6] + table + lines[6:]).rstrip("\n") + "\n"


def main() -> int:
    text = document()
    if sys.argv[1:] == ["--write"]:
        with open(DOCUMENT, "w", encoding="utf-8") as file:
            file.write(text)
        return 0
    with open(DOCUMENT, encoding="utf-8") as file:
        if file.read() == text:
            return 0
    print("docs/hl7v2_coverage.md is not what the rules say: tests/tidy/hl7v2_coverage.py --write")
    return 1


if __name__ == "__main__":
    sys.exit(main())
