"""passerelle terminology load over a real socket: a code system in pieces, replaced; and how much memory it
takes. PASSERELLE_CONCEPTS says how many concepts (20,000; the nightly run takes 1,000,000)."""

import os
import pathlib
import re
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402

CONCEPTS = int(os.environ.get("PASSERELLE_CONCEPTS", "20000"))
SYSTEM = "urn:test:large"


def pss_mb(pid: int) -> float:
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)[1]) / 1024


def output(body: dict, name: str):
    for parameter in body["parameter"]:
        if parameter["name"] == name:
            return next(value for key, value in parameter.items() if key != "name")
    return None


class TerminologyLoadTest(e2e.GatewayCase):
    over = {"access": {"mode": "open"}}

    def load(self, path: pathlib.Path, *options: str):
        return e2e.run("terminology", "load", str(path), "--system", SYSTEM, "--server", self.gateway.base, *options, timeout_s=300)

    def lookup(self, code: str, client=None):
        status, body, _ = (client or self.client(None, 120)).get(f"CodeSystem/$lookup?system={SYSTEM}&code={code}")
        return output(body, "display") if status == 200 else status

    def test_1_large_file_is_loaded_within_memory(self):
        path = self.workspace.path / "large.csv"
        with open(path, "w") as file:
            file.write("code,display,parent\n")
            for i in range(CONCEPTS):
                file.write(f"C{i:07},Concept of the large code system number {i},{'' if i == 0 else f'C{i // 10:07}'}\n")
        pid = self.gateway.process.pid
        before = pss_mb(pid)
        begin = time.monotonic()
        done = self.load(path, "--version", "1")
        seconds = time.monotonic() - begin
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith(f"{CONCEPTS} concepts: CodeSystem/"), done.stdout)
        loaded = pss_mb(pid)
        last = f"C{CONCEPTS - 1:07}"
        begin = time.monotonic()
        self.assertEqual(self.lookup(last), f"Concept of the large code system number {CONCEPTS - 1}")
        first_ms = 1000 * (time.monotonic() - begin)
        client = self.client(None, 120)
        begin = time.monotonic()
        for i in range(50):
            self.assertEqual(self.lookup(f"C{i * CONCEPTS // 50:07}", client), f"Concept of the large code system number {i * CONCEPTS // 50}")
        each_ms = 20 * (time.monotonic() - begin)
        _, body, _ = client.get(f"CodeSystem/$subsumes?system={SYSTEM}&codeA=C0000001&codeB=C{CONCEPTS // 10 + 1:07}")
        self.assertEqual(output(body, "outcome"), "subsumes" if str(CONCEPTS // 10 + 1).startswith("1") else "not-subsumed")
        begin = time.monotonic()
        status, body, _ = client.call("POST", "ValueSet/$expand?count=3&offset=1", {
            "resourceType": "Parameters", "parameter": [{"name": "valueSet", "resource": {
                "resourceType": "ValueSet", "status": "active", "compose": {"include": [{
                    "system": SYSTEM, "filter": [{"property": "concept", "op": "is-a", "value": "C0000012"}]}]}}}]})
        filter_ms = 1000 * (time.monotonic() - begin)
        self.assertEqual(status, 200, body)
        self.assertEqual([each["code"] for each in body["expansion"]["contains"]], ["C0000120", "C0000121", "C0000122"])
        asked = pss_mb(pid)
        print(f"\n{CONCEPTS} concepts, {path.stat().st_size / 1e6:.0f} MB of CSV: loaded in {seconds:.1f} s, first question {first_ms:.0f} ms, "
              f"each {each_ms:.1f} ms, is-a filter {filter_ms:.0f} ms; PSS {before:.0f} MB before, {loaded:.0f} after loading, {asked:.0f} after asking")
        self.assertLess(asked, 300)
        self.assertLess(loaded, 300)

    def test_2_again_is_a_replacement(self):
        small = self.workspace.path / "small.ndjson"
        small.write_text('{"code":"C0000000","display":"first"}\n')
        self.assertEqual(self.load(small, "--version", "1").returncode, 0)
        self.assertEqual(self.lookup("C0000000"), "first")
        self.assertEqual(self.lookup("C0000001"), 404)
        bundle = self.client(None).search(f"CodeSystem?url={SYSTEM}")
        self.assertEqual(len(bundle), 1)

    def test_3_bad_file_is_named_with_its_line(self):
        bad = self.workspace.path / "bad.csv"
        bad.write_text("code,parent\nA,\nB,Z\n")
        done = self.load(bad)
        self.assertEqual(done.returncode, 1)
        self.assertIn("bad.csv: line 3: the code Z, named as a parent there, is not in the file", done.stderr)
        self.assertEqual(self.load(self.workspace.path / "none.csv").returncode, 1)
        self.assertEqual(e2e.run("terminology", "load", str(bad)).returncode, 2)


if __name__ == "__main__":
    e2e.main()
