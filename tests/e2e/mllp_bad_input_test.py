"""What the MLLP side answers to input that is wrong, cut short, too slow or too large, and how operators see it."""

import json
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
import messages as hl7  # noqa: E402
import process_facts  # noqa: E402
from mllp import END, START, MllpReceiver  # noqa: E402

MIB = 1024 * 1024
FRAME_MAX = 2 * MIB
WHEN, OUT = "20240506091500", "20240513110000"
OVER = {"access": {"mode": "open"},
        "mllp": {"listeners": [{"name": "chu", "address": "127.0.0.1:0", "partner": "chu", "frame_timeout_ms": 800,
                                "idle_timeout_ms": 60000, "frame_bytes_max": FRAME_MAX}]}}


class MllpBadInput(e2e.GatewayCase):
    over = OVER

    def patients_named(self, ipp: str) -> list[dict]:
        return self.client(None).search(f"Patient?identifier={ipp}")

    def entry(self, control_id: str) -> dict:
        found = self.journal(control_id=control_id)
        self.assertEqual(len(found), 1, control_id)
        return found[0]

    def plain(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.gateway.mllp_port), timeout=15)
        self.addCleanup(connection.close)
        return connection

    def read_to_end(self, connection: socket.socket) -> bytes:
        answer = b""
        try:
            while block := connection.recv(65536):
                answer += block
        except ConnectionResetError:
            pass
        return answer

    # Frames

    def test_half_open_frame_is_closed_without_answer(self):
        connection = self.plain()
        begin = time.monotonic()
        connection.sendall(START + hl7.admission(e2e.patient(1), "HALF1", WHEN)[:200])
        self.assertEqual(self.read_to_end(connection), b"")
        self.assertLess(time.monotonic() - begin, 10)
        self.assertEqual(self.journal(control_id="HALF1"), [])
        self.assertEqual(self.patients_named("P000001"), [])

    def test_frame_without_end_is_closed_although_bytes_keep_coming(self):
        connection = self.plain()
        begin = time.monotonic()
        connection.sendall(START + hl7.admission(e2e.patient(2), "ENDLESS1", WHEN))
        try:
            while time.monotonic() - begin < 15:
                connection.sendall(b"Z")
                time.sleep(0.05)
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.assertLess(time.monotonic() - begin, 10)
        self.assertEqual(self.journal(control_id="ENDLESS1"), [])

    def test_connection_cut_in_a_frame_stores_nothing(self):
        connection = self.plain()
        connection.sendall(START + hl7.admission(e2e.patient(3), "CUT1", WHEN))
        connection.close()
        self.assert_acknowledged("AA", self.sender().send(hl7.admission(e2e.patient(4), "AFTERCUT", WHEN)))
        self.assertEqual(self.journal(control_id="CUT1"), [])

    def test_frame_over_the_limit_gets_AR_without_memory(self):
        pid = self.gateway.process.pid
        for control_id, size in (("LARGE1", FRAME_MAX + 1), ("LARGE2", 100 * MIB)):
            with self.subTest(size):
                message = hl7.admission(e2e.patient(5), control_id, WHEN)
                process_facts.reset_peak(pid)
                before = process_facts.resident_bytes(pid)
                connection = self.plain()
                connection.sendall(START + message)
                rest = size - len(message)
                begin = time.monotonic()
                try:
                    while rest > 0 and time.monotonic() - begin < 20:
                        rest -= connection.send(b"N" * min(rest, MIB))
                    connection.sendall(END)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                answer = self.read_until_frame(connection)
                self.assert_acknowledged("AR", answer)
                self.assertIn(b"MSA|AR|" + control_id.encode(), answer)
                self.assertIn(b"\rERR|", answer)
                self.assertLess(process_facts.peak_bytes(pid) - before, 4 * FRAME_MAX)
                self.assertEqual(self.entry(control_id)["state"], "refused")
        self.assertEqual(self.patients_named("P000005"), [])

    def read_until_frame(self, connection: socket.socket) -> bytes:
        buffer = b""
        while END not in buffer:
            block = connection.recv(65536)
            if not block:
                return b""
            buffer += block
        return buffer.split(END, 1)[0].lstrip(START)

    def test_frame_at_the_limit_is_taken(self):
        message = hl7.admission(e2e.patient(6), "LIMIT1", WHEN)
        filler = b"NTE|1||" + b"n" * (FRAME_MAX - len(message) - 8) + b"\r"
        self.assertEqual(len(message + filler), FRAME_MAX)
        self.assert_acknowledged("AA", self.sender().send(message + filler))
        self.assertEqual(self.entry("LIMIT1")["state"], "committed")

    def test_garbage_between_frames_is_skipped(self):
        connection = self.plain()
        for number, garbage in enumerate((b"\r\n\r\n", b"\x00" * 100, b"GET / HTTP/1.1\r\n\r\n", bytes(range(14, 28)) * 50, b"\x1c\r\x1c\r")):
            connection.sendall(garbage + START + hl7.admission(e2e.patient(10 + number), f"GARBAGE{number}", WHEN) + END)
            self.assert_acknowledged("AA", self.read_until_frame(connection))
            self.assertEqual(self.entry(f"GARBAGE{number}")["state"], "committed")

    def test_peer_who_does_not_speak_mllp_is_closed_long_before_the_idle_timeout(self):
        for junk in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"x" * 100_000):
            with self.subTest(junk[:10]):
                connection = self.plain()
                begin = time.monotonic()
                connection.sendall(junk)
                self.assertEqual(self.read_to_end(connection), b"")
                self.assertLess(time.monotonic() - begin, 10)
        metrics = self.root("GET", "metrics")[1].decode()
        self.assertRegex(metrics, r'passerelle_mllp_closed_total\{listener="chu",reason="junk"\} [3-9]')
        self.assertIn('passerelle_mllp_connections{listener="chu"}', metrics)

    def test_two_messages_in_one_write_are_answered_in_order(self):
        connection = self.plain()
        connection.sendall(b"".join(START + hl7.admission(e2e.patient(20 + n), f"BOTH{n}", WHEN) + END for n in range(2)))
        answer = b""
        while answer.count(END) < 2:
            answer += connection.recv(65536)
        self.assertLess(answer.index(b"MSA|AA|BOTH0"), answer.index(b"MSA|AA|BOTH1"))

    # Content

    def test_bytes_invalid_for_the_declared_charset_get_AE_with_the_place(self):
        message = hl7.admission(e2e.patient(30, family="ETE"), "CHARSET1", WHEN).replace(b"8859/15", b"UNICODE UTF-8")
        bad = message.replace(b"|ETE^", b"|ET\xe9^")
        self.assertNotEqual(message, bad)
        answer = self.sender().send(bad)
        self.assert_acknowledged("AE", answer)
        error = next(s for s in answer.split(b"\r") if s.startswith(b"ERR|"))
        # The field that promised the character set, and the byte that breaks the promise.
        self.assertTrue(error.split(b"|")[2].startswith(b"MSH^1^18"), error)
        self.assertIn(f"at byte {bad.index(0xE9)}".encode(), error)
        entry = self.entry("CHARSET1")
        self.assertEqual(entry["state"], "refused")
        self.assertEqual(entry["error_place"], "MSH-18")
        self.assertEqual(self.patients_named("P000030"), [])

    def test_unknown_charset_and_utf_16_are_refused(self):
        for control_id, name in (("CHARSET2", b"KLINGON"), ("CHARSET3", b"UNICODE UTF-16")):
            answer = self.sender().send(hl7.admission(e2e.patient(31), control_id, WHEN).replace(b"8859/15", name))
            self.assertIn(hl7.acknowledgement_code(answer), ("AE", "AR"))
            self.assertIn(b"\rERR|^", answer.replace(b"\rERR||", b"\rERR|^"))
            self.assertTrue(self.entry(control_id)["error_place"].startswith("MSH"))

    def test_unknown_trigger_is_ignored_with_AA(self):
        message = hl7.encode([hl7.header("A99", "ADT_A99", "TRIGGER1", WHEN), f"EVN||{WHEN}", hl7.pid(e2e.patient(32))])
        self.assert_acknowledged("AA", self.sender().send(message))
        self.assertEqual(self.entry("TRIGGER1")["state"], "ignored")
        self.assertEqual(self.patients_named("P000032"), [])

    def test_type_version_and_processing_id_get_AR(self):
        a01 = hl7.admission(e2e.patient(33), "X", WHEN)
        for control_id, old, new, place in (("TYPE1", b"ADT^A01^ADT_A01", b"QRY^A19^QRY_A19", "MSH"), ("VERSION1", b"2.5^FRA", b"9.9^FRA", "MSH"),
                                            ("PROCESSING1", b"|P|2.5", b"|X|2.5", "MSH")):
            with self.subTest(control_id):
                answer = self.sender().send(a01.replace(b"|X|P|", f"|{control_id}|P|".encode()).replace(old, new))
                self.assert_acknowledged("AR", answer)
                self.assertIn(b"\rERR|", answer)
                entry = self.entry(control_id)
                self.assertEqual(entry["state"], "refused")
                self.assertTrue(entry["error_place"].startswith(place), entry)

    def test_content_that_is_wrong_gets_AE_and_names_the_field(self):
        cases = (("FIELD1", b"|19500101|", b"|19501399|", "PID"), ("FIELD2", b"^PI~", b"^XX~", "PID"),
                 ("FIELD3", b"\rPID|", b"\rZID|", "PID"), ("FIELD4", b"|19500101|", b"||", "PID"))
        for number, (control_id, old, new, place) in enumerate(cases):
            with self.subTest(control_id):
                # A patient each: a refused message holds those that follow it.
                good = hl7.admission(e2e.patient(340 + number), "X", WHEN)
                bad = good.replace(b"|X|P|", f"|{control_id}|P|".encode()).replace(old, new)
                answer = self.sender().send(bad)
                self.assert_acknowledged("AE", answer)
                entry = self.entry(control_id)
                self.assertEqual(entry["state"], "refused")
                self.assertTrue(entry["error_place"].startswith(place), entry)
                self.assertEqual(self.patients_named(f"P{340 + number:06}"), [])

    def test_patient_of_a_refused_message_is_held_until_it_is_sent_again_or_discarded(self):
        good = hl7.admission(e2e.patient(50), "HELD2", WHEN)
        bad = good.replace(b"|HELD2|", b"|HELD1|").replace(b"|19500101|", b"|19501399|")
        sender = self.sender()
        self.assert_acknowledged("AE", sender.send(bad))
        answer = sender.send(good)
        self.assert_acknowledged("AE", answer)
        self.assertIn(b"held behind HELD1", answer)
        self.assertEqual(self.entry("HELD2")["state"], "parked")
        self.assert_acknowledged("AA", sender.send(hl7.admission(e2e.patient(51), "FREE1", WHEN)))
        self.assertEqual(self.patients_named("P000050"), [])
        self.assertEqual(sender.send(good), answer, "a repeat gets its present state")
        discarded = e2e.run("messages", "discard", "--server", f"http://127.0.0.1:{self.gateway.http_port}",
                            self.entry("HELD1")["id"])
        self.assertEqual(discarded.returncode, 0, discarded.stderr)
        self.assertTrue(e2e.wait_until(lambda: self.entry("HELD2")["state"] == "committed", 20))
        self.assertEqual(len(self.patients_named("P000050")), 1)
        self.assert_acknowledged("AA", sender.send(good))

    def test_what_is_no_hl7_is_refused_and_kept(self):
        before = len(self.journal(state="refused"))
        for number, content in enumerate((b"", b"hello", b"MSH", b"MSH|^~\\&", b"\x00" * 50, b"MSH|^~\\&|||||||ADT^A01", b"{}")):
            with self.subTest(content):
                answer = self.sender().send(content)
                self.assertIn(hl7.acknowledgement_code(answer), ("AE", "AR"), answer)
        self.assertGreater(len(self.journal(state="refused")), before)
        self.assert_acknowledged("AA", self.sender().send(hl7.admission(e2e.patient(35), "STILLALIVE", WHEN)))


class OperatorsDesk(e2e.GatewayCase):
    over = {"access": {"mode": "deny"}}

    def desk(self, *words, remote: bool, token: str = "operator"):
        where = (("--server", f"http://127.0.0.1:{self.gateway.http_port}", "--token-file", self.workspace.path / f"{token}.token")
                 if remote else ("--config", self.config, "--embedded", self.data))
        return e2e.run("messages", *words, *where)

    def write(self, name: str, *messages: bytes) -> pathlib.Path:
        path = self.workspace.path / name
        path.write_bytes(b"".join(messages))
        return path

    def send(self, *files) -> subprocess.CompletedProcess:
        return e2e.run("hl7", "send", f"127.0.0.1:{self.gateway.mllp_port}", *files)


class OperatorsQueries(OperatorsDesk):
    def test_messages_are_found_replayed_and_discarded_by_query_and_counted(self):
        sender = self.sender()
        for number in (60, 61, 62):
            bad = hl7.admission(e2e.patient(number), f"QUERY{number}", WHEN).replace(b"|19500101|", b"|19501399|")
            self.assert_acknowledged("AE", sender.send(bad))
        self.assert_acknowledged("AE", sender.send(hl7.admission(e2e.patient(60), "QUERY63", WHEN)))
        for remote in (False, True):
            with self.subTest(remote=remote):
                def found(*words):
                    listed = self.desk("list", *words, remote=remote)
                    self.assertEqual(listed.returncode, 0, listed.stderr)
                    return sorted(row.split()[5] for row in listed.stdout.splitlines())
                system = "urn:oid:1.2.250.1.71.4.2.2.990000010"
                self.assertEqual(found("--patient", f"{system}|P000060"), ["QUERY60", "QUERY63"])
                self.assertEqual(found("--error-code", "206"), ["QUERY63"])
                self.assertEqual(found("--text", "p000062"), ["QUERY62"])
                self.assertEqual(found("--to", "2020-01-01"), [])
                self.assertEqual(found("--state", "refused", "--type", "ADT^A01", "--error-place", "PID-7", "--from", "2020"),
                                 ["QUERY60", "QUERY61", "QUERY62"])
                check = self.desk("check", remote=remote)
                self.assertEqual(check.returncode, 0, check.stdout + check.stderr)
                self.assertRegex(check.stdout, r"(?m)^received +4$")
                self.assertRegex(check.stdout, r"(?m)^parked +1$")
        self.assertEqual(self.desk("replay", remote=True).returncode, 2)
        replayed = self.desk("replay", "--state", "refused", "--error-place", "PID-7", remote=True)
        self.assertEqual((replayed.returncode, len(replayed.stdout.splitlines())), (0, 3), replayed.stderr)
        self.assertTrue(e2e.wait_until(lambda: len(self.journal(state="refused")) == 3, 20), "they are as wrong as before")
        discarded = self.desk("discard", "--state", "refused", remote=True)
        self.assertEqual((discarded.returncode, len(discarded.stdout.splitlines())), (0, 3), discarded.stderr)
        self.assertTrue(e2e.wait_until(lambda: self.journal(control_id="QUERY63")[0]["state"] == "committed", 20))
        again = self.desk("replay", "--state", "discarded", remote=True)
        self.assertEqual(again.returncode, 1)
        self.assertIn("discarded", again.stderr)


class OperatorsView(OperatorsDesk):
    def test_list_show_and_replay_directly_and_through_the_server(self):
        good = hl7.admission(e2e.patient(40), "LIST1", WHEN)
        bad = good.replace(b"|LIST1|", b"|LIST2|").replace(b"|19500101|", b"|19501399|")
        sender = self.sender()
        self.assert_acknowledged("AA", sender.send(good))
        self.assert_acknowledged("AE", sender.send(bad))
        for remote in (False, True):
            with self.subTest(remote=remote):
                listed = self.desk("list", remote=remote)
                self.assertEqual(listed.returncode, 0, listed.stderr)
                rows = {row.split()[5]: row.split() for row in listed.stdout.splitlines()}
                self.assertEqual((rows["LIST1"][1], rows["LIST2"][1]), ("committed", "refused"))
                self.assertIn("PID-7", " ".join(rows["LIST2"]))
                only = self.desk("list", "--state", "refused", remote=remote)
                self.assertIn("LIST2", only.stdout)
                self.assertNotIn("LIST1", only.stdout)
                number = rows["LIST2"][0]
                shown = self.desk("show", number, remote=remote)
                self.assertEqual(shown.returncode, 0, shown.stderr)
                self.assertRegex(shown.stdout, r"control_id +LIST2")
                self.assertRegex(shown.stdout, r"acknowledgement +MSA\|AE\|LIST2\n +ERR\|\|PID\^1\^7")
                raw = subprocess.run(
                    [e2e.binary(), "messages", "show", number, "--raw", "--config", str(self.config), "--embedded", str(self.data)],
                    capture_output=True, timeout=30)
                self.assertEqual(raw.stdout, bad, "the bytes as they came")
                replayed = self.desk("replay", number, remote=remote)
                self.assertEqual(replayed.returncode, 0, replayed.stderr)
                # Nothing has changed: it is looked at again, and refused again.
                self.assertTrue(e2e.wait_until(lambda: self.journal(control_id="LIST2")[0]["state"] == "refused", 20))
                self.assertEqual(self.desk("show", "123456789", remote=remote).returncode, 1)
                self.assertEqual(self.desk("list", "--state", "nonsense", remote=remote).returncode, 1)

    def test_replay_after_the_cause_is_gone_commits(self):
        """A mapping that did not know a value is corrected and reloaded; the message then goes through."""
        original = (e2e.ROOT / "config/mappings/hl7v2/pam-fr.yaml").read_text()
        self.assertIn('versions: ["2.5"]', original)
        mappings = self.mappings / "hl7v2/pam-fr.yaml"
        self.addCleanup(self.reload, mappings, original)
        self.reload(mappings, original.replace('versions: ["2.5"]', 'versions: ["2.4"]'))
        self.assert_acknowledged("AR", self.sender().send(hl7.admission(e2e.patient(41), "REPLAY1", WHEN)))
        self.reload(mappings, original)
        number = self.journal(control_id="REPLAY1")[0]["id"]
        self.assertEqual(self.desk("replay", number, remote=True).returncode, 0)
        self.assertTrue(e2e.wait_until(lambda: self.journal(control_id="REPLAY1")[0]["state"] == "committed", 20))
        self.assertEqual(len(self.client().search("Patient?identifier=P000041")), 1)

    def reload(self, path: pathlib.Path, text: str):
        before = self.log.read_text().count("mappings reloaded")
        path.write_text(text)
        self.gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(e2e.wait_until(lambda: self.log.read_text().count("mappings reloaded") > before, 10), self.gateway.tail())

    @classmethod
    def make_settings(cls):
        """With mappings of its own, which a test changes."""
        settings = super().make_settings()
        cls.mappings = cls.workspace.path / "mappings"
        shutil.copytree(e2e.ROOT / "config/mappings", cls.mappings)
        return e2e.merge(settings, {"mappings_directory": str(cls.mappings)})

    def test_only_operators_reach_the_journal(self):
        for party in ("chu", "platform", "amo"):
            with self.subTest(party):
                refused = self.desk("list", remote=True, token=party)
                self.assertEqual(refused.returncode, 1)
                self.assertEqual(refused.stdout, "")
        self.assertEqual(self.root("GET", "console/messages")[0], 401)

    def test_send_prints_acknowledgements_and_its_exit_code_says_whether_all_are_good(self):
        good = self.write("good.hl7", *(START + message + END for message in (
            hl7.admission(e2e.patient(42), "SEND1", WHEN), hl7.discharge(e2e.patient(42), "SEND2", WHEN, OUT))))
        done = self.send(good)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("MSA|AA|SEND1", done.stdout)
        self.assertIn("MSA|AA|SEND2", done.stdout)
        bad = self.write("bad.hl7", hl7.admission(e2e.patient(43, birth="19501399"), "SEND3", WHEN))
        done = self.send(good, bad)
        self.assertEqual(done.returncode, 1)
        self.assertIn("MSA|AE|SEND3", done.stdout)
        self.assertEqual(self.send(self.workspace.path / "absent.hl7").returncode, 1)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.assertEqual(e2e.run("hl7", "send", f"127.0.0.1:{port}", good).returncode, 1)
        self.assertEqual(e2e.run("hl7", "send", "nowhere", good).returncode, 2)

    def test_send_to_another_receiver(self):
        receiver = MllpReceiver()
        file = self.write("other.hl7", hl7.admission(e2e.patient(44), "SEND4", WHEN))
        done = e2e.run("hl7", "send", f"127.0.0.1:{receiver.port}", file)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"SEND4", receiver.messages[0])

    def test_translate_prints_the_bundle_and_writes_nothing(self):
        file = self.write("translate.hl7", hl7.admission(e2e.patient(45), "TRANSLATE1", WHEN))
        done = e2e.run("hl7", "translate", "--config", self.config, file)
        self.assertEqual(done.returncode, 0, done.stderr)
        bundle = json.loads(done.stdout)
        self.assertEqual((bundle["resourceType"], bundle["type"]), ("Bundle", "transaction"))
        kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
        self.assertLessEqual({"Patient", "Encounter", "Coverage", "Practitioner", "Organization"}, kinds)
        bad = self.write("untranslatable.hl7", hl7.admission(e2e.patient(46, birth="19501399"), "TRANSLATE2", WHEN))
        done = e2e.run("hl7", "translate", "--config", self.config, bad)
        self.assertEqual(done.returncode, 1)
        self.assertIn("PID-7", done.stderr)
        self.assertNotIn("19501399", done.stderr)
        self.assertEqual(self.journal(control_id="TRANSLATE1"), [])
        self.assertEqual(e2e.run("hl7", "translate", self.workspace.path / "absent.hl7", "--config", self.config).returncode, 1)


if __name__ == "__main__":
    e2e.main()
