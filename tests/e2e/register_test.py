"""Concurrent reads, updates, deletes and conditional creates of few resources over two nodes: afterwards every answer is
held against the history. Versions are gapless, each acknowledged once, and every read shows what was current meanwhile.
"""

import argparse
import collections
import concurrent.futures
import pathlib
import random
import sys
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
from fhir_client import FhirClient  # noqa: E402
from gateway_process import Gateway, Workspace  # noqa: E402
from postgres_server import OutsideDatabase  # noqa: E402
from register import Seen, faults_of  # noqa: E402

THREADS = 8  # half of them on each node
RESOURCES = 3
ROUNDS = 60  # of each thread
CONDITIONS = 12
SEED = random.SystemRandom().randrange(1 << 32)


class Checker(unittest.TestCase):
    """What the test below relies on finds what it is for."""

    HISTORY = {1: "a", 2: "b", 3: "c"}
    WRITES = [Seen("write", 0, 1, 1, "a"), Seen("write", 1.5, 3, 2, "b"), Seen("write", 2, 4, 3, "c")]

    def check(self, *more: Seen, history: dict | None = None) -> list[str]:
        return faults_of([*self.WRITES, *more], self.HISTORY if history is None else history)

    def test_what_can_be_is_well(self):
        self.assertEqual(self.check(), [])
        self.assertEqual(self.check(Seen("read", 1.2, 1.4, 1, "a"), Seen("read", 1.2, 2.6, 2, "b"), Seen("read", 0, 9, 1, "a"),
                                    Seen("read", 0, 0.5, 0), Seen("refused", 1.2, 2.5, 1), Seen("read", 5, 6, 3, "c")), [])

    def test_stale_read_is_found(self):
        self.assertTrue(self.check(Seen("read", 4.5, 5, 2, "b")))
        self.assertTrue(self.check(Seen("read", 3.5, 5, 1, "a")))
        self.assertTrue(self.check(Seen("read", 2, 3, 0)))

    def test_read_of_the_future_is_found(self):
        self.assertTrue(self.check(Seen("read", 0, 1.2, 2, "b")))

    def test_reads_that_go_back_in_time_are_found(self):
        # Each alone is possible, the two in this order are not.
        newer, older = Seen("read", 2.1, 2.4, 3, "c"), Seen("read", 2.5, 2.9, 2, "b")
        self.assertEqual(self.check(newer), [])
        self.assertEqual(self.check(older), [])
        self.assertTrue(self.check(newer, older))

    def test_refusal_of_the_current_version_is_found(self):
        self.assertTrue(self.check(Seen("refused", 4.5, 5, 3)))
        self.assertTrue(self.check(Seen("refused", 1.1, 1.4, 1)))

    def test_lost_doubled_and_changed_writes_are_found(self):
        self.assertTrue(self.check(history={1: "a", 2: "b"}))
        self.assertTrue(self.check(history={1: "a", 3: "c"}))
        self.assertTrue(self.check(history={1: "a", 2: "x", 3: "c"}))
        self.assertTrue(self.check(history={**self.HISTORY, 4: "d"}))
        self.assertTrue(self.check(Seen("write", 2, 4, 3, "c")))

    def test_order_against_time_is_found(self):
        self.assertTrue(faults_of([Seen("write", 5, 6, 1, "a"), Seen("write", 1, 2, 2, "b")], {1: "a", 2: "b"}))


class Worker:
    """One client of one node. Its choices follow from the seed; what comes of them is remembered."""

    def __init__(self, number: int, base: str, seed: int):
        self.number = number
        self.client = FhirClient(base, timeout_s=60)
        self.client.repeats = False
        self.dice = random.Random(seed)
        self.seen: dict[str, list[Seen]] = collections.defaultdict(list)
        self.version: dict[str, int] = {}  # seen last
        self.counts: collections.Counter = collections.Counter()
        self.faults: list = []
        self.creates: list[tuple[int, int, str]] = []  # condition, status, id

    def timed(self, *words):
        start = time.monotonic()
        answer = self.client.call(*words)
        return start, time.monotonic(), *answer

    def step(self, step: int):
        path = f"Basic/register{self.dice.randrange(RESOURCES)}"
        chosen = self.dice.choices((self.read, self.search, self.past, self.update, self.update_if, self.delete_if),
                                   (4, 2, 1, 2, 6, 1))[0]
        chosen(path, f"{self.number}-{step}")

    def note(self, kind: str, path: str, start: float, end: float, version: int, value: str | None = None):
        self.counts[kind] += 1
        self.seen[path].append(Seen(kind, start, end, version, value))
        if kind != "refused":
            self.version[path] = version

    def resource(self, path: str, value: str) -> dict:
        return {"resourceType": "Basic", "id": path.split("/")[1], "code": {"text": "register"},
                "identifier": [{"system": "urn:test:register", "value": value}]}

    def read(self, path: str, _):
        start, end, status, body, headers = self.timed("GET", path)
        if status == 200:
            self.note("read", path, start, end, int(body["meta"]["versionId"]), body["identifier"][0]["value"])
        elif status == 410 and "etag" in headers:
            self.note("read", path, start, end, int(headers["etag"].strip('W/"')), None)
        elif status == 410:
            self.counts["gone"] += 1  # of which version is not said: it shows nothing
        elif status == 404:
            self.note("read", path, start, end, 0)
        else:
            self.faults.append(("GET", status, body))

    def search(self, path: str, _):
        start, end, status, body, _ = self.timed("GET", f"Basic?_id={path.split('/')[1]}")
        if status != 200:
            self.faults.append(("search", status, body))
        for entry in body.get("entry", []):
            found = entry["resource"]
            self.note("read", path, start, end, int(found["meta"]["versionId"]), found["identifier"][0]["value"])

    def past(self, path: str, _):
        """The history read in between ends with what is current, and begins with the first."""
        start, end, status, body, _ = self.timed("GET", f"{path}/_history?_count=1000")
        if status == 404:
            self.note("read", path, start, end, 0)
            return
        if status != 200:
            self.faults.append(("history", status, body))
            return
        versions = values_of(body)
        if sorted(versions) != list(range(1, len(versions) + 1)):
            self.faults.append(("history", "gaps", sorted(versions)))
        self.note("read", path, start, end, max(versions), versions[max(versions)])

    def wrote(self, path: str, value: str | None, named: int | None, start, end, status, body, headers):
        if status in (200, 201, 204) and "etag" in headers:
            self.note("write", path, start, end, int(headers["etag"].strip('W/"')), value)
        elif status == 412 and named is not None:
            self.note("refused", path, start, end, named)
        elif status == 409 and body.get("resourceType") == "OperationOutcome":
            self.counts["conflict"] += 1  # refused whole: shows in the history if it was not
        else:
            self.faults.append(("write", status, body, named))

    def update(self, path: str, value: str):
        self.wrote(path, value, None, *self.timed("PUT", path, self.resource(path, value)))

    def update_if(self, path: str, value: str):
        version = self.version.get(path, 0)
        if version == 0:
            return self.update(path, value)
        self.wrote(path, value, version, *self.timed("PUT", path, self.resource(path, value), {"If-Match": f'W/"{version}"'}))

    def delete_if(self, path: str, _):
        version = self.version.get(path, 0)
        if version == 0:
            return
        start, end, status, body, headers = self.timed("DELETE", path, None, {"If-Match": f'W/"{version}"'})
        if status in (200, 204) and int(headers.get("etag", '"0"').strip('W/"')) == version:
            self.note("read", path, start, end, version, None)  # it was deleted already: nothing is written
        else:
            self.wrote(path, None, version, start, end, status, body, headers)

    def create(self, condition: int):
        """The same conditional create as all others send, alone or in a transaction."""
        resource = {"resourceType": "Organization", "identifier": [{"system": "urn:test:once", "value": str(condition)}]}
        criteria = f"identifier=urn:test:once|{condition}"
        if self.dice.random() < 0.5:
            _, _, status, body, _ = self.timed("POST", "Organization", resource, {"If-None-Exist": criteria})
            self.creates.append((condition, status, (body or {}).get("id", "")))
            return
        _, _, status, body, _ = self.timed("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [
            {"fullUrl": "urn:uuid:7f4fa2b2-5e1e-4c3e-9d51-0e1e7a1b0001", "resource": resource,
             "request": {"method": "POST", "url": "Organization", "ifNoneExist": criteria}},
            {"resource": {"resourceType": "Basic", "code": {"text": f"of {condition}"},
                          "subject": {"reference": "urn:uuid:7f4fa2b2-5e1e-4c3e-9d51-0e1e7a1b0001"}},
             "request": {"method": "POST", "url": "Basic"}}]})
        if status != 200:
            self.faults.append(("transaction", status, body))
            return
        answer = body["entry"][0]["response"]
        self.creates.append((condition, int(answer["status"][:3]),
                             answer["location"].split("/_history")[0].rsplit("/", 1)[1]))


def values_of(history: dict) -> dict[int, str | None]:
    """version → value of a history Bundle."""
    versions = {}
    for entry in history["entry"]:
        if entry["request"]["method"] == "DELETE":
            versions[int(entry["response"]["etag"].strip('W/"'))] = None
        else:
            versions[int(entry["resource"]["meta"]["versionId"])] = entry["resource"]["identifier"][0]["value"]
    return versions


class Register(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = OutsideDatabase()
        cls.addClassCleanup(cls.database.close)
        cls.workspace = Workspace("register")
        cls.addClassCleanup(cls.workspace.close)
        settings = e2e.settings_of(cls.workspace, {}, {
            "access": {"mode": "open"}, "database": {"connection": cls.database.conninfo, "pool_size": 8, "acquire_timeout_ms": 20000}})
        config = e2e.write_settings(cls.workspace.path / "passerelle.yaml", settings)
        cls.nodes = [Gateway(e2e.binary(), config, None, cls.workspace.path / f"node{n}.log") for n in (1, 2)]
        cls.addClassCleanup(cls.end)
        for node in cls.nodes:
            node.start()
        print(f"{THREADS} clients, {RESOURCES} resources, seed {SEED} (--seed {SEED} makes the same choices)", flush=True)
        dice = random.Random(SEED)
        cls.workers = [Worker(n, cls.nodes[n % 2].base, dice.randrange(1 << 32)) for n in range(THREADS)]
        gate = threading.Barrier(THREADS)

        def work(worker: Worker):
            worker.client.get("metadata")  # connected before the start
            gate.wait(60)
            for step in range(ROUNDS):
                worker.step(step)
            for condition in range(CONDITIONS):
                gate.wait(60)
                worker.create(condition)

        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(work, cls.workers))
        counts = sum((worker.counts for worker in cls.workers), collections.Counter())
        print("  " + ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())), flush=True)
        cls.counts = counts

    @classmethod
    def end(cls):
        for node in cls.nodes:
            if node.process is not None and node.process.poll() is None:
                node.stop()

    def client(self, node: int = 0) -> FhirClient:
        client = FhirClient(self.nodes[node].base, timeout_s=60)
        self.addCleanup(client.connection.close)
        return client

    def test_every_answer_fits_the_history(self):
        self.assertEqual([fault for worker in self.workers for fault in worker.faults], [])
        for kind in ("read", "write", "refused"):
            self.assertGreater(self.counts[kind], THREADS * ROUNDS / 20, "too few: the test shows nothing")
        # A conflict is for what retries inside could not settle; it must stay the exception.
        self.assertLess(self.counts["conflict"], self.counts["write"] / 10)
        for number in range(RESOURCES):
            path = f"Basic/register{number}"
            status, body, _ = self.client(number % 2).get(f"{path}/_history?_count=1000")
            self.assertEqual(status, 200)
            with self.subTest(path):
                history = values_of(body)
                self.assertEqual(body["total"], len(history))
                answers = [seen for worker in self.workers for seen in worker.seen[path]]
                self.assertEqual(faults_of(answers, history), [], f"seed {SEED}")
                times = [entry["response"]["lastModified"] for entry in body["entry"]]
                self.assertEqual(times, sorted(times, reverse=True), "times follow the versions")
                self.assertEqual(values_of(self.client(1 - number % 2).get(f"{path}/_history?_count=1000")[1]), history)

    def test_conditional_creates_have_one_winner_and_its_id_for_all(self):
        for condition in range(CONDITIONS):
            with self.subTest(condition):
                answers = [(status, one) for worker in self.workers for c, status, one in worker.creates if c == condition]
                self.assertEqual(sorted(status for status, _ in answers), [200] * (THREADS - 1) + [201], f"seed {SEED}")
                ids = {one for _, one in answers}
                self.assertEqual(len(ids), 1)
                found = self.client(condition % 2).search(f"Organization?identifier=urn:test:once|{condition}")
                self.assertEqual([one["id"] for one in found], list(ids))
                self.assertEqual(found[0]["meta"]["versionId"], "1")
                # What came with it in transactions refers to the winner.
                references = {one["subject"]["reference"] for one in self.client().search(f"Basic?subject=Organization/{found[0]['id']}")}
                self.assertLessEqual(references, {f"Organization/{found[0]['id']}"})
        transactions = sum(1 for one in self.client().search("Basic?_count=1000") if one["code"]["text"].startswith("of "))
        self.assertGreater(transactions, CONDITIONS)
        self.assertEqual(self.client().get("Organization?_summary=count")[1]["total"], CONDITIONS)


if __name__ == "__main__":
    words = argparse.ArgumentParser(add_help=False)
    words.add_argument("--seed", type=int, default=SEED)
    words.add_argument("--rounds", type=int, default=ROUNDS)
    given, rest = words.parse_known_args()
    SEED, ROUNDS = given.seed, given.rounds
    sys.argv = [sys.argv[0], *rest]
    e2e.main()
