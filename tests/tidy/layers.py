"""Checks that #includes follow the layer table of docs/ARCHITECTURE.md, and that third-party headers stay private.

Exit 0 when every include is allowed, 1 with one line per finding otherwise.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

THIRD_PARTY = [  # first matching prefix names the library
    ("Poco/", "Poco"), ("boost/beast", "Boost"), ("boost/asio", "Boost"), ("boost/", "Boost"), ("xercesc/", "Xerces"),
    ("rapidjson/", "RapidJSON"), ("openssl/", "OpenSSL"), ("libpq", "libpq"), ("postgresql/", "libpq"),
    ("yaml-cpp/", "yaml-cpp"), ("unicode/", "ICU"), ("libical/", "libical"), ("zlib.h", "zlib"), ("bzlib.h", "bzip2"),
    ("zstd.h", "zstd"), ("fmt/", "fmt"),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def load_table() -> dict[str, tuple[list[str], set[str]]]:
    with open(os.path.join(ROOT, "docs/ARCHITECTURE.md"), encoding="utf-8") as file:
        text = file.read()
    block = text.split("<!-- layers:begin -->")[1].split("<!-- layers:end -->")[0]
    table = {}
    for line in block.splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if len(cells) == 3 and "/" in cells[0]:
            table[cells[0]] = (cells[1].split(), set(cells[2].split()))
    return table


def below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


class PrivateHeaders:
    """Headers that the .cpp files of their own folder alone include: as private as these files."""

    def __init__(self, names: list[str]):
        self.users: dict[str, set[str]] = {}
        for name in names:
            path = os.path.join(ROOT, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    for _, target in INCLUDE.findall(file.read()):
                        self.users.setdefault(target, set()).add(name)

    def holds(self, header: str) -> bool:
        folder = os.path.dirname(header)
        return all(user.endswith(".cpp") and os.path.dirname(user) == folder for user in self.users.get(header, set()))


def main() -> int:
    table = load_table()
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.cpp", "*.hpp"],
                            cwd=ROOT, capture_output=True, text=True, check=True)
    findings = []
    checked = 0
    private_headers = PrivateHeaders(listed.stdout.split())
    for name in listed.stdout.split():
        path = os.path.join(ROOT, name)
        if name.startswith("tests/") or not os.path.exists(path):
            continue
        checked += 1
        folder = next((f for f in sorted(table, key=len, reverse=True) if below(name, f)), None)
        if folder is None:
            findings.append(f"{name}: its folder is not in the layer table of docs/ARCHITECTURE.md")
            continue
        allowed, third = table[folder]
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for match in INCLUDE.finditer(text):
            bracket, target = match.groups()
            line = text.count("\n", 0, match.start()) + 1
            if re.match(r"(fhir|adapters|gateway|tests)/", target):
                if not (below(target, folder) or any(below(target, a) for a in allowed)):
                    findings.append(f"{name}:{line}: {folder} may not include {target}")
                continue
            library = next((lib for prefix, lib in THIRD_PARTY if target.startswith(prefix)), None)
            if library is None or library == "fmt":
                continue
            if library not in third:
                findings.append(f"{name}:{line}: {folder} may not use {library}")
            elif name.endswith(".hpp") and not private_headers.holds(name):
                findings.append(f"{name}:{line}: third-party headers belong in .cpp files ({library})")
            elif library == "libpq" and not below(name, "gateway/store/pg"):
                findings.append(f"{name}:{line}: only gateway/store/pg may use libpq")
            elif library == "Poco" and below(name, "gateway/http") and not below(name, "gateway/http/poco"):
                findings.append(f"{name}:{line}: only gateway/http/poco may use Poco")
    for finding in findings:
        print(finding)
    print(f"layers: {checked} files checked, {len(findings)} findings")
    return 1 if findings or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
