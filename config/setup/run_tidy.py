"""Runs clang-tidy over the unity translation units of the tidy build, on all cores, and reports what it found.

Unity sources include our .cpp files, so findings in them count as findings "in headers": the filter names our folders.
"""

import concurrent.futures
import json
import os
import subprocess
import sys


def main() -> int:
    build = sys.argv[1]
    root = os.getcwd()
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    sources = sorted({c["file"] for c in commands if "_verify_interface_header_sets/" not in c["file"]})
    header_filter = f"^{root}/(fhir|adapters|gateway|tests)/.*"

    def run(source: str) -> tuple[str, int, str]:
        # A test that starts four threads gains nothing by reserving room for them.
        in_test = os.path.relpath(source, build).startswith("tests/")
        less = ["--checks=-performance-inefficient-vector-operation"] if in_test else []
        result = subprocess.run(
            ["clang-tidy-19", "-p", build, "--quiet", f"--header-filter={header_filter}",
             "--extra-arg=-Wno-unknown-warning-option", *less, source],
            capture_output=True, text=True, check=False)
        return source, result.returncode, result.stdout + ("" if result.returncode == 0 else result.stderr)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for number, (source, code, output) in enumerate(pool.map(run, sources), 1):
            print(f"\r{number}/{len(sources)} translation units", end="", file=sys.stderr, flush=True)
            if code != 0:
                failed += 1
                print(f"\n{os.path.relpath(source, root)}\n{output}")
    print(file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
