"""`bench rest`: the REST API on loaded data. Import, the search mix, small transactions, the loop of create, read, update and
delete; what the data takes on disk and the gateway in memory."""

import bz2
import concurrent.futures
import http.client
import json
import pathlib
import re
import statistics
import subprocess
import threading
import time

import sample
import search_mix
from postgres_server import binaries as postgres_binaries, execute
from store_codes import type_code

TABLES = ("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
          " AND (relname IN ('resource_version', 'contained_resource') OR starts_with(relname, 'idx_')) ORDER BY relname")
IMPORT_CONNECTIONS = 2
WRITE_CLIENTS = 16
SUMMARY = re.compile(r"(\d+) resources of \d+ files \(\d+ Bundles\) in ([\d.]+) s: \d+ a second, (\d+) failed")
DEEP_PAGES = 4
EVERYTHING_RUNS = 15


class Rest:
    """The measurements, with `bench` for what all benchmarks share."""

    def __init__(self, bench, failure, synthea: pathlib.Path, check: bool, name: str = "rest"):
        self.bench, self.failure, self.check = bench, failure, check
        self.given = bench.folder / f"given_{name}"
        self.given.mkdir()
        if synthea.is_dir() and not check:
            self.kind = "synthetic patients"
            for path in synthea.glob("*.json.bz2"):  # unpacking is no part of an import's time
                (self.given / path.name.removesuffix(".bz2")).write_bytes(bz2.decompress(path.read_bytes()))
        else:
            self.kind = "generated patients"
            sample.write(self.given, patients=8 if check else 100)
        self.gateway = bench.outside(name, audit=False)
        self.database = bench.conninfo(name)
        self.tables = [row[0] for row in self.rows(TABLES)]

    def run(self):
        self.load_and_copy()
        self.sizes()
        self.read()
        self.export()
        self.search()
        self.everything()  # before anything is added to the record of one patient
        self.create()
        self.writes()
        self.large_transaction()
        self.bench.report_value("memory after rest", self.bench.memory_mb(self.gateway), "MB PSS", "< 300", "after the lines above")
        self.gateway.stop()

    def scalar(self, sql: str, database: str | None = None) -> str:
        return execute(database or self.database, sql)

    def rows(self, sql: str) -> list[list[str]]:
        said = execute(self.database, sql)
        return [line.split("|") for line in said.splitlines()]

    # Import

    def import_once(self, gateway) -> dict:
        done = subprocess.run([str(self.bench.binaries / "passerelle"), "import", "--server", gateway.base, "--connections",
                               str(IMPORT_CONNECTIONS), str(self.given)], capture_output=True, text=True)
        match = SUMMARY.search(done.stdout)
        if done.returncode != 0 or not match:
            raise self.failure(f"import: {done.stdout} {done.stderr}")
        return {"rate": int(match[1]) / max(float(match[2]), 0.05), "resources": int(match[1]), "p50_ms": 0, "p99_ms": 0}

    def load_and_copy(self):
        """An import, and beside it COPY of what it made into a database with the same tables and indexes."""
        ours = self.import_once(self.gateway)
        psql = str(postgres_binaries() / "psql")
        floor = self.bench.outside("rest_floor", audit=False)  # makes the tables
        floor.stop()
        files = []
        for table in self.tables:
            file = self.bench.folder / f"{table}.copy"
            columns = ", ".join(column[0] for column in self.rows(
                f"SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped"
                " AND attname <> 'made_tx' AND attgenerated = '' ORDER BY attnum"))
            subprocess.run([psql, "-Xqc", f"\\copy (SELECT {columns} FROM {table}) TO '{file}' (FORMAT binary)", self.database], check=True)
            files.append(f"\\copy {table} ({columns}) FROM '{file}' (FORMAT binary)")
        script = self.bench.folder / "copy.sql"
        script.write_text("\\timing on\nBEGIN;\n" + "\n".join(files) + "\nCOMMIT;\n")
        said = subprocess.run([psql, "-Xq", "-v", "ON_ERROR_STOP=1", "-f", str(script), self.bench.conninfo("rest_floor")],
                              capture_output=True, text=True, check=True).stdout
        seconds = sum(float(ms) for ms in re.findall(r"^Time: ([\d.]+) ms", said, re.M)) / 1000
        copied = int(self.scalar("SELECT count(*) FROM resource_version", self.bench.conninfo("rest_floor")))
        theirs = {"rate": copied / seconds, "p50_ms": 0, "p99_ms": 0}
        self.bench.report("import", "resources/s", f"{ours['resources']} entries of {self.kind}, {IMPORT_CONNECTIONS} connections",
                          [ours], [theirs], ">= 8000/s")
        self.bench.results[-1].update(p50_ms=None, p99_ms=None)
        for table in self.tables:
            (self.bench.folder / f"{table}.copy").unlink()

    def sizes(self):
        execute(self.database, "VACUUM (ANALYZE)")
        named = ", ".join(f"'{table}'::regclass" for table in self.tables)
        disk, text = self.rows(f"SELECT (SELECT sum(pg_total_relation_size(t)) FROM unnest(ARRAY[{named}]) t),"
                               " (SELECT sum(length(body)) FROM resource_version)")[0]
        self.bench.report_value("bytes on disk", int(disk) / int(text), "x compact JSON", "<= 3", f"{int(text) // 1000} kB of JSON")

    # Read

    def read(self):
        """By id, of the data; the floor has the same bodies."""
        chosen = (f"SELECT 1, id, 1, body FROM resource_version WHERE type = {search_mix.OBSERVATION} AND closed_tx IS NULL AND NOT deleted"
                  " ORDER BY md5(id) LIMIT 10000")
        ids = self.scalar(f"SELECT id FROM ({chosen}) c").splitlines()
        paths = {}
        for name, prefix in (("gateway", "/fhir/Observation/"), ("floor", "/Observation/")):
            paths[name] = self.bench.folder / f"{name}_of_data.paths"
            paths[name].write_text("\n".join(prefix + one for one in ids))
        floor_database = self.bench.database("rest_read_floor")
        load = lambda port, name: self.bench.load("http_load", "127.0.0.1", port, 8, self.bench.seconds / 2, "read", paths[name])  # noqa: E731
        with self.bench.program("http_floor", floor_database) as floor:
            psql = str(postgres_binaries() / "psql")
            with subprocess.Popen([psql, "-Xqc", f"COPY ({chosen}) TO STDOUT", self.database], stdout=subprocess.PIPE) as out:
                subprocess.run([psql, "-Xqc", "COPY floor_resource (type, id, version, body) FROM STDIN", floor_database],
                               stdin=out.stdout, check=True)
            execute(floor_database, "VACUUM ANALYZE floor_resource")
            ours, theirs = self.bench.take_turns(lambda _: load(self.gateway.http_port, "gateway"), lambda _: load(floor.port, "floor"))
        self.bench.report("read, of loaded data", "reads/s", f"{len(ids)} Observations, 8 clients", ours, theirs, 0.95)

    # Export

    def export(self):
        """From the order to the last byte of the last file, one file after another and two at a time, and beside it COPY TO of the
        same rows."""
        files = []

        def ours(connections):
            begin = time.perf_counter()
            job = self.ask("$export", {"Prefer": "respond-async"}, 202)[0]["Content-Location"].split("/fhir/", 1)[1]
            while (answer := self.ask(job, {}, 200, 202))[2] == 202:
                time.sleep(0.02)
            files[:] = json.loads(answer[1])["output"]
            paths = [file["url"].split("/fhir/", 1)[1] for file in files]
            with concurrent.futures.ThreadPoolExecutor(connections) as pool:
                list(pool.map(self.fetch, [paths[i::connections] for i in range(connections)]))
            seconds = time.perf_counter() - begin
            return {"rate": sum(file["count"] for file in files) / seconds, "p50_ms": 0, "p99_ms": 0}

        def theirs(_):
            begin = time.perf_counter()
            subprocess.run([str(postgres_binaries() / "psql"), "-Xqc", "\\copy (SELECT body FROM resource_version WHERE closed_tx IS NULL"
                            " AND NOT deleted) TO '/dev/null' (FORMAT binary)", self.database], check=True)
            return {"rate": rows / (time.perf_counter() - begin), "p50_ms": 0, "p99_ms": 0}

        rows = int(self.scalar("SELECT count(*) FROM resource_version WHERE closed_tx IS NULL AND NOT deleted"))
        for name, connections, how in (("export", 1, "one after another"), ("export, two files at a time", 2, "over two connections")):
            gateway, floor = self.bench.take_turns(lambda _: ours(connections), theirs)
            exported = sum(file["count"] for file in files)
            if exported != rows:
                raise self.failure(f"the export has {exported} resources, the database {rows}")
            self.bench.report(name, "resources/s", f"{rows} resources in {len(files)} files, {how}", gateway, floor, 0.5)
            self.bench.results[-1].update(p50_ms=None, p99_ms=None)

    def fetch(self, paths):
        """On one connection; the bytes are counted and dropped."""
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.http_port, timeout=120)
        buffer = bytearray(1 << 20)
        for path in paths:
            connection.request("GET", "/fhir/" + path, headers={"Accept": "application/fhir+ndjson"})
            answer = connection.getresponse()
            if answer.status != 200:
                raise self.failure(f"a file of the export answered {answer.status}")
            while answer.readinto(buffer):
                pass
        connection.close()

    def ask(self, path: str, headers: dict, *expected: int):
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.http_port, timeout=120)
        try:
            connection.request("GET", "/fhir/" + path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status not in expected:
            raise self.failure(f"{path} answered {answer.status}: {body[:500].decode(errors='replace')}")
        return answer.headers, body, answer.status

    # Search

    def get(self, path: str):
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.http_port, timeout=120)
        try:
            connection.request("GET", "/fhir/" + path, headers={"Accept": "application/fhir+json"})
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise self.failure(f"{path.split('?')[0]} answered {answer.status}: {body[:500].decode(errors='replace')}")
        return json.loads(body)

    def deep_pages(self, searches: list):
        """The search by date, some pages further: by the gateway's own links, and with OFFSET in SQL."""
        first = next(search for search in searches if search.name == "_sort=-date")
        paths, values = [], []
        for path, value in zip(first.paths, first.values):
            for _ in range(DEEP_PAGES):
                links = {link["relation"]: link["url"] for link in self.get(path)["link"]}
                if "next" not in links:
                    break
                path = links["next"].split("/fhir/", 1)[1]
            else:
                paths.append(path)
                values.append(value)
        if paths:
            limit = search_mix.PAGE
            searches.append(search_mix.Search("_sort=-date, deep page", paths,
                                              first.sql.replace("OFFSET 0", f"OFFSET {DEEP_PAGES * limit}"), values))

    def floor_file(self, searches: list) -> pathlib.Path:
        file = self.bench.folder / "searches.sql"
        with open(file, "w") as out:
            for search in searches:
                out.write(f"Q {search.sql}\n")
                for values in search.values:
                    out.write("V " + "\t".join(map(str, values)) + "\n")
        return file

    def path_file(self, searches: list) -> pathlib.Path:
        file = self.bench.folder / "searches.paths"
        file.write_text("".join(f"/fhir/{path}\n" for search in searches for path in search.paths))
        return file

    def same_answers(self, searches: list):
        """The hand-written SQL gives as many resources as the gateway, for every request."""
        counts = subprocess.run([str(self.bench.binaries / "sql_load"), self.database, "count", str(self.floor_file(searches))],
                                capture_output=True, text=True)
        if counts.returncode != 0:
            raise self.failure(f"sql_load: {counts.stderr}")
        numbers = iter(map(int, counts.stdout.split()))
        found = 0
        for search in searches:
            for path in search.paths:
                rows, entries = next(numbers), len(self.get(path).get("entry", []))
                found += entries
                if rows != entries:
                    raise self.failure(f"search \"{search.name}\": the gateway finds {entries} resources, the SQL {rows}")
        if not found:
            raise self.failure("the searches find nothing")

    def search(self):
        searches = search_mix.searches(search_mix.Data(self.rows))
        searches = [search for search in searches if search.paths]
        self.deep_pages(searches)
        self.same_answers(searches)
        seconds = self.bench.seconds
        clients = 8
        slowest = 0.0
        for search in searches:
            ours = self.bench.load("http_load", "127.0.0.1", self.gateway.http_port, clients, seconds / 8, "read", self.path_file([search]))
            theirs = self.bench.load("sql_load", self.database, clients, seconds / 8, self.floor_file([search]))
            slowest = max(slowest, ours["p99_ms"])
            self.bench.report("search: " + search.name, "searches/s", f"{len(search.paths)} requests, {clients} clients", [ours], [theirs],
                              "p99 <= 20 ms")
        ours, theirs = self.bench.take_turns(
            lambda _: self.bench.load("http_load", "127.0.0.1", self.gateway.http_port, clients, seconds / 2, "read", self.path_file(searches)),
            lambda _: self.bench.load("sql_load", self.database, clients, seconds / 2, self.floor_file(searches)))
        self.bench.report("search mix", "searches/s", f"{len(searches)} searches, {clients} clients", ours, theirs, 0.6)

    # The record of one patient

    def everything(self):
        """Of the patient that most resources are about, all pages of it, one after another."""
        patient, about = self.rows(f"SELECT target, count(*) FROM idx_reference WHERE closed_tx IS NULL AND target_type = {type_code('Patient')}"
                                   " GROUP BY target ORDER BY count(*) DESC, target LIMIT 1")[0]
        times = []
        for _ in range(3 if self.check else EVERYTHING_RUNS):
            path, resources, pages, seconds = f"Patient/{patient}/$everything?_count=1000", 0, 0, 0.0
            while path:
                begin = time.perf_counter()
                _, body, _ = self.ask(path, {"Accept": "application/fhir+json"}, 200)
                seconds += time.perf_counter() - begin  # what the client makes of a page is its own time
                bundle = json.loads(body)
                resources += len(bundle["entry"])
                pages += 1
                path = next((link["url"].split("/fhir/", 1)[1] for link in bundle["link"] if link["relation"] == "next"), None)
            times.append(seconds * 1000)
        self.bench.report_value("$everything, largest patient", statistics.median(times), "ms", "<= 150",
                                f"{resources} resources on {pages} pages, {about} references to the patient")

    # Writes

    def create(self):
        """An Observation as the data has them: the one of middle length with a quantity, again and again."""
        type_, quantity = search_mix.OBSERVATION, search_mix.QUANTITY
        body = json.loads(self.scalar(
            f"SELECT convert_from(r.body, 'UTF8') FROM resource_version r WHERE r.type = {type_} AND r.closed_tx IS NULL AND EXISTS (SELECT 1 FROM"
            f" idx_quantity q WHERE q.id = r.id AND q.type = r.type AND q.parameter = {quantity}) ORDER BY length(r.body), r.id"
            f" OFFSET (SELECT count(DISTINCT id) / 2 FROM idx_quantity WHERE type = {type_} AND parameter = {quantity}) LIMIT 1"))
        del body["id"], body["meta"]["versionId"], body["meta"]["lastUpdated"]
        if not body["meta"]:
            del body["meta"]
        file = self.bench.folder / "observation_of_data.json"
        file.write_text(json.dumps(body, ensure_ascii=False, separators=(",", ":")))
        load = lambda port, path: self.bench.load("http_load", "127.0.0.1", port, 8, self.bench.seconds / 2, "create", file, path)  # noqa: E731
        with self.bench.program("http_floor", self.bench.database("rest_create_floor")) as floor:
            ours, theirs = self.bench.take_turns(lambda _: load(self.gateway.http_port, "/fhir/Observation"), lambda _: load(floor.port, "/"))
        self.bench.report("create, on loaded data", "resources/s", f"Observation of {file.stat().st_size} bytes, 8 clients", ours, theirs, 0.45)

    def large_transaction(self):
        """The memory that the largest transaction adds, by default, at its highest, and how long it takes."""
        text = sample.large_transaction(entries=500 if self.check else 25_000, bytes_about=1_000_000 if self.check else 60_000_000)
        before = self.bench.memory_mb(self.gateway)
        highest, ending = [before], threading.Event()

        def watch():
            while not ending.wait(0.02):
                highest.append(self.bench.memory_mb(self.gateway))

        watcher = threading.Thread(target=watch)
        watcher.start()
        begin = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.http_port, timeout=300)
        connection.request("POST", "/fhir", text, {"Content-Type": "application/fhir+json"})
        answer = connection.getresponse()
        said = answer.read()
        seconds = time.perf_counter() - begin
        ending.set()
        watcher.join()
        connection.close()
        if answer.status != 200:
            raise self.failure(f"the large transaction answered {answer.status}: {said[:500].decode(errors='replace')}")
        self.bench.report_value("large transaction, memory", max(highest) - before, "MB PSS", "<= 150",
                                f"{len(text) // 1_000_000} MB, {text.count(b'fullUrl')} entries, {seconds:.1f} s")

    def writes(self):
        small = self.bench.folder / "small.json"
        small.write_text(json.dumps(sample.small_transaction(), separators=(",", ":")))
        crud = self.bench.folder / "crud.ndjson"
        crud.write_text("".join(json.dumps(resource, separators=(",", ":")) + "\n" for resource in sample.NINE_TYPES))
        port = self.gateway.http_port
        for name, unit, mode, file, path, aim in (
                ("small transaction", "transactions/s", "transaction", small, "/fhir", ">= 2500/s"),
                ("create, read, update, delete", "requests/s", "crud", crud, "/fhir", ">= 3500/s")):
            runs = [self.bench.load("http_load", "127.0.0.1", port, WRITE_CLIENTS, self.bench.seconds / 2, mode, file, path)
                    for _ in range(self.bench.rounds)]
            middle = statistics.median(run["rate"] for run in runs)
            self.bench.report(name, unit, f"{file.stat().st_size} bytes, {WRITE_CLIENTS} clients",
                              [run for run in runs if run["rate"] == middle] or runs, None, aim)
