"""$import over real sockets: a server of files with ranges and one without, the gateway killed while it loads, and every resource
there once; a source that no setting allows is never asked."""

import http.server
import json
import pathlib
import random
import re
import sys
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402

LINES = 1500


def ndjson(code: str) -> bytes:
    return b"".join(json.dumps({"resourceType": "Basic", "code": {"text": code}, "identifier": [{"system": "urn:test:import", "value": f"{code}-{n}"}],
                                "extension": [{"url": "urn:test:padding", "valueString": "x" * 900}]}).encode() + b"\n" for n in range(LINES))


class Files(http.server.BaseHTTPRequestHandler):
    """GET of FILES; below /ranges/ by ranges."""

    protocol_version = "HTTP/1.1"
    FILES: dict[str, bytes] = {}
    asked: list[str] = []

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.asked.append(self.path)
        body = self.FILES.get(self.path)
        if body is None:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", "")) if self.path.startswith("/ranges/") else None
        if wanted:
            start = int(wanted[1])
            part = body[start:int(wanted[2]) + 1]
            self.send_response(206 if part else 416)
            self.send_header("Content-Range", f"bytes {start}-{start + len(part) - 1}/{len(body)}" if part else f"bytes */{len(body)}")
        else:
            part = body
            self.send_response(200)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)


class BulkImportTest(e2e.GatewayCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
        cls.addClassCleanup(cls.server.server_close)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.server.shutdown)
        cls.source = f"http://127.0.0.1:{cls.server.server_port}"
        cls.over = {"access": {"mode": "open"}, "jobs": {"lease_ms": 1000, "poll_ms": 50, "import_sources": [cls.source + "/"]}}
        super().setUpClass()

    def order(self, url: str):
        parameters = [{"name": "inputFormat", "valueCode": "application/fhir+ndjson"}, {"name": "inputSource", "valueUri": "urn:test"},
                      {"name": "input", "part": [{"name": "type", "valueCode": "Basic"}, {"name": "url", "valueUri": url}]}]
        return self.client(None).call("POST", "$import", {"resourceType": "Parameters", "parameter": parameters}, {"Prefer": "respond-async"})

    def load(self, url: str, kill: bool) -> dict:
        status, body, headers = self.order(url)
        self.assertEqual(status, 202, body)
        job = headers["content-location"].split("/fhir/", 1)[1]
        if kill:
            time.sleep(random.uniform(0.1, 0.6))
            self.gateway.kill()
            self.gateway.start()
        deadline = time.monotonic() + 90
        while True:
            status, body, _ = self.client(None).get(job)
            if status != 202:
                self.assertEqual(status, 200, body)
                return body
            self.assertLess(time.monotonic(), deadline, "the job does not come to its end")
            time.sleep(0.1)

    def count(self) -> int:
        status, body, _ = self.client(None).get("Basic?_summary=count")
        self.assertEqual(status, 200, body)
        return body["total"]

    def test_files_are_loaded_once(self):
        Files.FILES = {"/ranges/a.ndjson": ndjson("a"), "/whole/b.ndjson": ndjson("b")}
        for number, (path, kill) in enumerate((("/ranges/a.ndjson", True), ("/whole/b.ndjson", True), ("/ranges/a.ndjson", False))):
            with self.subTest(path=path, kill=kill):
                done = self.load(self.source + path, kill)
                self.assertEqual(done["output"][0]["count"], LINES)
                self.assertEqual(done["output"][0]["failed"], 0)
                self.assertEqual(done["error"], [])
                self.assertEqual(self.count(), LINES * min(number + 1, 2))

    def test_source_that_no_setting_allows_is_never_asked(self):
        Files.asked.clear()
        for url in (f"http://localhost:{self.server.server_port}/ranges/a.ndjson", f"{self.source}/../a", f"{self.source}@elsewhere.example/"):
            status, body, _ = self.order(url)
            self.assertEqual(status, 403, url)
            self.assertIn("jobs.import_sources", json.dumps(body))
        self.assertEqual(Files.asked, [])


if __name__ == "__main__":
    e2e.main()
