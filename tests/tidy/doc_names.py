"""Checks that every path of the tree that README.md and docs/*.md name in backticks exists, and every local link.

A word in backticks counts as a path when it starts with a folder of the tree's root and a slash, or names a file in the
root. Exit 0 when all exist, 1 with one line per finding otherwise.
"""

import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

FOLDERS = ("fhir/", "adapters/", "gateway/", "config/", "tests/", "docs/", ".ci/")
MADE_BY_THE_BUILD = ("fhir/definitions/node_modules",)
# `path`, `path:line` or `path` with a command's arguments: the first word is the path.
BACKTICKS = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
# `gateway/app/main.cpp: RunServe` says that the file names the function.
FUNCTION = re.compile(r"`([\w./-]+\.(?:cpp|hpp|py|sql|yaml)): ([A-Za-z_]\w*(?:::\w+)*)`")


def is_path(word: str) -> bool:
    return word.startswith(FOLDERS) and "*" not in word and "{" not in word and " " not in word


def findings_of(name: str) -> list[str]:
    found = []
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        text = re.sub(r"^```.*?^```", lambda m: "\n" * m[0].count("\n"), file.read(), flags=re.MULTILINE | re.DOTALL)
    for number, line in enumerate(text.split("\n"), 1):
        for match in FUNCTION.finditer(line):
            path = os.path.join(ROOT, match[1])
            last = match[2].split("::")[-1]
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    if not re.search(rf"\b{last}\b", file.read()):
                        found.append(f"{name}:{number}: {match[1]} does not name {match[2]}")
        for words in BACKTICKS.findall(line):
            word = re.sub(r":\d*$", "", words.split(" ")[0])
            if is_path(word) and not word.startswith(MADE_BY_THE_BUILD) and not os.path.exists(os.path.join(ROOT, word)):
                found.append(f"{name}:{number}: {word} does not exist")
        for target in LINK.findall(line):
            if "://" not in target and not os.path.exists(os.path.join(ROOT, os.path.dirname(name), target)):
                found.append(f"{name}:{number}: the link to {target} leads nowhere")
    return found


def main() -> int:
    names = ["README.md"] + sorted(os.path.relpath(path, ROOT) for path in glob.glob(os.path.join(ROOT, "docs/**/*.md"), recursive=True))
    findings = [finding for name in names for finding in findings_of(name)]
    for finding in findings:
        print(finding)
    print(f"doc_names: {len(names)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
