"""Kills the gateway, PostgreSQL or both at random points during transactions over REST, and counts what is left: each one
that was acknowledged is whole, each other whole or not there, and none is a half.
"""

import argparse
import os
import pathlib
import random
import signal
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
from fhir_client import FhirClient  # noqa: E402
from gateway_process import Gateway, Workspace  # noqa: E402
from load import ENTRIES, TransactionWriter, faults_of, mark, stored  # noqa: E402
from postgres_server import PostgresServer, execute  # noqa: E402

ROUNDS = 8
SEED = random.SystemRandom().randrange(1 << 32)
PLAIN, REPEATING = 3, 3  # writers that leave alone what was not answered, and that repeat it
JOIN_S = 60
TABLES = ("idx_token", "idx_reference", "idx_quantity", "idx_composite", "idx_date", "idx_string", "idx_uri")


class TransactionKill(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Processes die here, the machine does not: what was written survives without fsync, and each recovery is spared
        # the fsync of every file of the cluster.
        cls.server = PostgresServer(settings=("fsync = off",))
        cls.addClassCleanup(cls.server.close)
        cls.database = cls.server.create_database("kill")
        cls.workspace = Workspace("transaction-kill")
        cls.addClassCleanup(cls.workspace.close)
        settings = e2e.settings_of(cls.workspace, {}, {
            "access": {"mode": "open"}, "log": {"level": "warning"},
            "database": {"connection": cls.database, "pool_size": 8, "acquire_timeout_ms": 1000}})
        config = e2e.write_settings(cls.workspace.path / "passerelle.yaml", settings)
        cls.gateway = Gateway(e2e.binary(), config, None, cls.workspace.path / "gateway.log")
        cls.addClassCleanup(cls.end_gateway)
        cls.play()

    @classmethod
    def end_gateway(cls):
        if cls.gateway.process is not None and cls.gateway.process.poll() is None:
            cls.gateway.stop()

    # What may happen, each told in the summary.

    @classmethod
    def kill_gateway(cls):
        cls.gateway.kill()
        cls.gateway.start()

    @classmethod
    def kill_postgres(cls):
        cls.server.kill()
        cls.server.start()

    @classmethod
    def kill_both(cls):
        cls.server.kill()
        cls.gateway.kill()
        cls.server.start()
        cls.gateway.start()

    @classmethod
    def kill_a_session(cls):
        """One of the gateway's, in a transaction if there is one: PostgreSQL ends all others and recovers."""
        pids = execute(cls.database, "SELECT pid FROM pg_stat_activity WHERE application_name = 'passerelle' ORDER BY xact_start NULLS LAST")
        if pids:
            pid = int(pids.split()[0])
            os.kill(pid, signal.SIGKILL)
            e2e.wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 10)  # the server has seen it
            e2e.wait_until(cls.is_accepting, 60)

    @classmethod
    def is_accepting(cls) -> bool:
        try:
            return execute(cls.database, "SELECT 1") == "1"
        except RuntimeError:
            return False

    @classmethod
    def play(cls):
        print(f"{ROUNDS} rounds, {PLAIN + REPEATING} clients, seed {SEED} (--seed {SEED} takes the same times)", flush=True)
        dice = random.Random(SEED)
        cls.gateway.start()
        cls.writers = [TransactionWriter(n, lambda: cls.gateway.base, ledger=True, repeats=n >= PLAIN) for n in range(PLAIN + REPEATING)]
        for writer in cls.writers:
            writer.start()
        begin = time.monotonic()
        events = [cls.kill_gateway, cls.kill_postgres, cls.kill_both, cls.kill_a_session]
        for number in range(ROUNDS):
            goal = sum(len(writer.acknowledged) for writer in cls.writers) + 10
            if not e2e.wait_until(lambda: sum(len(writer.acknowledged) for writer in cls.writers) >= goal, 30, 0.005):
                raise RuntimeError(f"writes did not go on before round {number + 1}: {cls.gateway.tail()}")
            time.sleep(dice.uniform(0, 0.3))
            # Each kind in turn, in an order of the seed's.
            if number % len(events) == 0:
                dice.shuffle(events)
            events[number % len(events)]()
        time.sleep(0.3)
        for writer in cls.writers:
            writer.ending.set()
        for writer in cls.writers:
            writer.join(JOIN_S)
        print(f"  {sum(len(w.acknowledged) for w in cls.writers)} transactions acknowledged, {sum(w.unanswered for w in cls.writers)} "
              f"not answered, {sum(w.refused for w in cls.writers)} answered 503; {time.monotonic() - begin:.1f} s", flush=True)

    def setUp(self):
        self.client = FhirClient(self.gateway.base, timeout_s=60)
        self.addCleanup(self.client.connection.close)

    def test_only_200_and_503_were_answered(self):
        self.assertEqual([fault for writer in self.writers for fault in writer.faults], [])
        self.assertFalse(any(writer.is_alive() for writer in self.writers), "a client never got its answer")
        for writer in self.writers:
            self.assertGreater(len(writer.acknowledged), ROUNDS, "a client did next to nothing: the test shows nothing")
        self.assertGreater(sum(writer.unanswered for writer in self.writers), 0, "no transaction was cut: the test shows nothing")

    def test_acknowledged_ones_are_whole_and_none_is_a_half(self):
        found = stored(self.client)
        self.assertEqual(faults_of(self.writers, found), [])
        for writer in self.writers:
            if writer.repeats:
                self.assertEqual(len(writer.acknowledged), len(writer.writes), "repeated until it was answered")
        # By another way than the index: all there is of the types.
        for kind, each in (("Patient", 1), ("Observation", ENTRIES - 1)):
            self.assertEqual(self.client.get(f"{kind}?_summary=count")[1]["total"], each * len(found))

    def test_the_update_of_each_came_with_it(self):
        found = stored(self.client)
        for writer in self.writers:
            versions = {}
            path = f"Basic/{writer.ledger}/_history?_count=1000"
            while path:
                status, body, _ = self.client.get(path)
                self.assertEqual(status, 200)
                for entry in body["entry"]:
                    versions[int(entry["resource"]["meta"]["versionId"])] = entry["resource"]["identifier"][0]["value"]
                link = next((one["url"] for one in body["link"] if one["relation"] == "next"), None)
                path = link.split("/fhir/", 1)[1] if link else None
            self.assertEqual(sorted(versions), list(range(1, len(versions) + 1)), "versions without a gap")
            there = [mark(writer.writer, write.number) for write in writer.writes if mark(writer.writer, write.number) in found]
            self.assertEqual([versions[number] for number in sorted(versions)], there)

    def test_references_hold_and_nothing_is_left_over(self):
        patients = {f"Patient/{one['id']}": one["identifier"][0]["value"] for one in self.client.search("Patient?_count=1000")}
        for one in self.client.search("Observation?_count=1000"):
            self.assertEqual(patients[one["subject"]["reference"]], one["identifier"][0]["value"])
        for table in TABLES:
            self.assertEqual(execute(self.database, f"SELECT count(*) FROM {table} t WHERE NOT EXISTS (SELECT FROM resource_version v "
                                                    "WHERE v.id = t.id AND v.type = t.type)"), "0", table)


if __name__ == "__main__":
    words = argparse.ArgumentParser(add_help=False)
    words.add_argument("--rounds", type=int, default=ROUNDS)
    words.add_argument("--seed", type=int, default=SEED)
    given, rest = words.parse_known_args()
    ROUNDS, SEED = given.rounds, given.seed
    sys.argv = [sys.argv[0], *rest]
    e2e.main()
