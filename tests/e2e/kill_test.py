"""Kills the gateway at random points while eight hospitals send, and counts what is left: nothing lost, nothing double.

Each connection sends the admission and the discharge of its own patients, in order.  A message without an answer is
sent again over a new connection, as a real sender does; now and then one that was answered is sent again too.
"""

import argparse
import collections
import pathlib
import random
import sys
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
import messages as hl7  # noqa: E402
from fhir_client import FhirClient  # noqa: E402
from gateway_process import Gateway, Workspace  # noqa: E402
from mllp import MllpSender  # noqa: E402

ROUNDS = 20
SEED = random.SystemRandom().randrange(1 << 32)
CONNECTIONS = 8
PATIENT_WAIT_S = 60  # longest a sender goes without an answer before the test gives up


class Hospital(threading.Thread):
    """One connection: admissions and discharges of its own patients until told to stop, each until it is answered."""

    def __init__(self, number: int, gateway: Gateway, seed: int):
        super().__init__(daemon=True)
        self.number = number
        self.gateway = gateway
        self.random = random.Random(seed)
        self.sender: MllpSender | None = None
        self.ending = threading.Event()
        self.acknowledged: dict[str, bytes] = {}  # control id → answer
        self.discharged: list[hl7.Patient] = []
        self.resent = 0
        self.repeated = 0
        self.faults: list[str] = []

    def run(self):
        try:
            count = 0
            while not self.ending.is_set():
                count += 1
                patient = e2e.patient(self.number * 100_000 + count, prefix="K")
                self.stay(patient)
                self.discharged.append(patient)
        except Exception as error:  # told by the test
            self.faults.append(f"connection {self.number}: {error!r}")
        finally:
            self.leave()

    def stay(self, patient: hl7.Patient):
        admitted, discharged = "20240506091500", "20240513110000"
        a01 = hl7.admission(patient, f"A{patient.ipp}", admitted)
        self.deliver(f"A{patient.ipp}", a01)
        if self.random.random() < 0.1:
            self.repeated += 1
            answer = self.send_until_answered(a01)
            if answer != self.acknowledged[f"A{patient.ipp}"]:
                self.faults.append(f"the repeat of A{patient.ipp} got another acknowledgement")
        self.deliver(f"D{patient.ipp}", hl7.discharge(patient, f"D{patient.ipp}", admitted, discharged))

    def deliver(self, control_id: str, message: bytes):
        answer = self.send_until_answered(message)
        if hl7.acknowledgement_code(answer) != "AA":
            self.faults.append(f"{control_id} was answered {answer!r}")
        self.acknowledged[control_id] = answer

    def send_until_answered(self, message: bytes) -> bytes:
        end = time.monotonic() + PATIENT_WAIT_S
        first = True
        while time.monotonic() < end:
            try:
                if self.sender is None:
                    self.sender = MllpSender("127.0.0.1", self.gateway.mllp_port, timeout_s=20)
                self.resent += 0 if first else 1
                first = False
                return self.sender.send(message)
            except OSError:
                self.leave()
                time.sleep(0.02)
        raise TimeoutError(f"no answer within {PATIENT_WAIT_S} s")

    def leave(self):
        if self.sender is not None:
            self.sender.close()
            self.sender = None


class KillTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace("kill")
        cls.addClassCleanup(cls.workspace.close)
        cls.tokens: dict = {}
        config = e2e.write_settings(cls.workspace.path / "passerelle.yaml",
                                    e2e.settings_of(cls.workspace, cls.tokens, {"log": {"level": "warning"}}))
        cls.gateway = Gateway(e2e.binary(), config, cls.workspace.path / "data", cls.workspace.path / "gateway.log")
        cls.addClassCleanup(cls.end_gateway)
        cls.hospitals = cls.play()

    @classmethod
    def end_gateway(cls):
        if cls.gateway.process is not None and cls.gateway.process.poll() is None:
            cls.gateway.stop()

    @classmethod
    def play(cls) -> list[Hospital]:
        """The rounds. Afterwards the gateway runs and every sender has an answer to its last message."""
        print(f"{ROUNDS} rounds, {CONNECTIONS} connections, seed {SEED} (--seed {SEED} takes the same times)", flush=True)
        dice = random.Random(SEED)
        begin = time.monotonic()
        cls.gateway.start()
        hospitals = [Hospital(number, cls.gateway, dice.randrange(1 << 32)) for number in range(1, CONNECTIONS + 1)]
        for hospital in hospitals:
            hospital.start()
        starts = []
        for number in range(1, ROUNDS + 1):
            time.sleep(dice.uniform(0.02, 0.9))
            cls.gateway.kill()
            starts.append(cls.gateway.start())
            if number % 10 == 0:
                sent = sum(len(hospital.acknowledged) for hospital in hospitals)
                print(f"  round {number}: {sent} messages acknowledged", flush=True)
        time.sleep(0.3)
        for hospital in hospitals:
            hospital.ending.set()
        for hospital in hospitals:
            hospital.join(PATIENT_WAIT_S + 10)
        print(f"  {sum(len(h.acknowledged) for h in hospitals)} messages acknowledged, {sum(h.resent for h in hospitals)} "
              f"resent after a kill, {sum(h.repeated for h in hospitals)} repeated after their acknowledgement; "
              f"a restart took {min(starts):.1f} to {max(starts):.1f} s; {time.monotonic() - begin:.1f} s", flush=True)
        return hospitals

    def setUp(self):
        self.client = FhirClient(self.gateway.base, self.tokens["chu"], timeout_s=60)
        self.addCleanup(self.client.connection.close)
        self.patients = {p.ipp: p for hospital in self.hospitals for p in hospital.discharged}
        self.control_ids = {c for hospital in self.hospitals for c in hospital.acknowledged}

    def all(self, path: str) -> list[dict]:
        return self.client.search(f"{path}{'&' if '?' in path else '?'}_count=1000")

    def assert_each_once(self, what: str, found: list[str], expected):
        counts = collections.Counter(found)
        doubled = [key for key, count in counts.items() if count > 1]
        lost = [key for key in expected if key not in counts]
        strange = [key for key in counts if key not in set(expected)]
        self.assertFalse(lost or doubled or strange,
                         f"{what}: lost {lost[:5]} ({len(lost)}), double {doubled[:5]} ({len(doubled)}), "
                         f"strange {strange[:5]} ({len(strange)})")

    def test_senders_got_AA_for_everything(self):
        self.assertEqual([fault for hospital in self.hospitals for fault in hospital.faults], [])
        self.assertFalse(any(hospital.is_alive() for hospital in self.hospitals), "a sender never got its answer")
        for hospital in self.hospitals:
            self.assertGreater(len(hospital.discharged), 0, "a connection sent nothing: the test shows nothing")

    def test_journal_holds_every_message_once_and_committed(self):
        entries = e2e.read_journal(self.gateway, self.tokens["operator"])
        self.assert_each_once("journal", [entry["control_id"] for entry in entries], self.control_ids)
        states = collections.Counter(entry["state"] for entry in entries)
        self.assertEqual(dict(states), {"committed": len(self.control_ids)})

    def test_every_patient_once_with_the_versions_of_its_messages(self):
        found = self.all("Patient")
        self.assert_each_once("Patient", [self.ipp(one) for one in found], self.patients)
        # The discharge repeats what the admission said of the patient: it writes no version.
        self.assertEqual({one["meta"]["versionId"] for one in found}, {"1"})

    def ipp(self, resource: dict) -> str:
        values = [i["value"] for i in resource["identifier"]
                  if any(c.get("code") == "PI" for c in i.get("type", {}).get("coding", []))]
        self.assertEqual(len(values), 1)
        return values[0]

    def test_every_encounter_once_with_exactly_its_versions(self):
        found = self.all("Encounter")
        visits = [patient.visit for patient in self.patients.values()]
        self.assert_each_once("Encounter", [self.visit(one) for one in found], visits)
        self.assertEqual({one["status"] for one in found}, {"finished"})
        self.assertEqual({one["meta"]["versionId"] for one in found}, {"2"})
        for one in found:
            status, history, _ = self.client.get(f"Encounter/{one['id']}/_history")
            self.assertEqual((status, history.get("total")), (200, 2))
            versions = [entry["resource"]["meta"]["versionId"] for entry in history["entry"]]
            statuses = [entry["resource"]["status"] for entry in history["entry"]]
            self.assertEqual((versions, statuses), (["2", "1"], ["finished", "in-progress"]))

    def visit(self, encounter: dict) -> str:
        values = {i["value"].split("-")[0] for i in encounter["identifier"]}
        self.assertEqual(len(values), 1)
        return values.pop()

    def test_one_care_plan_with_three_tasks_for_each_discharge(self):
        patients = {f"Patient/{one['id']}": self.ipp(one) for one in self.all("Patient")}
        plans = [patients[one["subject"]["reference"]] for one in self.all("CarePlan")]
        self.assert_each_once("CarePlan", plans, self.patients)
        tasks = collections.Counter(patients[one["for"]["reference"]] for one in self.all("Task"))
        self.assertEqual(set(tasks.values()), {3})
        self.assertEqual(set(tasks), set(self.patients))

    def test_two_coverages_of_each_patient(self):
        patients = {f"Patient/{one['id']}": self.ipp(one) for one in self.all("Patient")}
        coverages = collections.Counter(patients[one["beneficiary"]["reference"]] for one in self.all("Coverage"))
        self.assertEqual(set(coverages), set(self.patients))
        self.assertEqual(set(coverages.values()), {2})

    def test_what_all_connections_name_was_made_once(self):
        self.assertEqual(len(self.all(f"Practitioner?identifier={e2e.quote('urn:oid:1.2.250.1.71.4.2.1|810002909371')}")), 1)
        for system, value in ((e2e.AMO_SYSTEM, hl7.AMO[0]), (e2e.AMC_SYSTEM, hl7.AMC[0])):
            self.assertEqual(len(self.all(f"Organization?identifier={e2e.quote(f'{system}|{value}')}")), 1)


if __name__ == "__main__":
    words = argparse.ArgumentParser(add_help=False)
    words.add_argument("--rounds", type=int, default=ROUNDS)
    words.add_argument("--seed", type=int, default=SEED)
    given, rest = words.parse_known_args()
    ROUNDS, SEED = given.rounds, given.seed
    sys.argv = [sys.argv[0], *rest]
    e2e.main()
