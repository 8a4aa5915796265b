"""A stand-in teleconsultation platform: a separate process that speaks FHIR R4 with the gateway over HTTP.

It publishes an agenda (Organization, Practitioner, Schedule, Slots), receives appointments by rest-hook
(PUT /fhir/Appointment/<id>), confirms them at the gateway (participant.status = accepted), and sends a consultation
(Encounter, MedicationRequest, DocumentReference, Binary) as one FHIR transaction.

It is told what to do over POST /control/<command> with a JSON body; the answer is JSON.

Usage: stand_in_platform.py --gateway http://127.0.0.1:8080/fhir --token-file F [--listen 127.0.0.1:0]
The line "listening on HOST:PORT" on standard output says that it is ready.
"""

import argparse
import base64
import datetime
import hashlib
import json
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAMESPACE = "https://platform.example/agenda"  # identifier system of everything this platform publishes
NGAP = "urn:oid:1.2.250.1.215.200.3.3"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
IDNPS = "urn:oid:1.2.250.1.71.4.2.1"
RPPS = "https://rpps.esante.gouv.fr"


class Gateway:
    """A FHIR client of the gateway, as the platform's party."""

    def __init__(self, base: str, token: str):
        self.base = base.rstrip("/")
        self.token = token

    def call(self, method: str, path: str, body=None, headers=None):
        url = path if path.startswith("http") else f"{self.base}/{path}" if path else self.base
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        request.add_header("Accept", "application/fhir+json")
        if data is not None:
            request.add_header("Content-Type", "application/fhir+json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                text = response.read()
                return response.status, json.loads(text) if text else None, dict(response.headers)
        except urllib.error.HTTPError as error:
            text = error.read()
            return error.code, json.loads(text) if text else None, dict(error.headers)


def practitioner(rpps: str, family: str, given: str):
    return {
        "resourceType": "Practitioner",
        "identifier": [
            {"use": "official", "system": RPPS, "value": rpps,
             "type": {"coding": [{"system": "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203", "code": "RPPS"}]}},
            {"system": IDNPS, "value": "8" + rpps,
             "type": {"coding": [{"system": "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203", "code": "IDNPS"}]}},
            {"system": NAMESPACE, "value": "practitioner-" + rpps},
        ],
        "active": True,
        "name": [{"use": "official", "family": family, "given": [given], "prefix": ["DR"]}],
    }


class Platform:
    def __init__(self, gateway: Gateway):
        self.gateway = gateway
        self.lock = threading.Lock()
        self.appointments = {}  # id -> resource, as received by rest-hook
        self.deliveries = []    # (id, Idempotency-Key) in order of arrival
        self.confirmed = []

    def publish(self, command):
        """Publishes one practitioner's schedule with slots; returns the ids. Idempotent by identifiers."""
        doctor = command["practitioner"]
        organization = {"resourceType": "Organization", "active": True, "name": command["organization"]["name"],
                        "identifier": [{"system": command["organization"]["system"],
                                        "value": command["organization"]["value"]},
                                       {"system": NAMESPACE, "value": "organization"}]}
        schedule = {
            "resourceType": "Schedule", "active": True,
            "identifier": [{"system": NAMESPACE, "value": "schedule-" + doctor["rpps"]}],
            "serviceCategory": [{"text": "Téléconsultation"}],
            "actor": [{"reference": "urn:uuid:0c0e5b0a-2d37-4b43-9a55-000000000002"}],
        }
        entries = [
            ("urn:uuid:0c0e5b0a-2d37-4b43-9a55-000000000001", organization),
            ("urn:uuid:0c0e5b0a-2d37-4b43-9a55-000000000002",
             practitioner(doctor["rpps"], doctor["family"], doctor["given"])),
            ("urn:uuid:0c0e5b0a-2d37-4b43-9a55-000000000003", schedule),
        ]
        for number, start in enumerate(command["slots"]):
            begin = datetime.datetime.fromisoformat(start)
            end = begin + datetime.timedelta(minutes=command.get("minutes", 15))
            value = f"slot-{doctor['rpps']}-{begin.isoformat()}"
            slot = {
                "resourceType": "Slot", "status": "free",
                "identifier": [{"system": NAMESPACE, "value": value}],
                "meta": {"security": [{"system": "https://mos.esante.gouv.fr/NOS/TRE_R314-TypeCreneau/FHIR/TRE-R314-TypeCreneau",
                                       "code": "PUBLIC"}]},
                "serviceType": [{"coding": [{"system": ACT_CODE, "code": "VR"}], "text": "Téléconsultation"}],
                "specialty": [{"coding": [{"system": "https://mos.esante.gouv.fr/NOS/TRE_R38-SpecialiteOrdinale/FHIR/TRE-R38-SpecialiteOrdinale",
                                           "code": "SM26"}]}],
                "appointmentType": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0276", "code": "ROUTINE"}]},
                "schedule": {"reference": "urn:uuid:0c0e5b0a-2d37-4b43-9a55-000000000003"},
                "start": begin.isoformat(timespec="milliseconds"), "end": end.isoformat(timespec="milliseconds"),
                "comment": "https://platform.example/rdv",
            }
            entries.append((f"urn:uuid:0c0e5b0a-2d37-4b43-9a55-1{number:011d}", slot))
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": []}
        for full_url, resource in entries:
            identifier = resource["identifier"][0]
            bundle["entry"].append({"fullUrl": full_url, "resource": resource, "request": {
                "method": "POST", "url": resource["resourceType"],
                "ifNoneExist": f"identifier={quote(identifier['system'])}|{quote(identifier['value'])}"}})
        status, answer, _ = self.gateway.call("POST", "", bundle)
        if status != 200:
            return {"status": status, "outcome": answer}
        locations = [entry["response"]["location"].split("/_history")[0] for entry in answer["entry"]]
        return {"status": status, "organization": locations[0], "practitioner": locations[1],
                "schedule": locations[2], "slots": locations[3:]}

    def received(self, identifier: str, resource, key: str):
        """A rest-hook delivery. Confirms a booked appointment once; a repeat changes nothing."""
        with self.lock:
            self.deliveries.append((identifier, key))
            known = self.appointments.get(identifier)
            self.appointments[identifier] = resource
            wants_confirmation = (resource is not None and resource.get("status") == "booked" and
                                  identifier not in self.confirmed)
            if wants_confirmation:
                self.confirmed.append(identifier)
        if wants_confirmation:
            threading.Thread(target=self.confirm, args=(identifier,), daemon=True).start()
        return known is None

    def confirm(self, identifier: str):
        for _ in range(5):
            status, appointment, headers = self.gateway.call("GET", f"Appointment/{identifier}")
            if status != 200:
                continue
            for participant in appointment["participant"]:
                if participant.get("actor", {}).get("reference", "").startswith("Practitioner/"):
                    participant["status"] = "accepted"
            status, _, _ = self.gateway.call("PUT", f"Appointment/{identifier}", appointment,
                                             {"If-Match": headers.get("ETag", "")})
            if status in (200, 201):
                return
        print(f"could not confirm an appointment: status {status}", file=sys.stderr, flush=True)

    def consult(self, command):
        """Sends what the practitioner made of the visit, as one transaction."""
        visit, prescription, report, binary = (f"urn:uuid:7f0c4c34-5a0a-4f0e-8a4e-{n:012d}" for n in range(1, 5))
        content = base64.b64decode(command["report"]["data"])
        participant = [{"individual": {"reference": command["practitioner"]}}]
        encounter = {
            "resourceType": "Encounter",
            "identifier": [{"system": NAMESPACE, "value": "visit-" + command["visit_number"]}],
            "status": "finished", "class": {"system": ACT_CODE, "code": "VR", "display": "virtual"},
            "type": [{"coding": [{"system": NGAP, "code": command["act"]}]}],
            "subject": {"reference": command["patient"]}, "participant": participant,
            "appointment": [{"reference": command["appointment"]}],
            "period": {"start": command["start"], "end": command["end"]},
            "serviceProvider": {"reference": command["organization"]},
        }
        medication = {
            "resourceType": "MedicationRequest", "status": "active", "intent": "order",
            "groupIdentifier": {"system": NAMESPACE, "value": "prescription-" + command["visit_number"]},
            "medicationCodeableConcept": {"text": command["medication"]},
            "subject": {"reference": command["patient"]}, "encounter": {"reference": visit},
            "authoredOn": command["end"], "requester": {"reference": command["practitioner"]},
            "dosageInstruction": [{"text": command["dosage"]}],
        }
        document = {
            "resourceType": "DocumentReference", "status": "current",
            "masterIdentifier": {"system": NAMESPACE, "value": "report-" + command["visit_number"]},
            "type": {"coding": [{"system": "http://loinc.org", "code": "85208-7", "display": "Telehealth Progress note"}]},
            "subject": {"reference": command["patient"]}, "date": command["end"],
            "author": [{"reference": command["practitioner"]}],
            "content": [{"attachment": {"contentType": command["report"]["content_type"], "language": "fr-FR", "url": binary,
                                        "size": len(content),
                                        "hash": base64.b64encode(hashlib.sha1(content).digest()).decode(),
                                        "title": "Compte rendu de téléconsultation"}}],
            "context": {"encounter": [{"reference": visit}]},
        }
        attachment = {"resourceType": "Binary", "contentType": command["report"]["content_type"],
                      "data": command["report"]["data"]}
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [
            {"fullUrl": visit, "resource": encounter, "request": {
                "method": "POST", "url": "Encounter",
                "ifNoneExist": f"identifier={quote(NAMESPACE)}|{quote('visit-' + command['visit_number'])}"}},
            {"fullUrl": prescription, "resource": medication, "request": {"method": "POST", "url": "MedicationRequest"}},
            {"fullUrl": report, "resource": document, "request": {"method": "POST", "url": "DocumentReference"}},
            {"fullUrl": binary, "resource": attachment, "request": {"method": "POST", "url": "Binary"}},
        ]}
        status, answer, _ = self.gateway.call("POST", "", bundle)
        result = {"status": status}
        if status == 200:
            names = ["encounter", "prescription", "document", "binary"]
            for name, entry in zip(names, answer["entry"]):
                result[name] = entry["response"]["location"].split("/_history")[0]
        else:
            result["outcome"] = answer
        return result


def quote(value: str) -> str:
    return urllib.request.quote(value, safe="")


def make_handler(platform: Platform):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def body(self):
            length = int(self.headers.get("Content-Length", 0))
            data = self.rfile.read(length)
            return json.loads(data) if data else None

        def answer(self, status: int, value):
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def rest_hook(self):
            parts = self.path.strip("/").split("/")
            if len(parts) != 3 or parts[:2] != ["fhir", "Appointment"]:
                self.answer(404, {"error": "unknown path"})
                return
            resource = self.body()
            platform.received(parts[2], resource, self.headers.get("Idempotency-Key", ""))
            self.answer(200, {})

        do_PUT = rest_hook
        do_DELETE = rest_hook

        def do_POST(self):
            commands = {"/control/publish": platform.publish, "/control/consult": platform.consult}
            command = commands.get(self.path)
            body = self.body()
            if command is None:
                self.answer(404, {"error": "unknown command"})
                return
            self.answer(200, command(body))

        def do_GET(self):
            with platform.lock:
                self.answer(200, {"appointments": platform.appointments, "deliveries": platform.deliveries})

    return Handler


def main():
    parser = argparse.ArgumentParser(description="A stand-in teleconsultation platform for tests and the demo")
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--token-file", required=True)
    parser.add_argument("--listen", default="127.0.0.1:0")
    options = parser.parse_args()
    with open(options.token_file, encoding="utf-8") as file:
        token = file.read().strip()
    host, port = options.listen.rsplit(":", 1)
    server = ThreadingHTTPServer((host, int(port)), make_handler(Platform(Gateway(options.gateway, token))))
    print(f"listening on {host}:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
