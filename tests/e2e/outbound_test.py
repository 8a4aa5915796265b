"""What happens elsewhere reaches the hospital by HL7 v2, over real sockets, whatever the hospital's side does with it."""

import base64
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))
import e2e  # noqa: E402
import messages as hl7  # noqa: E402
from mllp import END, START, MllpReceiver, acknowledge, control_id  # noqa: E402

PDF = b"%PDF-1.4\n%%EOF\n"
TIMEOUT_MS = 1500


def event(message: bytes) -> str:
    return message.split(b"\r", 1)[0].split(b"|")[8].decode().split("^")[1]


def field(message: bytes, segment: str, number: int) -> str:
    for line in message.decode("iso-8859-15").split("\r"):
        if line.startswith(segment + "|"):
            values = line.split("|")
            return values[number] if number < len(values) else ""
    return ""


class OutboundCase(e2e.GatewayCase):
    """A hospital, a platform that writes by REST, and a destination for every receiver of the class."""

    @classmethod
    def receivers(cls) -> dict:
        raise NotImplementedError

    rules = ["appointments", "measures"]

    @classmethod
    def make_settings(cls):
        cls.mllp = cls.receivers()
        cls.over = {
            "destinations": [{"name": name, "kind": "mllp", "partner": "chu", "address": f"127.0.0.1:{receiver.port}",
                              "timeout_ms": TIMEOUT_MS} for name, receiver in cls.mllp.items()],
            "routing": {"documents": [{"destination": next(iter(cls.mllp)), "from_kind": "operator"}],
                        "messages": [{"destination": name, "rules": rules} for name in cls.mllp for rules in cls.rules]},
            "audit": {"provenance": True},
            "journal": {"poll_ms": 50, "retry_first_ms": 100, "retry_max_ms": 400},
            "access": {"mode": "open", "policies_directory": str(e2e.ROOT / "config/policies"), "parties": []},
        }
        settings = super().make_settings()
        settings["access"] = {"mode": "open"}
        return settings

    def setUp(self):
        self.fhir = self.client(None)

    def admit(self, number: int) -> dict:
        """A patient whom the hospital knows."""
        person = e2e.patient(number, "OUT")
        sender = self.sender()
        self.assert_acknowledged("AA", sender.send(hl7.admission(person, f"ADM{number}", "20250106090000")))
        return self.fhir.search(f"Patient?identifier={person.ipp}")[0]

    def book(self, patient: dict, number: int) -> dict:
        status, made, _ = self.fhir.call("POST", "Appointment", {
            "resourceType": "Appointment", "status": "booked", "start": f"2025-02-03T09:{number % 60:02}:00+01:00",
            "end": f"2025-02-03T09:{number % 60:02}:30+01:00",
            "participant": [{"actor": {"reference": f"Patient/{patient['id']}"}, "status": "accepted"}]})
        self.assertEqual(status, 201, made)
        return made

    def put(self, resource: dict, **changes) -> dict:
        status, stored, _ = self.fhir.call("PUT", f"{resource['resourceType']}/{resource['id']}", {**resource, **changes})
        self.assertEqual(status, 200, stored)
        return stored

    def outbox(self, **filters) -> list[dict]:
        status, body, _ = self.root("GET", "/console/outbox?count=200&" +
                                    "&".join(f"{key}={value}" for key, value in filters.items()))
        self.assertEqual(status, 200)
        return (body if isinstance(body, dict) else json.loads(body))["entries"]

    def of_patient(self, receiver: MllpReceiver, patient: dict) -> list[bytes]:
        number = next(i["value"] for i in patient["identifier"] if i["system"].startswith("urn:oid:1.2.250.1.71.4.2.2"))
        return [m for m in receiver.messages if field(m, "PID", 3).startswith(number + "^")]

    def await_events(self, receiver: MllpReceiver, patient: dict, events: list[str]) -> list[bytes]:
        e2e.wait_until(lambda: len(self.of_patient(receiver, patient)) >= len(events), 20)
        got = self.of_patient(receiver, patient)
        self.assertEqual([event(m) for m in got], events)
        return got


class MessagesOutTest(OutboundCase):
    @classmethod
    def receivers(cls):
        return {"chu-out": MllpReceiver()}

    def test_appointment_is_told_event_by_event_in_order(self):
        patient = self.admit(1)
        visit = self.book(patient, 1)
        visit = self.put(visit, start="2025-02-03T10:00:00+01:00", end="2025-02-03T10:30:00+01:00")
        visit = self.put(visit, comment="à jeun")
        self.put(visit, status="noshow")
        got = self.await_events(self.mllp["chu-out"], patient, ["S12", "S13", "S14", "S26"])
        self.assertEqual(field(got[0], "SCH", 2), f"{visit['id']}^PASSERELLE")
        self.assertEqual(field(got[2], "NTE", 3), "à jeun")
        other = self.book(patient, 2)
        self.put(other, status="cancelled")
        self.await_events(self.mllp["chu-out"], patient, ["S12", "S13", "S14", "S26", "S12", "S15"])

    def test_what_the_hospital_sent_does_not_come_back(self):
        patient = self.admit(2)
        person = e2e.patient(2, "OUT")
        siu = hl7.encode([hl7.header("S12", "SIU_S12", "SIU2", "20250106100000", "2.5", "", "SIU"),
                          "SCH||RV2^AGENDA^1.2.250.1.213.99.4^ISO|||||||20|min", hl7.pid(person), "RGS|1|A",
                          "AIS|1|A|CS^Consultation|202502031100"])
        self.assert_acknowledged("AA", self.sender().send(siu))
        stored = self.fhir.search("Appointment?identifier=urn:oid:1.2.250.1.213.99.4|RV2")[0]
        self.put(stored, status="cancelled")
        got = self.await_events(self.mllp["chu-out"], patient, ["S15"])
        self.assertTrue(field(got[0], "SCH", 2).startswith("RV2^"), field(got[0], "SCH", 2))

    def test_each_version_that_a_message_wrote_is_tied_to_its_journal_entry(self):
        patient = self.admit(8)
        entry = e2e.read_journal(self.gateway, None, control_id="ADM8")[0]["id"]
        message = f"https://passerelle.example/fhir/identifier/message|{entry}"
        found = self.fhir.search(f"Provenance?entity:identifier={e2e.quote(message)}")
        self.assertEqual(len(found), 1)
        targets = [target["reference"] for target in found[0]["target"]]
        self.assertIn(f"Patient/{patient['id']}/_history/1", targets)
        for target in targets:
            self.assertEqual(self.fhir.get(target)[0], 200, target)
        self.assertEqual([one["id"] for one in self.fhir.search(f"Provenance?target=Patient/{patient['id']}")],
                         [found[0]["id"]])

    def test_measure_is_sent_as_oru(self):
        patient = self.admit(3)
        status, made, _ = self.fhir.call("POST", "Observation", {
            "resourceType": "Observation", "status": "final", "subject": {"reference": f"Patient/{patient['id']}"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
            "effectiveDateTime": "2025-02-03T08:00:00+01:00",
            "valueQuantity": {"value": 72, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"}})
        self.assertEqual(status, 201, made)
        got = self.await_events(self.mllp["chu-out"], patient, ["R01"])
        self.assertEqual((field(got[0], "OBX", 5), field(got[0], "OBX", 11)), ("72", "F"))


class DocumentsOutTest(OutboundCase):
    rules = []

    @classmethod
    def receivers(cls):
        return {"chu-out": MllpReceiver()}

    @classmethod
    def make_settings(cls):
        settings = super().make_settings()
        settings["routing"]["documents"][0]["from_kind"] = ""
        return settings

    def test_a_report_in_pdf_goes_out_inside_a_cda_is_replaced_and_withdrawn(self):
        patient = self.admit(4)
        status, made, _ = self.fhir.call("POST", "DocumentReference", {
            "resourceType": "DocumentReference", "status": "current",
            "type": {"coding": [{"system": "http://loinc.org", "code": "85208-7", "display": "CR de téléconsultation"}]},
            "subject": {"reference": f"Patient/{patient['id']}"}, "date": "2025-02-03T10:00:00+01:00",
            "content": [{"attachment": {"contentType": "application/pdf", "data": base64.b64encode(PDF).decode()}}]})
        self.assertEqual(status, 201, made)
        made = self.put(made, description="corrigé")
        self.put(made, status="entered-in-error")
        got = self.await_events(self.mllp["chu-out"], patient, ["T02", "T10", "T04"])
        cda = base64.b64decode(field(got[0], "OBX", 5).split("^")[4])
        self.assertIn(b'<ClinicalDocument xmlns="urn:hl7-org:v3">', cda)
        self.assertIn(base64.b64encode(PDF), cda)
        self.assertEqual(field(got[2], "OBX", 11), "D")


class BadDaysTest(OutboundCase):
    """Each receiver misbehaves in its own way; the good one beside them is not kept waiting."""

    rules = ["appointments"]
    late: list = []

    @classmethod
    def receivers(cls):
        def silent(connection, message, number):
            return True

        def late_once(connection, message, number):
            if number == 1:
                def answer():
                    time.sleep(TIMEOUT_MS / 1000 + 0.5)
                    try:
                        connection.sendall(START + acknowledge(message) + END)
                    except OSError:
                        pass
                    cls.late.append(control_id(message))
                answer()
                return False
            connection.sendall(START + acknowledge(message) + END)
            return True

        def for_another_once(connection, message, number):
            connection.sendall(START + acknowledge(message, of=None if number > 1 else b"SOMEBODY-ELSE") + END)
            return True

        def closes_once(connection, message, number):
            if number == 1:
                connection.sendall(START + acknowledge(message)[:20])
                return False
            connection.sendall(START + acknowledge(message) + END)
            return True

        def refuses(code):
            def refuse(connection, message, number):
                connection.sendall(START + acknowledge(message, code) + END)
                return True
            return refuse

        return {"good": MllpReceiver(), "silent": MllpReceiver(behave=silent), "silent-too": MllpReceiver(behave=silent),
                "late": MllpReceiver(behave=late_once), "for-another": MllpReceiver(behave=for_another_once),
                "closes": MllpReceiver(behave=closes_once), "error": MllpReceiver(behave=refuses(b"AE")),
                "reject": MllpReceiver(behave=refuses(b"AR"))}

    def test_each_ends_as_it_should_and_the_good_one_waits_for_none(self):
        patient = self.admit(5)
        begin = time.monotonic()
        for number in range(5):
            self.book(patient, number)
        self.assertTrue(e2e.wait_until(lambda: len(self.mllp["good"].messages) == 5, 10))
        took = time.monotonic() - begin
        self.assertLess(took, TIMEOUT_MS / 1000 * 3, "the good one was kept waiting")

        # A later answer, an answer for another message and a half one are no answers: the same message comes again.
        for name in ("late", "for-another", "closes"):
            receiver = self.mllp[name]
            self.assertTrue(e2e.wait_until(lambda r=receiver: len(r.messages) >= 6, 40), (name, len(receiver.messages)))
            ids = [control_id(m) for m in receiver.messages]
            self.assertEqual(ids[0], ids[1], name)
            self.assertEqual(receiver.messages[0], receiver.messages[1], name)
            self.assertEqual(len(set(ids)), 5, name)
            self.assertTrue(e2e.wait_until(lambda n=name: len(self.outbox(destination=n, state="delivered")) == 5, 20), name)

        # Refused by AE and AR: in the dead letters at once, after one attempt, with the reason.
        for name, code in (("error", "AE"), ("reject", "AR")):
            self.assertTrue(e2e.wait_until(lambda n=name: len(self.outbox(destination=n, state="dead")) == 5, 20), name)
            entries = self.outbox(destination=name, state="dead")
            self.assertEqual({int(entry["attempts"]) for entry in entries}, {1})
            self.assertTrue(all(f"answered {code}" in entry["last_reason"] for entry in entries), entries[0])

        # The silent ones keep their first entry waiting and get the same message at every attempt, at growing distances.
        for name in ("silent", "silent-too"):
            receiver = self.mllp[name]
            self.assertTrue(e2e.wait_until(lambda r=receiver: len(r.messages) >= 3, 40), name)
            self.assertEqual(len({control_id(m) for m in receiver.messages}), 1, name)
            self.assertEqual(len(self.outbox(destination=name, state="waiting")), 5)


class WatchTest(OutboundCase):
    """What is watched over: counts by partner, what waits, and alerts that begin and end once each."""

    rules = ["appointments"]

    @classmethod
    def receivers(cls):
        cls.answers = {"code": b"AE", "silent": True}

        def moody(connection, message, number):
            connection.sendall(START + acknowledge(message, cls.answers["code"]) + END)
            return True

        def silent(connection, message, number):
            if not cls.answers["silent"]:
                connection.sendall(START + acknowledge(message) + END)
            return True

        return {"moody": MllpReceiver(behave=moody), "silent": MllpReceiver(behave=silent)}

    @classmethod
    def make_settings(cls):
        return e2e.merge(super().make_settings(), {"watch": {"period_ms": 100, "waiting_ms": 1000}})

    def look(self, path: str) -> dict:
        status, body, _ = self.root("GET", f"/console/{path}")
        self.assertEqual(status, 200, body)
        return body if isinstance(body, dict) else json.loads(body)

    def alerts(self, kind: str) -> list[dict]:
        return [alert for alert in self.look("alerts?count=200")["alerts"] if alert["kind"] == kind]

    def metric(self, name: str, **labels) -> float:
        _, body, _ = self.root("GET", "/metrics")
        wanted = name + "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "} "
        lines = [line for line in body.decode().splitlines() if line.startswith(wanted)]
        return float(lines[0].split(" ")[1]) if lines else -1

    def test_counts_waiting_and_alerts(self):
        patient = self.admit(6)
        sender = self.sender()
        bad = hl7.encode([hl7.header("A31", "ADT_A05", "BAD6", "20250107090000"), "EVN||20250107090000",
                          hl7.pid(e2e.patient(6, "OUT", birth="20241399")), "PV1|1|N"])
        self.assert_acknowledged("AE", sender.send(bad))
        later = hl7.identity_update(e2e.patient(6, "OUT"), "LATER6", "20250107091000")
        for _ in range(3):
            self.assert_acknowledged("AE", sender.send(later))

        def partner():
            found = [one for one in self.look("partners")["partners"] if one["partner"] == "chu"]
            return found[0] if found else {}

        self.assertTrue(e2e.wait_until(lambda: partner().get("received", 0) == 5, 20), partner())
        self.assertEqual((partner()["acknowledged"], partner()["failed"]), (1, 4))
        self.assertEqual((partner()["refused"], partner()["parked"], partner()["waiting"]), (1, 1, 0))
        self.assertEqual(self.metric("passerelle_partner_messages_total", partner="chu", outcome="received"), 5)
        self.assertEqual(self.metric("passerelle_partner_messages_total", partner="chu", outcome="failed"), 4)

        # The patient that is held is one alert, however often the hospital repeats itself.
        self.assertTrue(e2e.wait_until(lambda: self.alerts("held"), 20))
        self.assertEqual(len(self.alerts("held")), 1)
        self.assertNotIn("ended", self.alerts("held")[0])

        # One destination refuses, another does not answer: an alert each, whatever the number of entries.
        for number in range(3):
            self.book(patient, 10 + number)
        self.assertTrue(e2e.wait_until(lambda: self.alerts("dead") and self.alerts("undelivered"), 30))
        self.assertTrue(e2e.wait_until(lambda: self.metric("passerelle_destination_dead", destination="moody") == 3, 20))
        self.assertEqual([alert["subject"] for alert in self.alerts("dead")], ["moody"])
        self.assertEqual([alert["subject"] for alert in self.alerts("undelivered")], ["silent"])
        self.assertEqual(self.metric("passerelle_alerts", kind="dead"), 1)
        self.assertGreaterEqual(self.metric("passerelle_destination_waiting", destination="silent"), 3)

        # Mended: each ends, once.
        self.answers.update(code=b"AA", silent=False)
        for entry in self.outbox(destination="moody", state="dead"):
            self.assertEqual(self.root("POST", f"/console/outbox/{entry['id']}/replay")[0], 200)
        held = self.alerts("held")[0]
        self.assertEqual(self.root("POST", f"/console/messages/{held['subject']}/discard")[0], 200)
        for kind in ("held", "dead", "undelivered"):
            self.assertTrue(e2e.wait_until(lambda k=kind: all("ended" in a for a in self.alerts(k)), 60), kind)
            self.assertEqual(len(self.alerts(kind)), 1, kind)
            self.assertTrue(e2e.wait_until(lambda k=kind: self.metric("passerelle_alerts", kind=k) == 0, 20), kind)
        log = self.log.read_text()
        for kind in ("held", "dead", "undelivered"):
            lines = [line for line in log.splitlines() if '"watch"' in line and f'"{kind}"' in line]
            self.assertEqual(len(lines), 2, lines)


if __name__ == "__main__":
    e2e.main()
