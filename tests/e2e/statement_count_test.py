"""How many SQL statements each interaction costs, as PostgreSQL itself counts them (pg_stat_statements), audit included.

Each statement may be a round trip; one more in a path that everybody takes is a decision, not an accident. Whoever changes
a number changes it in the table below, and says why.
"""

import collections
import itertools
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
import messages as hl7  # noqa: E402
from fhir_client import FhirClient  # noqa: E402
from gateway_process import Gateway, Workspace  # noqa: E402
from mllp import MllpSender  # noqa: E402
from postgres_server import PostgresServer, execute  # noqa: E402

REPEATS = 12  # statements that were counted fewer times belong to the gateway's background work
ORGANIZATION = {"resourceType": "Organization", "identifier": [{"system": "https://finess.esante.gouv.fr", "value": "990000010"}]}

# Interaction → statements that look something up or change something; the bounds of transactions travel with them and are
# left out. Four of each are the AuditEvent's: its version, and three kinds of values it is found by; one checks that the
# search parameters it was indexed by are those in force. A delete closes the values of all ten kinds, in one round trip. One
# statement looks for all references to what a transaction does not bring itself, one locks what a delete takes, one looks
# whether something refers to it, and one for the patients that those replace by whom is searched.
TABLE = {
    "read": 6,
    "read of an older version": 6,
    "read of what is not there": 6,
    "create": 9,
    "create of an Observation": 12,
    "conditional create, a new one": 12,
    "conditional create, one there": 7,
    "update": 10,
    "update of the version read": 10,
    "update that changes nothing": 6,
    "patch": 10,
    "delete": 20,
    "search": 6,
    "search, the next page": 8,
    "search with its total": 8,
    "search with included ones": 8,
    "search by a chain": 6,
    "transaction of 2": 12,
    "transaction of 50": 12,
    "batch of 2 reads": 12,
    "history of one": 6,
    "history of a type": 7,
    "read by a party": 6,
    "search by a party": 6,
    "search with included ones by a party": 8,
}


def patient(number: int = 0) -> dict:
    return {"resourceType": "Patient", "identifier": [{"system": "urn:test:count", "value": str(number)}],
            "name": [{"family": "Compté", "given": ["Noé"]}], "gender": "male", "birthDate": "1950-01-01"}


def observation(subject: str) -> dict:
    return {"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
            "subject": {"reference": subject}, "effectiveDateTime": "2024-05-06T09:15:00+02:00",
            "valueQuantity": {"value": 60, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"}}


def transaction(entries: int) -> dict:
    """A Patient and so many Observations of it that it has the entries."""
    name = "urn:uuid:00000000-0000-4000-8000-000000000001"
    made = [{"fullUrl": name, "resource": patient(), "request": {"method": "POST", "url": "Patient"}}]
    made += [{"resource": observation(name), "request": {"method": "POST", "url": "Observation"}} for _ in range(entries - 1)]
    return {"resourceType": "Bundle", "type": "transaction", "entry": made}


class StatementCount(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = PostgresServer(settings=("shared_preload_libraries = 'pg_stat_statements'", "fsync = off",
                                              "pg_stat_statements.track_utility = off"))
        cls.addClassCleanup(cls.server.close)
        cls.database = cls.server.create_database("counted")
        execute(cls.database, "CREATE EXTENSION pg_stat_statements")
        cls.workspace = Workspace("count")
        cls.addClassCleanup(cls.workspace.close)
        cls.tokens: dict = {}
        # Two nodes, for the grants of a party are more conditions in the same statements, or more statements.
        cls.nodes = []
        cls.addClassCleanup(cls.end)
        for mode in ("open", "deny"):
            settings = e2e.settings_of(cls.workspace, cls.tokens, {
                "access": {"mode": mode}, "journal": {"poll_ms": 60000}, "database": {"connection": cls.database, "pool_size": 2}})
            node = Gateway(e2e.binary(), e2e.write_settings(cls.workspace.path / f"{mode}.yaml", settings), None,
                           cls.workspace.path / f"{mode}.log")
            node.start()
            cls.nodes.append(node)
        cls.client = FhirClient(cls.nodes[0].base)
        cls.party = FhirClient(cls.nodes[1].base, cls.tokens["chu"])
        cls.number = itertools.count(1)

    @classmethod
    def end(cls):
        for node in cls.nodes:
            if node.process is not None and node.process.poll() is None:
                node.stop()

    def ask(self, method: str, path: str, body=None, headers=None, status=(200, 201, 204), client=None):
        got, answer, names = (client or self.client).call(method, path, body, headers)
        self.assertIn(got, status if isinstance(status, tuple) else (status,), (method, path.split("?")[0], answer))
        return answer, names

    def make(self, body: dict) -> str:
        made, _ = self.ask("POST", body["resourceType"], body)
        return f"{made['resourceType']}/{made['id']}"

    def measure(self, step) -> collections.Counter:
        """Statement → calls for each run of step(prepared). step.prepare, when there is one, comes before the counting."""
        prepare = getattr(step, "prepare", lambda: None)
        for _ in range(2):
            step(prepare())
        prepared = [prepare() for _ in range(REPEATS)]
        execute(self.database, "SELECT pg_stat_statements_reset()")
        for one in prepared:
            step(one)
        counted = execute(self.database, "SELECT calls, translate(left(query, 90), E'\\n|', '  ') FROM pg_stat_statements "
                                         "WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) "
                                         "AND query NOT LIKE '%pg_stat_statements%'")
        calls: collections.Counter = collections.Counter()
        for line in counted.splitlines():
            count, text = line.split("|", 1)
            calls[text] += int(count)
        return collections.Counter({text: count // REPEATS for text, count in calls.items() if count >= REPEATS})

    def steps(self) -> dict:
        found = self.make(patient())
        twice = self.make(patient())
        self.ask("PUT", twice, {**patient(), "id": twice.split("/")[1], "gender": "female"})
        self.ask("POST", "Patient", patient(4711))
        for _ in range(30):
            self.make(observation(found))
        subject = f"Observation?subject={found}"
        first, _ = self.ask("GET", f"{subject}&_count=5")
        following = next(one["url"] for one in first["link"] if one["relation"] == "next").split("/fhir/", 1)[1]

        def put(path: str, headers=None):
            return lambda _: self.ask("PUT", path, {**patient(next(self.number)), "id": path.split("/")[1]}, headers)

        def unchanged(_):
            self.ask("PUT", found, {**patient(), "id": found.split("/")[1]})

        def delete(path):
            self.ask("DELETE", path)
        delete.prepare = lambda: self.make(patient())

        def update_if(path):
            self.ask("PUT", path, {**patient(next(self.number)), "id": path.split("/")[1]}, {"If-Match": 'W/"1"'})
        update_if.prepare = lambda: self.make(patient())

        def patch(path):
            self.ask("PATCH", path, b'[{"op":"replace","path":"/gender","value":"female"}]', {"Content-Type": "application/json-patch+json"})
        patch.prepare = lambda: self.make(patient())

        sender = MllpSender("127.0.0.1", self.nodes[1].mllp_port)
        self.addCleanup(sender.close)
        self.assertEqual(hl7.acknowledgement_code(sender.send(hl7.admission(e2e.patient(1), "COUNT1", "20240506091500"))), "AA")
        own = self.party.search("Encounter")[0]["subject"]["reference"]

        return {
            "read": lambda _: self.ask("GET", found),
            "read of an older version": lambda _: self.ask("GET", f"{twice}/_history/1"),
            "read of what is not there": lambda _: self.ask("GET", "Patient/absent", status=404),
            "create": lambda _: self.ask("POST", "Patient", patient(next(self.number))),
            "create of an Observation": lambda _: self.ask("POST", "Observation", observation(found)),
            "conditional create, a new one": lambda _: self.ask("POST", "Patient", patient(1_000_000 + next(self.number)), {
                "If-None-Exist": f"identifier=urn:test:count|absent{next(self.number)}"}, status=201),
            "conditional create, one there": lambda _: self.ask("POST", "Patient", patient(), {
                "If-None-Exist": "identifier=urn:test:count|4711"}, status=200),
            "update": put(twice),
            "update of the version read": update_if,
            "update that changes nothing": unchanged,
            "patch": patch,
            "delete": delete,
            "search": lambda _: self.ask("GET", f"{subject}&_count=5"),
            "search, the next page": lambda _: self.ask("GET", following),
            "search with its total": lambda _: self.ask("GET", f"{subject}&_count=5&_total=accurate"),
            "search with included ones": lambda _: self.ask("GET", f"{subject}&_count=5&_include=Observation:subject"),
            "search by a chain": lambda _: self.ask("GET", "Observation?subject:Patient.family=compte&_count=5"),
            "transaction of 2": lambda _: self.ask("POST", "", transaction(2)),
            "transaction of 50": lambda _: self.ask("POST", "", transaction(50)),
            "batch of 2 reads": lambda _: self.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [
                {"request": {"method": "GET", "url": found}}, {"request": {"method": "GET", "url": twice}}]}),
            "history of one": lambda _: self.ask("GET", f"{twice}/_history"),
            "history of a type": lambda _: self.ask("GET", "Patient/_history?_count=5"),
            "read by a party": lambda _: self.ask("GET", own, client=self.party),
            "search by a party": lambda _: self.ask("GET", f"Encounter?patient={own}", client=self.party),
            "search with included ones by a party": lambda _: self.ask("GET", f"Encounter?patient={own}&_include=Encounter:patient",
                                                                       client=self.party),
        }

    def test_each_interaction_costs_what_the_table_says(self):
        steps = self.steps()
        self.assertEqual(list(steps), list(TABLE))
        for name, step in steps.items():
            with self.subTest(name):
                calls = self.measure(step)
                count = sum(calls.values())
                grew = "grew" if count > TABLE[name] else "fell"
                self.assertEqual(count, TABLE[name], f"{name} {grew} from {TABLE[name]} to {count} statements:\n" +
                                 "\n".join(f"  {times} × {text}" for text, times in sorted(calls.items())))

    def test_a_transaction_of_50_costs_no_more_than_one_of_2(self):
        self.assertEqual(TABLE["transaction of 50"], TABLE["transaction of 2"])


if __name__ == "__main__":
    e2e.main()
