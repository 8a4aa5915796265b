"""The story of a hospital stay and its follow-up, played over real sockets against a real gateway and database.

A hospital client speaks HL7 v2 over MLLP and FHIR, a stand-in platform and two insurers speak FHIR, a patient reads.
Every step is checked; the exit status is 0 only if all hold.  --stay keeps everything serving afterwards.
"""

import argparse
import base64
import concurrent.futures
import hashlib
import json
import pathlib
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/support/python"))
sys.dont_write_bytecode = True

import messages as hl7  # noqa: E402
from fhir_client import FhirClient, describe  # noqa: E402
from gateway_process import Gateway, Workspace, find_binary, free_port  # noqa: E402
from mllp import MllpReceiver, MllpSender  # noqa: E402

BOLD, GREEN, RED, DIM, END = ("\033[1m", "\033[32m", "\033[31m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("",) * 5

FINESS_SYSTEM = "https://finess.esante.gouv.fr"
AMO_SYSTEM = "https://passerelle.example/fhir/identifier/amo"
AMC_SYSTEM = "https://passerelle.example/fhir/identifier/amc"
NIR_SYSTEM = "urn:oid:1.2.250.1.213.1.4.8"
INS_SYSTEM = "urn:oid:" + hl7.INS_TEST_OID
IDNPS = "urn:oid:1.2.250.1.71.4.2.1"
PLATFORM_NAMESPACE = "https://platform.example/agenda"

ADULT = hl7.Patient("P0001", "25000001", "OEUVRARD-MÜLLER".replace("OE", "Œ"), "Éloïse", "F", "19790328", "44109",
                    "2790344109018", "MUT-0001")
ALD = hl7.Patient("P0002", "25000002", "LEFÈVRE", "Noël", "M", "19501225", "35238", "1501235238042", "MUT-0002",
                  exemption="4")
MINOR = hl7.Patient("P0003", "25000003", "ÇELIK", "Zoé", "F", "20100616", "44109", "2100644109077", "MUT-0003")
DAY_BEFORE = hl7.Patient("P0004", "25000004", "GARCÍA", "François", "M", "19650901", "2A004", "165092A004031", "MUT-0004")
PROVISIONAL = hl7.Patient("P0005", "25000005", "NGUYỄN".replace("Ễ", "E"), "Aïssatou", "F", "19880102", "99999",
                          "2880199999017", "MUT-0005", identity="PROV")

# patient, visit's start, what AMO, AMC and patient pay
VISITS = [
    (ADULT, "2024-05-15T09:00:00+02:00", "15.50", "7.50", "2.00"),
    (ALD, "2024-05-15T09:30:00+02:00", "23.00", "0.00", "2.00"),
    (MINOR, "2024-05-15T10:00:00+02:00", "17.50", "7.50", "0.00"),
    (DAY_BEFORE, "2024-05-14T10:00:00+02:00", "16.50", "7.50", "1.00"),
]

CDA = ('<?xml version="1.0" encoding="UTF-8"?>\n<ClinicalDocument xmlns="urn:hl7-org:v3"><realmCode code="FR"/>'
       '<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>'
       '<code code="11490-0" codeSystem="2.16.840.1.113883.6.1"/><title>Lettre de liaison à la sortie — été</title>'
       '</ClinicalDocument>\n').encode()
PDF = (b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
       b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")


class Story:
    def __init__(self):
        self.checks = 0
        self.failures = 0
        self.begin = time.monotonic()

    def chapter(self, title: str):
        print(f"\n{BOLD}{title}{END}  {DIM}{time.monotonic() - self.begin:5.1f} s{END}")

    def tell(self, text: str, url: str = ""):
        print(f"  {text}" + (f"  {DIM}{url}{END}" if url else ""))

    def check(self, holds: bool, what: str, detail=""):
        self.checks += 1
        if holds:
            print(f"  {GREEN}✓{END} {what}")
        else:
            self.failures += 1
            print(f"  {RED}✗ {what}{END}  {detail}")
        return holds


def write_config(workspace: Workspace, ports: dict, tokens: dict) -> pathlib.Path:
    """The gateway's configuration for the story, with every partner of it."""
    config = ROOT / "config"
    parties = []
    attributes = {
        "chu": ("hospital", {"organization": f"{FINESS_SYSTEM}|{hl7.FINESS}"}),
        "platform": ("platform", {"namespace": PLATFORM_NAMESPACE}),
        "amo": ("insurer", {"organization": f"{AMO_SYSTEM}|{hl7.AMO[0]}"}),
        "amc": ("insurer", {"organization": f"{AMC_SYSTEM}|{hl7.AMC[0]}"}),
        "other-amc": ("insurer", {"organization": f"{AMC_SYSTEM}|99999999"}),
        "patient": ("patient", {"identifier": f"{INS_SYSTEM}|{ADULT.ins}"}),
        "operator": ("operator", {}),
    }
    for name, (kind, values) in attributes.items():
        tokens[name] = workspace.token(name)
        parties.append({"name": name, "kind": kind, "token_file": f"{name}.token", "attributes": values})
    (workspace.path / "hook.token").write_text("hook-token-of-the-platform\n")
    settings = {
        "http": {"address": f"127.0.0.1:{ports['http']}"},
        "mllp": {"listeners": [{"name": "chu", "address": f"127.0.0.1:{ports['mllp']}", "partner": "chu"}]},
        "partners": [
            {"name": "chu", "kind": "hospital", "charset": "8859/15",
             "organization": {"name": "CHU de la Gangway", "finess": hl7.FINESS}},
            {"name": "platform", "kind": "platform", "organization": {"name": "Plateforme"}},
        ],
        "destinations": [
            {"name": "platform-hook", "kind": "rest-hook", "partner": "platform",
             "url": f"http://127.0.0.1:{ports['platform']}/fhir", "token_file": "hook.token",
             "schedule_identifier_system": PLATFORM_NAMESPACE},
            {"name": "chu-documents", "kind": "mllp", "partner": "chu", "address": f"127.0.0.1:{ports['hospital']}"},
        ],
        "routing": {"documents": [{"destination": "chu-documents", "from_kind": "platform"}]},
        "access": {"mode": "deny", "policies_directory": str(config / "policies"), "parties": parties},
        "mappings_directory": str(config / "mappings"),
        "followup": {"plans_directory": str(config / "plans")},
        "insurer": {"tariffs_directory": str(config / "tariffs")},
        "journal": {"poll_ms": 100},
    }
    path = workspace.path / "passerelle.yaml"
    path.write_text(json.dumps(settings, indent=1, ensure_ascii=False))  # JSON is YAML
    return path


def when(day: str, clock: str) -> str:
    return day.replace("-", "") + clock.replace(":", "")


def admission_and_discharge(story: Story, sender: MllpSender, hospital: FhirClient, records: dict):
    story.chapter("1  Admission and discharge: HL7 v2 over MLLP")
    for number, patient in enumerate([ADULT, ALD, MINOR, DAY_BEFORE, PROVISIONAL], 1):
        admitted, discharged = when("2024-05-06", "09:15:00"), when("2024-05-13", f"1{number}:00:00")
        a01 = hl7.admission(patient, f"ADM{number:04}", admitted)
        first = sender.send(a01)
        again = sender.send(a01)
        out = sender.send(hl7.discharge(patient, f"DIS{number:04}", admitted, discharged))
        story.check(hl7.acknowledgement_code(first) == "AA" and hl7.acknowledgement_code(out) == "AA",
                    f"patient {patient.ipp}: A01 and A03 acknowledged AA", (first, out))
        story.check(again == first, "the same A01 again gets the same acknowledgement", again)
        found = hospital.search(f"Patient?identifier={quote(patient.ipp)}")
        if not story.check(len(found) == 1, "one Patient", len(found)):
            continue
        resource = found[0]
        records[patient.ipp] = {"patient": resource}
        story.tell("Patient", f"{hospital.base}/Patient/{resource['id']}")
        names = {name.get("family") for name in resource["name"]}
        story.check(patient.family in names, "the name arrived with its accents")
        ins = [i for i in resource["identifier"] if i.get("system") == INS_SYSTEM]
        story.check(bool(ins) == (patient.identity == "VALI"),
                    "the INS is kept" if patient.identity == "VALI" else "without VALI the INS is left out")
        encounters = hospital.search(f"Encounter?patient=Patient/{resource['id']}")
        story.check(len(encounters) == 1 and encounters[0]["status"] == "finished" and
                    encounters[0]["class"]["code"] == "IMP" and
                    encounters[0].get("period", {}).get("start", "").startswith("2024-05-06") and
                    encounters[0].get("period", {}).get("end", "").startswith("2024-05-13") and
                    bool(encounters[0].get("hospitalization", {}).get("dischargeDisposition")),
                    "one Encounter: inpatient, finished, with its period and discharge disposition", encounters[:1])
        records[patient.ipp]["encounter"] = encounters[0]
        story.tell("Encounter", f"{hospital.base}/Encounter/{encounters[0]['id']}")
        coverages = hospital.search(f"Coverage?beneficiary=Patient/{resource['id']}")
        kinds = sorted(c["type"]["coding"][0]["code"] for c in coverages)
        story.check(kinds == ["EHCPOL", "PUBLICPOL"], "Coverage of AMO and AMC", kinds)
        _, history, _ = hospital.get(f"Encounter/{encounters[0]['id']}/_history")
        story.check(history.get("total") == 2, "two versions of the Encounter: the repeat wrote nothing", history.get("total"))
    doctors = hospital.search(f"Practitioner?identifier={quote(IDNPS + '|810002909371')}")
    story.check(len(doctors) == 1, "one Practitioner from XCN, by both spellings of his number", len(doctors))

    refused = sender.send(hl7.encode([hl7.header("A01", "ADT_A01", "BAD0001", when("2024-05-06", "09:00:00")),
                                      "EVN||20240506", "PID|1||^^^&&|||20241399|"]))
    story.check(hl7.acknowledgement_code(refused) == "AE" and b"\rERR|" in refused, "bad content: AE with an ERR segment", refused)
    strange = sender.send(hl7.encode([hl7.header("A01", "ADT_A01", "BAD0002", when("2024-05-06", "09:00:00"),
                                                 version="9.9")]))
    story.check(hl7.acknowledgement_code(strange) == "AR" and b"\rERR|" in strange, "unknown version: AR with an ERR segment", strange)
    unknown = sender.send(hl7.encode([hl7.header("A99", "ADT_A99", "BAD0003", when("2024-05-06", "09:00:00")),
                                      "EVN||20240506", hl7.pid(ADULT)]))
    story.check(hl7.acknowledgement_code(unknown) == "AA", "unknown trigger: AA, ignored as PAM.fr says", unknown)

    letter = sender.send(hl7.discharge_letter(ADULT, "LET0001", when("2024-05-06", "09:15:00"), when("2024-05-13", "11:00:00"), CDA))
    story.check(hl7.acknowledgement_code(letter) == "AA", "the discharge letter (MDM^T02) is acknowledged AA", letter)
    documents = hospital.search(f"DocumentReference?patient=Patient/{records[ADULT.ipp]['patient']['id']}")
    if story.check(len(documents) == 1, "one DocumentReference", len(documents)):
        attachment = documents[0]["content"][0]["attachment"]
        _, data, _ = hospital.call("GET", attachment["url"], headers={"Accept": "application/xml, text/xml, */*;q=0.1"})
        if isinstance(data, dict):
            data = base64.b64decode(data["data"])
        story.check(data == CDA, "its CDA is there byte for byte", f"{len(data or b'')} bytes")
        story.tell("DocumentReference", f"{hospital.base}/DocumentReference/{documents[0]['id']}")


def follow_up(story: Story, hospital: FhirClient, records: dict):
    story.chapter("2  Follow-up opens with the discharge")
    patient_id = records[ADULT.ipp]["patient"]["id"]
    plans = hospital.search(f"CarePlan?patient=Patient/{patient_id}")
    story.check(len(plans) == 1 and plans[0]["status"] == "active", "one active CarePlan", len(plans))
    tasks = hospital.search(f"Task?patient=Patient/{patient_id}")
    due = {task["code"]["coding"][0]["code"]: task["restriction"]["period"]["end"] for task in tasks}
    story.check(due == {"next-day-call": "2024-05-14T11:00:00+02:00", "day-7-questionnaire": "2024-05-20T11:00:00+02:00",
                        "callback": "2024-06-12T11:00:00+02:00"},
                "three Tasks, due one, seven and thirty days after the discharge", due)
    prices = [i["valueMoney"] for task in tasks for i in task.get("input", []) if "valueMoney" in i]
    story.check([float(p["value"]) for p in prices] == [0.0], "the callback is free for the patient", prices)
    for plan in plans:
        story.tell("CarePlan", f"{hospital.base}/CarePlan/{plan['id']}")


def control(ports: dict, command: str, body: dict):
    request = urllib.request.Request(f"http://127.0.0.1:{ports['platform']}/control/{command}", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.loads(response.read())


def booking(story: Story, ports: dict, hospital: FhirClient, tokens: dict, records: dict) -> dict:
    story.chapter("3  A slot is found and booked")
    agenda = control(ports, "publish", {
        "organization": {"name": "Plateforme de téléconsultation", "system": FINESS_SYSTEM, "value": "490000049"},
        "practitioner": {"rpps": "10005681340", "family": "Kerbrat", "given": "Maëlle"},
        "slots": sorted(visit[1] for visit in VISITS) + ["2024-05-15T11:00:00+02:00", "2024-05-16T09:00:00+02:00"],
    })
    if not story.check(agenda["status"] == 200, "the platform publishes its Schedule and Slots", describe(agenda.get("outcome"))):
        return agenda
    story.tell("Schedule", f"{hospital.base}/{agenda['schedule']}")
    query = ("Slot?_include=Slot:schedule&_include:iterate=Schedule:actor&start=ge2024-05-14T00:00:00.000%2B02:00"
             "&start=le2024-05-15T23:59:59.000%2B02:00"
             f"&schedule.actor:Practitioner.identifier={quote(IDNPS)}|810005681340&status=free")
    begin = time.monotonic()
    status, bundle, _ = hospital.get(query)
    took = time.monotonic() - begin
    story.check(status == 200, "the chained slot search of the SAS answers", describe(bundle))
    slots = [e["resource"] for e in bundle.get("entry", []) if e["search"]["mode"] == "match"]
    included = sorted({e["resource"]["resourceType"] for e in bundle.get("entry", []) if e["search"]["mode"] == "include"})
    story.check(len(slots) == 5 and bundle.get("total") == 5 and included == ["Practitioner", "Schedule"],
                f"five free slots with their Schedule and Practitioner, in {took * 1000:.0f} ms", (len(slots), bundle.get("total"), included))
    by_start = {slot["start"][:19]: slot for slot in slots}
    for patient, start, *_ in VISITS:
        slot = by_start[start[:19]]
        appointment = {
            "resourceType": "Appointment", "status": "booked", "slot": [{"reference": f"Slot/{slot['id']}"}],
            "start": slot["start"], "end": slot["end"],
            "participant": [
                {"actor": {"reference": f"Patient/{records[patient.ipp]['patient']['id']}"}, "status": "accepted"},
                {"actor": {"reference": agenda["practitioner"]}, "status": "needs-action"}],
        }
        status, made, _ = hospital.call("POST", "Appointment", appointment)
        if story.check(status == 201, f"patient {patient.ipp}: booked", describe(made)):
            records[patient.ipp]["appointment"] = made
            story.tell("Appointment", f"{hospital.base}/Appointment/{made['id']}")
    _, slot, _ = hospital.get(f"Slot/{by_start[VISITS[0][1][:19]]['id']}")
    story.check(slot.get("status") == "busy", "the booked Slot is busy", slot.get("status"))

    contested = by_start["2024-05-15T11:00:00"]

    def attempt(_):
        client = FhirClient(hospital.base, tokens["chu"])
        return client.call("POST", "Appointment", {
            "resourceType": "Appointment", "status": "booked", "slot": [{"reference": f"Slot/{contested['id']}"}],
            "start": contested["start"], "end": contested["end"],
            "participant": [{"actor": {"reference": f"Patient/{records[ADULT.ipp]['patient']['id']}"}, "status": "accepted"}]})

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(attempt, range(16)))
    statuses = sorted(answer[0] for answer in answers)
    story.check(statuses == [201] + [409] * 15, "sixteen bookings of one slot at once: one 201, fifteen 409", statuses)
    story.check(all(a[1].get("resourceType") == "OperationOutcome" for a in answers if a[0] == 409),
                "each refusal is an OperationOutcome")

    def confirmed():
        _, appointment, _ = hospital.get(f"Appointment/{records[ADULT.ipp]['appointment']['id']}")
        return any(p["status"] == "accepted" and p.get("actor", {}).get("reference") == agenda["practitioner"]
                   for p in appointment["participant"])

    story.check(wait_until(confirmed, 15), "the platform was told through the outbox, and confirmed")
    return agenda


def consultation(story: Story, ports: dict, platform: FhirClient, records: dict, agenda: dict):
    story.chapter("4  The consultation")
    for number, (patient, start, *_) in enumerate(VISITS, 1):
        record = records[patient.ipp]
        answer = control(ports, "consult", {
            "patient": f"Patient/{record['patient']['id']}", "practitioner": agenda["practitioner"],
            "organization": agenda["organization"], "appointment": f"Appointment/{record['appointment']['id']}",
            "visit_number": f"{number:04}", "act": "TCG", "start": start, "end": start.replace(":00:00+", ":14:00+").replace(":30:00+", ":44:00+"),
            "medication": "Paracétamol 1 g, comprimé", "dosage": "1 comprimé 3 fois par jour si douleur, 5 jours",
            "report": {"content_type": "application/pdf", "data": base64.b64encode(PDF).decode()}})
        if story.check(answer["status"] == 200, f"patient {patient.ipp}: Encounter, MedicationRequest, report and Binary in one transaction",
                       describe(answer.get("outcome"))):
            record["visit"] = answer
            story.tell("Encounter", f"{platform.base}/{answer['encounter']}")


def claims(story: Story, base: str, tokens: dict, records: dict):
    story.chapter("5  The claim, and what each insurer sees of it")
    amo, amc, other = (FhirClient(base, tokens[name]) for name in ("amo", "amc", "other-amc"))
    for patient, start, amo_pays, amc_pays, patient_pays in VISITS:
        for client, identifier, pays in ((amo, f"{NIR_SYSTEM}|{patient.ins}", amo_pays), (amc, f"{AMC_SYSTEM}-member/{hl7.AMC[0]}|{patient.amc_member}", amc_pays)):
            who = "AMO" if client is amo else "AMC"
            status, bundle, _ = client.call("POST", "ExplanationOfBenefit/_search",
                                            f"patient.identifier={quote(identifier)}&created=ge2024-01-01")
            found = [e["resource"] for e in bundle.get("entry", [])] if status == 200 else []
            benefit = {t["category"]["coding"][0]["code"]: t["amount"]["value"] for eob in found for t in eob.get("total", [])}
            story.check(len(found) == 1 and found[0]["use"] == "predetermination" and
                        f"{benefit.get('benefit', -1):.2f}" == pays and f"{benefit.get('patient-share', -1):.2f}" == patient_pays,
                        f"patient {patient.ipp}, act of {start[:10]}: {who} pays {pays}, the patient {patient_pays}",
                        (status, describe(bundle), len(found), benefit))
            if found:
                story.tell("ExplanationOfBenefit", f"{base}/ExplanationOfBenefit/{found[0]['id']}")
            if who == "AMC" and found:
                records[patient.ipp]["amc_benefit"] = found[0]
    chained = all(r["amc_benefit"].get("related") for r in records.values() if "amc_benefit" in r)
    story.check(chained, "the AMC's ExplanationOfBenefit refers to the AMO's claim")
    _, bundle, _ = other.call("POST", "ExplanationOfBenefit/_search", f"patient.identifier={quote(NIR_SYSTEM + '|' + ADULT.ins)}")
    story.check(bundle.get("total", 0) == 0 and not bundle.get("entry"), "another insurer gets nothing of these members", bundle.get("total"))
    _, bundle, _ = amo.call("POST", "ExplanationOfBenefit/_search", f"patient.identifier={quote(INS_SYSTEM + '|' + ADULT.ins)}")
    story.check(not bundle.get("entry"), "nobody is found by the INS")
    for path in (records[ADULT.ipp]["visit"]["encounter"], records[ADULT.ipp]["visit"]["document"],
                 records[ADULT.ipp]["visit"]["prescription"], f"Patient/{records[ADULT.ipp]['patient']['id']}"):
        status, _, _ = amo.get(path)
        story.check(status in (403, 404), f"the insurer may not read {path.split('/')[0]}", status)


def report(story: Story, base: str, tokens: dict, records: dict, receiver: MllpReceiver):
    story.chapter("6  The report comes home, and the trail")
    patient = FhirClient(base, tokens["patient"])
    document_id = records[ADULT.ipp]["visit"]["document"].split("/")[1]
    status, document, _ = patient.get(f"DocumentReference/{document_id}")
    story.check(status == 200, "the patient reads the DocumentReference of the report", status)
    status, data, _ = patient.call("GET", records[ADULT.ipp]["visit"]["binary"], headers={"Accept": "application/pdf"})
    story.check(status == 200 and data == PDF, "… and its PDF, byte for byte", status)
    others = patient.search("Patient")
    story.check([p["id"] for p in others] == [records[ADULT.ipp]["patient"]["id"]], "the patient sees no other Patient", len(others))
    marker = ADULT.ipp.encode()
    message = receiver.wait_for(lambda m: b"MDM^T02" in m and marker in m, 20)
    if story.check(message is not None, "the hospital received the report as MDM^T02 through the outbox"):
        obx = next(s for s in message.split(b"\r") if s.startswith(b"OBX|"))
        story.check(PDF in base64.b64decode(obx.split(b"|")[5].split(b"^")[4]) or
                    base64.b64encode(PDF) in base64.b64decode(obx.split(b"|")[5].split(b"^")[4]), "… with the report's bytes in it")
        story.check(ADULT.family.encode("iso-8859-15") in message, "… in the hospital's own character set")
    operator = FhirClient(base, tokens["operator"])
    status, bundle, _ = operator.get("AuditEvent?_total=accurate&_count=1")
    story.check(status == 200 and bundle.get("total", 0) >= 20, f"{bundle.get('total')} AuditEvents tell who did what", describe(bundle))
    entity = urllib.parse.quote(f"DocumentReference/{document_id}")
    status, bundle, _ = operator.get(f"AuditEvent?entity={entity}&_total=accurate")
    story.check(status == 200 and bundle.get("total", 0) >= 2, "the reading of the report by the patient is among them", bundle.get("total"))
    story.tell("AuditEvent", f"{base}/AuditEvent?entity={entity}")


def privacy(story: Story, log: pathlib.Path):
    text = log.read_text(errors="replace")
    leaks = [p.ipp for p in (ADULT, ALD, MINOR, DAY_BEFORE, PROVISIONAL)
             if any(value in text for value in (p.family, p.given, p.ins, p.birth, p.amc_member))]
    story.check(not leaks, "no name, number or date of birth of a patient stands in the gateway's log", leaks)


def quote(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def wait_until(predicate, timeout_s: float) -> bool:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if predicate():
            return True
        time.sleep(0.1)
    return False


def start_platform(base: str, port: int, token_file: pathlib.Path) -> subprocess.Popen:
    process = subprocess.Popen([sys.executable, str(ROOT / "tests/support/platform/stand_in_platform.py"), "--gateway", base,
                                "--token-file", str(token_file), "--listen", f"127.0.0.1:{port}"], stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    if not line.startswith("listening on"):
        raise RuntimeError("the stand-in platform did not start")
    threading.Thread(target=process.stdout.read, daemon=True).start()
    return process


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binaries", help="folder of the passerelle program")
    parser.add_argument("--stay", action="store_true", help="keep everything serving afterwards, until interrupted")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the gateway and its database end with the story
    workspace = Workspace("demo")
    receiver = MllpReceiver()
    ports = {"http": 8080 if options.stay else free_port(), "mllp": 2575 if options.stay else free_port(),
             "platform": free_port(), "hospital": receiver.port}
    tokens: dict = {}
    records: dict = {}
    story = Story()
    config = write_config(workspace, ports, tokens)
    log = workspace.path / "gateway.log"
    gateway = Gateway(find_binary(options.binaries), config, workspace.path / "data", log, http=f"127.0.0.1:{ports['http']}")
    platform_process = None
    try:
        story.chapter("0  A private PostgreSQL and the gateway start on loopback")
        took = gateway.start()
        story.check(True, f"ready after {took:.1f} s at {gateway.base}")
        platform_process = start_platform(gateway.base, ports["platform"], workspace.path / "platform.token")
        hospital = FhirClient(gateway.base, tokens["chu"])
        sender = MllpSender("127.0.0.1", ports["mllp"])
        admission_and_discharge(story, sender, hospital, records)
        if story.failures == 0:
            follow_up(story, hospital, records)
            agenda = booking(story, ports, hospital, tokens, records)
            consultation(story, ports, FhirClient(gateway.base, tokens["platform"]), records, agenda)
            claims(story, gateway.base, tokens, records)
            report(story, gateway.base, tokens, records, receiver)
        privacy(story, log)
        verdict = f"{story.checks} checks, {story.failures} failed, {time.monotonic() - story.begin:.1f} s"
        print(f"\n{BOLD}{GREEN if story.failures == 0 else RED}{verdict}{END}")
        if options.stay:
            print(f"\nServing {gateway.base} and MLLP on 127.0.0.1:{ports['mllp']}; tokens and configuration in {workspace.path}")
            print(f'Try: curl -H "Authorization: Bearer $(cat {workspace.path}/chu.token)" {gateway.base}/Patient\nCtrl-C ends it.')
            threading.Event().wait()
    except KeyboardInterrupt:
        pass
    finally:
        if platform_process is not None:
            platform_process.terminate()
            platform_process.wait()
        if gateway.process is not None and gateway.process.poll() is None:
            took = gateway.stop()
            story.check(took < 10, f"SIGTERM stopped the gateway and its database in {took:.1f} s")
        if story.failures:
            print(f"\nThe gateway's log ends with:\n{gateway.tail()}", file=sys.stderr)
        workspace.close()
    return 0 if story.failures == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
