"""Enhanced acknowledgement mode by MSH-15 and MSH-16: CA once the bytes are durable, what became of them later, also after a
kill -9 and for messages that come again."""

import pathlib
import signal
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

    def later(self, control_id: str) -> bytes | None:
        return self.receiver.wait_for(lambda message: f"|{control_id}".encode() in message.split(b"\rMSA", 1)[-1][:60], 20)

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

    def test_same_control_id_with_other_bytes_is_accepted_and_flagged(self):
        sender = self.sender()
        for number in (20, 21):
            accepted = sender.send(asking(hl7.admission(e2e.patient(number), "SAME1", WHEN), "AL", "NE"))
            self.assertEqual(hl7.acknowledgement_code(accepted), "CA")
        entries = self.journal(control_id="SAME1")
        self.assertEqual(sorted(entry.get("reused_id", "no") for entry in entries), ["no", "yes"])


if __name__ == "__main__":
    e2e.main()
