"""Checks that one file of gateway/store/search_sql decides which rows count for a page.

A condition on made_tx or closed_tx anywhere else would show head rows on a page of a walk. Exit 0 when there is none.
"""

import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = "gateway/store/search_sql"
THE_PLACE = "visible_rows.cpp"


def main() -> int:
    files = sorted(glob.glob(os.path.join(ROOT, FOLDER, "*.[ch]pp")))
    findings = []
    for path in files:
        if os.path.basename(path) == THE_PLACE:
            continue
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                code = line.split("//")[0]
                if re.search(r"\b(made_tx|closed_tx)\b", code):
                    findings.append(f"{FOLDER}/{os.path.basename(path)}:{number}: rows are chosen in {THE_PLACE} alone")
    print("\n".join(findings + [f"one_place: {len(files)} files, {len(findings)} findings"]))
    return 1 if findings or not files else 0


if __name__ == "__main__":
    sys.exit(main())
