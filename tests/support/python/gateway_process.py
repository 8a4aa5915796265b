"""Starts and stops the gateway under test: configuration, free ports, a folder of its own, readiness."""

import os
import pathlib
import queue
import re
import secrets
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def find_binary(folder: str | None = None) -> str:
    candidates = [folder] if folder else [str(ROOT / "build/release"), str(ROOT / "build/dev")]
    for candidate in candidates:
        path = pathlib.Path(candidate) / "passerelle"
        if path.exists():
            return str(path)
    raise SystemExit("passerelle is not built; run ./dev build first")


class Workspace:
    """A folder that the database account may enter too, removed at the end."""

    def __init__(self, name: str):
        self.temporary = tempfile.TemporaryDirectory(prefix=f"passerelle-{name}-", ignore_cleanup_errors=True)
        self.path = pathlib.Path(self.temporary.name)
        self.path.chmod(0o755)

    def token(self, name: str) -> str:
        """Makes a token file and returns the token."""
        token = secrets.token_urlsafe(24)
        file = self.path / f"{name}.token"
        file.write_text(token + "\n")
        file.chmod(0o600)
        return token

    def close(self):
        self.temporary.cleanup()


class Gateway:
    """One gateway process, on an embedded database or, without a folder for it, on the one its configuration names."""

    def __init__(self, binary: str, config: pathlib.Path, data: pathlib.Path | None, log: pathlib.Path,
                 http: str = "127.0.0.1:0", arguments: list[str] | None = None):
        self.command = [binary, "serve", "--config", str(config), *(["--embedded", str(data)] if data else []),
                        "--http", http, *(arguments or [])]
        self.log_path = log
        self.process: subprocess.Popen | None = None
        self.http_port = 0
        self.mllp_port = 0
        self.mllp_ports: dict[str, int] = {}

    def start(self, timeout_s: float = 60):
        """Starts and waits until it says that it is ready. Returns the seconds it took."""
        begin = time.monotonic()
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        lines: queue.Queue = queue.Queue()

        def pump(stream):
            with stream:
                for line in stream:
                    lines.put(line)
            lines.put(None)

        threading.Thread(target=pump, args=(self.process.stdout,), daemon=True).start()
        while True:
            try:
                line = lines.get(timeout=max(0.1, begin + timeout_s - time.monotonic()))
            except queue.Empty:
                raise RuntimeError(f"the gateway was not ready in {timeout_s} s; its log: {self.tail()}") from None
            if line is None:
                raise RuntimeError(f"the gateway ended with {self.process.wait()}; its log: {self.tail()}")
            if match := re.match(r"http .*:(\d+)$", line.strip()):
                self.http_port = int(match[1])
            if match := re.match(r"mllp (.*) \S+:(\d+)$", line.strip()):
                self.mllp_port = int(match[2])
                self.mllp_ports[match[1]] = self.mllp_port
            if line.strip() == "ready":
                return time.monotonic() - begin

    def tail(self) -> str:
        return self.log_path.read_text(errors="replace")[-2000:]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.http_port}/fhir"

    def kill(self):
        """kill -9, as a crash."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def stop(self, timeout_s: float = 15) -> float:
        """SIGTERM; returns the seconds it took to end, raises if it did not or ended badly."""
        begin = time.monotonic()
        self.process.terminate()
        try:
            code = self.process.wait(timeout_s)
        finally:
            self.log.close()
        if code != 0:
            raise RuntimeError(f"the gateway ended with {code} after SIGTERM; its log: {self.tail()}")
        return time.monotonic() - begin
