#!/usr/bin/env python3
"""Measures the gateway against floors in the same run: python3 tests/bench/run.py --binaries DIR [NAME...] [--json FILE]

NAME is read, create, hl7v2, mllp, rest, growth or fhir (default: all but growth, which takes a quarter of an hour). fhir measures
the library alone, in processor time of one core (fhir_bench). hl7v2 is mllp, the enhanced mode, the parts of the way, the journal's
disk and its searches. For the others, gateway and floors use one private PostgreSQL, started by the gateway as it starts it for
anybody, and take turns: gateway, floor, gateway, floor. Each figure is the median of the rounds, each ratio the median of
the rounds' ratios. rest loads the synthetic patients of ../shared where they are there, else generated ones. --check plays
each for a moment, to see that it works; its figures mean nothing.
"""

import argparse
import dataclasses
import http.client
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support/python"))

import adt_mix  # noqa: E402
import e2e  # noqa: E402
import growth  # noqa: E402
import hl7v2  # noqa: E402
import rest  # noqa: E402
from gateway_process import Gateway, find_binary  # noqa: E402
from postgres_server import binaries as postgres_binaries, execute  # noqa: E402

CLIENTS = 8
EXAMPLES = ROOT / "fhir/definitions/node_modules/hl7.fhir.r4.examples"
OBSERVATION = EXAMPLES / "Observation-example.json"
OBSERVED = [{"resourceType": "Patient", "id": "example"},
            {"resourceType": "Encounter", "id": "example", "status": "finished",
             "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}}]
SMALL_BUNDLE = EXAMPLES / "Bundle-father.json"
AIMS = {"read": 0.95, "create": 0.45, "mllp": 0.5, "hl7v2": None, "rest": None, "growth": None}
LIBRARY = "fhir"
SYNTHEA = ROOT / "../shared/data/synthea"


class Failure(Exception):
    """A program of the benchmark failed; the text says which and what it said."""


class Program:
    """A floor, or any program that says "listening on PORT" and ends with its standard input. Use it with `with`: a
    failure inside is told with what the program said."""

    def __init__(self, *command):
        self.name = pathlib.Path(command[0]).name
        self.errors = tempfile.TemporaryFile("w+", errors="replace")
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors, text=True)
        line = self.process.stdout.readline()
        match = re.match(r"listening on (\d+)", line)
        if not match:
            self.stop()
            raise Failure(f"{self.name} did not start: {self.said()}")
        self.port = int(match[1])

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        self.stop()
        if isinstance(error, Failure) and self.said():
            raise Failure(f"{error}\n{self.said()}") from None

    def said(self) -> str:
        self.errors.seek(0)
        return self.errors.read().strip()

    def stop(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


def open_settings(file: pathlib.Path, over: dict) -> pathlib.Path:
    """The configuration of a gateway that asks nobody who they are."""
    class Tokens:
        path = file.parent

        @staticmethod
        def token(_):
            return ""

    settings = e2e.settings_of(Tokens, {}, {"access": {"mode": "open"}})
    settings["access"]["parties"] = []
    return e2e.write_settings(file, e2e.merge(settings, over))


@dataclasses.dataclass
class Scale:
    """How much is done besides the measured runs."""

    observations: int     # that reads choose from
    warm_s: float         # of creates before the first round
    warm_messages: int    # per connection, before the first round
    probe_messages: int   # per connection, by which the size of the measured rounds is found


USUAL = Scale(observations=10_000, warm_s=1, warm_messages=250, probe_messages=100)
CHECK = Scale(observations=50, warm_s=0.1, warm_messages=10, probe_messages=10)
CHECK_SECONDS = 0.1


class Bench:
    def __init__(self, binaries: pathlib.Path, seconds: float, rounds: int, scale: Scale):
        self.binaries, self.seconds, self.rounds, self.scale = binaries, seconds, rounds, scale
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="passerelle-bench-", dir="/var/tmp"))
        self.folder.chmod(0o755)  # the account of the database enters too
        self.results: list[dict] = []
        self.gateways: list[Gateway] = []
        self.main = self.gateway("main", {"audit": {"reads": False, "writes": False}}, self.folder / "data")
        self.idle_mb = self.memory_mb(self.main)
        lines = (self.folder / "data/postgres/postmaster.pid").read_text().splitlines()
        self.server = f"host={lines[4]} port={lines[3]} user=passerelle"

    def gateway(self, name: str, over: dict, data: pathlib.Path | None = None) -> Gateway:
        config = open_settings(self.folder / f"{name}.yaml", over)
        gateway = Gateway(find_binary(str(self.binaries)), config, data, self.folder / f"{name}.log")
        gateway.start_s = gateway.start()
        self.gateways.append(gateway)
        return gateway

    def outside(self, name: str, audit: bool) -> Gateway:
        """A second gateway, on a database of its own in the same PostgreSQL."""
        return self.gateway(name, {"audit": {"reads": False, "writes": audit},
                                   "database": {"connection": self.database(name)}})

    def conninfo(self, database: str) -> str:
        return f"{self.server} dbname={database}"

    def database(self, name: str) -> str:
        execute(self.conninfo("postgres"), f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        return self.conninfo(name)

    def load(self, program: str, *arguments) -> dict:
        done = subprocess.run([str(self.binaries / program), *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"{program}: {done.stderr.strip()}")
        figures = json.loads(done.stdout)
        if figures["failed"] or not figures["done"]:
            raise Failure(f"{program}: {figures['failed']} of {figures['done']} exchanges failed")
        return figures

    def memory_mb(self, gateway: Gateway) -> float:
        text = pathlib.Path(f"/proc/{gateway.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+) kB", text, re.M)[1]) / 1024

    def take_turns(self, subject, floor) -> tuple[list[dict], list[dict]]:
        """subject(round) and floor(round) in turn; prints what each gave."""
        ours, theirs = [], []
        for number in range(self.rounds):
            ours.append(subject(number))
            theirs.append(floor(number))
            print(f"  round {number + 1}: {ours[-1]['rate']:.0f} against {theirs[-1]['rate']:.0f}", file=sys.stderr)
        return ours, theirs

    def report(self, name: str, unit: str, given: str, ours: list[dict], theirs: list[dict] | None, aim):
        middle = lambda key, runs: statistics.median(run[key] for run in runs)  # noqa: E731
        self.results.append({
            "name": name, "rate": round(middle("rate", ours), 1), "unit": unit,
            "p50_ms": round(middle("p50_ms", ours), 3), "p99_ms": round(middle("p99_ms", ours), 3),
            "floor": round(middle("rate", theirs), 1) if theirs else None,
            "ratio": round(statistics.median(a["rate"] / b["rate"] for a, b in zip(ours, theirs)), 3) if theirs else None,
            "aim": aim, "input": given})

    def report_value(self, name: str, value: float, unit: str, aim: str, given: str):
        self.results.append({"name": name, "rate": round(value, 2), "unit": unit, "p50_ms": None, "p99_ms": None,
                             "floor": None, "ratio": None, "aim": aim, "input": given})

    # What is measured

    def name_the_observed(self, port: int):
        """What the Observation refers to, since references are checked."""
        for resource in OBSERVED:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("PUT", f"/fhir/{resource['resourceType']}/{resource['id']}", json.dumps(resource),
                               {"Content-Type": "application/fhir+json"})
            answer = connection.getresponse()
            text = answer.read()
            connection.close()
            if answer.status not in (200, 201):
                raise Failure(f"PUT of {resource['resourceType']}: {answer.status} {text[:300]!r}")

    def program(self, name: str, *arguments) -> Program:
        return Program(self.binaries / name, *arguments)

    def create_load(self, port: int, path: str, seconds: float) -> dict:
        return self.load("http_load", "127.0.0.1", port, CLIENTS, seconds, "create", self.observation(), path)

    def observation(self) -> pathlib.Path:
        path = self.folder / "observation.json"
        if not path.exists():
            resource = json.loads(OBSERVATION.read_text())
            del resource["id"]
            path.write_text(json.dumps(resource, ensure_ascii=False, separators=(",", ":")))
        return path

    def create(self):
        self.name_the_observed(self.main.http_port)
        with Program(self.binaries / "http_floor", self.database("create_floor")) as floor:
            self.create_load(self.main.http_port, "/fhir/Observation", self.scale.warm_s)
            self.create_load(floor.port, "/", self.scale.warm_s)
            execute(self.conninfo("passerelle"), "ANALYZE")
            ours, theirs = self.take_turns(lambda _: self.create_load(self.main.http_port, "/fhir/Observation", self.seconds),
                                           lambda _: self.create_load(floor.port, "/", self.seconds))
        given = f"Observation of {self.observation().stat().st_size} bytes, {CLIENTS} clients"
        self.report("create", "resources/s", given, ours, theirs, AIMS["create"])
        audited = self.outside("create_audited", audit=True)
        self.name_the_observed(audited.http_port)
        self.create_load(audited.http_port, "/fhir/Observation", self.scale.warm_s)
        runs = [self.create_load(audited.http_port, "/fhir/Observation", self.seconds)]
        self.report("create, writes audited", "resources/s", given, runs, theirs[-1:], None)
        audited.stop()

    def read(self):
        main = self.conninfo("passerelle")
        self.name_the_observed(self.main.http_port)
        kind = "type = (SELECT type FROM resource_version WHERE convert_from(body, 'UTF8') LIKE '{\"resourceType\":\"Observation\"%' LIMIT 1)"
        while True:
            self.create_load(self.main.http_port, "/fhir/Observation", self.scale.warm_s)
            if int(execute(main, f"SELECT count(*) FROM resource_version WHERE {kind}")) >= self.scale.observations:
                break
        execute(main, "VACUUM ANALYZE resource_version")
        chosen = f"SELECT 1, id, 1, body FROM resource_version WHERE {kind} ORDER BY md5(id) LIMIT {self.scale.observations}"
        ids = execute(main, f"SELECT id FROM ({chosen}) c").splitlines()
        size = int(execute(main, f"SELECT avg(length(body))::int FROM ({chosen}) c"))
        paths = {}
        for name, prefix in (("gateway", "/fhir/Observation/"), ("floor", "/Observation/")):
            paths[name] = self.folder / f"{name}.paths"
            paths[name].write_text("\n".join(prefix + one for one in ids))
        run = lambda port, name: self.load("http_load", "127.0.0.1", port, CLIENTS, self.seconds, "read", paths[name])  # noqa: E731
        with Program(self.binaries / "http_floor", self.database("read_floor")) as floor:
            psql = str(postgres_binaries() / "psql")
            with subprocess.Popen([psql, "-Xqc", f"COPY ({chosen}) TO STDOUT", main], stdout=subprocess.PIPE) as out:
                subprocess.run([psql, "-Xqc", "COPY floor_resource (type, id, version, body) FROM STDIN",
                                self.conninfo("read_floor")], stdin=out.stdout, check=True)
            execute(self.conninfo("read_floor"), "VACUUM ANALYZE floor_resource")
            ours, theirs = self.take_turns(lambda _: run(self.main.http_port, "gateway"), lambda _: run(floor.port, "floor"))
        self.report("read", "reads/s", f"{len(ids)} Observations of {size} bytes, {CLIENTS} clients", ours, theirs, AIMS["read"])

    def mllp_files(self, prefix: str, clients: int, count: int, change=lambda message: message) -> list[pathlib.Path]:
        files = []
        for client in range(clients):
            path = self.folder / f"{prefix}-{client}.mllp"
            path.write_bytes(adt_mix.frames(map(change, adt_mix.messages_of(prefix, client, count))))
            files.append(path)
        return files

    def mllp_load(self, port: int, files: list[pathlib.Path]) -> dict:
        return self.load("mllp_load", "127.0.0.1", port, 600, *files)

    def mllp_floor(self, prefix: str, files: list[pathlib.Path]) -> dict:
        """The same messages against the floor, which replays what the gateway has made of them."""
        with Program(self.binaries / "mllp_floor", self.conninfo("mllp"), self.conninfo("mllp_floor"), prefix) as floor:
            return self.mllp_load(floor.port, files)

    def mllp(self):
        plain = self.outside("mllp", audit=False)
        audited = self.outside("mllp_audited", audit=True)
        self.database("mllp_floor")
        migrate = e2e.write_settings(self.folder / "migrate.yaml", {"database": {"connection": self.conninfo("mllp_floor")}})
        subprocess.run([find_binary(str(self.binaries)), "migrate", "--config", str(migrate)], check=True,
                       stdout=subprocess.DEVNULL)
        files = self.mllp_files("W", CLIENTS, self.scale.warm_messages)
        self.mllp_load(plain.mllp_port, files)
        self.mllp_floor("W", files)
        self.mllp_load(audited.mllp_port, files)
        for name in ("mllp", "mllp_floor", "mllp_audited"):
            execute(self.conninfo(name), "VACUUM ANALYZE")
        files = self.mllp_files("X", CLIENTS, self.scale.probe_messages)
        count = max(self.scale.probe_messages,
                    int(self.mllp_load(plain.mllp_port, files)["rate"] * self.seconds / CLIENTS) // 10 * 10)
        self.mllp_floor("X", files)
        sets = [self.mllp_files(f"R{number}", CLIENTS, count) for number in range(self.rounds)]
        ours, theirs = self.take_turns(lambda number: self.mllp_load(plain.mllp_port, sets[number]),
                                       lambda number: self.mllp_floor(f"R{number}", sets[number]))
        size = sum(path.stat().st_size for path in sets[0]) // (CLIENTS * count)
        given = f"{CLIENTS * count} messages of {size} bytes"
        self.report("mllp", "messages/s", f"{given}, {CLIENTS} connections", ours, theirs, AIMS["mllp"])
        self.report("mllp, writes audited", "messages/s", f"{given}, {CLIENTS} connections",
                    [self.mllp_load(audited.mllp_port, sets[0])], theirs[:1], None)
        single = self.mllp_files("S", 1, count)
        ours = [self.mllp_load(plain.mllp_port, single)]
        self.report("mllp, one connection", "messages/s", f"{count} messages of {size} bytes; aim of the p99: 10 ms", ours,
                    [self.mllp_floor("S", single)], None)
        counts = "SELECT " + ", ".join(f"(SELECT count(*) FROM {name})" for name in (
            "message", "resource_version", "resource_version WHERE closed_tx IS NULL", "idx_token", "idx_reference",
            "idx_date", "idx_string WHERE closed_tx IS NULL", "idx_date WHERE closed_tx IS NULL"))
        ours_rows, floor_rows = (execute(self.conninfo(name), counts) for name in ("mllp", "mllp_floor"))
        if ours_rows != floor_rows:
            raise Failure(f"the floor has not made the gateway's rows: {floor_rows} instead of {ours_rows}")
        plain.stop()
        audited.stop()

    def hl7v2(self):
        self.mllp()
        hl7v2.Hl7v2(self, Failure, SMALL_BUNDLE, self.scale is CHECK).run()

    def rest(self):
        rest.Rest(self, Failure, SYNTHEA, self.scale is CHECK).run()

    def growth(self):
        growth.Growth(self, Failure, SYNTHEA, self.scale is CHECK, "growth").run()

    def process(self):
        after_mb = self.memory_mb(self.main)
        # A busy disk may not take all that is left within the time that a stop has; the next start would be a recovery.
        execute(self.conninfo("postgres"), "CHECKPOINT")
        self.main.stop()
        embedded_s = self.main.start()
        outside = self.outside("start", audit=True)
        outside.stop()
        outside_s = outside.start()
        self.report_value("start, database running", outside_s, "s", "< 1", "existing database")
        self.report_value("start with its PostgreSQL", embedded_s, "s", "", "existing database, embedded")
        self.report_value("memory idle", self.idle_mb, "MB PSS", "< 60", "after start")
        self.report_value("memory after", after_mb, "MB PSS", "< 300", "after the benchmarks above")

    def close(self):
        for gateway in reversed(self.gateways):  # the first one has the PostgreSQL of all
            if gateway.process.poll() is None:
                gateway.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def measure_library(binaries: pathlib.Path, options) -> list[dict]:
    """The rows of fhir_bench, over synthetic bundles where they are there, else over the official examples; in a check
    over one of them."""
    given = SMALL_BUNDLE if options.check else SYNTHEA if SYNTHEA.is_dir() else EXAMPLES
    command = [binaries / "fhir_bench", "--seconds", options.seconds / 8, "--rounds", options.rounds, given]
    return json.loads(subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, check=True).stdout)


def table(results: list[dict]) -> str:
    heads = ("name", "rate", "unit", "p50_ms", "p99_ms", "floor", "ratio", "aim", "input")
    show = lambda value: "" if value is None else str(value)  # noqa: E731
    return aligned([heads] + [tuple(show(result[head]) for head in heads) for result in results])


def aligned(rows: list[tuple]) -> str:
    """A table of Markdown; the first row is its head."""
    rows = [tuple(map(str, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def measure_gateway(names: list[str], binaries: pathlib.Path, options) -> list[dict]:
    bench = Bench(binaries, options.seconds, options.rounds, CHECK if options.check else USUAL)
    try:
        for name in names:
            print(f"{name} …", file=sys.stderr)
            getattr(bench, name)()
        bench.process()
    finally:
        bench.close()
    return bench.results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="read, create, hl7v2, mllp, rest, growth, fhir")
    parser.add_argument("--binaries", default=str(ROOT / "build/release"), help="folder of the programs")
    parser.add_argument("--json", help="file for the figures")
    parser.add_argument("--seconds", type=float, default=8, help="of one measured run")
    parser.add_argument("--rounds", type=int, default=3, help="turns of gateway and floor")
    parser.add_argument("--check", action="store_true", help="see in a few seconds that every program works")
    options = parser.parse_args()
    if options.check:
        options.seconds, options.rounds = CHECK_SECONDS, 1
    names = options.names or ["create", "read", "hl7v2", "rest", LIBRARY] + ["growth"] * options.check
    if unknown := set(names) - set(AIMS) - {LIBRARY}:
        parser.error(f"unknown benchmark: {', '.join(sorted(unknown))}; there are {', '.join(AIMS)}, {LIBRARY}")
    binaries = pathlib.Path(options.binaries).resolve()
    try:
        results = measure_library(binaries, options) if LIBRARY in names else []
        if of_gateway := [name for name in names if name != LIBRARY]:
            results = measure_gateway(of_gateway, binaries, options) + results
    except Failure as failure:
        sys.exit(f"bench: {failure}")
    if bad := [result["name"] for result in results if not result["rate"] > 0]:
        sys.exit(f"bench: nothing was done for {', '.join(bad)}")
    print(table(results))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
