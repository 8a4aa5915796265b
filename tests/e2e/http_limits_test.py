"""Limits of the FHIR API as a client meets them: too many connections, a search that takes too long or that nobody waits
for any more, page links that are not one's own, and PostgreSQL restarted by its administrator under load.
"""

import concurrent.futures
import json
import pathlib
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
import messages as hl7  # noqa: E402
from e2e import status_of, wait_until  # noqa: E402
from fhir_client import FhirClient  # noqa: E402
from load import TransactionWriter, faults_of, stored  # noqa: E402
from postgres_server import PostgresServer, binaries, execute  # noqa: E402


class TooManyConnections(e2e.GatewayCase):
    QUEUE_S = 3
    over = {"access": {"mode": "open"}, "http": {"connections_max": 3, "connections_queue_max": 1, "queue_timeout_ms": QUEUE_S * 1000,
                                                 "body_stall_timeout_ms": 60000, "body_bytes_per_second_min": 0}}
    BODY = b'{"resourceType":"Patient"}'

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.gateway.http_port), timeout=30)
        self.addCleanup(connection.close)
        return connection

    def busy(self) -> socket.socket:
        """A connection that the server waits for in the middle of a request: an idle one would be closed to make a place."""
        connection = self.connect()
        connection.sendall(b"POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\nContent-Length: %d\r\n"
                           b"Expect: 100-continue\r\nConnection: close\r\n\r\n" % len(self.BODY))
        self.assertEqual(status_of(connection.recv(1000)), 100)
        return connection

    def asking(self) -> socket.socket:
        connection = self.connect()
        connection.sendall(b"GET /fhir/metadata?_elements=status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return connection

    def answer(self, connection: socket.socket) -> bytes:
        data = b""
        while block := connection.recv(65536):
            data += block
        return data

    def assert_told_to_come_back(self, answer: bytes):
        self.assertEqual(status_of(answer), 503, answer[:200])
        head, body = answer.split(b"\r\n\r\n", 1)
        self.assertRegex(head, rb"(?i)\r\nretry-after: [1-9]\d*(\r\n|$)")
        self.assert_outcome(json.loads(body))

    def test_at_the_limit_served_beyond_it_503_and_served_again(self):
        held = [self.busy() for _ in range(3)]
        begin = time.monotonic()
        # One waits for a place, the other finds no place to wait: which is which, the server sees.
        answered: list[float] = []

        def ask(connection: socket.socket):
            self.assert_told_to_come_back(self.answer(connection))
            answered.append(time.monotonic() - begin)

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(ask, [self.asking(), self.asking()]))
        self.assertLess(min(answered), self.QUEUE_S - 0.5, "beyond the queue the answer comes at once")
        self.assertGreater(max(answered), self.QUEUE_S - 0.1, "in the queue a place is waited for")
        # Who was within the limit is served; one that waits gets the place of one that ends.
        waiting = self.asking()
        for connection in held:
            connection.sendall(self.BODY)
            self.assertEqual(status_of(self.answer(connection)), 201)
        self.assertEqual(status_of(self.answer(waiting)), 200)
        self.assertEqual(self.client(None).get("metadata")[0], 200)


class OutsideCase(e2e.GatewayCase):
    """On a PostgreSQL of the test's own, which it looks into."""

    @classmethod
    def setUpClass(cls):
        cls.server = PostgresServer(settings=("fsync = off",))
        cls.addClassCleanup(cls.server.close)
        cls.outside = cls.server.create_database("limits")
        super().setUpClass()

    def at_work(self) -> int:
        """Statements of requests that wait for the lock; the gateway looks after its tables besides, and waits too."""
        return int(execute(self.outside, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'passerelle' AND state = 'active' "
                                         "AND query ~ '^(SELECT|WITH|INSERT).*idx_token' AND query !~ 'relation_size|pg_class'"))

    def lock_searches(self) -> "Lock":
        """While it is held a search by token takes for ever, whatever the size of the data."""
        lock = Lock(self.outside, "idx_token")
        self.addCleanup(lock.release)
        return lock


class Lock:
    """A table that nobody else may read."""

    def __init__(self, conninfo: str, table: str):
        self.process = subprocess.Popen([str(binaries() / "psql"), "-XqAt", conninfo], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.process.stdin.write(f"SET lock_timeout = '10s'; BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT 'locked';\n")
        self.process.stdin.flush()
        if self.process.stdout.readline().strip() != "locked":
            raise RuntimeError("the lock was not given")

    def release(self):
        if self.process.poll() is None:
            self.process.communicate("ROLLBACK;\n", timeout=20)


class CostlySearch(OutsideCase):
    over = {"access": {"mode": "open"}, "audit": {"reads": False}, "database": {"statement_timeout_ms": 700}}

    def test_statement_timeout_is_503_with_the_code_timeout(self):
        lock = self.lock_searches()
        for method, path, body in (("GET", "Patient?gender=male", None), ("POST", "Patient/_search", "gender=male"),
                                   ("GET", "Observation?patient.gender=male", None)):
            with self.subTest(f"{method} {path}"):
                begin = time.monotonic()
                status, outcome, headers = self.client(None).call(method, path, body)
                self.assertEqual(status, 503, outcome)
                self.assertGreater(time.monotonic() - begin, 0.6, "before its time")
                self.assertLess(time.monotonic() - begin, 10)
                self.assert_outcome(outcome)
                self.assertEqual(outcome["issue"][0]["code"], "timeout")
                self.assertTrue(wait_until(lambda: self.at_work() == 0, 5), "PostgreSQL still works on it")
        lock.release()
        self.assertEqual(self.client(None).get("Patient?gender=male")[0], 200)


class ManyPatients(OutsideCase):
    """So many that a search over all their names takes seconds, of the database's work."""

    COPIES = 300  # of each of 100 patients

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        client = FhirClient(cls.gateway.base, timeout_s=60)
        entries = [{"resource": {"resourceType": "Patient", "id": f"p{number}", "name": [{"family": f"Family{number}", "given": ["Anne", "Marie"]}]},
                    "request": {"method": "PUT", "url": f"Patient/p{number}"}} for number in range(100)]
        for begin in range(0, 100, 10):
            bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries[begin:begin + 10]}
            # On a busy machine a write may meet the short limit too.
            if not wait_until(lambda: client.call("POST", "", bundle)[0] == 200, 20):
                raise RuntimeError("the patients were not stored")
        client.connection.close()
        for table in ("resource_version", "idx_string"):
            columns = ", ".join(execute(cls.outside, "SELECT attname FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attname <> 'id' "
                                                     f"AND attrelid = '{table}'::regclass AND attname <> 'made_tx' AND attgenerated = ''").split())
            execute(cls.outside, f"INSERT INTO {table} (id, {columns}) SELECT id || '-' || n, {columns} FROM {table}, "
                                 f"generate_series(1, {cls.COPIES}) AS n WHERE id IN (SELECT id FROM idx_string)")
        execute(cls.outside, "ANALYZE")

    @staticmethod
    def costly(mark: str) -> str:
        """A thousand parts of names that nobody has, and one that everybody has: each row is compared with all of them."""
        return "&".join("name:contains=" + ",".join(f"{mark}{i}x{k}" for i in range(99)) + ",a" for k in range(10)) + "&_summary=count"

    def searching(self) -> int:
        return int(execute(self.outside, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'passerelle' AND state = 'active' "
                                         "AND backend_type = 'client backend' AND query ~ 'idx_string' AND query !~ 'relation_size|pg_class'"))


class SearchThatCostsTooMuch(ManyPatients):
    over = {"access": {"mode": "open"}, "audit": {"reads": False}, "database": {"statement_timeout_ms": 700}}

    def test_it_ends_at_the_limit_and_others_are_served_meanwhile(self):
        for method, path, body in (("GET", "Patient?" + self.costly("q"), None), ("POST", "Patient/_search", self.costly("r"))):
            with self.subTest(method), concurrent.futures.ThreadPoolExecutor(1) as pool:
                begin = time.monotonic()
                asked = pool.submit(self.client(None).call, method, path, body)
                other = self.client(None)
                served = 0
                while not asked.done():
                    self.assertEqual(other.get("Patient?name=family7&_count=1")[0], 200)
                    served += 1
                status, outcome, headers = asked.result()
                self.assertEqual(status, 503, outcome)
                self.assertGreater(time.monotonic() - begin, 0.6, "before its time")
                self.assertGreater(served, 0)
                self.assert_outcome(outcome)
                self.assertEqual(outcome["issue"][0]["code"], "timeout")
                self.assertNotIn("x1", json.dumps(outcome), "the answer repeats what was searched")
                self.assertTrue(wait_until(lambda: self.searching() == 0, 2), "PostgreSQL still works on it")
        self.assertEqual(self.client(None).get("Patient?name=family7&_count=1")[0], 200)


class ClientThatLeavesACostlySearch(ManyPatients):
    COPIES = 1200  # PostgreSQL looks once a second whether its client is there
    over = {"access": {"mode": "open"}, "audit": {"reads": False}, "database": {"statement_timeout_ms": 60000}}

    def test_its_query_is_cancelled_long_before_it_would_end(self):
        begin = time.monotonic()
        status, bundle, _ = self.client(None, timeout_s=60).get("Patient?" + self.costly("q"))
        whole = time.monotonic() - begin
        self.assertEqual((status, bundle.get("total")), (200, 100 * (self.COPIES + 1)))
        self.assertGreater(whole, 1.0, "not costly enough to show anything")
        with socket.create_connection(("127.0.0.1", self.gateway.http_port), timeout=20) as connection:
            connection.sendall(b"GET /fhir/Patient?%s HTTP/1.1\r\nHost: x\r\n\r\n" % self.costly("r").encode())
            self.assertTrue(wait_until(lambda: self.searching() == 1, 10, 0.01), "the search did not begin")
            left = time.monotonic()
        self.assertTrue(wait_until(lambda: self.searching() == 0, whole, 0.01))
        self.assertLess(time.monotonic() - left, whole * 0.7, "it ran to its end")


class ClientThatLeaves(OutsideCase):
    over = {"access": {"mode": "open"}, "audit": {"reads": False}, "database": {"statement_timeout_ms": 60000}}

    def leave_after(self, request: bytes):
        """Sends a search, and goes when it is being worked on."""
        with socket.create_connection(("127.0.0.1", self.gateway.http_port), timeout=20) as connection:
            connection.sendall(request)
            self.assertTrue(wait_until(lambda: self.at_work() == 1, 10), "the search did not begin")

    def test_its_query_is_cancelled(self):
        form = b"gender=male"
        for name, request in (("GET", b"GET /fhir/Patient?gender=male HTTP/1.1\r\nHost: x\r\n\r\n"),
                              ("POST _search", b"POST /fhir/Patient/_search HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded"
                                               b"\r\nContent-Length: %d\r\n\r\n%s" % (len(form), form))):
            with self.subTest(name):
                lock = self.lock_searches()
                try:
                    self.leave_after(request)
                    self.assertTrue(wait_until(lambda: self.at_work() == 0, 5), "PostgreSQL works on for nobody")
                finally:
                    lock.release()
                self.assertEqual(self.client(None).get("Patient?gender=male")[0], 200, "the connection serves the next one")

    def test_a_client_that_waits_gets_its_answer(self):
        lock = self.lock_searches()
        answers = []
        client = self.client(None)
        waiting = threading.Thread(target=lambda: answers.append(client.get("Patient?gender=male")[0]))
        waiting.start()
        self.assertTrue(wait_until(lambda: self.at_work() == 1, 10))
        time.sleep(1)
        self.assertEqual(self.at_work(), 1)
        lock.release()
        waiting.join(20)
        self.assertEqual(answers, [200])

    def test_what_it_asked_to_be_written_is_written(self):
        """A write goes on: the client may have been cut off by the network, and will ask what became of it."""
        lock = self.lock_searches()
        body = json.dumps({"resourceType": "Patient", "gender": "female"}).encode()
        self.leave_after(b"POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\nContent-Length: %d\r\n\r\n%s"
                         % (len(body), body))
        time.sleep(0.5)
        self.assertEqual(self.at_work(), 1)
        lock.release()
        client = self.client(None)
        self.assertTrue(wait_until(lambda: len(client.search("Patient?gender=female")) == 1, 10))


class PageLinks(e2e.GatewayCase):
    @classmethod
    def make_settings(cls) -> dict:
        settings = e2e.settings_of(cls.workspace, cls.tokens, cls.over)
        cls.tokens["chu2"] = cls.workspace.token("chu2")
        settings["access"]["parties"].append({"name": "chu2", "kind": "hospital", "token_file": "chu2.token",
                                              "attributes": {"organization": f"{e2e.FINESS_SYSTEM}|999999999"}})
        return settings

    def test_forged_of_another_query_and_of_another_party_are_400(self):
        sender = self.sender()
        for number in range(1, 4):
            self.assert_acknowledged("AA", sender.send(hl7.admission(e2e.patient(number), f"LINK{number}", "20240506091500")))
        owner, other = self.client("chu"), self.client("chu2")
        status, page, _ = owner.get("Encounter?_count=1")
        self.assertEqual(status, 200)
        link = next(one["url"] for one in page["link"] if one["relation"] == "next").split("/fhir/", 1)[1]
        head, name, sealed = link.partition("cursor=")
        self.assertTrue(name, "the link carries its cursor as a parameter")
        self.assertEqual(owner.get(link)[0], 200)
        for place in (0, len(sealed) // 2, len(sealed) - 2):
            changed = "A" if sealed[place] != "A" else "B"
            for client in (owner, other):
                status, outcome, _ = client.get(head + name + sealed[:place] + changed + sealed[place + 1:])
                self.assertEqual(status, 400, (place, outcome))
                self.assert_outcome(outcome)
        for what, client, path in (("cut", owner, head + name + sealed[:-8]), ("longer", owner, link + "AAAA"), ("nonsense", owner, head + name + "x"),
                                   ("another query", owner, link.replace("Encounter?", "Encounter?status=finished&")),
                                   ("another type", owner, link.replace("Encounter?", "Patient?")), ("another party", other, link)):
            with self.subTest(what):
                status, outcome, _ = client.get(path)
                self.assertEqual(status, 400, outcome)
                self.assert_outcome(outcome)
        self.assertEqual(owner.get(link)[0], 200)


class PostgresRestarted(OutsideCase):
    over = {"access": {"mode": "open"}, "database": {"acquire_timeout_ms": 1000}}

    def test_fast_restart_under_load_is_503_for_a_moment_and_loses_nothing(self):
        writers = [TransactionWriter(n, lambda: self.gateway.base, 0.005, repeats=n % 2 == 0) for n in range(4)]
        ending = threading.Event()
        reads: dict[int, int] = {}

        def read():
            client = FhirClient(self.gateway.base)
            while not ending.is_set():
                status, _, headers = client.get("Observation?code=8867-4&_count=5")
                reads[status] = reads.get(status, 0) + 1
                if status == 503 and "retry-after" not in headers:
                    reads[-1] = reads.get(-1, 0) + 1
                time.sleep(0.01)
            client.connection.close()

        reader = threading.Thread(target=read)
        for thread in (*writers, reader):
            thread.start()
        try:
            for _ in range(2):
                goal = sum(len(writer.acknowledged) for writer in writers) + 20
                self.assertTrue(wait_until(lambda: sum(len(w.acknowledged) for w in writers) > goal, 30), "no writes before the restart")
                self.server.stop()  # as `pg_ctl stop -m fast`: sessions are ended
                time.sleep(0.3)
                self.server.start()
                begin = time.monotonic()
                self.assertTrue(wait_until(lambda: self.root("GET", "health/ready")[0] == 200, 10), "not ready again")
                back = time.monotonic() - begin
                self.assertLess(back, 8, "a moment")
        finally:
            for writer in writers:
                writer.ending.set()
            ending.set()
            for thread in (*writers, reader):
                thread.join(40)
        self.assertEqual([fault for writer in writers for fault in writer.faults], [])
        self.assertEqual(sum(writer.unanswered for writer in writers), 0, "the gateway itself was never away")
        refused = sum(writer.refused for writer in writers)
        self.assertGreater(refused, 0, "nobody noticed: the test shows nothing")
        self.assertLessEqual(set(reads), {200, 503})
        client = self.client(None)
        self.assertEqual(faults_of(writers, stored(client)), [])
        print(f"  {sum(len(w.acknowledged) for w in writers)} transactions acknowledged, {refused} answered 503; reads {reads}; ready after "
              f"{back:.1f} s; ", end="", flush=True)


if __name__ == "__main__":
    e2e.main()
