"""What goes wrong in FHIR servers under use, asked of a running gateway: writes that meet, identities that move, reads right
after writes, numbers, long lists, and answers too large to hold.
"""

import concurrent.futures
import gzip
import json
import pathlib
import random
import re
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
from fhir_client import FhirClient  # noqa: E402

CLIENTS = 6


def identifier(value: str) -> list[dict]:
    return [{"system": "urn:rest", "value": value}]


def patient(value: str, **more) -> dict:
    return {"resourceType": "Patient", "identifier": identifier(value), **more}


def entry(method: str, url: str, resource: dict | None = None, **request) -> dict:
    made = {"request": {"method": method, "url": url, **request}}
    return {**made, "resource": resource} if resource else made


def transaction(*entries: dict) -> dict:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


class OpenCase(e2e.GatewayCase):
    over = {"access": {"mode": "open"}}

    def at_once(self, ask, count: int = CLIENTS) -> list:
        """ask(client, number) on as many connections."""
        def run(number: int):
            client = FhirClient(self.gateway.base, timeout_s=60)
            try:
                return ask(client, number)
            finally:
                client.connection.close()

        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            return list(pool.map(run, range(count)))


class WritesThatMeet(OpenCase):
    def test_transactions_over_the_same_resources_in_any_order_all_succeed(self):
        """Locks are taken in one order, whatever the order of the entries: nobody sees a deadlock."""
        names = [f"meet{number}" for number in range(12)]
        for name in names:
            self.assertEqual(self.client(None).call("PUT", f"Basic/{name}", {"resourceType": "Basic", "id": name, "code": {"text": "0"}})[0], 201)

        def ask(client: FhirClient, number: int):
            order, statuses = random.Random(number), []
            for turn in range(8):
                order.shuffle(names_of := list(names))
                entries = [entry("PUT", f"Basic/{name}", {"resourceType": "Basic", "id": name, "code": {"text": f"{number}-{turn}"}})
                           for name in names_of]
                entries.append(entry("POST", "Patient", patient(f"shared{turn % 3}"), ifNoneExist=f"identifier=urn:rest|shared{turn % 3}"))
                statuses.append(client.call("POST", "", transaction(*entries))[0])
            return statuses

        statuses = sum(self.at_once(ask), [])
        self.assertEqual(set(statuses), {200})
        client = self.client(None)
        for name in names:
            history = client.get(f"Basic/{name}/_history?_count=1000")[1]
            versions = [int(one["resource"]["meta"]["versionId"]) for one in history["entry"]]
            self.assertEqual(versions, list(range(len(statuses) + 1, 0, -1)), "each transaction made one version, none is missing")
            self.assertEqual(len({client.get(f"Basic/{other}")[1]["code"]["text"] for other in names}), 1, "the last one stands whole")
        for number in range(3):
            self.assertEqual(len(client.search(f"Patient?identifier=urn:rest|shared{number}")), 1)

    def test_puts_to_an_id_that_is_new_all_succeed(self):
        answers = self.at_once(lambda client, number: client.call(
            "PUT", "Patient/fresh", {"resourceType": "Patient", "id": "fresh", "multipleBirthInteger": number + 1}))
        self.assertEqual(sorted(status for status, _, _ in answers), [200] * (CLIENTS - 1) + [201])
        self.assertEqual(sorted(int(body["meta"]["versionId"]) for _, body, _ in answers), list(range(1, CLIENTS + 1)))

    def test_deletes_and_writes_of_one_resource_are_told_from_errors(self):
        def ask(client: FhirClient, number: int):
            made = set()
            for turn in range(20):
                if number % 2:
                    made.add(client.call("PUT", "Basic/contended", {"resourceType": "Basic", "id": "contended", "code": {"text": f"{number}-{turn}"}})[0])
                else:
                    made.add(client.call("DELETE", "Basic/contended")[0])
            return made

        self.assertLessEqual(set().union(*self.at_once(ask)), {200, 201, 204, 409})
        history = self.client(None).get("Basic/contended/_history?_count=1000")[1]["entry"]
        versions = [int(one["response"]["etag"].strip('W/"')) for one in history]
        self.assertEqual(versions, list(range(len(versions), 0, -1)))


class IdentitiesThatMove(OpenCase):
    def test_a_condition_looks_at_what_is_there_and_not_at_what_was(self):
        client = self.client(None)
        make = lambda value: client.call("POST", "Patient", patient(value), {"If-None-Exist": f"identifier=urn:rest|{value}"})  # noqa: E731
        status, first, _ = make("moves")
        self.assertEqual(status, 201)
        self.assertEqual((make("moves")[0], make("moves")[1]["id"]), (200, first["id"]))
        self.assertEqual(client.call("DELETE", f"Patient/{first['id']}")[0], 204)
        status, second, _ = make("moves")
        self.assertEqual(status, 201, "the match was deleted: a new one is made")
        self.assertEqual(client.call("PUT", f"Patient/{second['id']}", dict(second, identifier=identifier("moved")))[0], 200)
        status, third, _ = make("moves")
        self.assertEqual(status, 201, "the match has another identifier: a new one is made")
        self.assertEqual(make("moved")[1]["id"], second["id"])
        # The same bundle again, as a feed sends it after a deletion.
        feed = transaction(entry("POST", "Patient", patient("moves"), ifNoneExist="identifier=urn:rest|moves"))
        for expected, deleted in (("200", third["id"]), ("201", None), ("200", None)):
            status, answer, _ = client.call("POST", "", feed)
            self.assertEqual((status, answer["entry"][0]["response"]["status"][:3]), (200, expected))
            if deleted:
                self.assertEqual(client.call("DELETE", f"Patient/{deleted}")[0], 204)

    def test_conditional_references_outside_of_bundles_are_resolved_or_refused_with_their_place(self):
        client = self.client(None)
        there = client.call("POST", "Patient", patient("one"))[1]["id"]
        for _ in range(2):
            client.call("POST", "Patient", patient("two"))
        observation = lambda query: {"resourceType": "Observation", "status": "final", "code": {"text": "x"},  # noqa: E731
                                     "subject": {"reference": f"Patient?{query}"}}
        status, made, _ = client.call("POST", "Observation", observation("identifier=urn:rest|one"))
        self.assertEqual((status, made["subject"]["reference"]), (201, f"Patient/{there}"))
        for query, expected in (("identifier=urn:rest|two", 412), ("identifier=urn:rest|none", 422), ("identifier=", 422), ("foo=1", 400)):
            status, outcome, _ = client.call("POST", "Observation", observation(query))
            self.assertEqual(status, expected, outcome)
            self.assertEqual(outcome["issue"][0].get("expression"), ["Observation.subject"], outcome)
        self.assertEqual(client.get("Observation?_summary=count")[1]["total"], 1)


class ReadsRightAfterWrites(OpenCase):
    def test_a_search_finds_what_has_just_been_written_and_nothing_that_has_just_gone(self):
        client, other = self.client(None), self.client(None)
        for turn in range(30):
            made = client.call("POST", "Patient", patient(f"now{turn}", gender="male"))[1]
            query = f"Patient?identifier=urn:rest|now{turn}&_total=accurate"
            self.assertEqual(other.get(query)[1]["total"], 1)
            self.assertEqual(client.call("PUT", f"Patient/{made['id']}", dict(made, gender="female"))[0], 200)
            self.assertEqual(other.get(query + "&gender=male")[1]["total"], 0)
            self.assertEqual(other.get(query + "&gender=female")[1]["total"], 1)
            self.assertEqual(client.call("DELETE", f"Patient/{made['id']}")[0], 204)
            self.assertEqual(other.get(query)[1]["total"], 0)
            self.assertEqual(other.get(f"Patient/{made['id']}")[0], 410)


class NumbersAndTexts(OpenCase):
    def test_decimals_come_back_as_they_were_sent(self):
        client = self.client(None)
        for text in ("1.0", "1.00", "100", "1.2E+2", "1.20e-3", "-0.0", "0.000000000000000001", "123456789012345678.90", "1E400"):
            with self.subTest(text):
                sent = ('{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":%s,"unit":"u"}}' % text).encode()
                status, made, headers = client.call("POST", "Observation", sent, {"Content-Type": "application/fhir+json", "Prefer": "return=minimal"})
                self.assertEqual(status, 201, made)
                path = headers["location"].split("/fhir/")[1]
                client.connection.request("GET", f"/fhir/{path}", headers={"Accept": "application/fhir+json"})
                answer = client.connection.getresponse().read()
                self.assertIn(b'"value":%s,' % text.encode(), answer)
        for query, expected in (("value-quantity=120||u", 1), ("value-quantity=eq0.0012||u", 1), ("value-quantity=gt1e17||u", 2), ("value-quantity=1.00||u", 2)):
            self.assertEqual(client.get(f"Observation?{query}&_summary=count")[1]["total"], expected, query)

    def test_a_long_list_of_values_is_one_quick_search(self):
        client = self.client(None)
        entries = [entry("POST", "Patient", patient(f"list{number}")) for number in range(400)]
        self.assertEqual(client.call("POST", "", transaction(*entries))[0], 200)
        wanted = ",".join(f"urn:rest|list{number}" for number in range(0, 226, 2))  # 113 of them
        begin = time.monotonic()
        found = client.search(f"Patient?identifier={wanted}&_count=200")
        self.assertLess(time.monotonic() - begin, 2)
        self.assertEqual(sorted(one["identifier"][0]["value"] for one in found), sorted(f"list{number}" for number in range(0, 226, 2)))
        ids = ",".join(one["id"] for one in found)
        self.assertEqual(len(client.search(f"Patient?_id={ids}&_count=200")), 113)
        status, bundle, _ = client.call("POST", "Patient/_search", f"identifier={wanted}&_summary=count")
        self.assertEqual((status, bundle["total"]), (200, 113))


class Patches(OpenCase):
    def test_of_one_item_among_many_and_in_a_transaction_with_its_version(self):
        client = self.client(None)
        names = [{"family": f"Name{number}"} for number in range(300)]
        made = client.call("POST", "Patient", patient("patch", name=names))[1]
        json_patch = lambda operations, version: client.call(  # noqa: E731
            "PATCH", f"Patient/{made['id']}", json.dumps(operations).encode(),
            {"Content-Type": "application/json-patch+json", "If-Match": f'W/"{version}"'})
        status, body, _ = json_patch([{"op": "test", "path": "/name/250/family", "value": "Name250"},
                                      {"op": "replace", "path": "/name/250/family", "value": "Other"}], 1)
        self.assertEqual(status, 200, body)
        self.assertEqual([body["name"][n]["family"] for n in (249, 250, 251)], ["Name249", "Other", "Name251"])
        status, body, _ = json_patch([{"op": "test", "path": "/name/250/family", "value": "Name250"}, {"op": "remove", "path": "/name/250"}], 2)
        self.assertEqual(status, 422, "the test of the patch fails")
        self.assertEqual(json_patch([{"op": "remove", "path": "/name/0"}], 1)[0], 412)
        operation = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
            {"name": "type", "valueCode": "replace"}, {"name": "path", "valueString": "Patient.name.where(family = 'Other').family"},
            {"name": "value", "valueString": "Again"}]}]}
        for version, expected in ((1, 412), (2, 200)):
            status, answer, _ = client.call("POST", "", transaction(
                entry("PATCH", f"Patient/{made['id']}", operation, ifMatch=f'W/"{version}"'), entry("POST", "Basic", {"resourceType": "Basic", "code": {"text": "with it"}})))
            self.assertEqual(status, expected, answer)
        self.assertEqual(client.get(f"Patient/{made['id']}")[1]["name"][250]["family"], "Again")
        self.assertEqual(client.get("Basic?_summary=count")[1]["total"], 1)


class Totals(OpenCase):
    def test_are_exact_unasked_for_agendas_and_said_to_be_what_they_are_elsewhere(self):
        client = self.client(None)
        schedule = client.call("POST", "Schedule", {"resourceType": "Schedule", "actor": [{"display": "x"}]})[1]["id"]
        slots = [entry("POST", "Slot", {"resourceType": "Slot", "status": "free" if number % 3 else "busy-unavailable", "schedule": {"reference": f"Schedule/{schedule}"},
                                        "start": f"2027-01-{1 + number // 24 % 28:02}T{number % 24:02}:{number // 672 * 20:02}:00Z",
                                        "end": f"2027-01-{1 + number // 24 % 28:02}T{number % 24:02}:{number // 672 * 20 + 10:02}:00Z"}) for number in range(1000)]
        for begin in range(0, 1000, 250):
            status, answer, _ = client.call("POST", "", transaction(*slots[begin:begin + 250]))
            self.assertEqual(status, 200, str(answer)[:400])
        self.assertEqual(client.get("Slot?_count=10")[1]["total"], 1000, "the largest number that is counted unasked")
        self.assertEqual(client.get("Slot?status=free&_count=10")[1]["total"], 666)
        self.assertEqual(client.get(f"Schedule?_id={schedule}&_count=1")[1]["total"], 1)
        for number in range(3):
            self.assertEqual(client.call("POST", "Patient", patient(f"t{number}"))[0], 201)
        self.assertNotIn("total", client.get("Patient?_count=1")[1])
        self.assertNotIn("total", client.get("Patient?_count=1&_total=none")[1])
        self.assertEqual(client.get("Patient?_count=50")[1]["total"], 3, "all on the page: it costs nothing")
        self.assertEqual(client.get("Patient?_count=1&_total=accurate")[1]["total"], 3)
        bundle = client.get("Patient?_count=1&_total=estimate")[1]
        self.assertIn("_total=estimate", next(link["url"] for link in bundle["link"] if link["relation"] == "self"))


class FormsAndCodings(OpenCase):
    def test_every_name_of_json_and_gzip_both_ways(self):
        client = self.client(None)
        body = json.dumps(patient("gzip", text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">' + "word " * 500 + "</div>"}))
        for name in ("application/fhir+json", "application/json+fhir", "application/json", "text/json"):
            packed = gzip.compress(body.encode())
            status, made, headers = client.call("POST", "Patient", packed, {"Content-Type": name, "Content-Encoding": "gzip", "Accept": name})
            self.assertEqual(status, 201, made)
            self.assertEqual(headers["content-type"].split(";")[0], name)
            status, answer, headers = client.call("GET", f"Patient/{made['id']}", headers={"Accept-Encoding": "gzip", "Accept": "application/xml+fhir"})
            self.assertEqual((status, headers.get("content-encoding")), (200, "gzip"))
            self.assertIn(b"<Patient", gzip.decompress(answer))
        status, outcome, _ = client.call("POST", "Patient", gzip.compress(body.encode())[:-9], {"Content-Type": name, "Content-Encoding": "gzip"})
        self.assertEqual(status, 400)
        self.assert_outcome(outcome)

    def test_elements_of_the_capability_statement(self):
        client = self.client(None)
        status, statement, headers = client.call("GET", "metadata?_elements=status,fhirVersion")
        self.assertEqual((status, statement["fhirVersion"]), (200, "4.0.1"))
        self.assertNotIn("rest", statement)
        self.assertIn("SUBSETTED", json.dumps(statement["meta"]["tag"]))
        self.assertEqual(client.call("GET", "metadata?_elements=status,fhirVersion", headers={"If-None-Match": headers["etag"]})[0], 304)
        self.assertNotEqual(client.call("GET", "metadata")[2]["etag"], headers["etag"])


class LargeAnswers(OpenCase):
    def test_a_page_of_large_resources_is_answered_within_bounds(self):
        """Sixty megabytes on one page: more is not held than a few times of it, and it is given back."""
        client = self.client(None, timeout_s=120)
        for begin in range(0, 100, 25):
            entries = [entry("POST", "Library", {"resourceType": "Library", "status": "draft", "type": {"text": "t"}, "description": "x" * 600_000})
                       for _ in range(25)]
            self.assertEqual(client.call("POST", "", transaction(*entries))[0], 200)
        memory = lambda: int(re.search(r"Pss:\s+(\d+)", pathlib.Path(f"/proc/{self.gateway.process.pid}/smaps_rollup").read_text())[1]) / 1024  # noqa: E731
        before, highest = memory(), 0.0
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            asked = pool.submit(client.get, "Library?_count=100")
            while not asked.done():
                highest = max(highest, memory())
                time.sleep(0.01)
            status, bundle, _ = asked.result()
        self.assertEqual((status, len(bundle["entry"])), (200, 100))
        print(f"  {highest - before:.0f} MB more for 60 MB; ", end="", flush=True)
        self.assertLess(highest - before, 250)
        self.assertLess(memory(), 300)


if __name__ == "__main__":
    e2e.main()
