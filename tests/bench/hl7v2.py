"""`bench hl7v2`, besides AA after the commit: CA when durable, parsing and mapping alone, what a message takes on disk, and searches
of the journal's metadata."""

import http.client
import json
import pathlib
import statistics
import subprocess
import time
import urllib.parse

from postgres_server import execute

CLIENTS = 8
RATIO_CA = 0.6
PARTS = "HL7 v2"
JOURNAL_TABLES = ("message", "message_chunk", "message_key")
ENTRIES = 1_000_000
PAST_MONTHS = 7  # and the present one
SEARCH_RUNS = 15
# partner clinic: one in a thousand; A40: one in 20,000; refused: one in a thousand; 103: one in 500
SEARCHES = (
    {"partner": "chu"}, {"partner": "clinic"}, {"type": "ADT^A01"}, {"type": "ADT^A40"}, {"partner": "clinic", "type": "ADT^A40"},
    {"control_id": "MSG{middle}"}, {"state": "refused"}, {"state": "ignored"}, {"state": "refused", "partner": "clinic"},
    {"error_code": "103"}, {"error_place": "PID-7", "partner": "clinic"}, {"from": "{old}-10", "to": "{old}-11"},
    {"to": "{old}-15", "type": "ADT^A40"}, {"patient": "urn:nobody|1"}, {"state": "committed", "to": "{old}-02"})


def enhanced(message: bytes) -> bytes:
    """The message asking for CA, and for nothing later."""
    segments = message.split(b"\r")
    fields = segments[0].split(b"|")
    fields[14:16] = [b"AL", b"NE"]
    return b"\r".join([b"|".join(fields), *segments[1:]])


def month(back: int) -> str:
    """The month so many before this one, as 2026_05."""
    today = time.gmtime()
    months = today.tm_year * 12 + today.tm_mon - 1 - back
    return f"{months // 12:04}_{months % 12 + 1:02}"


class Hl7v2:
    """The measurements, with `bench` for what all benchmarks share."""

    def __init__(self, bench, failure, resource: pathlib.Path, check: bool):
        """resource: any; fhir_bench wants one."""
        self.bench, self.failure, self.resource, self.check = bench, failure, resource, check
        self.entries = 4000 if check else ENTRIES

    def run(self):
        self.accept()
        self.parts()
        self.search()

    # CA

    def accept(self):
        bench = self.bench
        gateway = bench.outside("hl7v2_ca", audit=False)
        database = bench.conninfo("hl7v2_ca")
        with bench.program("mllp_floor", "keep", bench.database("hl7v2_ca_floor"), "-") as floor:
            warm = bench.mllp_files("CW", CLIENTS, bench.scale.warm_messages, enhanced)
            bench.mllp_load(gateway.mllp_port, warm)
            bench.mllp_load(floor.port, warm)
            probe = bench.mllp_files("CX", CLIENTS, bench.scale.probe_messages, enhanced)
            count = max(bench.scale.probe_messages,
                        int(bench.mllp_load(gateway.mllp_port, probe)["rate"] * bench.seconds / CLIENTS) // 10 * 10)
            sets = [bench.mllp_files(f"C{number}", CLIENTS, count, enhanced) for number in range(bench.rounds)]
            self.drain(gateway, database)

            def ours(number: int) -> dict:
                figures = bench.mllp_load(gateway.mllp_port, sets[number])
                self.drained.append(self.drain(gateway, database))
                return figures

            self.drained: list[tuple[int, float]] = []
            turns = bench.take_turns(ours, lambda number: bench.mllp_load(floor.port, sets[number]))
        size = sum(path.stat().st_size for path in sets[0]) // (CLIENTS * count)
        given = f"{CLIENTS * count} messages of {size} bytes, {CLIENTS} connections; workers commit them meanwhile"
        bench.report("mllp, CA when durable", "messages/s", given, *turns, RATIO_CA)
        if any(waiting for waiting, _ in self.drained):
            rates = [waiting / seconds for waiting, seconds in self.drained if waiting]
            bench.report_value("committed after CA", statistics.median(rates), "messages/s", "",
                               f"by the workers, of {max(waiting for waiting, _ in self.drained)} that waited")
        self.disk(database)
        gateway.stop()

    def drain(self, gateway, database: str) -> tuple[int, float]:
        """Waits for the workers; how many messages waited, and for how long."""
        waiting = lambda: int(execute(database, "SELECT count(*) FROM message WHERE state = 'received'"))  # noqa: E731
        before, begin = waiting(), time.monotonic()
        while left := waiting():
            if time.monotonic() - begin > 600:
                raise self.failure(f"{left} messages are not worked on: {gateway.tail()}")
            time.sleep(0.1)
        return before, time.monotonic() - begin

    def disk(self, database: str):
        for name in JOURNAL_TABLES:
            execute(database, f"VACUUM {name}")
        taken = sum(int(execute(database, f"SELECT pg_total_relation_size('{name}')")) for name in JOURNAL_TABLES)
        count, received = execute(database, "SELECT count(*), sum(raw_bytes) FROM message").split("|")
        self.bench.report_value("journal on disk", taken / int(received), "x the messages", "<= 2.5",
                                f"{count} messages, their acknowledgements, keys and indexes, after VACUUM")

    # The parts of the way, in processor time of one core

    def parts(self):
        bench = self.bench
        command = [bench.binaries / "fhir_bench", "--only", PARTS, "--seconds", bench.seconds / 8, "--rounds", bench.rounds, self.resource]
        done = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, check=True)
        bench.results += [row for row in json.loads(done.stdout) if row["name"].startswith(PARTS)]

    # Searches

    def search(self):
        bench = self.bench
        gateway = bench.outside("hl7v2_search", audit=False)
        database = bench.conninfo("hl7v2_search")
        self.fill(database)
        slowest: tuple[float, str] = (0, "")
        medians = []
        connection = http.client.HTTPConnection("127.0.0.1", gateway.http_port, timeout=120)
        for filters in SEARCHES:
            asked = {key: value.format(middle=f"{self.entries // 2:09}", old=month(PAST_MONTHS - 1).replace("_", "-"))
                     for key, value in filters.items()}
            times = []
            for _ in range(SEARCH_RUNS):
                begin = time.perf_counter()
                if "patient" in asked:  # travels in a body
                    connection.request("POST", "/console/messages/_search", urllib.parse.urlencode(asked),
                                       {"Content-Type": "application/x-www-form-urlencoded"})
                else:
                    connection.request("GET", "/console/messages?" + urllib.parse.urlencode(asked))
                answer = connection.getresponse()
                text = answer.read()
                times.append((time.perf_counter() - begin) * 1000)
                if answer.status != 200:
                    raise self.failure(f"search of {sorted(asked)}: {answer.status} {text[:200]!r}")
            medians.append(statistics.median(times))
            slowest = max(slowest, (medians[-1], " and ".join(sorted(asked))))
        connection.close()
        bench.report_value("search of the journal, slowest", slowest[0], "ms", "<= 100",
                           f"by {slowest[1]}; {len(SEARCHES)} filters on {self.entries} entries of {PAST_MONTHS + 1} months, "
                           f"median of {SEARCH_RUNS} each")
        bench.report_value("search of the journal, median", statistics.median(medians), "ms", "<= 100", "of the same")
        gateway.stop()

    def fill(self, database: str):
        """Entries of this month in message, those of past months in tables of their own, as turns leave them."""
        for back in range(PAST_MONTHS, -1, -1):
            table = "message" if back == 0 else f"message_{month(back)}"
            if back:
                execute(database, f"CREATE TABLE {table} (LIKE message INCLUDING ALL); ALTER TABLE {table} INHERIT journal;"
                                  f"CREATE TABLE {table.replace('message', 'message_chunk')} (LIKE message_chunk INCLUDING ALL);"
                                  f"ALTER TABLE {table.replace('message', 'message_chunk')} INHERIT journal_chunk")
            share = self.entries // (PAST_MONTHS + 1)
            first = (PAST_MONTHS - back) * share
            for part in range(0, share, 50_000):  # a statement has a minute
                self.fill_part(database, table, first + part, first + min(part + 50_000, share), first, share, month(back))
            execute(database, f"ANALYZE {table}")

    @staticmethod
    def fill_part(database: str, table: str, begin: int, end: int, first: int, share: int, name: str):
        execute(database, f"""
INSERT INTO {table} (bucket, id, partner, channel, control_id, type, state, received_at, finished_at, sha256, raw_bytes, encoding,
                     raw, ack, error_code, error_place, lane)
SELECT g * 37 % 256, g::bigint * 256 + g * 37 % 256,
       CASE WHEN g % 1000 = 7 THEN 'clinic' WHEN g % 10 = 3 THEN 'chu-b' ELSE 'chu' END, 'mllp', 'MSG' || lpad(g::text, 9, '0'),
       CASE WHEN g % 20000 = 11 THEN 'ADT^A40' WHEN g % 100 < 50 THEN 'ADT^A02' WHEN g % 100 < 70 THEN 'ADT^A01'
            WHEN g % 100 < 80 THEN 'ADT^A03' WHEN g % 100 < 90 THEN 'ORU^R01' ELSE 'SIU^S12' END,
       CASE WHEN g % 1000 = 13 THEN 'refused' WHEN g % 3000 = 17 THEN 'ignored' ELSE 'committed' END, t, t,
       sha256(g::text::bytea), 1200, 'zstd', substring(bytes.raw FROM 1 + g % 50 FOR 620), substring(bytes.raw FROM 1 FOR 170),
       CASE WHEN g % 1000 = 13 THEN '101' WHEN g % 500 = 19 THEN '103' ELSE '' END,
       CASE WHEN g % 1000 = 13 THEN 'PID-7' WHEN g % 500 = 19 THEN 'IN1-2' ELSE '' END, hashint8extended(g / 6, 5)
  FROM (SELECT g, '{name.replace("_", "-")}-01'::timestamptz + (g - {first}) * interval '27 days' / {share} AS t
          FROM generate_series({begin}, {end} - 1) g) s,
       (SELECT string_agg(sha256(i::text::bytea), '') AS raw FROM generate_series(1, 30) i) bytes""")
