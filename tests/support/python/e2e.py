"""What the end-to-end test programs share: a configuration, one gateway for a whole class of tests, and a main."""

import argparse
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import unittest
import urllib.parse

import messages as hl7
from fhir_client import FhirClient
from gateway_process import ROOT, Gateway, Workspace, find_binary
from mllp import MllpSender

FINESS_SYSTEM = "https://finess.esante.gouv.fr"
AMO_SYSTEM = "https://passerelle.example/fhir/identifier/amo"
AMC_SYSTEM = "https://passerelle.example/fhir/identifier/amc"
PLATFORM_NAMESPACE = "https://platform.example/agenda"
PARTIES = {
    "chu": ("hospital", {"organization": f"{FINESS_SYSTEM}|{hl7.FINESS}"}),
    "platform": ("platform", {"namespace": PLATFORM_NAMESPACE}),
    "amo": ("insurer", {"organization": f"{AMO_SYSTEM}|{hl7.AMO[0]}"}),
    "operator": ("operator", {}),
}

_options = argparse.Namespace(binaries=None)


def binary() -> str:
    return find_binary(_options.binaries)


def merge(base: dict, over: dict) -> dict:
    """`over` into a copy of `base`, dictionaries member by member."""
    result = dict(base)
    for key, value in over.items():
        result[key] = merge(result[key], value) if isinstance(value, dict) and isinstance(result.get(key), dict) else value
    return result


def settings_of(workspace: Workspace, tokens: dict, over: dict | None = None) -> dict:
    """A configuration with a hospital, a platform, an insurer and an operator; tokens receives a token of each."""
    config = ROOT / "config"
    parties = []
    for name, (kind, attributes) in PARTIES.items():
        tokens[name] = workspace.token(name)
        parties.append({"name": name, "kind": kind, "token_file": f"{name}.token", "attributes": attributes})
    return merge({
        "http": {"address": "127.0.0.1:0"},
        "mllp": {"listeners": [{"name": "chu", "address": "127.0.0.1:0", "partner": "chu"}]},
        "partners": [
            {"name": "chu", "kind": "hospital", "charset": "8859/15",
             "organization": {"name": "CHU de la Gangway", "finess": hl7.FINESS}},
        ],
        "access": {"mode": "deny", "policies_directory": str(config / "policies"), "parties": parties},
        "mappings_directory": str(config / "mappings"),
        "followup": {"plans_directory": str(config / "plans")},
        "insurer": {"tariffs_directory": str(config / "tariffs")},
        "journal": {"poll_ms": 100},
    }, over or {})


def write_settings(path: pathlib.Path, settings: dict) -> pathlib.Path:
    path.write_text(json.dumps(settings, indent=1, ensure_ascii=False))  # JSON is YAML
    return path


def run(*arguments: str, timeout_s: float = 60, environment: dict | None = None) -> subprocess.CompletedProcess:
    """Runs the program to its end; text output."""
    return subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True, timeout=timeout_s,
                          env={**os.environ, **(environment or {})})


def wait_until(predicate, timeout_s: float, pause_s: float = 0.05) -> bool:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if predicate():
            return True
        time.sleep(pause_s)
    return bool(predicate())


def quote(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def patient(number: int, prefix: str = "P", **over) -> hl7.Patient:
    """A synthetic patient, another one for every number."""
    values = {"ipp": f"{prefix}{number:06}", "visit": f"{prefix}V{number:06}", "family": f"ÉTÉ-{prefix}{number}",
              "given": "Noé", "sex": "M", "birth": "19500101", "commune": "44109",
              "nir": f"15001{99000 + number // 1000 % 1000:05}{number % 1000:03}", "amc_member": f"M{prefix}{number:06}"}
    return hl7.Patient(**{**values, **over})


def raw_http(port: int, data: bytes, timeout_s: float = 30) -> bytes:
    """Sends bytes as they are and returns all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as connection:
        connection.sendall(data)
        answer = b""
        try:
            while block := connection.recv(65536):
                answer += block
        except ConnectionResetError:
            pass
        return answer


def status_of(answer: bytes) -> int:
    """The status of a raw HTTP answer, 0 without one."""
    words = answer.split(b"\r\n", 1)[0].split(b" ")
    return int(words[1]) if len(words) > 1 and words[0].startswith(b"HTTP/1.") else 0


class GatewayCase(unittest.TestCase):
    """One gateway for all tests of the class. Subclasses change `over`, and set `outside` for an outside database."""

    over: dict = {}
    outside: str | None = None
    extra_arguments: list[str] = []

    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace(cls.__name__.lower())
        cls.addClassCleanup(cls.workspace.close)
        cls.tokens = {}
        cls.settings = cls.make_settings()
        cls.config = write_settings(cls.workspace.path / "passerelle.yaml", cls.settings)
        cls.data = None if cls.outside else cls.workspace.path / "data"
        cls.log = cls.workspace.path / "gateway.log"
        cls.gateway = Gateway(binary(), cls.config, cls.data, cls.log, arguments=cls.extra_arguments)
        cls.addClassCleanup(cls._end_gateway)
        cls.gateway.start()

    @classmethod
    def make_settings(cls) -> dict:
        settings = settings_of(cls.workspace, cls.tokens, cls.over)
        if cls.outside:
            settings["database"] = merge(settings.get("database", {}), {"connection": cls.outside})
        return settings

    @classmethod
    def _end_gateway(cls):
        process = cls.gateway.process
        if process is None or process.poll() is not None:
            return
        try:
            cls.gateway.stop()
        except Exception:
            process.kill()
            process.wait()
            raise

    def client(self, party: str | None = "chu", timeout_s: float = 30) -> FhirClient:
        client = FhirClient(self.gateway.base, self.tokens[party] if party else None, timeout_s)
        self.addCleanup(client.connection.close)
        return client

    def sender(self, listener: str = "chu", timeout_s: float = 30) -> MllpSender:
        sender = MllpSender("127.0.0.1", self.gateway.mllp_ports[listener], timeout_s)
        self.addCleanup(sender.close)
        return sender

    def root(self, method: str, path: str, party: str | None = None):
        """(status, body bytes, headers) of a path outside the FHIR base."""
        client = FhirClient(f"http://127.0.0.1:{self.gateway.http_port}", self.tokens[party] if party else None)
        try:
            status, body, headers = client.call(method, path.lstrip("/"))
        finally:
            client.connection.close()
        return status, body, headers

    def journal(self, **filters) -> list[dict]:
        return read_journal(self.gateway, self.tokens["operator"], **filters)

    def assert_acknowledged(self, code: str, answer: bytes):
        self.assertEqual(hl7.acknowledgement_code(answer), code, answer)

    def assert_outcome(self, body, what=""):
        self.assertIsInstance(body, dict, what)
        self.assertEqual(body.get("resourceType"), "OperationOutcome", what)
        self.assertTrue(body.get("issue"), what)


def read_journal(gateway: Gateway, operator_token: str, **filters) -> list[dict]:
    """All entries of the journal, newest first."""
    client = FhirClient(f"http://127.0.0.1:{gateway.http_port}", operator_token)
    entries: list[dict] = []
    try:
        while True:
            query = dict(filters, count=1000)
            if entries:
                query["before"] = entries[-1]["id"]
            status, body, _ = client.call("GET", "console/messages?" + urllib.parse.urlencode(query))
            if status != 200:
                raise RuntimeError(f"the journal answered {status}")
            entries += body["entries"]
            if len(body["entries"]) < 1000:
                return entries
    finally:
        client.connection.close()


def make_certificate(folder: pathlib.Path, name: str, common_name: str) -> tuple[pathlib.Path, pathlib.Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", f"/CN={common_name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
                    "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    key.chmod(0o600)
    return certificate, key


def main():
    """Takes --binaries, leaves the rest of the words to unittest; prints each test's name and time."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--binaries", help="folder of the passerelle program")
    _, rest = parser.parse_known_args(namespace=_options)
    begin = time.monotonic()
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2)
    program = unittest.main(module="__main__", argv=[sys.argv[0], *rest], testRunner=runner, exit=False)
    result = program.result
    print(f"{result.testsRun} tests, {len(result.failures)} failed, {len(result.errors)} errors, "
          f"{len(result.skipped)} skipped, {time.monotonic() - begin:.1f} s")
    sys.exit(0 if result.wasSuccessful() else 1)
