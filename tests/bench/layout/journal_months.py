#!/usr/bin/env python3
"""What a month's table costs each message: python3 tests/bench/layout/journal_months.py [--messages N]

Starts a PostgreSQL of its own, makes the gateway's schema, and receives and ends messages with the statements that stand in
gateway/store, in one session; prints the processor time of that session per message, for the journal as it is and for the
layouts of docs/adr/0011-journal-by-month.md that were not taken. Processor time depends little on what else the machine does.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "tests/support/python"))

from postgres_server import PostgresServer, binaries, execute  # noqa: E402

RAW = "substring(bytes.raw FROM 1 FOR 620)"  # an ADT message of 1.2 kB as zstd leaves it
ACK = "substring(bytes.raw FROM 1 FOR 170)"
SEARCHED = {  # the indexes that people's searches use, on all messages instead of on the ended ones
    "control_id": "", "lane": "WHERE lane IS NOT NULL", "partner, type, id": "", "received_at": ""}


def statement(file: str, name: str) -> str:
    text = (ROOT / "gateway/store" / file).read_text()
    return re.search(name + r'\{"\w+", R"sql\((.*?)\)sql"', text, re.S)[1].strip()


def with_values(sql: str, values: dict[int, str]) -> str:
    return re.sub(r"\$(\d+)", lambda match: values[int(match[1])], sql)


def functions() -> str:
    receive = with_values(statement("journal_store.cpp", "kReceiveMessage"), {
        1: "b", 2: "'chu'", 3: "('C' || l)", 4: "sha", 5: "30", 6: "'mllp'", 7: "'ADT^A01'", 8: "1200", 9: "l", 10: "NULL",
        11: "10000", 12: "'zstd'", 13: "given"})
    receive = receive.replace("RETURNING id, received_at, reused_id,", "RETURNING id,")
    at = receive.rindex("RETURNING id,")
    finish = with_values(statement("journal_statements.hpp", "kFinishMessage"), {
        1: "ended_id", 2: "'committed'", 3: "given", 4: "''", 5: "''", 6: "'x'", 7: "false", 8: "NULL"})
    finish = finish.replace("SELECT 1 / count(*) FROM ended", "SELECT 1 / count(*) INTO done FROM ended")
    return f"""
CREATE TABLE bytes AS SELECT string_agg(sha256(i::text::bytea), '') AS raw FROM generate_series(1, 30) i;
CREATE FUNCTION receive(b int, l bigint) RETURNS bigint LANGUAGE plpgsql AS $f$
DECLARE sha bytea := sha256(l::text::bytea); given bytea := (SELECT {RAW} FROM bytes); made bigint; held bool;
BEGIN {receive[:at]} {receive[at:]} INTO made, held; RETURN made; END $f$;
CREATE FUNCTION finish(ended_id bigint) RETURNS void LANGUAGE plpgsql AS $f$
DECLARE given bytea := (SELECT {ACK} FROM bytes); done bigint;
BEGIN {finish}; END $f$;"""


class Session:
    """psql with one backend, whose processor time is asked of the system."""

    def __init__(self, conninfo: str, options: str):
        self.process = subprocess.Popen([str(binaries() / "psql"), "-qXAt", "-v", "ON_ERROR_STOP=1", conninfo], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PGOPTIONS": options})
        self.backend = self.ask("SELECT pg_backend_pid();")

    def ask(self, sql: str) -> str:
        self.process.stdin.write(f"{sql}\n\\echo .\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline()) not in (".\n", ""):
            lines.append(line.strip())
        return "".join(lines)

    def cpu_us(self) -> float:
        fields = pathlib.Path(f"/proc/{self.backend}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1e6 / os.sysconf("SC_CLK_TCK")

    def work(self, messages: int):
        self.ask(f"""DO $$ DECLARE made bigint; BEGIN FOR k IN 1..{messages} LOOP
made := receive((random() * 255)::int, (random() * 1e12)::bigint); PERFORM finish(made); COMMIT; END LOOP; END $$;""")


def measure(conninfo: str, what: str, messages: int, options: str = "", then: str = ""):
    session = Session(conninfo, f"-c jit=off -c synchronous_commit=off {options}")
    session.work(1000)
    session.ask("VACUUM ANALYZE message;")  # as autovacuum does again and again
    session.work(100)
    session.ask(then)
    before = session.cpu_us()
    session.work(messages)
    print(f"{what:64} {(session.cpu_us() - before) / messages:7.0f} us")
    session.process.stdin.close()
    session.process.wait(30)


def partitions_by_id(months: int) -> str:
    """The layout that was not taken: message itself is partitioned, by ids that carry their month."""
    indexes = "; ".join(line.replace("ON message_old ", "ON message ").replace("INDEX ", "INDEX p_", 1)
                        for line in ("CREATE INDEX by_id ON message_old (id DESC)",
                                     "CREATE INDEX waiting ON message_old (id) WHERE state = 'received'",
                                     "CREATE INDEX lane ON message_old (lane, id) WHERE state IN ('received', 'parked') OR holds",
                                     "CREATE INDEX lane2 ON message_old (second_lane, id) WHERE second_lane IS NOT NULL"
                                     " AND (state IN ('received', 'parked') OR holds)",
                                     "CREATE INDEX control ON message_old (control_id)",
                                     "CREATE INDEX kind ON message_old (partner, type, id)"))
    made = [f"CREATE TABLE p{m} PARTITION OF message FOR VALUES FROM ({m << 42}) TO ({(m + 1) << 42}) WITH (fillfactor = 80)"
            for m in range(months)]
    return (f"ALTER TABLE message NO INHERIT journal; ALTER TABLE message RENAME TO message_old; "
            f"CREATE TABLE message (LIKE message_old INCLUDING DEFAULTS, PRIMARY KEY (bucket, id)) PARTITION BY RANGE (id); "
            f"{indexes}; {'; '.join(made)}; SELECT setval('message_number', {(months - 2) << 34})")


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--messages", type=int, default=3000)
    messages = words.parse_args().messages
    server = PostgresServer()
    try:
        def database(name: str, change: str = "") -> str:
            conninfo = server.create_database(name)
            for file in sorted((ROOT / "gateway/store/migrations").glob("*.sql")):
                execute(conninfo, file.read_text())
            execute(conninfo, functions() + change)
            return conninfo

        measure(database("now"), "as it is: past months beside message", messages)
        turned = "".join(f"CREATE TABLE m{n} (LIKE message INCLUDING ALL); ALTER TABLE m{n} INHERIT journal;" for n in range(24))
        measure(database("turned", turned), "as it is, with 24 past months", messages)
        opened = "".join(("INSERT INTO message (bucket, id, partner, channel, control_id, type, sha256, raw_bytes, encoding, raw, lane) ",
                          "SELECT 1, 1 - g * 256, 'chu', 'mllp', 'x' || g, 'ADT^A01', sha256(g::text::bytea), 1, 'plain', 'x', -g ",
                          "FROM generate_series(1, 20000) g;"))
        measure(database("open"), "as it is, 20,000 messages opened after the plans were made", messages, then=opened)
        open_ones = "state IN ('received', 'parked') OR holds"  # the older index first: of two that cost the same it is taken
        before = (f"DROP INDEX message_lane, message_second_lane; CREATE INDEX message_lane ON message (lane, id) WHERE {open_ones};"
                  f"CREATE INDEX message_second_lane ON message (second_lane, id) WHERE second_lane IS NOT NULL AND ({open_ones})")
        measure(database("open_before", before), "the same, message_lane as migration 0013 has it", messages // 10, then=opened)
        measure(database("bare", "DROP INDEX message_by_control_id, message_by_patient, message_by_kind, message_by_time"),
                "without the indexes of searches", messages)
        all_of_them = "".join(f"CREATE INDEX ON message ({columns}) {where};" for columns, where in SEARCHED.items())
        measure(database("whole", "DROP INDEX message_by_control_id, message_by_patient, message_by_kind, message_by_time;"
                         + all_of_them), "those indexes on all messages, not on the ended ones", messages)
        for months in (3, 14, 26):
            conninfo = database(f"by_id_{months}", partitions_by_id(months))
            measure(conninfo, f"message partitioned by id, {months} months", messages // 4)
            measure(conninfo, f"message partitioned by id, {months} months, generic plans forced", messages,
                    "-c plan_cache_mode=force_generic_plan")
    finally:
        server.stop()


if __name__ == "__main__":
    main()
