"""Small data for the benchmarks of the REST API, with the shapes of the synthetic patients: what is played without them."""

import json
import pathlib

NPI = "http://hl7.org/fhir/sid/us-npi"
OWN = "https://example.org/bench"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
MEASURES = (("8302-2", "cm", 160.0), ("29463-7", "kg", 70.0), ("39156-5", "kg/m2", 24.0), ("2339-0", "mg/dL", 90.0), ("8867-4", "/min", 72.0))
CONDITIONS = ("44054006", "38341003", "195662009")
FAMILIES = ("Durand", "Lefèvre", "Moreau", "Petit", "Garnier")


def coded(system: str, code: str) -> dict:
    return {"coding": [{"system": system, "code": code}]}


def conditional(type_: str, system: str, value: str) -> dict:
    return {"reference": f"{type_}?identifier={system}|{value}"}


def post(resource: dict, full_url: str = "", if_none_exist: str = "") -> dict:
    entry = {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}}
    if full_url:
        entry = {"fullUrl": full_url, **entry}
    if if_none_exist:
        entry["request"]["ifNoneExist"] = if_none_exist
    return entry


def bundle(kind: str, entries: list[dict]) -> dict:
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def observation(number: int, patient: str, encounter: str) -> dict:
    code, unit, middle = MEASURES[number % len(MEASURES)]
    return {"resourceType": "Observation", "status": "final",
            "category": [coded("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory" if number % 2 else "vital-signs")],
            "code": coded(LOINC, code), "subject": {"reference": patient}, "encounter": {"reference": encounter},
            "effectiveDateTime": f"{2018 + number % 6}-{number % 12 + 1:02}-{number % 28 + 1:02}T10:00:00+01:00",
            "valueQuantity": {"value": middle + number % 17 - 8, "unit": unit, "system": UCUM, "code": unit}}


def common() -> dict:
    entries = []
    for number in range(4):
        for type_, name in (("Organization", {"name": f"Clinic {number}"}), ("Location", {"name": f"Ward {number}"}),
                            ("Practitioner", {"name": [{"family": f"Doctor{number}"}]})):
            entries.append(post({"resourceType": type_, "identifier": [{"system": OWN, "value": f"{type_}-{number}"}], **name},
                                if_none_exist=f"identifier={OWN}|{type_}-{number}"))
    return bundle("batch", entries)


def patient_bundle(number: int, observations: int = 300) -> dict:
    patient = f"urn:uuid:00000000-0000-4000-8000-{number:012}"
    entries = [post({"resourceType": "Patient", "identifier": [{"system": OWN, "value": f"P{number}"}],
                     "name": [{"family": f"{FAMILIES[number % len(FAMILIES)]}{number}", "given": ["Noé"]}],
                     "gender": "female" if number % 2 else "male", "birthDate": f"{1940 + number % 60}-05-17"}, patient)]
    for stay in range(6):
        encounter = f"urn:uuid:00000001-{stay:04}-4000-8000-{number:012}"
        entries.append(post({
            "resourceType": "Encounter", "status": "finished", "subject": {"reference": patient},
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "participant": [{"individual": conditional("Practitioner", OWN, f"Practitioner-{(number + stay) % 4}")}],
            "location": [{"location": conditional("Location", OWN, f"Location-{stay % 4}")}],
            "serviceProvider": conditional("Organization", OWN, f"Organization-{number % 4}"),
            "period": {"start": f"{2018 + stay}-03-01T09:00:00Z", "end": f"{2018 + stay}-03-01T10:00:00Z"}}, encounter))
        entries += [post(observation(stay * 1000 + at, patient, encounter)) for at in range(observations // 6)]
        entries.append(post({"resourceType": "Condition", "code": coded("http://snomed.info/sct", CONDITIONS[stay % 3]),
                             "subject": {"reference": patient}, "encounter": {"reference": encounter}}))
        entries.append(post({"resourceType": "MedicationRequest", "status": "active" if stay % 2 else "stopped", "intent": "order",
                             "medicationCodeableConcept": coded("http://www.whocc.no/atc", "C09AA01"), "subject": {"reference": patient},
                             "requester": conditional("Practitioner", OWN, f"Practitioner-{stay % 4}")}))
        entries.append(post({"resourceType": "Claim", "status": "active", "use": "claim", "created": f"{2018 + stay}-03-02",
                             "type": coded("http://terminology.hl7.org/CodeSystem/claim-type", "professional"),
                             "patient": {"reference": patient}, "provider": conditional("Organization", OWN, "Organization-0"),
                             "priority": coded("http://terminology.hl7.org/CodeSystem/processpriority", "normal"),
                             "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "none"}}]}))
    return bundle("transaction", entries)


def write(folder: pathlib.Path, patients: int):
    (folder / "0-common.json").write_text(json.dumps(common()))
    for number in range(patients):
        (folder / f"patient-{number:04}.json").write_text(json.dumps(patient_bundle(number)))


def large_transaction(entries: int, bytes_about: int) -> bytes:
    """Patients with four Observations each, that name their patient by urn; a note brings the text to its size."""
    note = "x" * max(1, bytes_about // entries - 640)
    made = []
    for number in range(entries // 5):
        patient = f"urn:uuid:00000000-0000-4000-9000-{number:012}"
        made.append(post({"resourceType": "Patient", "identifier": [{"system": OWN, "value": f"L{number}"}], "birthDate": "1950-01-01",
                          "name": [{"family": f"Large{number}", "text": note}]}, patient))
        for measure in range(4):
            taken = observation(measure, patient, "")
            del taken["encounter"]
            made.append(post({**taken, "note": [{"text": note}]}, f"urn:uuid:00000000-0000-4000-a{measure:03}-{number:012}"))
    return json.dumps(bundle("transaction", made), separators=(",", ":")).encode()


def small_transaction() -> dict:
    patient = "urn:uuid:00000002-0000-4000-8000-000000000000"
    measured = observation(1, patient, "")
    del measured["encounter"]
    return bundle("transaction", [post({"resourceType": "Patient", "name": [{"family": "Durand", "given": ["Noé"]}], "gender": "male"}, patient),
                                  post(measured)])


_SUBJECT = {"display": "somebody"}
NINE_TYPES = [
    {"resourceType": "Patient", "name": [{"family": "Durand", "given": ["Noé"]}], "gender": "male", "birthDate": "1950-05-17"},
    {"resourceType": "Practitioner", "name": [{"family": "Petit"}], "active": True},
    {"resourceType": "Organization", "name": "Clinic", "active": True},
    {"resourceType": "Location", "name": "Ward", "status": "active"},
    {"resourceType": "Encounter", "status": "in-progress", "subject": _SUBJECT,
     "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}},
    {"resourceType": "Condition", "code": coded("http://snomed.info/sct", CONDITIONS[0]), "subject": _SUBJECT},
    {"resourceType": "Observation", "status": "final", "code": coded(LOINC, "8867-4"), "subject": _SUBJECT,
     "valueQuantity": {"value": 72, "unit": "/min", "system": UCUM, "code": "/min"}},
    {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": _SUBJECT,
     "medicationCodeableConcept": coded("http://www.whocc.no/atc", "C09AA01")},
    {"resourceType": "Immunization", "status": "completed", "vaccineCode": coded("http://hl7.org/fhir/sid/cvx", "140"),
     "patient": _SUBJECT, "occurrenceDateTime": "2024-10-01"},
]
