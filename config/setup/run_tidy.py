"""Runs clang-tidy over the unity translation units of the tidy build, on all cores, and reports what it found.

run_tidy.py BUILD [--tests]: with --tests those below tests/ too, which are as many again.

Unity sources include our .cpp files, so findings in them count as findings "in headers": the filter names our folders.
"""

import concurrent.futures
import json
import os
import subprocess
import sys


def in_tests(source: str, build: str, root: str) -> bool:
    return any(os.path.relpath(source, folder).startswith("tests/") for folder in (build, root))


def main() -> int:
    build = sys.argv[1]
    with_tests = "--tests" in sys.argv[2:]
    root = os.getcwd()
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    sources = sorted({c["file"] for c in commands if "_verify_interface_header_sets/" not in c["file"]})
    if not with_tests:
        sources = [s for s in sources if not in_tests(s, build, root)]
    header_filter = f"^{root}/(fhir|adapters|gateway|tests)/.*"

    def run(source: str) -> tuple[str, int, str]:
        # A test that starts four threads gains nothing by reserving room for them.
        less = ["--checks=-performance-inefficient-vector-operation"] if in_tests(source, build, root) else []
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
