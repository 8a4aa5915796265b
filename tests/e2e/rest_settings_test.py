"""What a setting decides, asked of running gateways: keys of page links from a file, patients that were merged, conflicts that
PostgreSQL makes, and search parameters of one's own wherever criteria may stand."""

import json
import pathlib
import secrets
import sys
import unittest
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
from fhir_client import FhirClient  # noqa: E402
from gateway_process import Gateway  # noqa: E402
from postgres_server import OutsideDatabase, execute  # noqa: E402

OPEN = {"access": {"mode": "open"}, "audit": {"reads": False, "writes": False}}


class Outside(e2e.GatewayCase):
    """On a database that the test looks into, and that a second gateway may share."""

    @classmethod
    def setUpClass(cls):
        cls.database = OutsideDatabase()
        cls.addClassCleanup(cls.database.close)
        cls.outside = cls.database.conninfo
        super().setUpClass()
        cls.fhir = FhirClient(cls.gateway.base, timeout_s=60)
        cls.addClassCleanup(cls.fhir.connection.close)

    def second(self, over: dict) -> FhirClient:
        """Another gateway on the same database, with other settings."""
        config = e2e.write_settings(self.workspace.path / "second.yaml", e2e.merge(self.settings, over))
        gateway = Gateway(e2e.binary(), config, None, self.workspace.path / "second.log")
        gateway.start()
        self.addCleanup(gateway.stop)
        client = FhirClient(gateway.base, timeout_s=60)
        self.addCleanup(client.connection.close)
        return client

    def put(self, path: str, resource: dict):
        status, body, _ = self.fhir.call("PUT", path, {"resourceType": path.split("/")[0], "id": path.split("/")[1], **resource})
        self.assertIn(status, (200, 201), body)

    def ids(self, client: FhirClient, query: str) -> set[str]:
        return {resource["id"] for resource in client.search(query)}


class KeysFromAFile(Outside):
    @classmethod
    def make_settings(cls) -> dict:
        cls.key_file = cls.workspace.path / "cursor.keys"
        cls.key_file.write_text(secrets.token_hex(32) + "\n")
        cls.over = e2e.merge(OPEN, {"search": {"cursor_key_file": str(cls.key_file)}})
        return super().make_settings()

    def next_of(self, bundle: dict) -> str:
        return next(link["url"] for link in bundle["link"] if link["relation"] == "next").split("/fhir/", 1)[1]

    def test_a_link_is_good_on_every_node_with_the_file_and_on_no_other(self):
        for number in range(5):
            self.put(f"Patient/k{number}", {"active": True})
        status, first, _ = self.fhir.get("Patient?_count=2")
        self.assertEqual(status, 200)
        path = self.next_of(first)
        self.assertEqual(execute(self.outside, "SELECT count(*) FROM cursor_key"), "0", "the file has the keys")
        with_the_file = self.second({})
        self.assertEqual([entry["resource"]["id"] for entry in with_the_file.get(path)[1]["entry"]], ["k2", "k3"])
        other = self.workspace.path / "other.keys"
        other.write_text(secrets.token_hex(32) + "\n")
        status, outcome, _ = self.second({"search": {"cursor_key_file": str(other)}}).get(path)
        self.assertEqual(status, 400, outcome)
        # A key that is new and stands before the old one leaves links of the old one good.
        other.write_text(secrets.token_hex(32) + "\n" + self.key_file.read_text())
        self.assertEqual(self.second({"search": {"cursor_key_file": str(other)}}).get(path)[0], 200)


class MergedPatients(Outside):
    over = e2e.merge(OPEN, {"search": {"follow_patient_links": True}})

    def test_the_setting_decides_whether_links_are_followed(self):
        self.put("Patient/old", {"active": False})
        self.put("Patient/new", {"link": [{"other": {"reference": "Patient/old"}, "type": "replaces"}]})
        self.put("Patient/old", {"active": False, "link": [{"other": {"reference": "Patient/new"}, "type": "replaced-by"}]})
        for patient in ("old", "new"):
            self.put(f"Observation/of-{patient}", {"status": "final", "code": {"text": "x"}, "subject": {"reference": f"Patient/{patient}"}})
        plain = self.second({"search": {"follow_patient_links": False}})
        self.assertEqual(self.ids(self.fhir, "Observation?patient=new"), {"of-old", "of-new"})
        self.assertEqual(self.ids(plain, "Observation?patient=new"), {"of-new"})


class Conflicts(Outside):
    """PostgreSQL is made to fail as it does when transactions meet: by a trigger that counts in a sequence, which no rollback takes back."""

    over = OPEN

    def fail_writes(self, times: int, code: str):
        execute(self.outside, f"""
            DROP TRIGGER IF EXISTS meet ON resource_version; DROP SEQUENCE IF EXISTS met; CREATE SEQUENCE met;
            CREATE OR REPLACE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF nextval('met') <= {times} THEN RAISE EXCEPTION 'met' USING ERRCODE = '{code}'; END IF; RETURN NEW; END $$;
            CREATE TRIGGER meet BEFORE INSERT ON resource_version FOR EACH ROW EXECUTE FUNCTION meet()""")

    def post(self, family: str):
        return self.fhir.call("POST", "Patient", {"resourceType": "Patient", "name": [{"family": family}]})

    def test_what_fails_once_is_tried_again_inside(self):
        for code in ("40001", "40P01"):
            with self.subTest(code):
                self.fail_writes(1, code)
                status, body, _ = self.post(f"Once{code}")
                self.assertEqual(status, 201, body)
                self.assertEqual(len(self.fhir.search(f"Patient?family=Once{code}")), 1)

    def test_what_fails_for_ever_is_409_and_nothing_is_left(self):
        for code in ("40001", "40P01"):
            with self.subTest(code):
                self.fail_writes(1_000_000, code)
                status, outcome, _ = self.post(f"Never{code}")
                self.assertEqual(status, 409, outcome)
                self.assert_outcome(outcome)
                self.assertGreater(int(execute(self.outside, "SELECT last_value FROM met")), 1, "tried more than once")
                self.fail_writes(0, code)
                self.assertEqual(self.fhir.search(f"Patient?family=Never{code}"), [])
                self.assertEqual(self.post(f"Later{code}")[0], 201)


class OwnParameterEverywhere(Outside):
    """The text of a body site, which no parameter of the standard looks at."""

    over = OPEN

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        parameter = {"resourceType": "SearchParameter", "id": "site-text", "url": "https://gw.example/SearchParameter/body-site-text",
                     "name": "BodySiteText", "status": "active", "description": "x", "code": "site-text", "base": ["Observation"],
                     "type": "string", "expression": "Observation.bodySite.text"}
        status, body, _ = cls.fhir.call("PUT", "SearchParameter/site-text", parameter)
        if status not in (200, 201):
            raise RuntimeError(f"the parameter was answered {status}: {body}")
        if not e2e.wait_until(lambda: cls.fhir.get("Observation?site-text=arm")[0] == 200, 30):
            raise RuntimeError("the parameter did not become usable")

    def setUp(self):
        self.put("Patient/p", {"active": True})
        for name, site, hour in (("left", "Left arm", 8), ("leg", "Leg", 9), ("later", "Left foot", 10)):
            self.put(f"Observation/{name}", {
                "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}, "subject": {"reference": "Patient/p"},
                "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}],
                "bodySite": {"text": site}, "effectiveDateTime": f"2026-01-01T{hour:02}:00:00Z",
                "valueQuantity": {"value": hour, "system": "http://unitsofmeasure.org", "code": "/min"}})

    def test_in_compartments_chains_and_filters(self):
        self.assertEqual(self.ids(self.fhir, "Patient/p/Observation?site-text=left"), {"left", "later"})
        self.assertEqual(self.ids(self.fhir, "Patient?_has:Observation:patient:site-text=leg"), {"p"})
        self.assertEqual(self.ids(self.fhir, "Patient?_has:Observation:patient:site-text=nose"), set())
        self.assertEqual(self.ids(self.fhir, "Observation?_filter=" + urllib.parse.quote('site-text sw "left"')), {"left", "later"})

    def test_in_lastn(self):
        status, bundle, _ = self.fhir.get("Observation/$lastn?patient=Patient/p&category=vital-signs&site-text=left")
        self.assertEqual(status, 200, bundle)
        self.assertEqual([entry["resource"]["id"] for entry in bundle["entry"]], ["later"])

    def test_in_the_filter_of_an_export(self):
        query = "$export?_type=Observation&_typeFilter=" + urllib.parse.quote("Observation?site-text=left", safe="")
        status, body, headers = self.fhir.call("GET", query, headers={"Prefer": "respond-async"})
        self.assertEqual(status, 202, body)
        job = headers["content-location"].split("/fhir/", 1)[1]
        self.assertTrue(e2e.wait_until(lambda: self.fhir.get(job)[0] == 200, 30))
        files = self.fhir.get(job)[1]["output"]
        lines = []
        for file in files:
            _, data, _ = self.fhir.call("GET", file["url"].split("/fhir/", 1)[1], headers={"Accept": "application/fhir+ndjson"})
            lines += data.decode().splitlines() if isinstance(data, bytes) else [json.dumps(data)]
        self.assertEqual({json.loads(line)["id"] for line in lines}, {"left", "later"})


if __name__ == "__main__":
    e2e.main()
