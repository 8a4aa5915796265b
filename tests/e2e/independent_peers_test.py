"""Conversations with HL7 v2 clients and servers that others wrote: python-hl7 and simple-hl7 (Node.js).

Each sends a patient's stay and something wrong to the gateway, and takes a report from it. What they make of the bytes is
their own parsers' work."""

import base64
import pathlib
import subprocess
import sys
import threading
import unittest
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
import messages as hl7  # noqa: E402
from fhir_client import FhirClient  # noqa: E402
from gateway_process import ROOT, Gateway, Workspace  # noqa: E402

PEERS = ROOT / "tests/support/peers"
PYTHON = "/usr/bin/python3"  # whose packages Debian installs
CLIENTS = {"python-hl7": [PYTHON, PEERS / "python_hl7_client.py"], "simple-hl7": ["node", PEERS / "simple_hl7_client.js"]}
SERVERS = {"python-hl7": [PYTHON, PEERS / "python_hl7_server.py"], "simple-hl7": ["node", PEERS / "simple_hl7_server.js"]}
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def patient_of(number: int) -> hl7.Patient:
    return hl7.Patient(f"PEER{number:04}", f"2600{number:04}", "LEGOËLAND", "ANNE", "F", "19800214", "44109", "", "")


class Server:
    """A peer that listens; its lines as they come."""

    def __init__(self, command: list):
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError(f"the peer did not start: {line!r}")
        self.port = int(line.split()[-1])
        self.lines: list[str] = []
        self.arrived = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self.arrived:
                self.lines.append(line.strip())
                self.arrived.notify_all()

    def first(self, timeout_s: float) -> str | None:
        with self.arrived:
            self.arrived.wait_for(lambda: self.lines, timeout_s)
            return self.lines[0] if self.lines else None

    def stop(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


class IndependentPeers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace("peers")
        cls.addClassCleanup(cls.workspace.close)
        cls.servers = {}
        for name, command in SERVERS.items():
            cls.servers[name] = Server(command)
            cls.addClassCleanup(cls.servers[name].stop)
        settings = e2e.settings_of(cls.workspace, {}, {
            "access": {"mode": "open"},
            "destinations": [{"name": name, "kind": "mllp", "partner": "chu", "address": f"127.0.0.1:{server.port}"}
                             for name, server in cls.servers.items()],
            "routing": {"documents": [{"destination": name} for name in cls.servers]}})
        settings["access"]["parties"] = []
        config = e2e.write_settings(cls.workspace.path / "passerelle.yaml", settings)
        cls.gateway = Gateway(e2e.binary(), config, cls.workspace.path / "data", cls.workspace.path / "gateway.log")
        cls.gateway.start()
        cls.addClassCleanup(cls.gateway.stop)
        cls.fhir = FhirClient(cls.gateway.base, timeout_s=60)
        cls.addClassCleanup(cls.fhir.connection.close)

    def converse(self, client: str, messages: list[bytes]) -> list[str]:
        """What the client printed, a line for each message."""
        files = []
        for number, message in enumerate(messages):
            files.append(self.workspace.path / f"{client}-{number}.hl7")
            files[-1].write_bytes(message)
        done = subprocess.run([*map(str, CLIENTS[client]), str(self.gateway.mllp_port), *map(str, files)], capture_output=True,
                              text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def test_clients_are_answered_as_they_understand(self):
        for number, client in enumerate(CLIENTS, 1):
            with self.subTest(client):
                patient = patient_of(number)
                admission = hl7.admission(patient, f"{client}-1", "20260301090000")
                discharge = hl7.discharge(patient, f"{client}-2", "20260301090000", "20260303110000")
                wrong = hl7.admission(patient, f"{client}-3", "20260399090000")
                sent = [admission, discharge, wrong, admission]
                if client == "simple-hl7":  # it sends UTF-8, whatever the message says
                    sent = [message.replace(b"|8859/15|", b"|UNICODE UTF-8|") for message in sent]
                lines = self.converse(client, sent)
                self.assertEqual([line.split()[:2] for line in lines],
                                 [["AA", f"{client}-1"], ["AA", f"{client}-2"], ["AE", f"{client}-3"], ["AA", f"{client}-1"]])
                found = self.fhir.search(f"Patient?identifier={patient.ipp}")
                self.assertEqual([one["name"][0]["family"] for one in found], [patient.family], "the accent came through their parser too")
                stays = self.fhir.search(f"Encounter?patient=Patient/{found[0]['id']}")
                self.assertEqual([stay["status"] for stay in stays], ["finished"])

    def test_python_hl7_reads_the_condition_of_a_refusal(self):
        wrong = hl7.admission(patient_of(90), "python-hl7-refused", "20260399090000")
        self.assertEqual(self.converse("python-hl7", [wrong]), ["AE python-hl7-refused 102 102"], "PV1-44 and ZBE-2")

    def test_servers_take_a_report_and_their_acknowledgement_ends_it(self):
        patient = patient_of(50)
        self.assertEqual([line.split()[0] for line in self.converse("python-hl7", [hl7.admission(patient, "report-stay", "20260301090000")])], ["AA"])
        found = self.fhir.search(f"Patient?identifier={patient.ipp}")[0]
        stay = self.fhir.search(f"Encounter?patient=Patient/{found['id']}")[0]
        status, outcome, _ = self.fhir.call("POST", "DocumentReference", {
            "resourceType": "DocumentReference", "status": "current", "docStatus": "final", "date": "2026-03-04T10:00:00+01:00",
            "type": {"coding": [{"system": "http://loinc.org", "code": "75496-0"}]},
            "subject": {"reference": f"Patient/{found['id']}"},
            "context": {"encounter": [{"reference": f"Encounter/{stay['id']}"}]},
            "content": [{"attachment": {"contentType": "application/pdf", "data": base64.b64encode(PDF).decode(), "title": "Compte rendu"}}]})
        self.assertEqual(status, 201, outcome)
        for name, server in self.servers.items():
            with self.subTest(name):
                line = server.first(30)
                self.assertIsNotNone(line, "nothing arrived")
                kind, trigger, control_id, segments = line.split()
                self.assertEqual((kind, trigger), ("MDM", "T02"))
                self.assertTrue(control_id)
                self.assertEqual([segment for segment in segments.split(",") if segment][-2:], ["TXA", "OBX"])
        self.assertTrue(e2e.wait_until(self.nothing_waits, 30), "their acknowledgements were not taken as such")
        for server in self.servers.values():
            self.assertEqual(len(server.lines), 1, "sent once")

    def nothing_waits(self) -> bool:
        """All is delivered, and nothing is dead."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.gateway.http_port}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return all(f'passerelle_outbox_entries{{state="{state}"}} 0' in lines for state in ("waiting", "dead"))


if __name__ == "__main__":
    e2e.main()
