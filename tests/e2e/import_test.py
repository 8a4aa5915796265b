"""`passerelle import`: what it loads, what it tells, what it costs."""

import bz2
import gzip
import http.server
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import threading
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
from gateway_process import ROOT, free_port  # noqa: E402

SYNTHEA = ROOT / "../shared/data/synthea"
SYSTEM = "urn:oid:1.2.250.1.213.1.4.10"
SUMMARY = re.compile(r"^(\d+) resources of (\d+) files \((\d+) Bundles\) in [\d.]+ s: \d+ a second, (\d+) failed$")


def bundle(kind: str, entries: list) -> str:
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries})


def post(resource: dict, full_url: str | None = None, **request) -> dict:
    entry = {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"], **request}}
    return {"fullUrl": full_url, **entry} if full_url else entry


def organization(number: str) -> dict:
    return post({"resourceType": "Organization", "name": "Clinic", "identifier": [{"system": SYSTEM, "value": number}]},
                ifNoneExist=f"identifier={SYSTEM}|{number}")


def stay(number: str, clinic: str) -> str:
    """A patient and an encounter, which refers to the clinic by its identifier."""
    return bundle("transaction", [
        post({"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": number}]}, f"urn:uuid:{number}"),
        post({"resourceType": "Encounter", "status": "finished", "class": {"code": "IMP"},
              "subject": {"reference": f"urn:uuid:{number}"},
              "serviceProvider": {"reference": f"Organization?identifier={SYSTEM}|{clinic}"}})])


class ImportCase(e2e.GatewayCase):
    over = {"access": {"mode": "open"}, "audit": {"reads": False, "writes": False}}

    def load(self, *arguments, expect: int = 0) -> tuple[list[int], str]:
        """(resources, files, Bundles, failures) of the summary, and what was said on standard error."""
        done = e2e.run("import", "--server", self.gateway.base, *arguments, timeout_s=600)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        line = SUMMARY.match(done.stdout.strip())
        self.assertIsNotNone(line, done.stdout)
        return [int(part) for part in line.groups()], done.stderr

    def total(self, query: str) -> int:
        status, body, _ = self.client(None).call("GET", f"{query}{'&' if '?' in query else '?'}_total=accurate&_count=1")
        self.assertEqual(status, 200, body)
        return body["total"]

    def folder(self, name: str, **files) -> pathlib.Path:
        folder = self.workspace.path / name
        folder.mkdir()
        for file, content in files.items():
            (folder / file.replace("__", ".")).write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder


class ImportTest(ImportCase):
    def test_folder_of_all_kinds_is_loaded_in_name_order_and_again(self):
        lines = "".join(json.dumps({"resourceType": "Basic", "id": f"line-{n}", "code": {"text": "line"}}) + "\n"
                        for n in range(450))
        collection = bundle("collection", [
            {"fullUrl": "urn:uuid:c", "resource": {"resourceType": "Device", "id": "collected"}},
            {"resource": {"resourceType": "Basic", "id": "held", "code": {"text": "held"},
                          "subject": {"reference": "urn:uuid:c"}}}])
        folder = self.folder("kinds", a__json=bundle("batch", [organization(f"all-{n}") for n in range(3)]),
                             b1__json__gz=gzip.compress(stay("all-p1", "all-0").encode()),
                             b2__json=stay("all-p2", "all-1"), c__ndjson__bz2=bz2.compress(lines.encode()),
                             d__json=collection, e__json=json.dumps({"resourceType": "Basic", "id": "one", "code": {"text": "one"}}),
                             notes__txt="not for loading")
        for connections in (4, 1):  # a repeat finds what it may not make twice
            figures, said = self.load("--connections", connections, folder / "a.json", folder / "c.ndjson.bz2", folder / "d.json",
                                      folder / "e.json")
            self.assertEqual((figures, said), ([456, 4, 2, 0], ""))
        figures, said = self.load("--connections", 3, folder)
        self.assertEqual((figures, said), ([460, 6, 4, 0], ""))
        self.assertEqual(self.total(f"Organization?identifier={SYSTEM}|all-0,{SYSTEM}|all-1,{SYSTEM}|all-2"), 3)
        status, body, _ = self.client(None).call("GET", f"Encounter?patient.identifier={SYSTEM}|all-p1")
        self.assertEqual((status, len(body["entry"])), (200, 1))
        self.assertRegex(body["entry"][0]["resource"]["serviceProvider"]["reference"], "^Organization/")
        status, body, _ = self.client(None).call("GET", "Basic/held")
        self.assertEqual((status, body["subject"]["reference"], body["meta"]["versionId"]), (200, "Device/collected", "1"))
        status, body, _ = self.client(None).call("GET", "Basic/line-449")
        self.assertEqual((status, body["meta"]["versionId"]), (200, "1"))

    def test_what_cannot_be_loaded_is_named_and_the_rest_is_loaded(self):
        lines = [json.dumps({"resourceType": "Basic", "id": f"some-{n}", "code": {"text": "some"}}) for n in range(5)]
        lines[2] = json.dumps({"resourceType": "Patient", "id": "bad", "gender": "PRIVATE-MARK"})
        lines[3] = "{\"resourceType\":"
        folder = self.folder("faults", a__ndjson="\n".join(lines),
                             b__json=bundle("batch", [organization("faults-0"), post({"resourceType": "Patient", "gender": "PRIVATE-MARK"})]),
                             c__json=stay("faults-p", "nowhere"), d__json="<Patient/>", e__json__gz=b"\x1f\x8b\x08\x00damaged")
        figures, said = self.load(folder, folder / "absent.json", expect=1)
        self.assertEqual(figures, [4, 6, 2, 8])
        told = sorted(line.replace(f"{folder}/", "", 1) for line in said.splitlines())
        for line, begin in zip(told, ("a.ndjson:3 (Patient): 4", "a.ndjson:4: is not JSON", "absent.json: cannot be read",
                                      "b.json: entry 1 (Patient): 4", "c.json: 4", "d.json: is not JSON", "e.json.gz: ")):
            self.assertTrue(line.startswith(begin), (line, begin))
        self.assertEqual(len(told), 7)
        self.assertNotIn("PRIVATE-MARK", said)
        self.assertEqual(self.total(f"Patient?identifier={SYSTEM}|faults-p"), 0)
        self.assertEqual(self.total(f"Organization?identifier={SYSTEM}|faults-0"), 1)

    def test_many_transactions_of_several_connections_come_to_all_resources(self):
        files = {f"p{n:03}__json": stay(f"many-{n}", "many") for n in range(60)}
        folder = self.folder("many", **{"0__json": bundle("batch", [organization("many")])}, **files)
        figures, said = self.load("--connections", 8, folder)
        self.assertEqual((figures, said), ([121, 61, 61, 0], ""))
        self.assertEqual(self.total(f"Encounter?service-provider.identifier={SYSTEM}|many"), 60)

    def test_plain_posts_loaded_twice_are_there_once(self):
        posted = {"resourceType": "Basic", "identifier": [{"system": SYSTEM, "value": "twice"}], "code": {"text": "twice"}}
        folder = self.folder("twice", **{
            "a__json": bundle("transaction", [post(posted), post(posted)]),
            "b__json": bundle("batch", [post(posted)]),
            "c__json": json.dumps(posted),
            "d__ndjson": (json.dumps(posted) + "\n") * 2})
        for _ in range(2):
            self.assertEqual(self.load(folder)[0], [6, 4, 2, 0])
        self.assertEqual(self.total(f"Basic?identifier={SYSTEM}|twice"), 6)

    def test_progress_is_shown_on_a_terminal(self):
        folder = self.folder("shown", a__json=stay("shown-p", "nowhere"), b__json=json.dumps({"resourceType": "Basic", "code": {"text": "x"}}))
        ours, theirs = pty.openpty()
        with open(ours, "rb", buffering=0) as terminal:
            done = subprocess.run([e2e.binary(), "import", "--server", self.gateway.base, str(folder)], stdout=subprocess.PIPE,
                                  stderr=theirs, timeout=60)
            os.close(theirs)
            shown = terminal.read(65536).decode()
        self.assertEqual(done.returncode, 1)
        self.assertRegex(shown, r"\r\x1b\[K\d of 2 files, \d resources, \d+ a second, 2 failed")
        self.assertRegex(shown, r"(^|\x1b\[K)[^\r]*a\.json: 4[^\r]*\r\n")  # a failure has a line of its own
        self.assertTrue(shown.endswith("\r\x1b[K"), "the line of progress is gone at the end")

    def test_words_that_make_no_import_are_refused(self):
        self.assertEqual(e2e.run("import").returncode, 2)
        for count in ("0", "65", "x"):
            self.assertEqual(e2e.run("import", "--connections", count, "file").returncode, 2)
        done = e2e.run("import", "--server", self.gateway.base, self.folder("empty"))
        self.assertEqual((done.returncode, "no file to read" in done.stderr), (1, True))


class WithoutServerTest(unittest.TestCase):
    def test_server_that_is_not_there_ends_the_import_at_once(self):
        file = ROOT / "tests/data/agenda.json"
        done = e2e.run("import", "--server", f"http://127.0.0.1:{free_port()}", file, timeout_s=20)
        self.assertEqual(done.returncode, 1)
        self.assertIn("stopped", done.stderr)

    def test_file_of_any_size_costs_the_same_memory(self):
        """200 MB of lines in a file of a few hundred kB, to a server that takes everything."""
        entries = []

        class Taker(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                entries.append(body.count(b'"request":'))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        workspace = e2e.Workspace("import-memory")
        self.addCleanup(workspace.close)
        path = workspace.path / "large.ndjson.gz"
        with gzip.open(path, "wt", compresslevel=1) as file:
            filling = "x" * 100_000
            for number in range(2000):
                file.write(json.dumps({"resourceType": "Basic", "id": f"n{number}", "code": {"text": filling}}) + "\n")
        process = subprocess.Popen([e2e.binary(), "import", "--server", f"http://127.0.0.1:{server.server_port}", str(path)],
                                   stdout=subprocess.PIPE, text=True)
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        self.assertEqual(process.returncode, 0, said)
        self.assertEqual(sum(entries), 2000)
        self.assertLess(usage.ru_maxrss / 1024, 100, "MB at most")


@unittest.skipUnless(SYNTHEA.is_dir(), "../shared is not there")
class SharedTest(ImportCase):
    def test_synthetic_patients_are_loaded_with_their_hospitals(self):
        files = sorted(SYNTHEA.glob("*.json.bz2"), key=lambda path: path.name)
        patients = sorted((path for path in files if not path.name.startswith("0-")), key=lambda path: path.stat().st_size)[:3]
        chosen = [path for path in files if path.name.startswith("0-")] + patients
        entries = sum(len(json.loads(bz2.open(path).read())["entry"]) for path in chosen)
        figures, said = self.load("--connections", 3, *chosen)
        self.assertEqual((figures, said), ([entries, 5, 5, 0], ""))
        self.assertEqual(self.total("Patient"), 3)
        self.assertEqual(self.total("Organization"), 194)
        self.assertGreater(self.total("Observation?patient:Patient.gender=male,female"), 0)


if __name__ == "__main__":
    e2e.main()
