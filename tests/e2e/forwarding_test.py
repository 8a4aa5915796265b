"""Restrictions and destinations that a hospital's message names: who may read, and where the document goes on to."""

import http.server
import json
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))
import e2e  # noqa: E402
import messages as hl7  # noqa: E402

CDA = b'<?xml version="1.0" encoding="UTF-8"?>\n<ClinicalDocument xmlns="urn:hl7-org:v3"><title>Lettre</title></ClinicalDocument>\n'
PERSON = e2e.patient(7, "FWD")


class Connector(http.server.BaseHTTPRequestHandler):
    """Stands in for a connector to the DMP: keeps what is put there."""

    got: list = []

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, json.loads(body)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def letter(control_id: str, flags: dict) -> bytes:
    plain = hl7.discharge_letter(PERSON, control_id, "20250106090000", "20250110110000", CDA).decode("iso-8859-15")
    rows = [f"OBX|{number}|CE|{code}^x^MetaDMPMSS||{value}^^expandedYes-NoIndicator||||||F"
            for number, (code, value) in enumerate(flags.items(), 2)]
    return hl7.encode([line for line in plain.split("\r") if line] + rows)


class ForwardingTest(e2e.GatewayCase):
    @classmethod
    def make_settings(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Connector)
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.over = {
            "destinations": [{"name": "dmp-connector", "kind": "rest-hook", "partner": "chu",
                              "url": f"http://127.0.0.1:{cls.server.server_port}/fhir"}],
            "routing": {"forwarding": [{"channel": "DMP", "destination": "dmp-connector"}]},
        }
        settings = super().make_settings()
        cls.tokens["patient"] = cls.workspace.token("patient")
        settings["access"]["parties"].append({
            "name": "patient", "kind": "patient", "token_file": "patient.token",
            "attributes": {"identifier": f"urn:oid:{hl7.INS_TEST_OID}|{PERSON.ins}"}})
        return settings

    def test_hidden_until_announced_and_forwarded_where_a_channel_is(self):
        sender = self.sender()
        self.assert_acknowledged("AA", sender.send(hl7.admission(PERSON, "FWD1", "20250106090000")))
        self.assert_acknowledged("AA", sender.send(letter("FWD2", {
            "MASQUE_PS": "N", "INVISIBLE_PATIENT": "Y", "DESTDMP": "Y", "DESTMSSANTEPAT": "Y"})))
        hospital, patient = self.client("chu"), self.client("patient")
        document = hospital.search("DocumentReference?_count=10")[0]
        binary = document["content"][0]["attachment"]["url"]
        reads = [f"DocumentReference/{document['id']}", binary]
        self.assertEqual([patient.get(path)[0] for path in reads], [404, 404])
        self.assertEqual(patient.search("DocumentReference"), [])
        self.assertEqual([hospital.get(path)[0] for path in reads], [200, 200])

        # The DMP has a channel: its connector has the document. MSSanté has none: a dead letter that says so.
        self.assertTrue(e2e.wait_until(lambda: Connector.got, 20))
        path, forwarded = Connector.got[0]
        self.assertEqual((path, forwarded["id"]), (f"/fhir/DocumentReference/{document['id']}", document["id"]))

        def dead():
            _, body, _ = self.root("GET", "/console/outbox?state=dead", "operator")
            return (body if isinstance(body, dict) else json.loads(body))["entries"]

        self.assertTrue(e2e.wait_until(dead, 20))
        entries = dead()
        self.assertEqual([entry["destination"] for entry in entries], ["MSSANTE-PAT"])
        self.assertIn("no channel to MSSANTE-PAT is configured", entries[0]["last_reason"])

        # Announced: the hospital takes the restriction back, and the patient reads.
        self.assert_acknowledged("AA", sender.send(letter("FWD3", {"MASQUE_PS": "N", "INVISIBLE_PATIENT": "N"})))
        self.assertEqual([patient.get(path)[0] for path in reads], [200, 200])


if __name__ == "__main__":
    e2e.main()
