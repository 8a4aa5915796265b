"""Backup under load, and restore to a point in time: what was acknowledged by then is there, what was sent later is not."""

import datetime
import os
import pathlib
import pwd
import re
import shutil
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
from gateway_process import ROOT, Gateway, Workspace  # noqa: E402
from load import TransactionWriter, faults_of, stored  # noqa: E402
from mllp import MllpSender  # noqa: E402
from postgres_server import execute  # noqa: E402

DEPLOY = ROOT / "config/deploy"
WRITERS = 3
PHASE_S = 1
PAUSE_S = 0.01  # between two writes of one client: the point is what is kept, not how much


def database_account() -> dict:
    """PostgreSQL and its tools never run as root: the account that the gateway then gives it."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def iso(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat()


class Counter(threading.Thread):
    """Updates one resource again and again: (number, sent, acknowledged) of each."""

    def __init__(self, base: str):
        super().__init__(daemon=True)
        self.client = FhirClient(base)
        self.ending = threading.Event()
        self.updates: list[tuple[int, float, float]] = []

    def run(self):
        number = 0
        while not self.ending.is_set():
            number += 1
            sent = time.time()
            status, body, _ = self.client.call("PUT", "Basic/counter", {
                "resourceType": "Basic", "id": "counter", "code": {"text": "counter"},
                "identifier": [{"system": "urn:test:count", "value": str(number)}]})
            if status not in (200, 201):
                raise AssertionError(f"PUT answered {status}: {body}")
            self.updates.append((number, sent, time.time()))
            time.sleep(PAUSE_S)
        self.client.connection.close()


class Hospital(threading.Thread):
    """Sends admissions: (control id, sent, acknowledged) of each."""

    def __init__(self, port: int):
        super().__init__(daemon=True)
        self.port = port
        self.ending = threading.Event()
        self.sent: list[tuple[str, float, float]] = []

    def run(self):
        sender = MllpSender("127.0.0.1", self.port)
        number = 0
        while not self.ending.is_set():
            number += 1
            at = time.time()
            answer = sender.send(hl7.admission(e2e.patient(number, "B"), f"BACKUP{number}", "20240506091500"))
            if hl7.acknowledgement_code(answer) != "AA":
                raise AssertionError(answer)
            self.sent.append((f"BACKUP{number}", at, time.time()))
            time.sleep(0.02)
        sender.close()


class BackupRestore(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace("backup")
        cls.addClassCleanup(cls.workspace.close)
        cls.account = database_account()
        cls.tokens: dict = {}
        cls.config = e2e.write_settings(cls.workspace.path / "passerelle.yaml",
                                        e2e.settings_of(cls.workspace, cls.tokens, {"access": {"mode": "open"}}))
        cls.running: list[Gateway] = []
        cls.addClassCleanup(cls.end)
        cls.receiver = None
        cls.folder = cls.own_folder("backup")
        cls.play()

    @classmethod
    def own_folder(cls, name: str) -> pathlib.Path:
        folder = cls.workspace.path / name
        folder.mkdir()
        if cls.account:
            os.chown(folder, cls.account["user"], cls.account["group"])
        return folder

    @classmethod
    def end(cls):
        if cls.receiver is not None and cls.receiver.poll() is None:
            cls.receiver.kill()
            cls.receiver.wait()
        for gateway in cls.running:
            if gateway.process is not None and gateway.process.poll() is None:
                gateway.stop()

    @classmethod
    def gateway(cls, data: str) -> Gateway:
        gateway = Gateway(e2e.binary(), cls.config, cls.workspace.path / data, cls.workspace.path / f"{data}.log")
        cls.running.append(gateway)
        gateway.start()
        return gateway

    @classmethod
    def script(cls, name: str, *words) -> subprocess.CompletedProcess:
        return subprocess.run([str(DEPLOY / name), *map(str, words)], capture_output=True, text=True, timeout=120,
                              cwd=cls.folder, **cls.account)

    @classmethod
    def done(cls, finished: subprocess.CompletedProcess) -> subprocess.CompletedProcess:
        if finished.returncode != 0:
            raise RuntimeError(f"{finished.args[0]} ended with {finished.returncode}: {finished.stderr}")
        return finished

    @classmethod
    def play(cls):
        """A day with a backup before it, a noted time within it, and a disaster at its end."""
        gateway = cls.gateway("data")
        embedded = ("--embedded", cls.workspace.path / "data")
        cls.receiver = subprocess.Popen([str(DEPLOY / "backup"), "wal", str(cls.folder), *map(str, embedded)],
                                        stderr=open(cls.workspace.path / "receiver.log", "w"), **cls.account)
        socket = (cls.workspace.path / "data/postgres/postmaster.pid").read_text().splitlines()[4]
        conninfo = f"host={socket} user=passerelle dbname=passerelle"
        if not wait_until(lambda: execute(conninfo, "SELECT count(*) FROM pg_replication_slots WHERE active") == "1", 20):
            raise RuntimeError((cls.workspace.path / "receiver.log").read_text())
        cls.writers = [TransactionWriter(n, lambda: gateway.base, PAUSE_S) for n in range(1, WRITERS + 1)]
        cls.counter, cls.hospital = Counter(gateway.base), Hospital(gateway.mllp_port)
        threads = [*cls.writers, cls.counter, cls.hospital]
        for thread in threads:
            thread.start()
        cls.before_any_copy = time.time()
        time.sleep(PHASE_S / 2)
        # As an outside server is, by its connection string; the log as that of a private one, by its folder.
        cls.done(cls.script("backup", "base", cls.folder, "--connection", conninfo))
        time.sleep(PHASE_S)
        cls.noted = time.time()
        time.sleep(PHASE_S)
        for thread in threads:
            thread.ending.set()
        for thread in threads:
            thread.join(30)
        postmaster = int((cls.workspace.path / "data/postgres/postmaster.pid").read_text().split()[0])
        gateway.kill()
        wait_until(lambda: not process_facts.is_running(postmaster), 20)
        cls.receiver.send_signal(signal.SIGTERM)
        cls.receiver.wait(20)
        shutil.rmtree(cls.workspace.path / "data")
        acknowledged = [write for writer in cls.writers for write in writer.acknowledged]
        print(f"  {len(acknowledged)} transactions, {len(cls.counter.updates)} updates and {len(cls.hospital.sent)} messages "
              f"acknowledged, of them {sum(w.acknowledged_at < cls.noted for w in acknowledged)}, "
              f"{sum(u[2] < cls.noted for u in cls.counter.updates)} and {sum(m[2] < cls.noted for m in cls.hospital.sent)} "
              f"before the noted time", flush=True)

    def restore(self, to: str, into: str) -> subprocess.CompletedProcess:
        self.own_folder(into)
        return self.script("restore", "--from", self.folder, "--to", to, "--into", self.workspace.path / into)

    def check(self, gateway: Gateway, by: float):
        """The record on the restored database, as of `by`."""
        client = FhirClient(gateway.base, timeout_s=60)
        self.addCleanup(client.connection.close)
        self.assertEqual([fault for writer in self.writers for fault in writer.faults], [])
        found = stored(client)
        self.assertEqual(faults_of(self.writers, found, lambda w: w.acknowledged_at is not None and w.acknowledged_at < by,
                                   lambda w: w.sent_at <= by), [])
        sure = [number for number, _, acknowledged in self.counter.updates if acknowledged < by]
        possible = [number for number, sent, _ in self.counter.updates if sent <= by]
        status, body, _ = client.get("Basic/counter/_history?_count=1000")
        self.assertEqual(status, 200)
        values = [int(entry["resource"]["identifier"][0]["value"]) for entry in body["entry"]]
        self.assertIn(body["total"], range(len(sure), len(possible) + 1))
        self.assertEqual(values, list(range(body["total"], body["total"] - len(values), -1)))
        journal = {entry["control_id"]: entry["state"] for entry in e2e.read_journal(gateway, self.tokens["operator"])}
        for control_id, sent, acknowledged in self.hospital.sent:
            if acknowledged < by:
                self.assertEqual(journal.get(control_id), "committed", control_id)
            elif sent > by:
                self.assertNotIn(control_id, journal)
        return found

    def test_restored_to_the_noted_time(self):
        self.done(self.restore(iso(self.noted), "noted"))
        gateway = self.gateway("noted")
        found = self.check(gateway, self.noted)
        acknowledged = sum(len(writer.acknowledged) for writer in self.writers)
        self.assertGreater(len(found), 20, "too little was written before the noted time: the test shows nothing")
        self.assertGreater(acknowledged - len(found), 20, "too little was written after the noted time: the test shows nothing")
        # It goes on from there: versions without a gap, pages, and what a sender repeats.
        client = FhirClient(gateway.base)
        self.addCleanup(client.connection.close)
        status, last, _ = client.get("Basic/counter")
        self.assertEqual(status, 200)
        status, body, _ = client.call("PUT", "Basic/counter", {**last, "code": {"text": "after"}})
        self.assertEqual((status, int(body["meta"]["versionId"])), (200, int(last["meta"]["versionId"]) + 1))
        self.assertEqual(len(client.search("Patient?identifier=urn:test:load|&_count=7")), len(found))
        sender = MllpSender("127.0.0.1", gateway.mllp_port)
        self.addCleanup(sender.close)
        for number in (1, len(self.hospital.sent)):  # the first was there, the last was not
            answer = sender.send(hl7.admission(e2e.patient(number, "B"), f"BACKUP{number}", "20240506091500"))
            self.assertEqual(hl7.acknowledgement_code(answer), "AA")
        entries = [entry["control_id"] for entry in e2e.read_journal(gateway, self.tokens["operator"])]
        self.assertEqual(entries.count("BACKUP1"), 1)
        self.assertEqual(entries.count(f"BACKUP{len(self.hospital.sent)}"), 1)

    def test_restored_to_the_end_of_the_log_has_everything(self):
        self.done(self.restore("latest", "latest"))
        found = self.check(self.gateway("latest"), time.time())
        self.assertEqual(len(found), sum(len(writer.acknowledged) for writer in self.writers))

    def test_times_that_cannot_be_had_are_refused(self):
        for name, to, text in (("early", iso(self.before_any_copy), "no full copy"),
                               ("late", iso(time.time() + 60), "no transaction after"), ("never", "the other day", "no time")):
            with self.subTest(name):
                refused = self.restore(to, name)
                self.assertNotEqual(refused.returncode, 0)
                self.assertIn(text, refused.stderr)

    def test_a_folder_in_use_and_a_damaged_copy_are_refused(self):
        full = self.own_folder("full")
        (full / "file").touch()
        refused = self.script("restore", "--from", self.folder, "--to", "latest", "--into", full)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("not empty", refused.stderr)
        self.assertEqual([file.name for file in full.iterdir()], ["file"])
        damaged = self.workspace.path / "damaged"
        self.done(subprocess.run(["cp", "-a", str(self.folder), str(damaged)], capture_output=True, text=True))
        table = max(damaged.glob("base/*/data/base/*/*"), key=lambda file: file.stat().st_size)
        with open(table, "r+b") as file:
            file.seek(4096)
            file.write(b"\x00damaged")
        refused = self.script("restore", "--from", damaged, "--to", "latest", "--into", self.own_folder("from-damaged"))
        self.assertEqual(refused.returncode, 1)
        self.assertIn("is damaged", refused.stderr)

    def test_prune_keeps_the_newest_copy_and_its_log(self):
        pruned = self.workspace.path / "pruned"
        self.done(subprocess.run(["cp", "-a", str(self.folder), str(pruned)], capture_output=True, text=True))
        newest = next(pruned.glob("base/*Z"))
        # An older copy, whose log went on from an older segment.
        older = newest.with_name("20200101T000000Z")
        self.done(subprocess.run(["cp", "-a", str(newest), str(older)], capture_output=True, text=True))
        log = pruned / "wal/000000010000000000000000"
        self.done(subprocess.run(["cp", "-a", str(next(pruned.glob("wal/0*"))), str(log)], capture_output=True, text=True))
        self.done(self.script("backup", "prune", pruned, "--keep", "1"))
        self.assertEqual([copy.name for copy in pruned.glob("base/*")], [newest.name])
        self.assertFalse(log.exists())
        first = re.search(r"START WAL LOCATION: .*\(file (\w+)\)", (newest / "data/backup_label").read_text())[1]
        self.assertEqual(sorted(file.name for file in pruned.glob("wal/*")),
                         sorted(file.name for file in self.folder.glob("wal/*") if file.name >= first))
        self.assertEqual(self.script("backup", "prune", pruned, "--keep", "0").returncode, 2)


if __name__ == "__main__":
    e2e.main()
