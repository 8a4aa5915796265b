"""Transactions and batches as a client meets them: the largest one and its memory, errors that name their entry, and links
among entries.
"""

import concurrent.futures
import json
import pathlib
import re
import sys
import time
import uuid

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402

ENTRIES_MAX = 25_000
MEMORY_MB_MAX = 150


def bundle(kind: str, *entries: dict) -> dict:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def post(resource: dict, full_url: str = "", **request) -> dict:
    entry = {"fullUrl": full_url} if full_url else {}
    return {**entry, "resource": resource, "request": {"method": "POST", "url": resource["resourceType"], **request}}


def put(resource: dict, url: str = "", **request) -> dict:
    return {"resource": resource, "request": {"method": "PUT", "url": url or f"{resource['resourceType']}/{resource['id']}", **request}}


def urn(number: int) -> str:
    return f"urn:uuid:{uuid.UUID(int=(4 << 76) + (8 << 60) + number)}"


def observation(subject: str, **more) -> dict:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": subject}, **more}


class LargeTransaction(e2e.GatewayCase):
    over = {"access": {"mode": "open"}}

    def text(self, entries: int, note: int) -> bytes:
        made = []
        for number in range(entries // 5):
            patient = urn(number * 5)
            made.append(post({"resourceType": "Patient", "identifier": [{"system": "urn:large", "value": str(number)}]}, patient))
            for n in range(1, 5):
                made.append(post(observation(patient, code={"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
                                             effectiveDateTime="2024-01-01", note=[{"text": "x" * note}]), urn(number * 5 + n)))
        return json.dumps(bundle("transaction", *made), separators=(",", ":")).encode()

    def memory_mb(self) -> float:
        return int(re.search(r"Pss:\s+(\d+)", pathlib.Path(f"/proc/{self.gateway.process.pid}/smaps_rollup").read_text())[1]) / 1024

    def test_25000_entries_of_60_megabytes_add_at_most_150_megabytes_and_keep_nobody_out(self):
        client = self.client(None, timeout_s=150)
        self.assertEqual(client.call("POST", "", self.text(50, 10), {"Content-Type": "application/fhir+json"})[0], 200)
        text = self.text(ENTRIES_MAX, 2_600)
        self.assertGreater(len(text), 58_000_000)
        before, highest, slowest = self.memory_mb(), 0.0, 0.0
        other = self.client(None)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            sent = pool.submit(client.call, "POST", "", text, {"Content-Type": "application/fhir+json", "Idempotency-Key": "large"})
            while not sent.done():
                begin = time.monotonic()
                self.assertEqual(other.call("POST", "Patient", {"resourceType": "Patient", "active": True})[0], 201)
                slowest = max(slowest, time.monotonic() - begin)
                highest = max(highest, self.memory_mb())
                time.sleep(0.02)
            status, answer, _ = sent.result()
        self.assertEqual(status, 200, str(answer)[:500])
        print(f"  {highest - before:.0f} MB more at most, others waited {slowest:.2f} s; ", end="", flush=True)
        self.assertLessEqual(highest - before, MEMORY_MB_MAX)
        self.assertLess(slowest, 5, "a small write waits for the large one")
        self.assertEqual(len(answer["entry"]), ENTRIES_MAX)
        patient, last = (answer["entry"][n]["response"]["location"].split("/_history")[0] for n in (ENTRIES_MAX - 5, ENTRIES_MAX - 1))
        self.assertEqual(client.get(last)[1]["subject"]["reference"], patient)
        self.assertEqual(client.get("Observation?_summary=count&date=2024")[1]["total"], ENTRIES_MAX // 5 * 4 + 40)
        again = client.call("POST", "", text, {"Content-Type": "application/fhir+json", "Idempotency-Key": "large"})
        self.assertEqual([entry["response"]["location"] for entry in again[1]["entry"]],
                         [entry["response"]["location"] for entry in answer["entry"]], "asked again, the first answer is given")

    def test_one_entry_more_is_413_and_stores_nothing(self):
        entries = [post({"resourceType": "Basic", "code": {"text": "more"}})] * (ENTRIES_MAX + 1)
        status, outcome, _ = self.client(None, timeout_s=60).call("POST", "", bundle("transaction", *entries))
        self.assertEqual(status, 413)
        self.assert_outcome(outcome)
        self.assertEqual(self.client(None).get("Basic?_summary=count")[1]["total"], 0)

    def test_a_large_one_that_fails_late_stores_nothing_and_names_its_entry(self):
        entries = [post({"resourceType": "Library", "status": "draft", "type": {"text": "t"}, "description": "x" * 3000}) for _ in range(1500)]
        for fault, place in ((observation("Patient/none"), "Bundle.entry[1500].resource.subject"),
                             ({"resourceType": "Library", "status": "wrong", "type": {"text": "t"}}, "Bundle.entry[1500].resource.status"),
                             ({"resourceType": "Library", "foo": 1}, "Bundle.entry[1500].resource")):
            with self.subTest(place):
                status, outcome, _ = self.client(None).call("POST", "", bundle("transaction", *entries, post(fault)))
                self.assertIn(status, (400, 422))
                self.assertIn([place], [issue.get("expression") for issue in outcome["issue"]])
        self.assertEqual(self.client(None).get("Library?_summary=count")[1]["total"], 0)

    def test_a_large_batch_does_each_entry(self):
        entries = [put({"resourceType": "Library", "id": f"batch{n}", "status": "draft", "type": {"text": "t"}, "description": "x" * 30_000},
                       **({"ifMatch": 'W/"7"'} if n == 50 else {})) for n in range(100)]
        status, answer, _ = self.client(None).call("POST", "", bundle("batch", *entries))
        self.assertEqual(status, 200)
        statuses = [entry["response"]["status"][:3] for entry in answer["entry"]]
        self.assertEqual(statuses, ["201"] * 50 + ["412"] + ["201"] * 49)
        self.assertEqual(len(self.client(None).get("Library/batch99")[1]["description"]), 30_000)
        for n in range(100):
            self.client(None).call("DELETE", f"Library/batch{n}")


class EveryErrorNamesItsEntry(e2e.GatewayCase):
    over = {"access": {"mode": "open"}}
    # What is wrong, the entry, and the place below "Bundle.entry[1]".
    CASES = (
        ("no resource type", post({"resourceType": "Patiet"}), ".resource"),
        ("unknown element", post({"resourceType": "Patient", "foo": 1}), ".resource"),
        ("empty array", post({"resourceType": "Patient", "name": []}), ".resource.name"),
        ("code", post({"resourceType": "Patient", "gender": "x"}), ".resource.gender"),
        ("missing element", post({"resourceType": "Observation", "status": "final"}), ".resource"),
        ("reference to nothing", post(observation("Patient/none")), ".resource.subject"),
        ("conditional reference to nothing", post(observation("Patient?identifier=a|b")), ".resource.subject"),
        ("conditional reference to several", post(observation("Patient?active=true")), ".resource.subject"),
        ("conditional reference not understood", post(observation("Patient?foo=1")), ".resource.subject"),
        ("reference deep inside", post(observation("Patient/there", contained=[{"resourceType": "Basic", "id": "b", "code": {"text": "c"}, "subject":
              {"reference": "Patient/none"}}], focus=[{"reference": "#b"}])), ".resource.contained[0].subject"),
        ("another id", put({"resourceType": "Patient", "id": "a"}, "Patient/b"), ".resource.id"),
        ("another type", put({"resourceType": "Patient", "id": "a"}, "Basic/a"), ".request.url"),
        ("another version", put({"resourceType": "Patient", "id": "there"}, ifMatch='W/"7"'), ".resource"),
        ("tag not understood", put({"resourceType": "Patient", "id": "there"}, ifMatch="x"), ".request.ifMatch"),
        ("no request", {"resource": {"resourceType": "Patient"}}, ""),
        ("no such method", {"request": {"method": "TRACE", "url": "Patient"}}, ".request.method"),
        ("no url", {"request": {"method": "GET"}}, ".request"),
        ("no resource", {"request": {"method": "POST", "url": "Patient"}}, ""),
        ("absolute url", post({"resourceType": "Patient"}, url="http://elsewhere.example/Patient"), ".request.url"),
        ("condition not understood", post({"resourceType": "Patient"}, ifNoneExist="foo=1"), ".request.ifNoneExist"),
        ("condition with several matches", put({"resourceType": "Patient"}, "Patient?active=true"), ".resource"),
        ("read of a search not understood", {"request": {"method": "GET", "url": "Patient?foo=1"}}, ".request.url"),
        ("read of no type", {"request": {"method": "GET", "url": "Patiet/1"}}, ".request.url"),
        ("patch of nothing", {"resource": {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
            {"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": "Patient.name"}]}]},
                              "request": {"method": "PATCH", "url": "Patient/none"}}, ".resource"),
        ("patch that fails", {"resource": {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
            {"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": "Patient.???"}]}]},
                              "request": {"method": "PATCH", "url": "Patient/there"}}, ".resource"),
        ("unknown operation", {"request": {"method": "GET", "url": "Patient/there/$nothing"}}, ".request.url"),
    )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        client = e2e.FhirClient(cls.gateway.base)
        for name in ("there", "too"):
            assert client.call("PUT", f"Patient/{name}", {"resourceType": "Patient", "id": name, "active": True})[0] == 201
        client.connection.close()

    def assert_all_in_entry(self, outcome: dict, place: str):
        expressions = [issue.get("expression") for issue in outcome["issue"]]
        self.assertTrue(any(one and one[0].startswith(place) for one in expressions), f"{place} is not among {expressions}")
        for issue in outcome["issue"]:
            self.assertTrue(issue.get("expression", [""])[0].startswith("Bundle.entry[1]"), f"an issue without its entry: {issue}")

    def test_of_a_transaction_which_stores_nothing(self):
        client = self.client(None)
        good = post({"resourceType": "Basic", "code": {"text": "good"}})
        for what, entry, place in self.CASES:
            with self.subTest(what):
                status, outcome, _ = client.call("POST", "", bundle("transaction", good, entry))
                self.assertIn(status, (400, 404, 412, 422), outcome)
                self.assert_outcome(outcome)
                self.assert_all_in_entry(outcome, "Bundle.entry[1]" + place)
        self.assertEqual(client.get("Basic?_summary=count")[1]["total"], 0)

    def test_of_a_batch_whose_other_entries_are_done(self):
        client = self.client(None)
        # What is asked of an entry's resource is placed in it; what its request says, at the entry.
        placed = lambda place: "Bundle.entry[1]" + (place if place.startswith(".resource.") else "")  # noqa: E731
        for accept in ("application/fhir+json", "application/fhir+xml"):
            for what, entry, place in self.CASES:
                with self.subTest(what, accept=accept):
                    mark = f"{what}-{accept}"
                    good = post({"resourceType": "Account", "status": "active", "description": mark})
                    status, answer, _ = client.call("POST", "", bundle("batch", good, entry), {"Accept": accept})
                    self.assertEqual(status, 200, answer)
                    if accept.endswith("xml"):
                        self.assertIn(b"<OperationOutcome", answer)
                        self.assertIn(placed(place).encode(), answer)
                        continue
                    self.assertEqual(answer["entry"][0]["response"]["status"][:3], "201")
                    refused = answer["entry"][1]["response"]
                    self.assertIn(refused["status"][:3], ("400", "404", "405", "412", "422"))
                    self.assert_outcome(refused["outcome"])
                    self.assert_all_in_entry(refused["outcome"], placed(place))
        self.assertEqual(client.get("Account?_summary=count")[1]["total"], 2 * len(self.CASES))

    def test_what_is_wrong_with_the_batch_itself_refuses_it(self):
        good = post({"resourceType": "Patient"})
        for wrong in (dict(bundle("batch", good), foo=1), bundle("batch", 1, good), bundle("batch", dict(good, foo=1)),
                      {"resourceType": "Bundle", "type": "batch", "entry": {}}):
            status, outcome, _ = self.client(None).call("POST", "", wrong)
            self.assertEqual(status, 400, outcome)
        self.assertEqual(self.client(None).get("Patient?_summary=count")[1]["total"], 2, "those that were there before")


class LinksAmongEntries(e2e.GatewayCase):
    over = {"access": {"mode": "open"}}

    def commit(self, *entries) -> list[dict]:
        """The stored resources, entry by entry."""
        client = self.client(None)
        status, answer, _ = client.call("POST", "", bundle("transaction", *entries))
        self.assertEqual(status, 200, answer)
        return [client.get(entry["response"]["location"])[1] if "location" in entry["response"] else None for entry in answer["entry"]]

    def test_in_narrative_contained_extension_and_in_a_circle(self):
        patient, one, two, doctor = self.commit(
            post({"resourceType": "Patient", "generalPractitioner": [{"reference": urn(4)}],
                  "extension": [{"url": "http://example.org/last", "valueReference": {"reference": urn(3)}}],
                  "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{urn(2)}">one</a> and '
                                                         f"<a href='{urn(3)}'>two</a>; {urn(2)} in words stays</div>"}}, urn(1)),
            post(observation(urn(1), hasMember=[{"reference": urn(3)}], performer=[{"reference": "#p"}],
                             contained=[{"resourceType": "PractitionerRole", "id": "p", "practitioner": {"reference": urn(4)}}]), urn(2)),
            post(observation(urn(1), hasMember=[{"reference": urn(2)}]), urn(3)),
            post({"resourceType": "Practitioner"}, urn(4)))
        self.assertEqual(patient["generalPractitioner"][0]["reference"], f"Practitioner/{doctor['id']}")
        self.assertEqual(patient["extension"][0]["valueReference"]["reference"], f"Observation/{two['id']}")
        div = patient["text"]["div"]
        self.assertIn(f'<a href="Observation/{one["id"]}">', div)
        self.assertIn(f"<a href='Observation/{two['id']}'>", div)
        self.assertIn(f"{urn(2)} in words stays", div)
        self.assertEqual(one["hasMember"][0]["reference"], f"Observation/{two['id']}")
        self.assertEqual(two["hasMember"][0]["reference"], f"Observation/{one['id']}")
        self.assertEqual(one["contained"][0]["practitioner"]["reference"], f"Practitioner/{doctor['id']}")
        self.assertEqual(one["performer"][0]["reference"], "#p")

    def test_to_what_conditions_find_or_make(self):
        identifier = lambda value: [{"system": "urn:links", "value": value}]  # noqa: E731
        client = self.client(None)
        there = client.call("POST", "Patient", {"resourceType": "Patient", "identifier": identifier("there")})[1]["id"]
        for_new = post({"resourceType": "Patient", "identifier": identifier("new")}, urn(10), ifNoneExist="identifier=urn:links|new")
        found, new, new_too, updated, made, *observations = self.commit(
            post({"resourceType": "Patient", "identifier": identifier("there")}, urn(1), ifNoneExist="identifier=urn:links|there"),
            for_new, dict(for_new, fullUrl=urn(11)),
            dict(put({"resourceType": "Organization", "identifier": identifier("o"), "active": True}, "Organization?identifier=urn:links|o"), fullUrl=urn(12)),
            dict(put({"resourceType": "Location", "identifier": identifier("l")}, "Location?identifier=urn:links|l"), fullUrl=urn(13)),
            post(observation(urn(1))), post(observation(urn(10))), post(observation(urn(11), performer=[{"reference": urn(12)}])),
            post(observation(urn(13))))
        self.assertEqual(found["id"], there)
        self.assertEqual(new["id"], new_too["id"], "two entries, one resource")
        self.assertEqual([one["subject"]["reference"] for one in observations],
                         [f"Patient/{there}", f"Patient/{new['id']}", f"Patient/{new['id']}", f"Location/{made['id']}"])
        self.assertEqual(observations[2]["performer"][0]["reference"], f"Organization/{updated['id']}")

    def test_verbs_are_done_in_the_order_of_the_standard(self):
        client = self.client(None)
        for name in ("old", "kept"):
            client.call("PUT", f"Basic/{name}", {"resourceType": "Basic", "id": name, "code": {"text": "before"}})
        status, answer, _ = client.call("POST", "", bundle(
            "transaction", {"request": {"method": "GET", "url": "Basic?code:text=after&_summary=count"}},
            {"request": {"method": "GET", "url": "Basic/old"}},
            put({"resourceType": "Basic", "id": "kept", "code": {"text": "after"}}),
            post({"resourceType": "Basic", "code": {"text": "after"}}), {"request": {"method": "DELETE", "url": "Basic/old"}}))
        self.assertEqual(status, 200, answer)
        self.assertEqual([entry["response"]["status"][:3] for entry in answer["entry"]], ["200", "410", "200", "201", "204"])
        self.assertEqual(answer["entry"][0]["resource"]["total"], 2, "reads see all writes")


if __name__ == "__main__":
    e2e.main()
