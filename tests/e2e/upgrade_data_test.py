"""A database that an earlier version filled, brought to this version's schema: everything is there as it was.

tests/data/upgrade/schema_NNNN.sql.gz is such a database, and schema_NNNN.json.gz what its program answered about it. Both are
made by this program: --make PROGRAM CONFIG, with a program of that version and the folder of its rules.
"""

import gzip
import json
import pathlib
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
import messages as hl7  # noqa: E402
from fhir_client import FhirClient  # noqa: E402
from gateway_process import ROOT, Gateway, Workspace  # noqa: E402
from mllp import MllpSender  # noqa: E402
from postgres_server import OutsideDatabase, binaries, execute  # noqa: E402

DATA = ROOT / "tests/data/upgrade"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
# What an earlier program and this one find alike.
SEARCHES = (
    "Patient?family=Étienne", "Patient?family:exact=Étienne", "Patient?name:contains=tien", "Patient?gender=female",
    "Patient?identifier=urn:upgrade|3", "Patient?birthdate=lt1960", "Patient?birthdate=1950-02",
    "Observation?code=8867-4&_sort=-date", f"Observation?code={LOINC}|8867-4", "Observation?subject.family=Étienne",
    "Observation?date=ge2024-02-01", "Observation?code:not=8867-4", "Patient?_has:Observation:subject:code=29463-7",
    "Encounter?status=finished", "Coverage?beneficiary.identifier=P000001", "ValueSet?url:below=http://example.org/vs",
    "Practitioner?_lastUpdated=gt2020", "Task?status=requested", "CarePlan?status=active", "Patient?birthdate:missing=true",
    "DocumentReference?type=34105-7",
)
# What this version's index answers besides, of resources that were there before.
NEW_SEARCHES = (
    f"Observation?code-value-quantity={LOINC}|29463-7$ge70000|{UCUM}|g", f"Observation?value-quantity=gt65|{UCUM}|kg",
    f"Observation?value-quantity=gt65000|{UCUM}|g", "Observation?code:text=heart", "Patient?_text=promenade",
    "Patient?_filter=" + e2e.quote('family eq "Étienne" or gender eq "female"'), "Patient?phonetic=Etienne",
    "Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|3",
)


def make_resources() -> list[dict]:
    """With ids of their own, so that another database can be given the same."""
    made = []
    for n in range(8):
        patient = {"resourceType": "Patient", "id": f"upgrade-p{n}", "gender": ("male", "female")[n % 2],
                   "identifier": [{"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
                                   "system": "urn:upgrade", "value": str(n)}],
                   "name": [{"family": ("Étienne", "Müller", "O'Neill")[n % 3], "given": ["Noé"]}],
                   "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Promenades au parc</div>'}}
        if n != 7:
            patient["birthDate"] = f"19{45 + 5 * n}-02-0{n + 1}"
        made.append(patient)
        for m, (code, value, unit) in enumerate((("8867-4", "60.0", "/min"), ("29463-7", "72.50", "kg"))):
            made.append({"resourceType": "Observation", "id": f"upgrade-o{n}-{m}", "status": "final",
                         "code": {"coding": [{"system": LOINC, "code": code, "display": ("Heart rate", "Body weight")[m]}]},
                         "subject": {"reference": f"Patient/upgrade-p{n}"}, "effectiveDateTime": f"2024-0{1 + n % 4}-11T10:00:00+01:00",
                         "valueQuantity": {"value": float(value), "unit": unit, "system": UCUM, "code": unit}})
    made.append({"resourceType": "ValueSet", "id": "upgrade-vs", "status": "active", "url": "http://example.org/vs/one"})
    made.append({"resourceType": "Practitioner", "id": "upgrade-pr", "name": [{"family": "Delattre"}]})
    return made


def put_all(client: FhirClient):
    for resource in make_resources():
        status, body, _ = client.call("PUT", f"{resource['resourceType']}/{resource['id']}", resource)
        if status not in (200, 201):
            raise RuntimeError(f"PUT answered {status}: {body}")


def ids(client: FhirClient, search: str) -> list[str]:
    path, _, query = search.partition("?")
    return [f"{one['resourceType']}/{one['id']}" for one in client.search(path + "?" + e2e.urllib.parse.quote(query, "=&?|$:,.%/") + "&_count=500")]


class Database:
    """A gateway on a database of the test's own."""

    def __init__(self, workspace: Workspace, database: OutsideDatabase, program: str, config: pathlib.Path, name: str):
        settings = e2e.settings_of(workspace, {}, {
            "access": {"mode": "open", "policies_directory": str(config / "policies")}, "mappings_directory": str(config / "mappings"),
            "followup": {"plans_directory": str(config / "plans")}, "insurer": {"tariffs_directory": str(config / "tariffs")},
            "database": {"connection": database.conninfo}, "audit": {"reads": False}})
        self.settings = e2e.write_settings(workspace.path / f"{name}.yaml", settings)
        self.gateway = Gateway(program, self.settings, None, workspace.path / f"{name}.log")

    def start(self) -> FhirClient:
        self.gateway.start()
        return FhirClient(self.gateway.base, timeout_s=60)


def history_of(client: FhirClient, reference: str) -> list:
    return [[entry["resource"]["meta"]["versionId"] if "resource" in entry else None, entry["request"]["method"]]
            for entry in client.get(f"{reference}/_history?_count=500")[1]["entry"]]


def answers_of(client: FhirClient, gateway: Gateway) -> dict:
    """What a program says about everything that is stored."""
    everything = [f"{entry['resource']['resourceType']}/{entry['resource']['id']}" if "resource" in entry else entry["request"]["url"]
                  for entry in all_history(client)]
    kept = {}
    for reference in sorted(set(everything)):
        status, body, headers = client.call("GET", reference, headers={"Accept": "application/fhir+json"})
        kept[reference] = {"status": status, "etag": headers.get("etag"), "body": body if status == 200 else None,
                           "history": history_of(client, reference)}
    journal = sorted([entry["control_id"], entry["state"]] for entry in e2e.read_journal(gateway, ""))
    return {"resources": kept, "searches": {search: ids(client, search) for search in SEARCHES}, "journal": journal}


def all_history(client: FhirClient) -> list:
    entries, path = [], "_history?_count=500"
    while path:
        status, bundle, _ = client.get(path)
        if status != 200:
            raise RuntimeError(f"the history answered {status}")
        entries += bundle.get("entry", [])
        path = next((link["url"].split("/fhir/", 1)[1] for link in bundle["link"] if link["relation"] == "next"), None)
    return entries


def pack(path: pathlib.Path, content: bytes):
    with open(path, "wb") as out, gzip.GzipFile("", "wb", fileobj=out, mtime=0) as packed:
        packed.write(content)


def make(program: str, config: pathlib.Path):
    """Fills a database by an earlier program and keeps it."""
    workspace, database = Workspace("make"), OutsideDatabase()
    node = Database(workspace, database, program, config, "old")
    client = node.start()
    put_all(client)
    changed = dict(make_resources()[0], active=True)
    for active in (True, False):
        assert client.call("PUT", "Patient/upgrade-p0", dict(changed, active=active))[0] == 200
    extra = {"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": LOINC, "code": "8867-4"}]},
             "subject": {"reference": "Patient/upgrade-p1"}, "valueQuantity": {"value": 61}}
    made = client.call("POST", "Observation", extra)[1]["id"]
    assert client.call("DELETE", f"Observation/{made}")[0] == 204
    assert client.call("POST", "Patient", {"resourceType": "Patient", "identifier": [{"system": "urn:upgrade", "value": "c"}]},
                       {"If-None-Exist": "identifier=urn:upgrade|c"})[0] == 201
    sender = MllpSender("127.0.0.1", node.gateway.mllp_ports["chu"], 30)
    one, two = e2e.patient(1), e2e.patient(2)
    letter = b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>'
    for message in (hl7.admission(one, "OLD1", "20240506091500"), hl7.discharge(one, "OLD2", "20240506091500", "20240508110000"),
                    hl7.discharge_letter(one, "OLD3", "20240506091500", "20240508113000", letter),
                    hl7.admission(two, "OLD4", "20240506091500"),
                    hl7.admission(two, "OLD5", "20240506091500").replace(b"|19500101|", b"|1950XX01|")):
        sender.send(message)
    sender.close()
    answers = answers_of(client, node.gateway)
    client.connection.close()
    node.gateway.stop()
    schema = int(execute(database.conninfo, "SELECT max(version) FROM schema_migration"))
    dump = subprocess.run([str(binaries() / "pg_dump"), "--no-owner", "--no-privileges", database.conninfo], capture_output=True, check=True)
    DATA.mkdir(exist_ok=True)
    pack(DATA / f"schema_{schema:04}.sql.gz", dump.stdout)
    pack(DATA / f"schema_{schema:04}.json.gz", json.dumps(answers, ensure_ascii=False, sort_keys=True, indent=1).encode())
    database.close()
    workspace.close()


class UpgradeOfData(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace("upgrade-data")
        cls.addClassCleanup(cls.workspace.close)
        cls.file = max(DATA.glob("schema_*.sql.gz"))
        cls.schema = int(cls.file.name[7:11])
        cls.before = json.loads(gzip.decompress((DATA / f"schema_{cls.schema:04}.json.gz").read_bytes()))
        cls.database = OutsideDatabase()
        cls.addClassCleanup(cls.database.close)
        done = subprocess.run([str(binaries() / "psql"), "-Xq", "-v", "ON_ERROR_STOP=1", cls.database.conninfo],
                              input=gzip.decompress(cls.file.read_bytes()), capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode())
        cls.node = Database(cls.workspace, cls.database, e2e.binary(), ROOT / "config", "new")
        cls.migrated = e2e.run("migrate", "--config", cls.node.settings)
        cls.client = cls.node.start()
        cls.addClassCleanup(cls.node.gateway.stop)

    def test_1_the_schema_is_this_versions_and_stays(self):
        self.assertEqual(self.migrated.returncode, 0, self.migrated.stderr)
        newest = max(int(file.name[:4]) for file in (ROOT / "gateway/store/migrations").glob("*.sql"))
        self.assertLess(self.schema, newest, "nothing was migrated: the test shows nothing")
        self.assertEqual(int(execute(self.database.conninfo, "SELECT max(version) FROM schema_migration")), newest)
        again = e2e.run("migrate", "--config", self.node.settings)
        self.assertEqual(again.returncode, 0, again.stderr)

    def test_2_every_resource_and_version_is_as_it_was(self):
        now = answers_of(self.client, self.node.gateway)
        self.assertGreater(len(self.before["resources"]), 30)
        self.assertIn(410, {kept["status"] for kept in self.before["resources"].values()}, "nothing deleted is among them")
        self.assertEqual(sorted(now["resources"]), sorted(self.before["resources"]))
        for reference, kept in self.before["resources"].items():
            with self.subTest(reference):
                self.assertEqual(now["resources"][reference], kept)

    def test_3_every_search_finds_what_it_found(self):
        found = 0
        for search, before in self.before["searches"].items():
            with self.subTest(search):
                self.assertEqual(sorted(ids(self.client, search)), sorted(before))
                found += 1 if before else 0
        self.assertGreater(found, 15, "most of the searches must find something")

    def test_4_the_journal_is_as_it_was_and_a_refused_message_can_be_replayed(self):
        journal = e2e.read_journal(self.node.gateway, "")
        self.assertEqual(sorted([entry["control_id"], entry["state"]] for entry in journal), self.before["journal"])
        self.assertEqual({state for _, state in self.before["journal"]}, {"committed", "refused"})
        refused = next(entry for entry in journal if entry["state"] == "refused")
        replayed = e2e.run("messages", "replay", "--config", self.node.settings, str(refused["id"]))
        self.assertEqual(replayed.returncode, 0, replayed.stderr)
        self.assertTrue(e2e.wait_until(lambda: next(entry for entry in e2e.read_journal(self.node.gateway, "") if entry["id"] == refused["id"])
                                       ["state"] == "refused", 10), "read again, it is as wrong as before")

    def test_5_after_a_reindex_new_kinds_of_search_find_what_a_new_database_finds(self):
        status, body, headers = self.client.call("POST", "$reindex", {"resourceType": "Parameters"}, {"Prefer": "respond-async"})
        self.assertEqual(status, 202, body)
        job = headers["content-location"].split("/fhir/", 1)[1]
        self.assertTrue(e2e.wait_until(lambda: self.client.get(job)[0] == 200, 60), self.client.get(job))
        fresh_database = OutsideDatabase()
        self.addCleanup(fresh_database.close)
        fresh = Database(self.workspace, fresh_database, e2e.binary(), ROOT / "config", "fresh")
        other = fresh.start()
        self.addCleanup(fresh.gateway.stop)
        put_all(other)
        for search in NEW_SEARCHES:
            with self.subTest(search):
                wanted = sorted(ids(other, search))
                self.assertTrue(wanted, "finds nothing: shows nothing")
                self.assertEqual([one for one in sorted(ids(self.client, search)) if "/upgrade-" in one], wanted)
        other.connection.close()

    def test_6_what_was_there_goes_on(self):
        patient = self.before["resources"]["Patient/upgrade-p0"]["body"]
        before = int(patient["meta"]["versionId"])
        status, body, _ = self.client.call("PUT", "Patient/upgrade-p0", dict(patient, active=not patient.get("active")))
        self.assertEqual((status, body["meta"]["versionId"]), (200, str(before + 1)))
        status, body, _ = self.client.call("POST", "Patient", {"resourceType": "Patient"}, {"If-None-Exist": "identifier=urn:upgrade|c"})
        self.assertEqual(status, 200, "a condition finds what was made before")
        sender = MllpSender("127.0.0.1", self.node.gateway.mllp_ports["chu"], 30)
        self.addCleanup(sender.close)
        one = e2e.patient(1)
        answer = sender.send(hl7.admission(one, "OLD1", "20240506091500"))
        self.assertEqual(hl7.acknowledgement_code(answer), "AA", "a message that was sent before")
        answer = sender.send(hl7.identity_update(one, "NEW1", "20240601091500"))
        self.assertEqual(hl7.acknowledgement_code(answer), "AA")
        self.assertEqual(len(ids(self.client, "Patient?identifier=P000001")), 1, "found again, not doubled")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:
        make(sys.argv[2], pathlib.Path(sys.argv[3]).resolve())
    else:
        e2e.main()
