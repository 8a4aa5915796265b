"""Walks through pages that are taken from two nodes by turns, while clients of both write, update and delete: each shows
what there was at the moment of its first page, nothing twice, nothing left out, in the versions of that moment.
"""

import argparse
import dataclasses
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

PATIENTS, OBSERVATIONS = 60, 90
WRITERS = 2  # one on each node; each changes resources of its own
PAGE = 7
PAGES_MAX = 20  # of a walk: longer ones get larger pages
WRITES_A_PAGE = 3  # at least so many come between two pages
SEED = random.SystemRandom().randrange(1 << 32)
FAMILIES = ("Arnaud", "Béranger", "Costa", "Dupré")
# Queries that reach rows in different ways: by id, by value, sorted, chained, backwards, negated, with others included.
QUERIES = ("Patient", "Patient?gender=female", "Patient?_sort=birthdate", "Patient?_sort=-family,birthdate", "Patient?_sort=-_lastUpdated",
           "Patient?gender:not=male", "Patient?_has:Observation:patient:status=final", "Observation?_sort=-value-quantity",
           "Observation?patient.family=costa&_include=Observation:patient", "Patient?_revinclude=Observation:patient")
HISTORIES = ("Patient/_history", "Patient/_history?_sort=_lastUpdated", "_history")


@dataclasses.dataclass
class State:
    """A version that a writer made: current from some time between sent and acknowledged on."""

    version: int
    sent: float
    acknowledged: float
    live: bool
    gender: str = ""


class Writer(threading.Thread):
    def __init__(self, number: int, base: str, seed: int):
        super().__init__(daemon=True)
        self.number, self.dice = number, random.Random(seed)
        self.client = FhirClient(base)
        self.states: dict[str, list[State]] = {}  # Type/id → its versions
        self.writes = 0
        self.held = threading.Lock()  # whoever has it stops the writing between two writes
        self.ending = threading.Event()
        self.faults: list = []

    def mine(self, kind: str) -> list[str]:
        return [path for path in self.states if path.startswith(kind)]

    def patient(self) -> dict:
        return {"resourceType": "Patient", "name": [{"family": self.dice.choice(FAMILIES)}], "gender": self.dice.choice(("male", "female")),
                **({"birthDate": f"19{self.dice.randrange(50, 60)}-0{self.dice.randrange(1, 10)}-01"} if self.dice.random() < 0.8 else {})}

    def observation(self) -> dict:
        return {"resourceType": "Observation", "status": self.dice.choice(("final", "amended")), "code": {"text": "pulse"},
                "subject": {"reference": self.dice.choice(self.mine("Patient"))}, "valueQuantity": {"value": self.dice.randrange(50)}}

    def write(self, method: str, path: str, body: dict | None = None):
        sent = time.monotonic()
        status, made, headers = self.client.call(method, path, body)
        if status not in (200, 201, 204):
            self.faults.append((method, path, status, made))
            return
        if method != "DELETE":
            path = f"{made['resourceType']}/{made['id']}"
        version = int(headers["etag"].strip('W/"'))
        self.states.setdefault(path, []).append(
            State(version, sent, time.monotonic(), method != "DELETE", (body or {}).get("gender", "")))
        self.writes += 1

    def fill(self):
        for _ in range(PATIENTS // WRITERS):
            self.write("POST", "Patient", self.patient())
        for _ in range(OBSERVATIONS // WRITERS):
            self.write("POST", "Observation", self.observation())

    def run(self):
        try:
            while not self.ending.is_set():
                with self.held:
                    self.change()
                time.sleep(0.002)  # others may take the lock
        except Exception as error:  # told by the test
            self.faults.append(repr(error))

    def change(self):
        kind = self.dice.choice(("Patient", "Observation"))
        make = self.patient if kind == "Patient" else self.observation
        choice = self.dice.random()
        path = self.dice.choice(self.mine(kind))
        live = self.states[path][-1].live
        if choice < 0.2 and len(self.mine(kind)) < 200:
            self.write("POST", kind, make())
        elif choice < 0.4 and live:
            self.write("DELETE", path)
        else:  # a deleted one comes back by it
            self.write("PUT", path, {**make(), "id": path.split("/")[1]})


class PagingOverNodes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = OutsideDatabase()
        cls.addClassCleanup(cls.database.close)
        cls.workspace = Workspace("paging")
        cls.addClassCleanup(cls.workspace.close)
        # Auditing adds resources of its own to a history of the system. Anything may be deleted at any time, and referred
        # to afterwards: what a walk shows must not depend on the order that references ask for.
        settings = e2e.settings_of(cls.workspace, {}, {
            "validation": {"local_references": "ignore", "referenced_deletes": "allow"},
            "access": {"mode": "open"}, "audit": {"reads": False, "writes": False}, "log": {"level": "warning"},
            "database": {"connection": cls.database.conninfo, "pool_size": 6}})
        config = e2e.write_settings(cls.workspace.path / "passerelle.yaml", settings)
        cls.nodes = [Gateway(e2e.binary(), config, None, cls.workspace.path / f"node{n}.log") for n in (1, 2)]
        cls.addClassCleanup(cls.end)
        for node in cls.nodes:
            node.start()
        print(f"seed {SEED} (--seed {SEED} makes the same choices)", flush=True)
        dice = random.Random(SEED)
        cls.writers = [Writer(n, cls.nodes[n % 2].base, dice.randrange(1 << 32)) for n in range(WRITERS)]
        cls.clients = [FhirClient(node.base, timeout_s=60) for node in cls.nodes]
        for writer in cls.writers:
            writer.fill()
        for writer in cls.writers:
            writer.start()
        cls.addClassCleanup(cls.end_writers)

    @classmethod
    def end_writers(cls):
        for writer in cls.writers:
            writer.ending.set()
        for writer in cls.writers:
            writer.join(30)

    @classmethod
    def end(cls):
        for node in cls.nodes:
            if node.process is not None and node.process.poll() is None:
                node.stop()

    def tearDown(self):
        self.assertEqual([writer.faults for writer in self.writers], [[]] * WRITERS)

    def hold(self):
        for writer in self.writers:
            writer.held.acquire()

    def let_go(self):
        for writer in self.writers:
            writer.held.release()

    def page(self, number: int, path: str) -> dict:
        """From the node whose turn it is."""
        status, body, _ = self.clients[number % 2].get(path)
        self.assertEqual(status, 200, (path.split("?")[0], body))
        return body

    @staticmethod
    def link(bundle: dict, relation: str) -> str | None:
        """The path of a link, which any node answers."""
        return next((one["url"].split("/fhir/", 1)[1] for one in bundle.get("link", []) if one["relation"] == relation), None)

    @staticmethod
    def shown(bundle: dict) -> tuple[list[str], set[str]]:
        """Matches and included ones as Type/id/version."""
        matches, included = [], set()
        for entry in bundle.get("entry", []):
            if "resource" in entry:
                resource = entry["resource"]
                text = f"{resource['resourceType']}/{resource['id']}/{resource['meta']['versionId']}"
            else:  # a deletion in a history
                text = f"{entry['request']['url']}/{entry['response']['etag']}"
            if entry.get("search", {}).get("mode") == "include":
                included.add(text)
            else:
                matches.append(text)
        return matches, included

    def await_writes(self):
        goal = sum(writer.writes for writer in self.writers) + WRITES_A_PAGE
        self.assertTrue(e2e.wait_until(lambda: sum(writer.writes for writer in self.writers) >= goal, 30, 0.002), "no writes between pages")

    def walk(self, first: dict, start: int, relation: str = "next") -> tuple[list[list[str]], set[str], dict]:
        """The pages from `first` on, each from the other node than the one before it: (pages, included ones, last page)."""
        page, pages, included = first, [], set()
        for number in range(start, start + 2 * PAGES_MAX):
            matches, others = self.shown(page)
            pages.append(matches)
            included |= others
            path = self.link(page, relation)
            if path is None:
                return pages, included, page
            self.await_writes()
            page = self.page(number + 1, path)
        self.fail("a walk without an end")

    def all_of(self, number: int, query: str) -> tuple[list[str], set[str]]:
        """Everything that a query finds, while nobody writes."""
        matches, included, path = [], set(), self.with_count(query, 1000)
        while path is not None:
            page = self.page(number, path)
            more, others = self.shown(page)
            matches, included, path = matches + more, included | others, self.link(page, "next")
        return matches, included

    def with_count(self, query: str, count: int) -> str:
        return f"{query}{'&' if '?' in query else '?'}_count={count}"

    def count_for(self, matches: int) -> int:
        """Resources a page: at least three pages, whatever the seed has made, and not too many."""
        return max(1, min(PAGE, (matches - 1) // 2), matches // PAGES_MAX)

    def test_each_walk_shows_the_moment_of_its_first_page(self):
        changed = 0
        for turn, query in enumerate(QUERIES + HISTORIES):
            with self.subTest(query):
                self.hold()
                try:  # of one moment: everything in one page, the first page of the walk, and what the writers know
                    whole, whole_included = self.all_of(turn, query)
                    first = self.page(turn + 1, self.with_count(query, self.count_for(len(whole))))
                    live = {f"{path}/{states[-1].version}": states[-1] for writer in self.writers
                            for path, states in writer.states.items() if states[-1].live}
                finally:
                    self.let_go()
                pages, included, last = self.walk(first, turn + 1)
                walked = [one for page in pages for one in page]
                self.assertEqual(walked, whole, f"seed {SEED}")
                self.assertEqual(included, whole_included, f"seed {SEED}")
                self.assertGreater(len(pages), 2)
                if query == "Patient":
                    self.assertEqual(set(walked), {one for one in live if one.startswith("Patient")})
                elif query == "Patient?gender=female":
                    self.assertEqual(set(walked), {one for one, state in live.items() if state.gender == "female"})
                changed += whole != self.all_of(turn, query)[0]
                # And back again, from the last page to the first.
                back, _, _ = self.walk(last, turn, "previous")
                self.assertEqual([one for page in reversed(back) for one in page], whole, f"seed {SEED}")
        self.assertGreater(changed, len(QUERIES) // 2, "the writes must change what is found, or the walks show nothing")

    def test_walks_that_stop_nobody_are_of_one_moment_too(self):
        for turn in range(4):
            begin = time.monotonic()
            first = self.page(turn, self.with_count("Patient", PAGE))
            end = time.monotonic()
            pages, _, _ = self.walk(first, turn)
            walked = [one for page in pages for one in page]
            self.assertEqual(len(walked), len(set(walked)), f"seed {SEED}")
            by_path = {one.rsplit("/", 1)[0]: int(one.rsplit("/", 1)[1]) for one in walked}
            self.assertEqual(len(by_path), len(walked), f"a resource in two versions; seed {SEED}")
            for writer in self.writers:
                for path, states in list(writer.states.items()):
                    if not path.startswith("Patient"):
                        continue
                    states = list(states)
                    # Between its first and its last possible moment, whether the next version follows or not.
                    possible = [state for n, state in enumerate(states)
                                if state.sent <= end and (n + 1 == len(states) or states[n + 1].acknowledged >= begin)]
                    before = not states or states[0].acknowledged >= begin  # it may not have been there at all
                    absent = before or any(not state.live for state in possible)
                    if path in by_path:
                        self.assertIn(by_path[path], [state.version for state in possible if state.live], (path, f"seed {SEED}"))
                    else:
                        self.assertTrue(absent, (path, f"left out; seed {SEED}"))


if __name__ == "__main__":
    words = argparse.ArgumentParser(add_help=False)
    words.add_argument("--seed", type=int, default=SEED)
    given, rest = words.parse_known_args()
    SEED = given.seed
    sys.argv = [sys.argv[0], *rest]
    e2e.main()
