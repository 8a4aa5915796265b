"""PostgreSQL disappears while the gateway works: killed, away for a while, or frozen. Nobody gets a false yes, the
callers are told to come back, and everything recovers by itself.
"""

import os
import pathlib
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
import messages as hl7  # noqa: E402
import process_facts  # noqa: E402
from e2e import wait_until  # noqa: E402
from fhir_client import FhirClient  # noqa: E402
from gateway_process import Gateway, Workspace  # noqa: E402
from mllp import MllpSender  # noqa: E402
from postgres_server import PostgresServer  # noqa: E402

FROZEN_ANSWER_S = 20
ADMITTED, DISCHARGED = "20240506091500", "20240513110000"
OPEN = {"access": {"mode": "open"}, "database": {"acquire_timeout_ms": 1000, "statement_timeout_ms": 3000}}


def observation(number: int) -> dict:
    return {"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
            "identifier": [{"system": "urn:test:gone", "value": str(number)}],
            "valueQuantity": {"value": 60 + number % 40, "unit": "/min"}}


class EmbeddedPostgresKilled(e2e.GatewayCase):
    """The private PostgreSQL dies; the gateway starts it again."""

    over = OPEN

    def postmaster(self) -> int:
        """Its process, which must be a child of this gateway and of nobody else."""
        pid = int((self.data / "postgres/postmaster.pid").read_text().split()[0])
        self.assertEqual(process_facts.parent(pid), self.gateway.process.pid)
        return pid

    def kill_postmaster(self) -> int:
        pid = self.postmaster()
        os.kill(pid, signal.SIGKILL)
        return pid

    def is_ready(self) -> bool:
        return self.root("GET", "health/ready")[0] == 200

    def has_replaced(self, old: int) -> bool:
        """Whether another server runs. Until it does, the pid file still names the one that was killed, or nothing."""
        try:
            return self.postmaster() != old
        except (FileNotFoundError, ProcessLookupError, IndexError):
            return False

    def test_kill_under_load_loses_no_write_and_no_message(self):
        ending = threading.Event()
        written: list[tuple[int, str]] = []
        acknowledged: list[str] = []
        refusals: list = []
        faults: list = []

        def write():
            client = FhirClient(self.gateway.base)
            number = 0
            while not ending.is_set():
                number += 1
                status, body, headers = client.call("POST", "Observation", observation(number))
                if status == 201:
                    written.append((number, body["id"]))
                elif status == 503 and headers.get("retry-after") and body.get("resourceType") == "OperationOutcome":
                    refusals.append(status)
                else:
                    faults.append((status, body))
            client.connection.close()

        def send():
            sender = None
            number = 0
            while not ending.is_set():
                number += 1
                message = hl7.admission(e2e.patient(number, "G"), f"GONE{number}", ADMITTED)
                while not ending.is_set():
                    try:
                        sender = sender or MllpSender("127.0.0.1", self.gateway.mllp_port)
                        answer = sender.send(message)
                        if hl7.acknowledgement_code(answer) != "AA":
                            faults.append(answer)
                        acknowledged.append(f"GONE{number}")
                        break
                    except ConnectionError:
                        sender.close()
                        sender = None
            if sender:
                sender.close()

        threads = [threading.Thread(target=target) for target in (write, send)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(3):
                time.sleep(0.4)
                before = len(written)
                self.kill_postmaster()
                self.assertTrue(wait_until(lambda: len(written) > before + 5, 20), "writes did not go on by themselves")
        finally:
            ending.set()
            for thread in threads:
                thread.join(40)
        self.assertEqual(faults, [])
        self.assertTrue(wait_until(self.is_ready, 10))
        client = self.client(None)
        found = {(int(o["identifier"][0]["value"]), o["id"]) for o in client.search("Observation?_count=1000")}
        self.assertFalse(set(written) - found, "a write answered 201 is lost")
        # Writes without an answer may be there, none more than once for each attempt.
        entries = {entry["control_id"]: entry["state"] for entry in self.journal() if entry["control_id"].startswith("GONE")}
        self.assertFalse([c for c in acknowledged if entries.get(c) != "committed"], "an acknowledged message is lost")
        print(f"  {len(written)} writes, {len(acknowledged)} messages, {len(refusals)} answers 503; ", end="", flush=True)

    def test_data_and_history_are_intact_afterwards(self):
        client = self.client(None)
        status, made, _ = client.call("POST", "Patient", {"resourceType": "Patient", "name": [{"family": "Avant"}]})
        self.assertEqual(status, 201)
        made["name"][0]["family"] = "Après"
        self.assertEqual(client.call("PUT", f"Patient/{made['id']}", made)[0], 200)
        old = self.kill_postmaster()
        self.assertTrue(wait_until(lambda: self.has_replaced(old) and self.is_ready(), 20))
        status, read, _ = client.get(f"Patient/{made['id']}")
        self.assertEqual((status, read["name"][0]["family"], read["meta"]["versionId"]), (200, "Après", "2"))
        self.assertEqual(client.get(f"Patient/{made['id']}/_history")[1]["total"], 2)


class OutsidePostgresAway(e2e.GatewayCase):
    """PostgreSQL is somebody else's, and away until it is started again: the refusals can be looked at in peace."""

    over = OPEN

    @classmethod
    def setUpClass(cls):
        cls.server = PostgresServer()
        cls.addClassCleanup(cls.server.close)
        cls.outside = cls.server.create_database("gone")
        super().setUpClass()

    def setUp(self):
        self.assertTrue(wait_until(self.is_ready, 20), "not ready before the test")

    def is_ready(self) -> bool:
        return self.root("GET", "health/ready")[0] == 200

    def assert_unavailable(self, client: FhirClient, method: str, path: str, body=None, within_s: float = 10):
        begin = time.monotonic()
        status, outcome, headers = client.call(method, path, body)
        self.assertEqual(status, 503, (method, path, outcome))
        self.assertLess(time.monotonic() - begin, within_s, (method, path))
        self.assertGreater(int(headers.get("retry-after", "0")), 0, (method, path))
        self.assert_outcome(outcome, (method, path))

    def test_killed_refuses_every_interaction_and_recovers(self):
        client = self.client(None)
        _, made, _ = client.call("POST", "Patient", {"resourceType": "Patient", "name": [{"family": "Gardée"}]})
        a01 = hl7.admission(e2e.patient(1, "A"), "AWAY1", ADMITTED)
        self.assert_acknowledged("AA", self.sender().send(a01))
        waiting = self.sender()  # connected before the failure
        self.server.kill()
        patient = {"resourceType": "Patient", "active": True}
        for method, path, body in (
                ("GET", f"Patient/{made['id']}", None), ("GET", f"Patient/{made['id']}/_history", None),
                ("GET", f"Patient/{made['id']}/_history/1", None), ("GET", "Patient?family=x", None),
                ("POST", "Patient/_search", "family=x"), ("POST", "Patient", patient),
                ("PUT", f"Patient/{made['id']}", dict(patient, id=made["id"])), ("DELETE", f"Patient/{made['id']}", None),
                ("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [
                    {"resource": patient, "request": {"method": "POST", "url": "Patient"}}]})):
            with self.subTest(f"{method} {path.split('/')[0]}"):
                self.assert_unavailable(client, method, path, body)
        self.assertEqual(self.root("GET", "health/live")[0], 200)
        status, _, headers = self.root("GET", "health/ready")
        self.assertEqual(status, 503)
        self.assertIn("retry-after", headers)
        self.assertEqual(client.get("metadata")[0], 200, "what needs no database is still answered")
        a03 = hl7.discharge(e2e.patient(1, "A"), "AWAY2", ADMITTED, DISCHARGED)
        for sender in (waiting, self.sender()):
            with self.assertRaises(ConnectionError, msg="no answer and a closed connection are due"):
                sender.send(a03)
        self.server.start()
        self.assertTrue(wait_until(self.is_ready, 20), "did not recover by itself")
        self.assertEqual(client.get(f"Patient/{made['id']}")[1]["name"][0]["family"], "Gardée")
        self.assert_acknowledged("AA", self.sender().send(a03))
        encounters = client.search(f"Encounter?identifier={e2e.patient(1, 'A').visit}-1")
        self.assertEqual([(one["status"], one["meta"]["versionId"]) for one in encounters], [("finished", "2")])
        self.assertEqual(sorted((entry["control_id"], entry["state"]) for entry in self.journal()
                                if entry["control_id"].startswith("AWAY")), [("AWAY1", "committed"), ("AWAY2", "committed")])

    def test_frozen_gives_no_false_answer_and_recovers(self):
        client = self.client(None, timeout_s=40)
        status, made, _ = client.call("POST", "Patient", {"resourceType": "Patient", "active": True})
        self.assertEqual(status, 201)
        a01 = hl7.admission(e2e.patient(2, "A"), "FROZEN1", ADMITTED)
        answers: list = []

        def send():
            sender = MllpSender("127.0.0.1", self.gateway.mllp_port, timeout_s=40)
            try:
                answers.append(sender.send(a01))
            except ConnectionError:
                answers.append(None)
            finally:
                sender.close()

        def write():
            other = FhirClient(self.gateway.base, timeout_s=60)
            statuses.append(other.call("POST", "Patient", {"resourceType": "Patient", "active": False})[0])
            other.connection.close()

        statuses: list[int] = []
        self.server.signal_all(signal.SIGSTOP)
        try:
            threads = [threading.Thread(target=send), threading.Thread(target=write)]
            for thread in threads:
                thread.start()
            self.assertEqual(self.root("GET", "health/live")[0], 200)
            # On connections from before, then on those that cannot be made.
            for _ in range(2):
                self.assert_unavailable(client, "GET", f"Patient/{made['id']}", within_s=FROZEN_ANSWER_S)
                self.assert_unavailable(client, "POST", "Patient", {"resourceType": "Patient"}, within_s=FROZEN_ANSWER_S)
            begin = time.monotonic()
            status, _, headers = self.root("GET", "health/ready")
            self.assertEqual(status, 503)
            self.assertIn("retry-after", headers)
            self.assertLess(time.monotonic() - begin, FROZEN_ANSWER_S)
            for thread in threads:
                thread.join(FROZEN_ANSWER_S)
                self.assertFalse(thread.is_alive(), "a caller was left waiting")
            self.assertEqual(answers, [None], "no acknowledgement and a closed connection are due")
            self.assertEqual(statuses, [503])
        finally:
            self.server.signal_all(signal.SIGCONT)
        self.assertTrue(wait_until(self.is_ready, 30), "did not recover by itself")
        self.assertEqual(client.get(f"Patient/{made['id']}")[0], 200)
        self.assert_acknowledged("AA", self.sender().send(a01))
        self.assertEqual(len(client.search(f"Patient?identifier={e2e.patient(2, 'A').ipp}")), 1)

    def test_pg_gone_sigterm_stops_within_ten_seconds(self):
        workspace = Workspace("gone-stop")
        self.addCleanup(workspace.close)
        settings = e2e.settings_of(workspace, {}, e2e.merge(OPEN, {"database": {"connection": self.outside}}))
        other = Gateway(e2e.binary(), e2e.write_settings(workspace.path / "passerelle.yaml", settings), None,
                        workspace.path / "gateway.log")
        other.start()
        idle = MllpSender("127.0.0.1", other.mllp_port)
        self.addCleanup(idle.close)
        self.server.kill()
        try:
            self.assertLess(other.stop(timeout_s=30), 10)
        finally:
            if other.process.poll() is None:
                other.kill()
            self.server.start()


if __name__ == "__main__":
    e2e.main()
