"""Enhanced acknowledgement mode by MSH-15 and MSH-16: CA once the bytes are durable, what became of them later, also after a
kill -9 and for messages that come again."""

import pathlib
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
import messages as hl7  # noqa: E402
from mllp import END, START, MllpReceiver  # noqa: E402

WHEN = "20240506091500"


def asking(message: bytes, accept: str, application: str) -> bytes:
    segments = message.split(b"\r")
    fields = segments[0].split(b"|")
    fields[14:16] = [accept.encode(), application.encode()]
    return b"\r".join([b"|".join(fields), *segments[1:]])


class EnhancedMode(e2e.GatewayCase):
    @classmethod
    def setUpClass(cls):
        cls.receiver = MllpReceiver()
        cls.over = {
            "access": {"mode": "open"},
            "mllp": {"listeners": [{"name": "chu", "address": "127.0.0.1:0", "partner": "chu",
                                    "acknowledgement_destination": "chu-acks"}]},
            "destinations": [{"name": "chu-acks", "kind": "mllp", "partner": "chu",
                              "address": f"127.0.0.1:{cls.receiver.port}"}]}
        super().setUpClass()

    def later(self, control_id: str, timeout_s: float = 20) -> bytes | None:
        return self.receiver.wait_for(lambda message: f"|{control_id}\r".encode() in message, timeout_s)

    def test_accepted_then_committed_then_acknowledged_elsewhere(self):
        message = asking(hl7.admission(e2e.patient(1), "CA1", WHEN), "AL", "AL")
        sender = self.sender()
        accepted = sender.send(message)
        self.assertEqual(hl7.acknowledgement_code(accepted), "CA")
        later = self.later("CA1")
        self.assertIsNotNone(later)
        self.assertEqual(hl7.acknowledgement_code(later), "AA")
        self.assertEqual(self.journal(control_id="CA1")[0]["state"], "committed")
        self.assertEqual(len(self.client(None).search("Patient?identifier=P000001")), 1)
        self.assertEqual(sender.send(message), accepted, "the first answer again")

    def test_bad_content_is_accepted_and_refused_elsewhere_and_holds_its_patient(self):
        good = asking(hl7.admission(e2e.patient(2), "CA3", WHEN), "AL", "AL")
        bad = good.replace(b"|CA3|", b"|CA2|").replace(b"|19500101|", b"|19501399|")
        sender = self.sender()
        self.assertEqual(hl7.acknowledgement_code(sender.send(bad)), "CA")
        later = self.later("CA2")
        self.assertEqual(hl7.acknowledgement_code(later), "AE")
        self.assertIn(b"\rERR||PID^1^7", later)
        self.assertEqual(hl7.acknowledgement_code(sender.send(good)), "CA")
        self.assertTrue(e2e.wait_until(lambda: self.journal(control_id="CA3")[0]["state"] == "parked", 20))
        discarded = e2e.run("messages", "discard", "--control-id", "CA2", "--server", f"http://127.0.0.1:{self.gateway.http_port}")
        self.assertEqual(discarded.returncode, 0, discarded.stderr)
        self.assertEqual(hl7.acknowledgement_code(self.later("CA3")), "AA")

    def test_who_wants_no_answer_gets_none_and_goes_on(self):
        connection = socket.create_connection(("127.0.0.1", self.gateway.mllp_port), timeout=15)
        self.addCleanup(connection.close)
        for number in (10, 11):
            connection.sendall(START + asking(hl7.admission(e2e.patient(number), f"NE{number}", WHEN), "NE", "NE") + END)
        connection.sendall(START + asking(hl7.admission(e2e.patient(12), "NE12", WHEN), "AL", "NE") + END)
        answer = b""
        while END not in answer:
            answer += connection.recv(65536)
        self.assertIn(b"MSA|CA|NE12", answer, "the only answer")
        for number in (10, 11, 12):
            self.assertTrue(e2e.wait_until(
                lambda number=number: self.journal(control_id=f"NE{number}")[0]["state"] == "committed", 20))

    def test_kill_between_acceptance_and_acknowledgement(self):
        """What was accepted is acknowledged after the restart: each message by one acknowledgement, however often it is sent."""
        sender = self.sender()
        ids = [f"KILL{n}" for n in range(40)]
        for n, control_id in enumerate(ids):
            message = asking(hl7.admission(e2e.patient(100 + n), control_id, WHEN), "AL", "AL")
            self.assertEqual(hl7.acknowledgement_code(sender.send(message)), "CA")
        self.gateway.kill()
        before = len(self.of("KILL"))
        self.assertLess(before, len(ids), "everything was acknowledged before the kill: the test shows nothing")
        self.gateway.start()
        for control_id in ids:  # what a worker or the dispatcher had in hand waits for the end of its lease
            self.assertEqual(hl7.acknowledgement_code(self.later(control_id, 90)), "AA")
        numbers: dict[bytes, set[bytes]] = {}
        for acknowledgement in self.of("KILL"):
            control_id = acknowledgement.split(b"\rMSA|", 1)[1].split(b"\r", 1)[0].split(b"|")[1]
            numbers.setdefault(control_id, set()).add(acknowledgement.split(b"|")[9])
        self.assertEqual({control_id.decode(): len(found) for control_id, found in numbers.items()}, dict.fromkeys(ids, 1))
        self.assertEqual({entry["state"] for n in ids for entry in self.journal(control_id=n)}, {"committed"})

    def of(self, prefix: str) -> list[bytes]:
        with self.receiver.arrived:
            return [message for message in self.receiver.messages if f"|{prefix}".encode() in message.split(b"\rMSA", 1)[-1][:60]]

    def test_same_control_id_with_other_bytes_is_accepted_and_flagged(self):
        sender = self.sender()
        for number in (20, 21):
            accepted = sender.send(asking(hl7.admission(e2e.patient(number), "SAME1", WHEN), "AL", "NE"))
            self.assertEqual(hl7.acknowledgement_code(accepted), "CA")
        entries = self.journal(control_id="SAME1")
        self.assertEqual(sorted(entry.get("reused_id", "no") for entry in entries), ["no", "yes"])


if __name__ == "__main__":
    e2e.main()
