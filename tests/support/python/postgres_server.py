"""PostgreSQL outside the gateway: a server of the test's own, or databases on the one that PASSERELLE_TEST_PG names."""

import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time

from gateway_process import free_port
from process_facts import descendants, is_running


def binaries() -> pathlib.Path:
    found = [path for path in pathlib.Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if not found:
        raise SystemExit("PostgreSQL is not installed under /usr/lib/postgresql")
    return max(found, key=lambda path: int(path.parent.name))


def execute(conninfo: str, sql: str, seconds_max: int = 60) -> str:
    """Runs statements with psql; returns what they print, one row a line, columns separated by '|'."""
    done = subprocess.run([str(binaries() / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", sql, conninfo],
                          capture_output=True, text=True, timeout=seconds_max)
    if done.returncode != 0:
        raise RuntimeError(f"psql: {done.stderr.strip()}")
    return done.stdout.strip()


class PostgresServer:
    """initdb and a postmaster in a folder of its own, as the account postgres when the test runs as root."""

    def __init__(self, tls_certificate: tuple[pathlib.Path, pathlib.Path] | None = None, settings: tuple[str, ...] = ()):
        """settings: more lines of postgresql.conf."""
        self.account = {}
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            self.account = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        self.temporary = tempfile.TemporaryDirectory(prefix="passerelle-pg-", ignore_cleanup_errors=True)
        self.folder = pathlib.Path(self.temporary.name)
        self._own(self.folder)
        self.data = self.folder / "data"
        self.port = free_port()
        self.process: subprocess.Popen | None = None
        self._run("initdb", "-D", str(self.data), "--username=postgres", "--auth=trust", "--encoding=UTF8",
                  "--locale=C.UTF-8", "--no-sync", "--no-instructions")
        lines = ["listen_addresses = '127.0.0.1'", f"port = {self.port}", f"unix_socket_directories = '{self.folder}'",
                 "shared_buffers = 64MB", "logging_collector = off", "max_connections = 100", *settings]
        if tls_certificate:
            for source, name in zip(tls_certificate, ("server.crt", "server.key")):
                shutil.copyfile(source, self.data / name)
                (self.data / name).chmod(0o600)
                self._own(self.data / name)
            lines += ["ssl = on"]
            # Over TCP only with TLS: a client that falls back to plain text is refused.
            (self.data / "pg_hba.conf").write_text("local all all trust\nhostssl all all 127.0.0.1/32 trust\n")
        with open(self.data / "postgresql.conf", "a") as file:
            file.write("\n".join(lines) + "\n")
        self.start()

    def _own(self, path: pathlib.Path):
        if self.account:
            os.chown(path, self.account["user"], self.account["group"])

    def _run(self, program: str, *arguments: str):
        done = subprocess.run([str(binaries() / program), *arguments], capture_output=True, text=True, timeout=120,
                              cwd=self.folder, **self.account)
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr.strip()}")

    def start(self, timeout_s: float = 30):
        log = open(self.folder / "server.log", "ab")
        self.process = subprocess.Popen([str(binaries() / "postgres"), "-D", str(self.data)], stdout=log, stderr=log,
                                        cwd=self.folder, **self.account)
        log.close()
        end = time.monotonic() + timeout_s
        while True:
            try:
                execute(self.conninfo("postgres"), "SELECT 1")
                return
            except RuntimeError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise RuntimeError((self.folder / "server.log").read_text(errors="replace")[-2000:]) from None
                time.sleep(0.05)

    def conninfo(self, database: str) -> str:
        return f"host={self.folder} port={self.port} user=postgres dbname={database}"

    def create_database(self, name: str) -> str:
        execute(self.conninfo("postgres"), f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        return self.conninfo(name)

    def kill(self):
        """kill -9 of the postmaster and everything it started, as a machine that fails. Afterwards none of them is there."""
        os.kill(self.process.pid, signal.SIGSTOP)  # so that it starts nothing more
        pids = descendants(self.process.pid)
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        end = time.monotonic() + 30
        while any(map(is_running, pids)):
            if time.monotonic() > end:
                raise RuntimeError("processes of PostgreSQL do not end")
            time.sleep(0.005)

    def signal_all(self, number: int):
        for pid in descendants(self.process.pid):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.signal_all(signal.SIGCONT)
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def close(self):
        self.stop()
        self.temporary.cleanup()


class OutsideDatabase:
    """An empty database on the server that PASSERELLE_TEST_PG names, or on one of the test's own."""

    def __init__(self):
        self.name = f"passerelle_e2e_{os.getpid()}_{time.monotonic_ns()}"
        self.given = os.environ.get("PASSERELLE_TEST_PG", "")
        self.server = None if self.given else PostgresServer()
        if self.server:
            self.conninfo = self.server.create_database(self.name)
        else:
            execute(self.given, f"CREATE DATABASE {self.name} TEMPLATE template0 ENCODING 'UTF8'")
            self.conninfo = re.sub(r"\bdbname=\S+", "", self.given) + f" dbname={self.name}"

    def close(self):
        if self.server:
            self.server.close()
        else:
            execute(self.given, f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
