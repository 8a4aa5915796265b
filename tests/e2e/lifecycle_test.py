"""Start and stop, what is refused at start, and the commands beside `serve`."""

import concurrent.futures
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
import messages as hl7  # noqa: E402
import process_facts  # noqa: E402
from fhir_client import FhirClient  # noqa: E402
from gateway_process import Gateway, Workspace  # noqa: E402
from mllp import MllpSender  # noqa: E402
from postgres_server import OutsideDatabase, PostgresServer, execute  # noqa: E402

OPEN = {"access": {"mode": "open"}}


class WorkspaceCase(unittest.TestCase):
    def setUp(self):
        self.workspace = Workspace("lifecycle")
        self.addCleanup(self.workspace.close)
        self.gateways: list[Gateway] = []
        self.addCleanup(self.end_all)

    def end_all(self):
        for gateway in self.gateways:
            if gateway.process is not None and gateway.process.poll() is None:
                gateway.kill()

    def config(self, over: dict | None = None, name: str = "passerelle") -> pathlib.Path:
        return e2e.write_settings(self.workspace.path / f"{name}.yaml",
                                  e2e.settings_of(self.workspace, {}, e2e.merge(OPEN, over or {})))

    def gateway(self, over: dict | None = None, data: str | None = "data", name: str = "passerelle", http: str = "127.0.0.1:0") -> Gateway:
        gateway = Gateway(e2e.binary(), self.config(over, name), self.workspace.path / data if data else None,
                          self.workspace.path / f"{name}.log", http=http)
        self.gateways.append(gateway)
        return gateway

    def client(self, gateway: Gateway) -> FhirClient:
        client = FhirClient(gateway.base)
        self.addCleanup(client.connection.close)
        return client

    def postmaster(self, data: str = "data") -> int:
        return int((self.workspace.path / data / "postgres/postmaster.pid").read_text().split()[0])

    def serve(self, *arguments: str, config: pathlib.Path | None = None, timeout_s: float = 40) -> subprocess.CompletedProcess:
        """`serve` that is expected to end by itself."""
        return e2e.run("serve", "--config", config or self.config(), "--http", "127.0.0.1:0", *arguments, timeout_s=timeout_s)


class EmbeddedDatabase(WorkspaceCase):
    def test_restart_keeps_data_and_both_processes_end(self):
        gateway = self.gateway()
        gateway.start()
        client = self.client(gateway)
        status, made, _ = client.call("POST", "Patient", {"resourceType": "Patient", "name": [{"family": "Ibáñez"}]})
        self.assertEqual(status, 201)
        sender = MllpSender("127.0.0.1", gateway.mllp_port)
        a01 = hl7.admission(e2e.patient(1), "KEPT1", "20240506091500")
        first = sender.send(a01)
        sender.close()
        postmaster = self.postmaster()
        took = gateway.stop()
        self.assertLess(took, 10)
        self.assertFalse(process_facts.is_running(postmaster), "PostgreSQL outlived the gateway")
        gateway.start()
        client = self.client(gateway)
        self.assertEqual(client.get(f"Patient/{made['id']}")[1], made)
        sender = MllpSender("127.0.0.1", gateway.mllp_port)
        self.addCleanup(sender.close)
        self.assertEqual(sender.send(a01), first, "the repeat across a restart gets the acknowledgement of before")
        self.assertEqual(len(client.search(f"Patient?identifier={e2e.patient(1).ipp}")), 1)
        self.assertLess(gateway.stop(), 10)

    def test_second_gateway_on_the_same_folder_is_refused(self):
        gateway = self.gateway()
        gateway.start()
        begin = time.monotonic()
        second = self.serve("--embedded", str(self.workspace.path / "data"), config=self.config(name="second"))
        self.assertNotEqual(second.returncode, 0)
        self.assertNotIn("ready", second.stdout)
        self.assertIn("in use", second.stderr)
        self.assertIn(str(self.workspace.path / "data"), second.stderr, "the message must name the folder")
        self.assertLess(time.monotonic() - begin, 20)
        self.assertEqual(self.client(gateway).get("Patient")[0], 200, "the first one is not disturbed")

    def test_sigterm_with_postgres_killed_stops_within_ten_seconds(self):
        gateway = self.gateway()
        gateway.start()
        sender = MllpSender("127.0.0.1", gateway.mllp_port)  # an idle connection must not hold it up
        self.addCleanup(sender.close)
        postmaster = self.postmaster()
        self.assertEqual(process_facts.parent(postmaster), gateway.process.pid)
        os.kill(postmaster, signal.SIGKILL)
        self.assertLess(gateway.stop(timeout_s=30), 10)

    def test_sigterm_finishes_the_request_under_way(self):
        gateway = self.gateway()
        gateway.start()
        body = json.dumps({"resourceType": "Patient", "active": True}).encode()
        head = (f"POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        with socket.create_connection(("127.0.0.1", gateway.http_port), timeout=20) as connection:
            connection.sendall(head + body[:5])
            time.sleep(0.2)
            gateway.process.terminate()
            time.sleep(0.5)
            connection.sendall(body[5:])
            self.assertEqual(e2e.status_of(connection.recv(65536)), 201)
        self.assertEqual(gateway.process.wait(15), 0)

    def test_kill_9_then_a_stale_pid_file_is_recovered_from(self):
        gateway = self.gateway()
        gateway.start()
        status, made, _ = self.client(gateway).call("POST", "Patient", {"resourceType": "Patient", "active": True})
        self.assertEqual(status, 201)
        postmaster = self.postmaster()
        gateway.kill()
        self.assertTrue(e2e.wait_until(lambda: not process_facts.is_running(postmaster), 15),
                        "PostgreSQL outlived a killed gateway")
        # As after a power cut: the file stands there, and its number belongs to a living process of somebody else.
        pid_file = self.workspace.path / "data/postgres/postmaster.pid"
        pid_file.write_text(f"{os.getpid()}\n{pid_file.parent}\n1700000000\n5432\n/nowhere\n\n")
        os.chown(pid_file, pid_file.parent.stat().st_uid, pid_file.parent.stat().st_gid)
        gateway.start()
        self.assertEqual(self.client(gateway).get(f"Patient/{made['id']}")[0], 200)
        self.assertLess(gateway.stop(), 10)

    def test_kill_9_of_both_is_recovered_from(self):
        gateway = self.gateway()
        gateway.start()
        status, made, _ = self.client(gateway).call("POST", "Patient", {"resourceType": "Patient", "active": True})
        self.assertEqual(status, 201)
        postmaster = self.postmaster()
        gateway.process.send_signal(signal.SIGSTOP)  # it must not start another PostgreSQL in between
        os.kill(postmaster, signal.SIGKILL)
        gateway.kill()
        gateway.start()
        self.assertEqual(self.client(gateway).get(f"Patient/{made['id']}")[0], 200)

    def test_folder_out_of_reach_is_named(self):
        if os.geteuid() != 0:
            self.skipTest("only root starts PostgreSQL as another account")
        closed = self.workspace.path / "closed"
        closed.mkdir(mode=0o700)
        refused = self.serve("--embedded", str(closed / "data"))
        self.assertEqual(refused.returncode, 1, refused.stderr)
        self.assertIn(str(closed), refused.stderr)


class Refusals(WorkspaceCase):
    def test_http_port_in_use_exits_1_and_names_it(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            refused = e2e.run("serve", "--config", self.config(), "--embedded", str(self.workspace.path / "data"),
                              "--http", f"127.0.0.1:{port}", timeout_s=40)
        self.assertEqual(refused.returncode, 1, refused.stderr)
        self.assertIn(str(port), refused.stderr)

    def test_mllp_port_in_use_exits_1_and_names_it(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            refused = self.serve("--embedded", str(self.workspace.path / "data"), "--mllp", f"127.0.0.1:{port}")
        self.assertEqual(refused.returncode, 1, refused.stderr)
        self.assertIn(str(port), refused.stderr)
        pid_file = self.workspace.path / "data/postgres/postmaster.pid"
        self.assertFalse(pid_file.exists(), "PostgreSQL was left running")

    def test_wrong_key_exits_78_names_the_nearest_key_and_the_line(self):
        path = self.workspace.path / "wrong.yaml"
        path.write_text("http:\n  address: \"127.0.0.1:0\"\n  conections_max: 5\n")
        for words in (("serve", "--config", path, "--embedded", self.workspace.path / "data"), ("check-config", path)):
            refused = e2e.run(*words)
            self.assertEqual(refused.returncode, 78, refused.stderr)
            self.assertIn("conections_max", refused.stderr)
            self.assertIn("connections_max", refused.stderr)
            self.assertRegex(refused.stderr, r"wrong\.yaml:3\b")

    def test_wrong_values_exit_78_and_name_the_setting(self):
        for text, name in (("http:\n  connections_max: many\n", "connections_max"), ("http:\n  connections_max: 0\n", "connections_max"),
                           ("access:\n  mode: maybe\n", "mode"), ("http: [1\n", "wrong.yaml")):
            path = self.workspace.path / "wrong.yaml"
            path.write_text(text)
            with self.subTest(name):
                refused = e2e.run("check-config", path)
                self.assertEqual(refused.returncode, 78, refused.stderr)
                self.assertIn(name, refused.stderr)

    def test_missing_config_exits_78_and_names_it(self):
        refused = e2e.run("serve", "--config", self.workspace.path / "absent.yaml")
        self.assertEqual(refused.returncode, 78)
        self.assertIn("absent.yaml", refused.stderr)

    def test_no_database_exits_78(self):
        self.assertEqual(self.serve().returncode, 78)

    def test_token_file_absent_or_empty_exits_78_and_names_the_setting(self):
        config = self.config()
        (self.workspace.path / "platform.token").unlink()
        refused = e2e.run("check-config", config)
        self.assertEqual(refused.returncode, 78, refused.stderr)
        self.assertIn("access.parties[platform].token_file", refused.stderr)
        (self.workspace.path / "platform.token").write_text("\n")
        refused = self.serve("--embedded", str(self.workspace.path / "data"), config=config)
        self.assertEqual(refused.returncode, 78, refused.stderr)
        self.assertIn("access.parties[platform].token_file", refused.stderr)

    def test_certificates_that_cannot_be_used_exit_78_and_name_the_setting(self):
        certificate, key = e2e.make_certificate(self.workspace.path, "good", "good")
        _, other_key = e2e.make_certificate(self.workspace.path, "other", "other")
        listener = {"name": "chu", "address": "127.0.0.1:0", "partner": "chu"}
        hook = {"name": "hook", "kind": "rest-hook", "partner": "chu", "url": "https://localhost/x"}
        for over, setting in (
                ({"http": {"tls": {"certificate_file": "none.pem", "key_file": str(key)}}}, "http.tls.certificate_file"),
                ({"http": {"tls": {"certificate_file": str(certificate), "key_file": str(other_key)}}}, "http.tls.key_file"),
                ({"mllp": {"listeners": [{**listener, "tls": {"certificate_file": str(certificate), "key_file": str(certificate)}}]}},
                 "mllp.listeners[chu].tls.key_file"),
                ({"destinations": [{**hook, "ca_file": "none.pem"}]}, "destinations[hook].ca_file"),
                ({"destinations": [{**hook, "token_file": "none.token"}]}, "destinations[hook].token_file")):
            with self.subTest(setting):
                config = self.config(over)
                refused = e2e.run("check-config", config)
                self.assertEqual(refused.returncode, 78, refused.stderr)
                self.assertIn(setting, refused.stderr)
                refused = self.serve("--embedded", str(self.workspace.path / "data"), config=config)
                self.assertEqual(refused.returncode, 78, refused.stderr)
                self.assertFalse((self.workspace.path / "data").exists(), "nothing is started")
        good = self.config({"http": {"tls": {"certificate_file": str(certificate), "key_file": str(key)}}})
        self.assertEqual(e2e.run("check-config", good).returncode, 0)

    def test_same_token_of_two_parties_exits_78(self):
        config = self.config()
        (self.workspace.path / "platform.token").write_text((self.workspace.path / "chu.token").read_text())
        refused = e2e.run("check-config", config)
        self.assertEqual(refused.returncode, 78, refused.stderr)
        self.assertNotIn((self.workspace.path / "chu.token").read_text().strip(), refused.stderr)

    def test_open_access_beyond_loopback_is_refused(self):
        refused = e2e.run("serve", "--config", self.config(), "--embedded", str(self.workspace.path / "data"), "--http", "0.0.0.0:0")
        self.assertEqual(refused.returncode, 78, refused.stderr)

    def test_usage_errors_exit_2(self):
        for words in (("frobnicate",), (), ("serve", "--frobnicate"), ("serve", "--config"), ("messages",), ("messages", "show"),
                      ("hl7", "send"), ("serve", "operand")):
            with self.subTest(" ".join(words)):
                refused = e2e.run(*words)
                self.assertEqual(refused.returncode, 2, refused.stderr)
                self.assertTrue(refused.stderr.strip())
                self.assertEqual(refused.stdout, "")


class PlainCommands(WorkspaceCase):
    def test_version(self):
        done = e2e.run("version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^passerelle \d+\.\d+\.\d+\n$")

    def test_help_names_every_command(self):
        done = e2e.run("--help")
        self.assertEqual(done.returncode, 0)
        for name in ("serve", "migrate", "check-config", "print-config-schema", "hl7 send", "hl7 translate",
                     "messages list", "messages show", "messages replay", "version"):
            self.assertIn(name, done.stdout)

    def test_check_config_of_a_good_file_and_of_the_delivered_one(self):
        for path in (self.config(), e2e.ROOT / "config/passerelle.yaml"):
            done = e2e.run("check-config", path)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_print_config_schema_is_json_that_knows_the_settings(self):
        done = e2e.run("print-config-schema")
        self.assertEqual(done.returncode, 0)
        schema = json.loads(done.stdout)
        self.assertFalse(schema["additionalProperties"])
        http = schema["properties"]["http"]["properties"]
        self.assertEqual((http["connections_max"]["minimum"], http["connections_max"]["maximum"]), (1, 20000))
        names = re.findall(r"(?m)^([a-z_]+):", (e2e.ROOT / "config/passerelle.yaml").read_text())
        self.assertEqual(sorted(schema["properties"]), sorted(names))


class OutsideServer(WorkspaceCase):
    def setUp(self):
        super().setUp()
        self.database = OutsideDatabase()
        self.addCleanup(self.database.close)
        self.addCleanup(self.end_all)  # before the database goes

    def test_migrate_then_serve_by_connection_string(self):
        config = self.config({"database": {"connection": self.database.conninfo}})
        for _ in range(2):
            done = e2e.run("migrate", "--config", config)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(execute(self.database.conninfo, "SELECT count(*) FROM resource_version"), "0")
        gateway = self.gateway({"database": {"connection": self.database.conninfo}}, data=None)
        gateway.start()
        self.assertEqual(self.client(gateway).call("POST", "Patient", {"resourceType": "Patient", "active": True})[0], 201)
        self.assertGreaterEqual(int(execute(self.database.conninfo, "SELECT count(*) FROM resource_version")), 1)
        self.assertLess(gateway.stop(), 10)

    def test_several_nodes_start_at_once_on_an_empty_database(self):
        nodes = [self.gateway({"database": {"connection": self.database.conninfo, "pool_size": 4}}, data=None, name=f"node{n}")
                 for n in range(4)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda node: node.start(), nodes))
        status, made, _ = self.client(nodes[0]).call("POST", "Patient", {"resourceType": "Patient", "active": True})
        self.assertEqual(status, 201)
        for node in nodes:
            self.assertEqual(self.client(node).get(f"Patient/{made['id']}")[0], 200)
            self.assertLess(node.stop(), 10)

    def test_unreachable_server_exits_1_without_its_password(self):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        refused = self.serve(config=self.config({"database": {"connection": f"host=127.0.0.1 port={port} user=x passfile=/nonexistent dbname=y"}}))
        self.assertEqual(refused.returncode, 1, refused.stderr)
        self.assertIn("database", refused.stderr)


class OutsideServerWithTls(WorkspaceCase):
    def test_verified_certificate_is_accepted_and_a_wrong_one_refused(self):
        certificate, key = e2e.make_certificate(self.workspace.path, "server", "localhost")
        wrong, _ = e2e.make_certificate(self.workspace.path, "wrong", "localhost")
        certificate.chmod(0o644)
        server = PostgresServer(tls_certificate=(certificate, key))
        self.addCleanup(server.close)
        server.create_database("tls")
        common = f"host=127.0.0.1 port={server.port} user=postgres dbname=tls sslmode=verify-full"
        gateway = self.gateway({"database": {"connection": f"{common} sslrootcert={certificate}"}}, data=None)
        gateway.start()
        self.assertEqual(execute(server.conninfo("postgres"),
                                 "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                                 "WHERE application_name = 'passerelle'"), "t")
        self.assertEqual(self.client(gateway).call("POST", "Patient", {"resourceType": "Patient", "active": True})[0], 201)
        self.assertLess(gateway.stop(), 10)
        refused = self.serve(config=self.config({"database": {"connection": f"{common} sslrootcert={wrong}"}}))
        self.assertEqual(refused.returncode, 1, refused.stderr)


if __name__ == "__main__":
    e2e.main()
