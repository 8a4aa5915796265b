"""What the FHIR API answers to input that is wrong, cut short, too slow or too large; and HTTPS."""

import json
import os
import pathlib
import socket
import ssl
import sys
import time
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
import process_facts  # noqa: E402
from e2e import raw_http, status_of  # noqa: E402

MIB = 1024 * 1024
BODY_MAX = 8 * MIB
HEADER_TIMEOUT_MS = 700
LIMITS = {"access": {"mode": "open"},
          "http": {"header_timeout_ms": HEADER_TIMEOUT_MS, "body_stall_timeout_ms": 700, "request_timeout_ms": 20000,
                   "body_bytes_max": BODY_MAX, "body_budget_bytes": 2 * BODY_MAX, "header_bytes_max": 8192,
                   "request_line_bytes_max": 4096, "header_count_max": 50},
          "limits": {"body_bytes_max": BODY_MAX}}


class HttpBadInput(e2e.GatewayCase):
    over = LIMITS

    def post(self, body: bytes, path: str = "Patient", media_type: str = "application/fhir+json", **headers):
        return self.client(None).call("POST", path, body, {"Content-Type": media_type, **headers})

    def refused(self, status: int, answer, text: str = "") -> dict:
        got, outcome, _ = answer
        self.assertEqual(got, status, outcome)
        self.assert_outcome(outcome)
        if text:
            self.assertIn(text, json.dumps(outcome, ensure_ascii=False))
        return outcome

    def raw(self, head: str, body: bytes = b"", timeout_s: float = 15) -> bytes:
        return raw_http(self.gateway.http_port, head.replace("\n", "\r\n").encode("latin-1") + b"\r\n" + body, timeout_s)

    def assert_alive(self):
        self.assertEqual(self.client(None).get("Patient?_count=1")[0], 200)

    # Content

    def test_wrong_json_names_the_place(self):
        for body in (b"", b"{", b"{\"resourceType\":\"Patient\",}", b"{\"resourceType\":\"Patient\" \"active\":true}", b"[]", b"null",
                     b"\"Patient\"", b"{\"resourceType\":\"Patient\",\"active\":tru}", b"\xff\xfe", b"{\"resourceType\":\"Patient\"}x",
                     b"{\"resourceType\":\"Patient\",\"active\":true,\"active\":false}",
                     b"{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"\xe9\"}]}", b"{\"resourceType\":\"Patient\",\"active\":NaN}"):
            with self.subTest(body):
                self.refused(400, self.post(body))

    def test_unknown_element_names_the_path(self):
        outcome = self.refused(400, self.post(b'{"resourceType":"Patient","name":[{"familly":"x"}]}'))
        # The place is the known element around it: the name itself is the client's text.
        issue = next(i for i in outcome["issue"] if i.get("expression"))
        self.assertEqual(issue["expression"], ["Patient.name[0]"])
        self.assertRegex(issue["diagnostics"], r"byte \d+")

    def test_wrong_values_name_the_path(self):
        # 400 for what has not the form of the resource, 422 for a form whose values break the rules.
        for status, body, path in (
                (422, {"birthDate": "2024-02-30"}, "Patient.birthDate"), (400, {"active": "yes"}, "Patient.active"),
                (400, {"gender": ["male"]}, "Patient.gender"), (400, {"name": {"family": "x"}}, "Patient.name"),
                (422, {"link": [{"type": "seealso"}]}, "Patient.link[0]"), (422, {"birthDate": ""}, "Patient.birthDate"),
                (400, {"name": []}, "Patient.name"), (400, {"name": [None]}, "Patient.name")):
            with self.subTest(body):
                outcome = self.refused(status, self.client(None).call("POST", "Patient", {"resourceType": "Patient", **body}))
                self.assertTrue(any(e.startswith(path) for i in outcome["issue"] for e in i.get("expression", [])), outcome)

    def test_ten_thousand_nested_arrays(self):
        for body in (b"[" * 10_000 + b"]" * 10_000, b"[" * 10_000, b'{"resourceType":"Patient","name":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
                     b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
                     b'{"resourceType":"Patient","contained":[' + b'{"resourceType":"Patient","contained":[' * 10_000):
            with self.subTest(body[:40]):
                self.refused(413, self.post(body), "nested too deeply")  # a limit, as the size is
        self.assert_alive()

    def test_wrong_type_in_the_path(self):
        for path in ("Patiant", "patient", "Patiant/1", "Element", "Resource", "HumanName"):
            with self.subTest(path):
                self.refused(404, self.client(None).get(path))
        self.refused(404, self.client(None).call("POST", "Patiant", {"resourceType": "Patiant"}))

    def test_body_of_another_type_or_id_than_the_path(self):
        client = self.client(None)
        self.refused(400, client.call("POST", "Patient", {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}))
        self.refused(400, client.call("PUT", "Patient/a", {"resourceType": "Patient", "id": "b"}))
        self.refused(400, client.call("PUT", "Patient/a", {"resourceType": "Patient"}))

    def test_unknown_search_parameter_names_the_nearest(self):
        self.refused(400, self.client(None).get("Patient?familly=x"), "family")
        self.refused(400, self.client(None).get("Observation?patient.birthdat=2020"), "birthdate")

    def test_bad_search_values(self):
        for query in ("birthdate=notadate", "birthdate=ge2024-13-01", "_count=many", "general-practitioner:Nothing=1", "_sort=nothing",
                      "_include=Patient:nothing", "family:above=x"):
            with self.subTest(query):
                self.refused(400, self.client(None).get(f"Patient?{query}"))

    def test_media_types_and_methods(self):
        self.refused(415, self.post(b"<Patient/>", media_type="text/plain"))
        status, _, headers = self.client(None).call("PATCH", "metadata", b"{}", {"Content-Type": "application/json"})
        self.assertIn(status, (404, 405))
        self.assertEqual(self.client(None).call("GET", "Patient", headers={"Accept": "image/png"})[0], 406)
        status = status_of(self.raw("BREW /fhir/Patient HTTP/1.1\nHost: x\nConnection: close\n"))
        self.assertIn(status, (405, 501))

    # Framing

    def test_body_cut_short_is_no_request(self):
        body = b'{"resourceType":"Patient","active":true}'
        with socket.create_connection(("127.0.0.1", self.gateway.http_port), timeout=15) as connection:
            connection.sendall(b"POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\n"
                               b"Content-Length: " + str(len(body) + 1).encode() + b"\r\n\r\n" + body)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(65536)
        self.assertIn(status_of(answer), (0, 400))
        # A complete resource in a body that is not: nothing may be stored.
        self.assertEqual(self.client(None).get("Patient?active=true&_summary=count")[1].get("total"), 0)

    def test_body_that_stalls_is_answered_408(self):
        begin = time.monotonic()
        answer = self.raw("POST /fhir/Patient HTTP/1.1\nHost: x\nContent-Type: application/fhir+json\nContent-Length: 50\n", b"{")
        self.assertEqual(status_of(answer), 408)
        self.assertLess(time.monotonic() - begin, 8)

    def test_content_length_with_transfer_encoding(self):
        body = b"28\r\n" + b'{"resourceType":"Patient","active":true}' + b"\r\n0\r\n\r\n"
        for extra in ("Content-Length: 5\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\nContent-Length: 5",
                      "Content-Length: 5\nContent-Length: 6", "Content-Length: +5", "Content-Length: 5, 5", "Transfer-Encoding: identity",
                      "Transfer-Encoding: chunked, chunked", "Transfer-Encoding : chunked", "Content-Length: 0x5"):
            with self.subTest(extra):
                answer = self.raw(f"POST /fhir/Patient HTTP/1.1\nHost: x\nContent-Type: application/fhir+json\n{extra}\n", body)
                self.assertIn(status_of(answer), (400, 501))
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1, "the rest must not be taken for another request")

    def test_malformed_heads(self):
        for head in ("GET /fhir/Patient\n", "GET  /fhir/Patient HTTP/1.1\nHost: x\n", "GET /fhir/Patient HTTP/1.1\n",
                     "GET /fhir/Patient HTTP/1.1\nHost: x\n folded: y\n", "GET /fhir/Patient HTTP/1.1\nHost: x\nBad Name: y\n",
                     "GET /fhir/Patient HTTP/1.1\nHost: x\nHost: y\n", "GET /fhir/Patient HTTP/1.1\nHost: x\nA: b\x00c\n"):
            with self.subTest(head):
                self.assertEqual(status_of(self.raw(head)), 400)
        bare = raw_http(self.gateway.http_port, b"GET /fhir/Patient HTTP/1.1\nHost: x\n\n", 15)
        self.assertIn(status_of(bare), (400, 408))

    def test_header_a_byte_at_a_time_is_answered_408(self):
        begin = time.monotonic()
        answer = b""
        with socket.create_connection(("127.0.0.1", self.gateway.http_port), timeout=15) as connection:
            try:
                for byte in b"GET /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"a" * 200:
                    connection.sendall(bytes([byte]))
                    time.sleep(0.05)
            except (BrokenPipeError, ConnectionResetError):
                pass
            try:
                answer = connection.recv(65536)
            except ConnectionResetError:
                self.skipTest("the answer was lost with the reset")
        self.assertEqual(status_of(answer), 408, answer)
        self.assertLess(time.monotonic() - begin, HEADER_TIMEOUT_MS / 1000 * 4 + 10)

    def test_head_limits(self):
        long_target = "a" * 4200
        self.assertEqual(status_of(self.raw(f"GET /fhir/Patient?family={long_target} HTTP/1.1\nHost: x\n")), 414)
        self.assertEqual(status_of(self.raw(f"GET /fhir/Patient HTTP/1.1\nHost: x\nX: {'a' * 9000}\n")), 431)
        many = "".join(f"X-{n}: y\n" for n in range(60))
        self.assertEqual(status_of(self.raw(f"GET /fhir/Patient HTTP/1.1\nHost: x\n{many}")), 431)

    # Size

    def patient_of(self, size: int) -> bytes:
        """A Patient of exactly so many bytes, in strings within their own limit."""
        start, end = b'{"resourceType":"Patient","name":[{"given":[', b']}]}'
        room = size - len(start) - len(end)
        strings = []
        while room > 0:
            take = min(500_000, room - 3)
            if 0 < room - take - 3 < 10:
                take -= 20
            strings.append(b'"' + b"n" * take + b'"')
            room -= take + 3
        body = start + b",".join(strings) + end
        return body + b" " * (size - len(body))

    def test_body_at_the_limit_and_one_over(self):
        at = self.patient_of(BODY_MAX)
        self.assertEqual(len(at), BODY_MAX)
        status, outcome, _ = self.post(at)
        self.assertEqual(status, 201, str(outcome)[:300])
        self.refused(413, self.post(at + b" "))

    def test_hundred_megabytes_are_refused_without_memory(self):
        pid = self.gateway.process.pid
        self.assert_alive()
        declared = (f"POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\n"
                    f"Content-Length: {100 * MIB}\r\n\r\n").encode()
        chunked = (b"POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\n"
                   b"Transfer-Encoding: chunked\r\n\r\n")
        for name, head, piece, growth_max in (("declared", declared, b"x" * MIB, 4 * MIB),
                                              ("chunked", chunked, b"100000\r\n" + b"x" * MIB + b"\r\n", 3 * BODY_MAX)):
            with self.subTest(name):
                process_facts.reset_peak(pid)
                before = process_facts.resident_bytes(pid)
                answer = b""
                with socket.create_connection(("127.0.0.1", self.gateway.http_port), timeout=20) as connection:
                    connection.sendall(head)
                    try:
                        for _ in range(100):
                            connection.sendall(piece)
                    except (BrokenPipeError, ConnectionResetError):
                        pass
                    try:
                        while block := connection.recv(65536):
                            answer += block
                    except ConnectionResetError:
                        pass
                self.assertIn(status_of(answer), (413,) if answer else (0,), answer[:200])
                self.assertLess(process_facts.peak_bytes(pid) - before, growth_max)
        self.refused(413, self.post(b" " * (BODY_MAX + 1)))

    def test_compressed_body_that_unfolds_to_100_megabytes(self):
        pid = self.gateway.process.pid
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        bomb = b"".join(packer.compress(b" " * MIB) for _ in range(100)) + packer.flush()
        process_facts.reset_peak(pid)
        before = process_facts.resident_bytes(pid)
        got, outcome, _ = self.client(None).call("POST", "Patient", bomb, {"Content-Type": "application/fhir+json", "Content-Encoding": "gzip"})
        self.assertIn(got, (413, 415), outcome)
        self.assert_outcome(outcome)
        self.assertLess(process_facts.peak_bytes(pid) - before, 3 * BODY_MAX)


class Strangers(e2e.GatewayCase):
    """Nobody's body is read before it is known whose it is."""

    over = {"access": {"mode": "deny"}, "http": LIMITS["http"], "limits": LIMITS["limits"]}

    def test_uploads_without_a_token_are_refused_at_once_and_take_no_budget(self):
        head = (f"POST /fhir HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\n%sContent-Length: {BODY_MAX}\r\n\r\n")
        waiting = []
        for authorization in ("", "Authorization: Bearer nobody-knows-this-token\r\n", "Authorization: Basic YTpi\r\n") * 2:
            connection = socket.create_connection(("127.0.0.1", self.gateway.http_port), timeout=15)
            self.addCleanup(connection.close)
            connection.sendall((head % authorization).encode())
            waiting.append(connection)
        for connection in waiting:
            answer = connection.recv(65536)
            self.assertEqual(status_of(answer), 401, "408 would mean that the body was waited for")
            self.assertIn(b"WWW-Authenticate: Bearer", answer)
            self.assertIn(b"X-Request-Id: ", answer)
        metrics = self.root("GET", "metrics")[1].decode()
        self.assertIn("passerelle_http_large_body_bytes 0", metrics)

    def test_a_party_uploads_as_before(self):
        entry = {"request": {"method": "GET", "url": "Slot"}}
        status, outcome, _ = self.client("chu").call("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [entry]})
        self.assertEqual(status, 200, outcome)


class Https(e2e.GatewayCase):
    over = {"access": {"mode": "open"}}

    @classmethod
    def make_settings(cls):
        cls.first = e2e.make_certificate(cls.workspace.path, "first", "first")
        cls.second = e2e.make_certificate(cls.workspace.path, "second", "second")
        cls.used = (cls.workspace.path / "used.pem", cls.workspace.path / "used.key")
        cls.put(cls.first)
        over = {"http": {"tls": {"certificate_file": str(cls.used[0]), "key_file": str(cls.used[1])}}}
        return e2e.merge(super().make_settings(), over)

    @classmethod
    def put(cls, pair):
        """Each file replaced by a rename, as tools that renew certificates do."""
        for source, target in zip(pair, cls.used):
            beside = target.with_suffix(".tmp" + target.suffix)
            beside.write_bytes(source.read_bytes())
            beside.chmod(0o600)
            os.replace(beside, target)

    def common_name(self) -> str:
        """Of the certificate shown, verified against the two that were made."""
        context = ssl.create_default_context(cafile=str(self.first[0]))
        context.load_verify_locations(str(self.second[0]))
        with socket.create_connection(("127.0.0.1", self.gateway.http_port), timeout=10) as plain, \
                context.wrap_socket(plain, server_hostname="localhost") as connection:
            connection.sendall(b"GET /fhir/metadata HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b""
            while block := connection.recv(65536):
                answer += block
            self.assertEqual(status_of(answer), 200)
            return dict(pair for row in connection.getpeercert()["subject"] for pair in row)["commonName"]

    def test_certificate_is_swapped_without_restart(self):
        self.assertEqual(self.common_name(), "first")
        pid = self.gateway.process.pid
        self.put(self.second)
        self.assertTrue(e2e.wait_until(lambda: self.common_name() == "second", 15, 0.3), "the new certificate is not shown")
        self.assertIsNone(self.gateway.process.poll())
        self.assertEqual(self.gateway.process.pid, pid)

    def test_plain_text_and_old_tls_get_no_answer_of_the_api(self):
        answer = raw_http(self.gateway.http_port, b"GET /fhir/metadata HTTP/1.1\r\nHost: x\r\n\r\n", 15)
        self.assertNotEqual(status_of(answer), 200)
        self.assertNotIn(b"CapabilityStatement", answer)
        done = os.spawnlp(os.P_WAIT, "sh", "sh", "-c",
                          f"openssl s_client -connect 127.0.0.1:{self.gateway.http_port} -tls1_1 -cipher ALL:@SECLEVEL=0 "
                          "</dev/null >/dev/null 2>&1")
        self.assertNotEqual(done, 0, "TLS 1.1 must be refused")

    def test_silent_client_does_not_keep_others_out(self):
        with socket.create_connection(("127.0.0.1", self.gateway.http_port), timeout=10):
            self.assertIn(self.common_name(), ("first", "second"))


if __name__ == "__main__":
    e2e.main()
