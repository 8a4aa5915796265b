"""Checks what must not stand in the tree: unfinished work, debris, and facts of the machine it was written on."""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

RULES = [
    (r"\b(TODO|FIXME|XXX|HACK)\b", "unfinished work"),
    (r"<<<<<<<|>>>>>>>", "merge conflict"),
    (r"(?<![\w.])/(work|root|home/\w+)/", "a path of one machine"),
    (r"\busing namespace\b", "unity builds share namespaces"),
    (r"registry\.npmjs|deb\.debian\.org|pypi\.org", "registry host"),
]
ENDINGS = (".cpp", ".hpp", ".py", ".sh", ".cmake", ".txt", ".md", ".yaml", ".sql", ".json")


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, capture_output=True, text=True, check=True)
    findings = 0
    for name in listed.stdout.split("\n"):
        path = os.path.join(ROOT, name)
        if name == "tests/tidy/words.py" or not name.endswith(ENDINGS) or not os.path.exists(path):
            continue
        with open(path, encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                if len(line) > 400 and name.endswith((".cpp", ".hpp")):
                    print(f"{name}:{number}: line of {len(line)} characters")
                    findings += 1
                for pattern, why in RULES:
                    if re.search(pattern, line):
                        print(f"{name}:{number}: {why}: {line.strip()[:80]}")
                        findings += 1
    print(f"words: {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
