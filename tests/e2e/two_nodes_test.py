"""Two gateways on one database: what may happen once happens once, whichever node is asked."""

import concurrent.futures
import pathlib
import sys
import threading
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
import messages as hl7  # noqa: E402
from fhir_client import FhirClient  # noqa: E402
from gateway_process import Gateway, Workspace  # noqa: E402
from mllp import MllpSender  # noqa: E402
from postgres_server import OutsideDatabase  # noqa: E402

THREADS = 32
ATTEMPTS = 128


class TwoNodes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = OutsideDatabase()
        cls.addClassCleanup(cls.database.close)
        cls.workspace = Workspace("nodes")
        cls.addClassCleanup(cls.workspace.close)
        cls.tokens: dict = {}
        settings = e2e.settings_of(cls.workspace, cls.tokens, {
            "access": {"mode": "open"}, "database": {"connection": cls.database.conninfo, "pool_size": 12, "acquire_timeout_ms": 20000}})
        config = e2e.write_settings(cls.workspace.path / "passerelle.yaml", settings)
        cls.nodes = [Gateway(e2e.binary(), config, None, cls.workspace.path / f"node{n}.log") for n in (1, 2)]
        cls.addClassCleanup(cls.end)
        for node in cls.nodes:
            node.start()

    @classmethod
    def end(cls):
        for node in cls.nodes:
            if node.process is not None and node.process.poll() is None:
                node.stop()

    def client(self, node: int = 0) -> FhirClient:
        client = FhirClient(self.nodes[node].base, timeout_s=60)
        self.addCleanup(client.connection.close)
        return client

    def at_once(self, attempt, count: int = ATTEMPTS) -> list:
        """attempt(client, number) from many threads that begin together, half on each node."""
        gate = threading.Barrier(THREADS)

        def work(worker: int) -> list:
            client = FhirClient(self.nodes[worker % 2].base, timeout_s=60)
            try:
                client.get("metadata")  # connected before the start
                gate.wait(30)
                return [attempt(client, worker + THREADS * n) for n in range(count // THREADS)]
            finally:
                client.connection.close()

        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            return [answer for answers in pool.map(work, range(THREADS)) for answer in answers]

    def make(self, resource: dict) -> str:
        status, made, _ = self.client().call("POST", resource["resourceType"], resource)
        self.assertEqual(status, 201, made)
        return f"{made['resourceType']}/{made['id']}"

    @staticmethod
    def times(hour: int) -> dict:
        return {"start": f"2030-05-15T{hour:02}:00:00+02:00", "end": f"2030-05-15T{hour:02}:15:00+02:00"}

    def make_slot(self, schedule: str, hour: int) -> str:
        return self.make({"resourceType": "Slot", "schedule": {"reference": schedule}, "status": "free", **self.times(hour)})

    def test_many_bookings_of_one_slot_have_one_winner(self):
        patient = self.make({"resourceType": "Patient", "active": True})
        schedule = self.make({"resourceType": "Schedule", "actor": [{"reference": patient}]})
        slot = self.make_slot(schedule, 9)
        answers = self.at_once(lambda client, number: client.call("POST", "Appointment", {
            "resourceType": "Appointment", "status": "booked", "slot": [{"reference": slot}], **self.times(9),
            "participant": [{"actor": {"reference": patient}, "status": "accepted"}]}))
        statuses = sorted(status for status, _, _ in answers)
        self.assertEqual(statuses, [201] + [409] * (ATTEMPTS - 1))
        for status, outcome, _ in answers:
            if status == 409:
                self.assertEqual(outcome["resourceType"], "OperationOutcome")
        for node in (0, 1):
            self.assertEqual(len(self.client(node).search("Appointment?_count=200")), 1)
            self.assertEqual(self.client(node).get(slot)[1]["status"], "busy")

    def test_overlapping_slots_of_one_schedule_have_one_winner(self):
        """Two Slots that share a quarter of an hour: the time is claimed, not the Slot's row."""
        patient = self.make({"resourceType": "Patient", "active": True})
        schedule = self.make({"resourceType": "Schedule", "actor": [{"reference": patient}]})
        slots = [self.make_slot(schedule, 10), self.make_slot(schedule, 10)]
        answers = self.at_once(lambda client, number: client.call("POST", "Appointment", {
            "resourceType": "Appointment", "status": "booked", "slot": [{"reference": slots[number // 2 % 2]}],
            **self.times(10),
            "participant": [{"actor": {"reference": patient}, "status": "accepted"}]}), 64)
        self.assertEqual(sorted(status for status, _, _ in answers), [201] + [409] * 63)

    def test_concurrent_conditional_creates_make_one_resource(self):
        answers = self.at_once(lambda client, number: client.call(
            "POST", "Patient", {"resourceType": "Patient", "identifier": [{"system": "urn:test", "value": "once"}]},
            {"If-None-Exist": "identifier=urn:test|once"}))
        statuses = sorted(status for status, _, _ in answers)
        self.assertEqual(statuses, [200] * (ATTEMPTS - 1) + [201])
        self.assertEqual(len(self.client(1).search("Patient?identifier=urn:test|once")), 1)

    def test_concurrent_conditional_creates_in_transactions_make_one_resource(self):
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [{
            "fullUrl": "urn:uuid:7f4fa2b2-5e1e-4c3e-9d51-0e1e7a1b0001",
            "resource": {"resourceType": "Organization", "identifier": [{"system": "urn:test", "value": "org"}]},
            "request": {"method": "POST", "url": "Organization", "ifNoneExist": "identifier=urn:test|org"}}]}
        answers = self.at_once(lambda client, number: client.call("POST", "", bundle))
        self.assertEqual({status for status, _, _ in answers}, {200})
        made = sorted(body["entry"][0]["response"]["status"][:3] for _, body, _ in answers)
        self.assertEqual(made, ["200"] * (ATTEMPTS - 1) + ["201"])
        self.assertEqual(len(self.client().search("Organization?identifier=urn:test|org")), 1)

    def test_concurrent_updates_with_if_match_lose_none(self):
        counter = self.make({"resourceType": "Basic", "code": {"text": "counter"},
                             "identifier": [{"system": "urn:count", "value": "0"}]})

        def add_one(client: FhirClient, _: int) -> int:
            for tries in range(1, 500):
                _, now, headers = client.get(counter)
                now["identifier"][0]["value"] = str(int(now["identifier"][0]["value"]) + 1)
                status, _, _ = client.call("PUT", counter, now, {"If-Match": headers["etag"]})
                if status == 200:
                    return tries
                if status not in (409, 412):
                    raise AssertionError(f"PUT answered {status}")
            raise AssertionError("no progress")

        self.at_once(add_one, 64)
        _, end, _ = self.client(1).get(counter)
        self.assertEqual((end["identifier"][0]["value"], end["meta"]["versionId"]), ("64", "65"))

    def test_same_message_to_both_nodes_at_once_is_applied_once(self):
        messages = [hl7.admission(e2e.patient(n, "T"), f"BOTH{n}", "20240506091500") for n in range(20)]
        gate = threading.Barrier(8)

        def send(worker: int) -> list[bytes]:
            sender = MllpSender("127.0.0.1", self.nodes[worker % 2].mllp_port)
            answers = []
            try:
                for message in messages:
                    gate.wait(60)
                    answers.append(sender.send(message))
            finally:
                sender.close()
            return answers

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            by_worker = list(pool.map(send, range(8)))
        for n in range(len(messages)):
            answers = {answers[n] for answers in by_worker}
            self.assertEqual(len(answers), 1, "all get the same acknowledgement")
            self.assertEqual(hl7.acknowledgement_code(answers.pop()), "AA")
        journal = [entry for entry in e2e.read_journal(self.nodes[0], self.tokens["operator"]) if entry["control_id"].startswith("BOTH")]
        self.assertEqual(len(journal), len(messages))
        encounters = self.client().search("Encounter?_count=200")
        self.assertEqual(sorted(one["meta"]["versionId"] for one in encounters), ["1"] * len(messages))


if __name__ == "__main__":
    e2e.main()
