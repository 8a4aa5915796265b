"""A patient whose every value is a mark goes through every error path; then the log, the metrics, the error answers and
what the commands print are searched for the marks.
"""

import json
import os
import pathlib
import re
import signal
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
import messages as hl7  # noqa: E402
import process_facts  # noqa: E402
from e2e import quote, raw_http  # noqa: E402
from mllp import END, START  # noqa: E402

WHEN, OUT = "20240506091500", "20240513110000"
# Every value of it is to be found nowhere else. The marks are values: the name of an unknown element, parameter or
# message type is told back to its sender and may stand in the log.
MARKED = hl7.Patient("ZQIPP7731", "ZQVN7732", "ZQFAMILLE", "ZQPRENOM", "F", "19310917", "35238", "2310935238042", "ZQAMC7733")
MARKS = ["ZQ", MARKED.birth, "1931-09-17", MARKED.nir, MARKED.ins, "ZÉQ", "DELATTRE"]
LIMITS = {"http": {"header_timeout_ms": 500, "body_stall_timeout_ms": 500, "header_bytes_max": 4096, "request_line_bytes_max": 2048,
                   "body_bytes_max": 1024 * 1024, "body_budget_bytes": 2 * 1024 * 1024},
          "limits": {"body_bytes_max": 1024 * 1024},
          "log": {"level": "debug"},
          "database": {"acquire_timeout_ms": 1000},
          "mllp": {"listeners": [{"name": "chu", "address": "127.0.0.1:0", "partner": "chu", "frame_timeout_ms": 500,
                                  "frame_bytes_max": 256 * 1024}]},
          "partners": [{"name": "chu", "kind": "hospital", "charset": "8859/15", "organization": {"name": "CHU", "finess": hl7.FINESS}},
                       {"name": "archive", "kind": "hospital", "organization": {"name": "CHU", "finess": hl7.FINESS}}],
          # Nobody listens there: what is sent on to the archive of the same hospital ends in the dead letters.
          "destinations": [{"name": "nowhere", "kind": "mllp", "partner": "archive", "address": "127.0.0.1:1"}],
          "routing": {"documents": [{"destination": "nowhere"}]},
          "journal": {"poll_ms": 100, "attempts_max": 2, "retry_first_ms": 10}}


def resource(**over) -> dict:
    """The marked patient in FHIR, with what makes it wrong."""
    return {"resourceType": "Patient",
            "identifier": [{"system": "urn:oid:1.2.250.1.213.1.4.10", "value": MARKED.ins}, {"system": "urn:ipp", "value": MARKED.ipp}],
            "name": [{"family": "ZQFAMILLE", "given": ["ZQPRENOM"]}], "birthDate": "1931-09-17",
            "address": [{"line": ["ZQRUE"], "city": "ZQVILLE"}], "telecom": [{"system": "phone", "value": "ZQ0601020304"}], **over}


class Privacy(e2e.GatewayCase):
    """One test, since what is searched at the end is what all paths have written."""

    over = LIMITS

    def setUp(self):
        self.answers: list[tuple[str, str]] = []

    def keep(self, what: str, text):
        self.answers.append((what, text if isinstance(text, str) else text.decode("latin-1") if isinstance(text, bytes)
                             else json.dumps(text, ensure_ascii=False)))

    def refuse(self, what: str, statuses: tuple, answer):
        status, body, headers = answer
        self.assertIn(status, statuses, (what, body))
        self.keep(what, body if body is not None else "")
        self.keep(what + " (headers)", {k: v for k, v in headers.items()})

    def rest_paths(self):
        hospital, platform, insurer = self.client("chu"), self.client("platform"), self.client("amo")
        any_error = tuple(range(400, 600))
        fhir = {"Content-Type": "application/fhir+json"}
        body = json.dumps(resource()).encode()
        for what, text in (("cut", body[:-40]), ("wrong json", body.replace(b"\"birthDate\"", b"birthDate")), ("not utf-8", body + b"\xff"),
                           ("double", body[:-1] + b',"birthDate":"1931-09-17"}'), ("deep", body[:-1] + b',"x":' + b"[" * 500),
                           ("large", body + b" " * 1024 * 1024), ("mark as element", body[:-1] + b',"unknownElement":"ZQ"}'),
                           ("mark as type", body.replace(b'"Patient"', b'"ZQTYPE"')), ("text before", b"ZQ" + body)):
            self.refuse(what, any_error, platform.call("POST", "Patient", text, fhir))
        for what, over in (("date", {"birthDate": "19310917ZQ"}), ("code", {"gender": "ZQGENDER"}), ("boolean", {"active": "ZQ"}),
                           ("reference", {"managingOrganization": {"reference": "ZQReference/ZQ 1"}}), ("array", {"name": "ZQFAMILLE"}),
                           ("url", {"photo": [{"url": "ZQ url", "data": "ZQ?"}]}), ("extension", {"extension": [{"url": "urn:ZQ", "valueUnknown": "ZQ"}]}),
                           ("id", {"id": "ZQ id"}), ("contained", {"contained": [{"resourceType": "ZQ"}]}), ("meta", {"meta": {"profile": "ZQ"}}),
                           ("narrative", {"text": {"status": "generated", "div": "<div>ZQ<script/></div>"}})):
            self.refuse(what, any_error, platform.call("POST", "Patient", resource(**over)))
        self.refuse("not allowed", any_error, insurer.call("POST", "Patient", resource()))
        self.refuse("not mine", any_error, hospital.call("PUT", "Patient/x1", resource(id="x1")))
        self.refuse("if-match", any_error, platform.call("PUT", "Patient/x1", resource(id="x1"), {"If-Match": 'W/"ZQ"'}))
        self.refuse("if-none-exist", any_error, platform.call("POST", "Patient", resource(), {"If-None-Exist": "familly=ZQFAMILLE&ZQ=ZQ"}))
        for query in ("familly=ZQFAMILLE", "unknown=ZQ", "birthdate=ZQDATE", "family:unknown=ZQ", "_sort=unknown", "_count=ZQ", "_include=ZQ:ZQ",
                      "general-practitioner.unknown=ZQ", "_elements=ZQ", "_has:Unknown:unknown:unknown=ZQ", "_page=ZQ", "birthdate=1931-09-17ZQ", "_summary=ZQ",
                      f"identifier:unknown={MARKED.ins}"):
            status, answer, _ = hospital.get(f"Patient?{query}")
            if status != 200:
                self.keep(f"search {query.split('=')[0]}", answer)
        self.refuse("search by post", any_error, hospital.call("POST", "Patient/_search", f"familly=ZQFAMILLE&x={MARKED.ins}"))
        self.refuse("form", any_error, hospital.call("POST", "Patient/_search", "%ZQ=%ZZ&ZQ"))
        entries = [{"fullUrl": "urn:uuid:ZQ", "resource": resource(), "request": {"method": "POST", "url": "Patient"}},
                   {"resource": resource(birthDate="ZQ"), "request": {"method": "POST", "url": "Patient?ZQ"}},
                   {"resource": resource(), "request": {"method": "ZQ", "url": "ZQ"}},
                   {"resource": resource(), "request": {"method": "PUT", "url": "Patient?identifier=ZQ|ZQ"}}]
        for entry in entries:
            self.refuse("transaction", any_error, platform.call("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}))
        self.refuse("bundle type", any_error, platform.call("POST", "", {"resourceType": "Bundle", "type": "ZQ", "entry": entries}))
        self.refuse("media type", any_error, platform.call("POST", "Patient", body, {"Content-Type": "text/ZQ"}))
        self.refuse("accept", any_error, hospital.call("GET", "Patient", headers={"Accept": "ZQ/ZQ"}))
        self.refuse("path", any_error, hospital.get(quote("ZÉQ") + "/" + quote("ZÉQ")))
        self.refuse("id in path", any_error, hospital.get("Patient/" + quote("ZÉQ 1")))
        self.refuse("operation", any_error, hospital.get("Patient/$ZQ"))
        stranger = self.client(None)
        self.refuse("token", (401,), stranger.call("GET", "Patient?family=ZQFAMILLE", headers={"Authorization": "Bearer ZQTOKEN"}))
        self.refuse("scheme", (401,), stranger.call("GET", "Patient", headers={"Authorization": "ZQ ZQ"}))

    def framing_paths(self):
        port = self.gateway.http_port
        for head in ("ZQ /fhir/ZQ HTTP/1.1\r\nHost: x\r\n\r\n", "GET /fhir/Patient?family=ZQ%ZQ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                     "GET /fhir/Patient HTTP/1.1\r\nHost: x\r\nZQ ZQ: y\r\n\r\n", f"GET /fhir/Patient?family={'ZQ' * 2000} HTTP/1.1\r\nHost: x\r\n\r\n",
                     f"GET /fhir/Patient HTTP/1.1\r\nHost: x\r\nX: {'ZQ' * 4000}\r\n\r\n", "GET /fhir/Patient?family=ZQSLOW HTTP/1.1\r\nHost: ZQ",
                     "POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Length: ZQ\r\n\r\n", "GET /ZQ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                     "POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZQ\r\nZQ\r\n",
                     "POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{\"ZQ\"", "GET /fhir/Patient HTTP/ZQ\r\nHost: x\r\n\r\n",
                     "GET /console/ZQ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"):
            answer = raw_http(port, head.encode(), 15)
            self.assertGreaterEqual(e2e.status_of(answer), 400, head[:40])
            self.keep("framing " + head[:20], answer)

    def mllp_paths(self):
        good = hl7.admission(MARKED, "PRIV0", WHEN)
        self.assert_acknowledged("AA", self.sender().send(good))
        self.assert_acknowledged("AA", self.sender().send(hl7.discharge(MARKED, "PRIV1", WHEN, OUT)))
        self.assert_acknowledged("AA", self.sender().send(hl7.discharge_letter(MARKED, "PRIV2", WHEN, OUT, b"<ClinicalDocument>ZQCDA</ClinicalDocument>")))
        wrong = {
            "birth": (b"19310917", b"19319917"), "charset": (b"8859/15", b"ZQCHARSET"), "version": (b"2.5^FRA", b"ZQ^FRA"),
            "type": (b"ADT^A01^ADT_A01", b"YYT^YYE^YYS"), "sex": (b"|F|", b"|ZQSEX|"), "admitted": (b"|" + WHEN.encode(), b"|ZQ2024"),
            "no identifier": (b"^PI~", b"^ZQ~"), "class": (b"PV1|1|I|", b"PV1|1|ZQ|"), "no PID": (b"\rPID|", b"\rZQI|"),
            "bytes": (b"ZQFAMILLE", b"ZQ\xff\xfe"), "escape": (b"ZQPRENOM", b"ZQ\\ZQ\\"), "processing": (b"|P|2.5", b"|Z|2.5")}
        for number, (what, (old, new)) in enumerate(wrong.items()):
            bad = good.replace(b"|PRIV0|", f"|PRIVX{number}|".encode()).replace(old, new)
            if what == "bytes":
                bad = bad.replace(b"8859/15", b"UNICODE UTF-8")
            answer = self.sender().send(bad)
            self.keep(f"acknowledgement {what}", re.sub(rb"^MSH\|[^\r]*\r", b"", answer))  # MSH gives the sender's own words back
        self.assertTrue([a for w, a in self.answers if w.startswith("acknowledgement") and "ERR|" in a])
        for frame in (START + b"ZQ no HL7" + END, START + b"MSH|ZQ" + END, START + good + b"ZQ" * 200_000 + END, b"ZQ between" + START + good[:300]):
            with socket.create_connection(("127.0.0.1", self.gateway.mllp_port), timeout=15) as connection:
                connection.sendall(frame)
                try:
                    answer = connection.recv(65536)
                except ConnectionResetError:
                    answer = b""
                self.keep("frame", re.sub(rb"MSH\|[^\r]*\r", b"", answer))

    def database_paths(self):
        """The same while PostgreSQL is away."""
        pid = int((self.data / "postgres/postmaster.pid").read_text().split()[0])
        self.assertEqual(process_facts.parent(pid), self.gateway.process.pid)
        seen = set()
        os.kill(pid, signal.SIGKILL)
        for _ in range(20):
            for method, path, body in (("POST", "Patient", resource()), ("GET", "Patient?family=ZQFAMILLE", None)):
                status, answer, _ = self.client("platform").call(method, path, body)
                seen.add(status)
                self.keep("database gone", answer if status >= 400 else "")
        self.assertIn(503, seen)
        self.assertTrue(e2e.wait_until(lambda: self.root("GET", "health/ready")[0] == 200, 20))

    def command_paths(self):
        where = ("--config", self.config, "--embedded", self.data)
        bad = self.workspace.path / "bad.hl7"
        bad.write_bytes(hl7.admission(MARKED, "PRIVC", WHEN).replace(b"19310917", b"19319917"))
        for words in (("hl7", "translate", "--config", self.config, bad), ("hl7", "send", f"127.0.0.1:{self.gateway.mllp_port}", bad)):
            self.keep(" ".join(words[:2]), e2e.run(*words).stderr)
        for words in (("messages", "list", *where), ("messages", "list", "--outbox", *where)):
            done = e2e.run(*words)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(done.stdout)
            self.keep(" ".join(words[:2]), done.stdout + done.stderr)
        for entry in self.journal():
            self.keep("journal entry", entry)
            status, shown, _ = self.root("GET", f"console/messages/{entry['id']}", "operator")
            self.assertEqual(status, 200)
            self.keep("journal entry with its acknowledgement", shown)

    def test_no_mark_in_log_metrics_or_errors(self):
        self.mllp_paths()
        self.rest_paths()
        self.framing_paths()
        self.database_paths()
        self.assertTrue(e2e.wait_until(lambda: '"dead letter"' in self.log.read_text(), 20), "the delivery to nowhere never failed")
        self.command_paths()
        self.keep("metrics", self.root("GET", "metrics")[1])
        self.gateway.stop()
        log = self.log.read_text(errors="replace")
        self.assertGreater(log.count("\n"), 100, "a log that tells nothing proves nothing")
        for line in log.splitlines():
            self.keep("log", line)
            names = json.loads(line, object_pairs_hook=lambda pairs: [name for name, _ in pairs])
            self.assertEqual(len(names), len(set(names)), "a line that says a name twice")
        for path in self.data.glob("*.log"):
            self.keep("log of PostgreSQL", path.read_text(errors="replace"))
        leaks = sorted({f"{what}: {mark}: …{text[max(0, text.index(mark) - 120):text.index(mark) + 60]}…"
                        for what, text in self.answers for mark in MARKS if mark in text})
        self.assertFalse(leaks, f"{len(leaks)} leaks:\n" + "\n".join(leaks[:30]))
        print(f"{len(self.answers)} texts searched; ", end="")


if __name__ == "__main__":
    e2e.main()
