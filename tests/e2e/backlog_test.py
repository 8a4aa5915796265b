"""A start on 100,000 messages that wait: they are worked on within seconds, and memory does not grow with them."""

import pathlib
import re
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
import messages as hl7  # noqa: E402
from gateway_process import Gateway, Workspace  # noqa: E402
from postgres_server import OutsideDatabase, execute  # noqa: E402

WAITING = 100_000
WITHIN_S = 5
GROWTH_MB_MAX = 60
WATCHED_S = 10

# What a crash leaves behind a burst in enhanced mode: every tenth is of a patient who has another one before it.
FILL = """
INSERT INTO message_key (bucket, partner, control_id, sha256, message_id, horizon_at)
SELECT bucket, 'chu', control_id, sha256(raw), id, now() + interval '30 days' FROM filled;
INSERT INTO message (bucket, id, partner, channel, control_id, type, sha256, raw_bytes, encoding, raw, lane)
SELECT bucket, id, 'chu', 'mllp', control_id, 'ADT^A01', sha256(raw), length(raw), 'plain', raw, lane FROM filled;
DROP TABLE filled"""


def memory_mb(process) -> float:
    text = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.M)[1]) / 1024


class Backlog(unittest.TestCase):
    def setUp(self):
        self.database = OutsideDatabase()
        self.addCleanup(self.database.close)
        self.workspace = Workspace("backlog")
        self.addCleanup(self.workspace.close)
        settings = e2e.settings_of(self.workspace, {}, {"access": {"mode": "open"}, "log": {"level": "warning"},
                                                        "database": {"connection": self.database.conninfo}})
        self.config = e2e.write_settings(self.workspace.path / "passerelle.yaml", settings)
        self.node = Gateway(e2e.binary(), self.config, None, self.workspace.path / "node.log")

    def count(self, where: str) -> int:
        return int(execute(self.database.conninfo, f"SELECT count(*) FROM message WHERE {where}"))

    def fill(self):
        # Not qualified: the records of many with one national number would be linked.
        patient = e2e.patient(1, identity="PROV")
        message = hl7.admission(patient, "B000001", "20240506091500").decode("iso-8859-15")
        message = message.encode("ascii", "replace").decode().replace("'", "''")
        number = "lpad((g - CASE WHEN g % 10 = 9 THEN 1 ELSE 0 END)::text, 6, '0')"
        text = f"replace('{message}', 'B000001', 'B' || lpad(g::text, 6, '0'))"
        for mark in (patient.ipp, patient.visit):
            self.assertIn(mark, message)
            text = f"replace({text}, '{mark}', '{mark[:-6]}' || {number})"
        execute(self.database.conninfo, f"""
CREATE TABLE filled AS
SELECT g % 256 AS bucket, nextval('message_number') * 256 + g % 256 AS id, 'B' || lpad(g::text, 6, '0') AS control_id,
       {number}::bigint AS lane, convert_to({text}, 'UTF8') AS raw
  FROM generate_series(1, {WAITING}) g""")
        execute(self.database.conninfo, FILL)

    def test_start_on_a_backlog(self):
        self.node.start()
        idle_mb = memory_mb(self.node.process)
        self.node.stop()
        self.fill()
        self.assertEqual(self.count("state = 'received'"), WAITING)
        begin = time.monotonic()
        self.node.start()
        self.addCleanup(self.node.stop)
        self.assertTrue(e2e.wait_until(lambda: self.count("state = 'committed'") > 0, WITHIN_S - (time.monotonic() - begin)),
                        self.node.tail())
        first_s = time.monotonic() - begin
        most_mb = 0.0
        end = time.monotonic() + WATCHED_S
        while time.monotonic() < end:
            most_mb = max(most_mb, memory_mb(self.node.process))
            time.sleep(0.2)
        ended = WAITING - self.count("state = 'received'")
        print(f"  the first committed {first_s:.1f} s after the start, {ended} in {WATCHED_S} s more, {idle_mb:.0f} MB idle, "
              f"{most_mb:.0f} MB at work; ", end="", flush=True)
        self.assertEqual(self.count("state NOT IN ('received', 'committed')"), 0)
        self.assertLess(most_mb - idle_mb, GROWTH_MB_MAX)
        self.assertGreater(ended, 100)
        self.assertEqual(self.count("holds"), 0)


if __name__ == "__main__":
    e2e.main()
