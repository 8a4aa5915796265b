"""Two nodes are replaced one by one under load, as docs/operations.md says: no request fails, no write is lost or doubled.

Without --previous BINARY, a passerelle of the version before, the old nodes run this program, on the schema of an earlier
version where it can: the migrations after that are kept from it and come with the first new node, beside the load. What that
shows is that they let the running nodes go on, and that nodes leave and come without a loss; not that other code was running.
--previous-config FOLDER holds the rules of the version before, when it does not understand those of this one.
"""

import argparse
import hashlib
import http.client
import itertools
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
import messages as hl7  # noqa: E402
import process_facts  # noqa: E402
from e2e import wait_until  # noqa: E402
from fhir_client import FhirClient  # noqa: E402
from gateway_process import ROOT, Gateway, Workspace, free_port  # noqa: E402
from load import ENTRIES, stored, transaction  # noqa: E402
from mllp import MllpSender  # noqa: E402
from postgres_server import OutsideDatabase, execute  # noqa: E402

SCRIPT = ROOT / "config/deploy/rolling_upgrade"
# The earliest schema on which this program serves what the test asks of it: later migrations add what such requests do
# not touch. A migration that the program cannot do without moves it up to itself.
OLDEST_SCHEMA = 17  # search parameters have their components
PREVIOUS: str | None = None
PREVIOUS_CONFIG = ROOT / "config"
CLIENTS = 3
TRIES_MAX = 20


def migrations() -> list[tuple[int, str, bytes]]:
    files = sorted((ROOT / "gateway/store/migrations").glob("*.sql"))
    return [(int(file.name[:4]), file.stem[5:], file.read_bytes()) for file in files]


class Client(threading.Thread):
    """Writes and reads; what one node does not answer, or answers with 503, the other is asked."""

    def __init__(self, number: int, bases: list[str]):
        super().__init__(daemon=True)
        self.number = number
        self.nodes = [FhirClient(base, timeout_s=30) for base in bases]
        for node in self.nodes:
            node.repeats = False  # the other node is asked instead
        self.preferred = number % len(bases)
        self.ending = threading.Event()
        self.transactions: list[tuple[str, list[str]]] = []  # acknowledged: mark, locations
        self.updates = 0  # of its own resource, acknowledged
        self.requests = 0
        self.asked_again = 0
        self.failed: list = []

    def ask(self, method: str, path: str, body=None, headers=None, expected=(200, 201)):
        self.requests += 1
        answer = None
        for attempt in range(TRIES_MAX):
            node = self.nodes[(self.preferred + attempt) % len(self.nodes)]
            try:
                answer = node.call(method, path, body, headers)
                if answer[0] != 503:
                    break
            except (OSError, http.client.HTTPException) as error:
                node.connection.close()
                answer = (0, repr(error), {})
            self.asked_again += 1
            time.sleep(0.01 * attempt)
        if answer[0] not in expected:
            self.failed.append((method, path.split("?")[0], answer[:2]))
        return answer

    def run(self):
        try:
            for number in itertools.count(1):
                if self.ending.is_set():
                    return
                mark = f"U{self.number}-{number}"
                status, body, _ = self.ask("POST", "", transaction(mark), {"Idempotency-Key": mark})
                if status == 200:
                    self.transactions.append((mark, [entry["response"]["location"] for entry in body["entry"]]))
                status, body, _ = self.ask("PUT", f"Basic/upgrade{self.number}", {
                    "resourceType": "Basic", "id": f"upgrade{self.number}", "code": {"text": str(number)}},
                    {"Idempotency-Key": f"{mark}-put", **({"If-Match": f'W/"{self.updates}"'} if self.updates else {})})
                if status in (200, 201):
                    self.updates += 1
                    if body["meta"]["versionId"] != str(self.updates):
                        self.failed.append(("PUT", "version", body["meta"]["versionId"], self.updates))
                patient = self.transactions[-1][1][0].split("/_history")[0].split("/fhir/")[-1]
                status, body, _ = self.ask("GET", patient)
                if status == 200 and body["identifier"][0]["value"] != self.transactions[-1][0]:
                    self.failed.append(("GET", "another patient"))
                status, body, _ = self.ask("GET", f"Observation?subject={patient}&_sort=-date&_include=Observation:subject")
                if status == 200 and len(body["entry"]) != ENTRIES:
                    self.failed.append(("GET", "search", len(body["entry"])))
        except Exception as error:  # told by the test
            self.failed.append(repr(error))
        finally:
            for node in self.nodes:
                node.connection.close()


class Hospital(threading.Thread):
    """Sends admissions, each until it is answered, by the node that answers."""

    def __init__(self, ports: list[int]):
        super().__init__(daemon=True)
        self.ports = itertools.cycle(ports)
        self.ending = threading.Event()
        self.acknowledged: list[str] = []
        self.failed: list = []

    def run(self):
        sender = None
        for number in itertools.count(1):
            if self.ending.is_set():
                break
            message = hl7.admission(e2e.patient(number, "U"), f"UP{number}", "20240506091500")
            for _ in range(200):
                try:
                    sender = sender or MllpSender("127.0.0.1", next(self.ports), timeout_s=20)
                    answer = sender.send(message)
                    if hl7.acknowledgement_code(answer) != "AA":
                        self.failed.append(answer)
                    self.acknowledged.append(f"UP{number}")
                    break
                except OSError:
                    if sender is not None:
                        sender.close()
                    sender = None
                    time.sleep(0.02)
            else:
                self.failed.append(f"UP{number} was never answered")
            time.sleep(0.03)
        if sender is not None:
            sender.close()


class RollingUpgrade(unittest.TestCase):
    def setUp(self):
        self.database = OutsideDatabase()
        self.addCleanup(self.database.close)
        self.workspace = Workspace("upgrade")
        self.addCleanup(self.workspace.close)
        self.tokens: dict = {}
        self.ports: list[int] = []
        self.mllp_ports: list[int] = []
        self.addCleanup(self.end_nodes)

    # The nodes are known by their ports: the replacement of a node is found where it was.

    def start_old_nodes(self, count: int = 2):
        self.old = []
        for _ in range(count):
            port, mllp_port = free_port(), free_port()
            settings = e2e.settings_of(self.workspace, {}, {
                "access": {"mode": "open"}, "database": {"connection": self.database.conninfo, "pool_size": 8},
                "mllp": {"listeners": [{"name": "chu", "address": f"127.0.0.1:{mllp_port}", "partner": "chu"}]}})
            e2e.write_settings(self.path(port, "json"), settings)
            old = e2e.merge(settings, {"access": {"policies_directory": str(PREVIOUS_CONFIG / "policies")},
                                       "mappings_directory": str(PREVIOUS_CONFIG / "mappings"),
                                       "followup": {"plans_directory": str(PREVIOUS_CONFIG / "plans")},
                                       "insurer": {"tariffs_directory": str(PREVIOUS_CONFIG / "tariffs")}})
            config = e2e.write_settings(self.path(port, "old.json"), old)
            node = Gateway(PREVIOUS or e2e.binary(), config, None, self.path(port, "log"), http=f"127.0.0.1:{port}")
            node.start()
            self.path(port, "pid").write_text(str(node.process.pid))
            threading.Thread(target=node.process.wait, daemon=True).start()  # its end is seen at once
            self.old.append(node)
            self.ports.append(port)
            self.mllp_ports.append(mllp_port)

    def path(self, port: int, ending: str) -> pathlib.Path:
        return self.workspace.path / f"{port}.{ending}"

    def end_nodes(self):
        pids = [int(self.path(port, "pid").read_text()) for port in self.ports]
        for pid in pids:
            if process_facts.is_running(pid):
                os.kill(pid, signal.SIGTERM)
        for pid in pids:
            if not wait_until(lambda: not process_facts.is_running(pid), 20):
                os.kill(pid, signal.SIGKILL)

    def replacement(self) -> str:
        """What stops a node's program and starts this one, given the node's URL."""
        script = self.workspace.path / "replace"
        script.write_text(f"""#!/usr/bin/env bash
set -eu
cd {self.workspace.path}
port=${{1##*:}}
pid=$(cat $port.pid)
kill -TERM $pid
while [ -d /proc/$pid ]; do sleep 0.05; done
setsid {pathlib.Path(e2e.binary()).resolve()} serve --config $port.json --http 127.0.0.1:$port </dev/null >$port.out 2>>$port.log &
echo $! >$port.pid
""")
        script.chmod(0o755)
        return str(script)

    def upgrade(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([str(SCRIPT), *words, *(f"http://127.0.0.1:{port}" for port in self.ports)],
                              capture_output=True, text=True, timeout=150)

    def schema(self) -> int:
        return int(execute(self.database.conninfo, "SELECT max(version) FROM schema_migration"))

    # The schema of an earlier version under nodes of this program.

    def make_earlier_schema(self):
        for _, _, sql in migrations()[:OLDEST_SCHEMA]:
            execute(self.database.conninfo, sql.decode())
        execute(self.database.conninfo, "CREATE TABLE schema_migration (version integer PRIMARY KEY, name text NOT NULL, "
                                        "sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())")
        for version, name, sql in migrations():  # the later ones are pretended, so that the old nodes do not make them
            execute(self.database.conninfo, f"INSERT INTO schema_migration (version, name, sha256) "
                                            f"VALUES ({version}, '{name}', '{hashlib.sha256(sql).hexdigest()}')")

    def test_nodes_are_replaced_and_nobody_notices(self):
        if PREVIOUS is None:
            self.make_earlier_schema()
        self.start_old_nodes()
        if PREVIOUS is None:
            execute(self.database.conninfo, f"DELETE FROM schema_migration WHERE version > {OLDEST_SCHEMA}")
        before = self.schema()
        clients = [Client(n, [f"http://127.0.0.1:{port}/fhir" for port in self.ports]) for n in range(CLIENTS)]
        hospital = Hospital(self.mllp_ports)
        threads = [*clients, hospital]
        for thread in threads:
            thread.start()
        try:
            self.assertTrue(wait_until(lambda: all(client.updates > 5 for client in clients), 30), [c.failed for c in clients])
            done = self.upgrade("--replace", self.replacement())
            replaced = [client.updates for client in clients]
            self.assertTrue(wait_until(lambda: all(c.updates > n + 5 for c, n in zip(clients, replaced)), 30), "no load after it")
        finally:
            for thread in threads:
                thread.ending.set()
            for thread in threads:
                thread.join(60)
        self.assertEqual(done.returncode, 0, done.stderr + "".join(self.path(port, "log").read_text()[-1500:] for port in self.ports))
        self.assertEqual([node.process.wait(1) for node in self.old], [0, 0], "the old programs ended as they should")
        self.assertEqual(self.schema(), migrations()[-1][0])
        print(f"  schema {before} to {self.schema()}; {sum(c.requests for c in clients)} requests, "
              f"{sum(len(c.failed) for c in clients)} failed, {sum(c.asked_again for c in clients)} asked of the other node; "
              f"{len(hospital.acknowledged)} messages; ", end="", flush=True)
        self.assertEqual([client.failed for client in clients], [[]] * CLIENTS)
        self.assertEqual(hospital.failed, [])

        client = FhirClient(f"http://127.0.0.1:{self.ports[0]}/fhir", timeout_s=60)
        self.addCleanup(client.connection.close)
        found = stored(client)
        acknowledged = {mark for one in clients for mark, _ in one.transactions}
        self.assertEqual(set(found), acknowledged)
        self.assertEqual({len(there) for there in found.values()}, {ENTRIES}, "halves, or doubles")
        for one in clients:
            status, history, _ = client.get(f"Basic/upgrade{one.number}/_history?_count=1000")
            self.assertEqual((status, history["total"]), (200, one.updates))
        gateway = self.old[0]
        gateway.http_port = self.ports[0]
        journal = [entry for entry in e2e.read_journal(gateway, "") if entry["control_id"].startswith("UP")]
        self.assertEqual(sorted(entry["control_id"] for entry in journal), sorted(hospital.acknowledged))
        self.assertEqual({entry["state"] for entry in journal}, {"committed"})

    def test_the_script_stops_at_the_first_failure_and_touches_nothing_else(self):
        self.start_old_nodes()
        pids = [node.process.pid for node in self.old]
        refused = self.upgrade("--replace", "false")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("the replacement failed", refused.stderr)
        refused = self.upgrade("--timeout", "1", "--replace", "true")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("not ready as another process after 1 s", refused.stderr)
        refused = self.upgrade("--migrate", "false", "--replace", self.replacement())
        self.assertEqual(refused.returncode, 1)
        self.assertIn("nothing was replaced", refused.stderr)
        self.assertEqual([node.process.poll() for node in self.old], [None, None])
        refused = self.upgrade("--replace", self.replacement(), f"http://127.0.0.1:{free_port()}")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("nothing was changed", refused.stderr)
        # A replacement that never serves: the other node is left alone.
        gone = self.workspace.path / "gone"
        gone.write_text(f"#!/bin/sh\nkill -TERM $(cat {self.workspace.path}/${{1##*:}}.pid)\n")
        gone.chmod(0o755)
        refused = self.upgrade("--timeout", "2", "--replace", str(gone))
        self.assertEqual(refused.returncode, 1)
        self.assertIn("not ready as another process after 2 s", refused.stderr)
        self.assertEqual([process_facts.is_running(pid) for pid in pids], [False, True])


if __name__ == "__main__":
    words = argparse.ArgumentParser(add_help=False)
    words.add_argument("--previous")
    words.add_argument("--previous-config", type=pathlib.Path, default=PREVIOUS_CONFIG)
    given, rest = words.parse_known_args()
    PREVIOUS, PREVIOUS_CONFIG = given.previous, given.previous_config.resolve()
    sys.argv = [sys.argv[0], *rest]
    e2e.main()
