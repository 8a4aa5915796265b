"""`packages:` of the configuration, as a client of the running gateway meets them: profiles enforced, search parameters
indexed, code systems and value sets answered about, all of it listed in the CapabilityStatement."""

import json
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402

BASE = "http://guide.example.org"
GUIDE = f"{BASE}/ImplementationGuide/wards"
PROFILE = f"{BASE}/StructureDefinition/named-patient"
WARDS = f"{BASE}/CodeSystem/wards"
SURGERY = f"{BASE}/ValueSet/surgery"

RESOURCES = [
    {"resourceType": "ImplementationGuide", "id": "wards", "url": GUIDE, "version": "1.0.0", "name": "Wards", "status": "active",
     "packageId": "wards", "fhirVersion": ["4.0.1"]},
    {"resourceType": "StructureDefinition", "id": "named-patient", "url": PROFILE, "version": "1.0.0", "name": "NamedPatient", "status": "active",
     "fhirVersion": "4.0.1", "kind": "resource", "abstract": False, "type": "Patient", "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
     "derivation": "constraint", "differential": {"element": [{"id": "Patient", "path": "Patient"},
                                                              {"id": "Patient.name", "path": "Patient.name", "min": 1}]}},
    {"resourceType": "CodeSystem", "id": "wards", "url": WARDS, "version": "1.0.0", "name": "Wards", "status": "active", "content": "complete",
     "hierarchyMeaning": "is-a", "concept": [{"code": "surgery", "display": "Surgery", "concept": [
         {"code": "heart", "display": "Heart surgery"}, {"code": "bone", "display": "Bone surgery"}]}, {"code": "births", "display": "Births"}]},
    {"resourceType": "ValueSet", "id": "surgery", "url": SURGERY, "version": "1.0.0", "name": "Surgery", "status": "active", "compose": {
        "include": [{"system": WARDS, "filter": [{"property": "concept", "op": "is-a", "value": "surgery"}]}]}},
    {"resourceType": "SearchParameter", "id": "ward", "url": f"{BASE}/SearchParameter/ward", "version": "1.0.0", "name": "Ward", "status": "active",
     "description": "The ward", "code": "ward", "base": ["Patient"], "type": "token",
     "expression": f"Patient.extension('{BASE}/StructureDefinition/ward').value"},
]


def patient(**more) -> dict:
    return {"resourceType": "Patient", **more}


def in_ward(code: str) -> dict:
    return patient(name=[{"family": "Test"}], extension=[{"url": f"{BASE}/StructureDefinition/ward", "valueCoding": {"system": WARDS, "code": code}}])


class PackagesCase(e2e.GatewayCase):
    over = {"access": {"mode": "open"}}

    @classmethod
    def make_settings(cls) -> dict:
        folder = cls.workspace.path / "guide"
        folder.mkdir()
        for resource in RESOURCES:
            (folder / f"{resource['resourceType']}-{resource['id']}.json").write_text(json.dumps(resource))
        return e2e.merge(super().make_settings(), {"packages": [str(folder)]})

    def create(self, resource: dict):
        return self.client(None).call("POST", resource["resourceType"], resource)


class Packages(PackagesCase):
    def test_profile_is_enforced_where_a_resource_declares_it(self):
        declared = {"meta": {"profile": [PROFILE]}}
        status, outcome, _ = self.create(patient(active=True, **declared))
        self.assertEqual(status, 422, outcome)
        self.assertIn("Patient", json.dumps([issue.get("expression") for issue in outcome["issue"]]))
        self.assertEqual(self.create(patient(name=[{"family": "Test"}], **declared))[0], 201)
        self.assertEqual(self.create(patient(active=True))[0], 201, "who does not declare it is free of it")

    def test_search_parameter_is_indexed_and_searched_by(self):
        self.assertEqual(self.create(in_ward("heart"))[0], 201)
        client = self.client(None)
        self.assertTrue(e2e.wait_until(lambda: client.get("Patient?ward=heart")[0] == 200, 30), "the parameter does not become usable")
        self.assertEqual(len(client.search("Patient?ward=heart")), 1)
        self.assertEqual(len(client.search(f"Patient?ward={WARDS}|bone")), 0)
        self.assertEqual(self.create(in_ward("bone"))[0], 201)
        self.assertEqual(len(client.search(f"Patient?ward={WARDS}|bone")), 1)
        # By the terminology of the same package.
        self.assertEqual(len(client.search(f"Patient?ward:in={SURGERY}")), 2)
        self.assertEqual(len(client.search(f"Patient?ward:below={WARDS}|births")), 0)

    def test_code_systems_and_value_sets_are_answered_about(self):
        client = self.client(None)
        status, value_set, _ = client.get(f"ValueSet/$expand?url={SURGERY}&excludeNested=true")
        self.assertEqual(status, 200, value_set)
        self.assertEqual(sorted(one["code"] for one in value_set["expansion"]["contains"]), ["bone", "heart", "surgery"])
        status, answer, _ = client.get(f"CodeSystem/$lookup?system={WARDS}&code=heart")
        self.assertEqual(status, 200, answer)
        self.assertIn({"name": "display", "valueString": "Heart surgery"}, answer["parameter"])
        for code, result in (("bone", True), ("births", False)):
            status, answer, _ = client.get(f"ValueSet/$validate-code?url={SURGERY}&system={WARDS}&code={code}")
            self.assertEqual((status, answer["parameter"][0]["valueBoolean"]), (200, result))

    def test_capability_statement_lists_them(self):
        client = self.client(None)

        def listed() -> dict:
            return client.get("metadata")[1]

        def of_patient() -> dict:
            return next(one for one in listed()["rest"][0]["resource"] if one["type"] == "Patient")

        self.assertIn(GUIDE, listed()["implementationGuide"])
        self.assertIn(PROFILE, of_patient()["supportedProfile"])
        self.assertTrue(e2e.wait_until(lambda: "ward" in [one["name"] for one in of_patient()["searchParam"]], 30))
        terminology = client.get("metadata?mode=terminology")[1]
        self.assertIn(WARDS, [one["uri"] for one in terminology["codeSystem"]])


class ProfileOfAType(PackagesCase):
    over = {"access": {"mode": "open"}, "validation": {"profiles": {"Patient": PROFILE}}}

    def test_every_resource_of_the_type_keeps_it(self):
        self.assertEqual(self.create(patient(active=True))[0], 422)
        self.assertEqual(self.create(patient(name=[{"family": "Test"}]))[0], 201)


class DeclaredProfilesIgnored(PackagesCase):
    over = {"access": {"mode": "open"}, "validation": {"declared_profiles": "ignore"}}

    def test_a_declared_profile_refuses_nothing(self):
        self.assertEqual(self.create(patient(active=True, meta={"profile": [PROFILE]}))[0], 201)


if __name__ == "__main__":
    e2e.main()
