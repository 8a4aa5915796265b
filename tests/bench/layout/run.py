#!/usr/bin/env python3
"""Tries layouts of the search index on the data of a gateway: python3 tests/bench/layout/run.py --database CONNINFO [--json FILE]

Needs a database that a gateway has filled, e.g. by `passerelle import ../shared/data/synthea`, and superuser rights on it;
reads schema public, and writes the schemas staged and one for each layout. For each: the bytes on disk after VACUUM, the
log (WAL) and the processor time of the backend per resource inserted in batches of 500, and of each query the pages it
touched and its time. Pages and bytes do not depend on what else the machine does. docs/adr/0006-index-layout.md tells
what came out.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "tests/support/python"))
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))

from postgres_server import binaries  # noqa: E402
from queries import Above, Chain, Has, Prefix, Query, Range, Reference, Token, layouts  # noqa: E402
from store_codes import parameter_id, type_code  # noqa: E402

FILES = {
    "text_rows": ("text_rows.sql", {"schema": "text_rows", "form": "whole"}),
    "text_lean": ("text_rows.sql", {"schema": "text_lean", "form": "lean"}),
    "text_dedup": ("text_rows.sql", {"schema": "text_dedup", "form": "dedup"}),
    "number_rows": ("number_rows.sql", {"schema": "number_rows", "dedup": "false"}),
    "number_dedup": ("number_rows.sql", {"schema": "number_dedup", "dedup": "true"}),
    "arrays": ("gin_rows.sql", {"schema": "arrays", "arrays": "true", "links": "false"}),
    "arrays_links": ("gin_rows.sql", {"schema": "arrays_links", "arrays": "true", "links": "true"}),
    "jsonb": ("gin_rows.sql", {"schema": "jsonb", "arrays": "false", "links": "false"}),
}
LOINC = "http://loinc.org"
SINGLE_RESOURCES = 5000
DAY_US = 86_400_000_000


class Database:
    def __init__(self, conninfo: str):
        self.command = [str(binaries() / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1"]
        self.conninfo = conninfo

    def psql(self, *arguments: str, text: str | None = None) -> str:
        done = subprocess.run([*self.command, *arguments, self.conninfo], input=text, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()

    def file(self, name: str, variables: dict):
        self.psql(*[part for pair in variables.items() for part in ("-v", "=".join(pair))], "-f", str(HERE / name))

    def rows(self, sql: str) -> list[list[str]]:
        return [line.split("|") for line in self.psql(text=sql).splitlines()]

    def value(self, sql: str) -> str:
        return self.rows(sql)[0][0]


def queries_for(database: Database) -> list[Query]:
    """Shapes of the usual mix, with values that the data has."""
    observation, patient, encounter = map(type_code, ("Observation", "Patient", "Encounter"))
    code, of_patient, date, category, quantity = map(
        parameter_id, ("clinical-code", "Observation-subject", "clinical-date", "Observation-category", "Observation-value-quantity"))
    codes = [row[0] for row in database.rows(
        f"SELECT code FROM staged.token WHERE type = {observation} AND parameter = {code} AND system = '{LOINC}'"
        " GROUP BY 1 ORDER BY count(*) DESC, 1")]
    largest = database.value(f"SELECT target FROM staged.reference WHERE type = {observation} AND parameter = {of_patient}"
                             " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")
    participant = parameter_id("Encounter-participant")
    person, person_type = database.rows(
        f"SELECT target, target_type FROM staged.reference WHERE type = {encounter} AND parameter = {participant}"
        " GROUP BY 1, 2 ORDER BY count(*) DESC, 1 LIMIT 1")[0]
    family, gender = parameter_id("individual-family"), parameter_id("individual-gender")
    name = database.value(f"SELECT left(folded, 3) FROM staged.string WHERE type = {patient} AND parameter = {family}"
                          " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")
    newest = int(database.value(f"SELECT max(low) FROM staged.date WHERE type = {observation} AND parameter = {date}"))
    number, unit, measured = database.rows(
        "SELECT percentile_disc(0.9) WITHIN GROUP (ORDER BY q.low), q.code, t.code FROM staged.quantity q"
        f" JOIN staged.token t ON t.number = q.number AND t.parameter = {code} AND t.system = '{LOINC}'"
        f" WHERE q.type = {observation} AND q.parameter = {quantity} GROUP BY 2, 3 ORDER BY count(*) DESC LIMIT 1")[0]
    own = Reference(of_patient, (patient, largest))
    return [
        Query("token, common", observation, (Token(code, (codes[0],), LOINC),)),
        Query("token, rare", observation, (Token(code, (codes[-1],), LOINC),)),
        Query("tokens, list of 3", observation, (Token(code, tuple(codes[5:8]), LOINC),)),
        Query("tokens, list of 100", observation, (Token(code, tuple(codes[:100]), LOINC),)),
        Query("code and patient", observation, (Token(code, (codes[0],), LOINC), own)),
        Query("code and dates", observation, (Token(code, (codes[0],), LOINC), Range(date, newest - 90 * DAY_US, newest))),
        Query("code and quantity", observation, (Token(code, (measured,), LOINC), Above(quantity, float(number), unit))),
        Query("name prefix", patient, (Prefix(family, name),)),
        Query("gender and family", patient, (Token(gender, ("female",)), Prefix(family, name))),
        Query("participant", encounter, (Reference(participant, (int(person_type), person)),)),
        Query("chain to a name", observation, (Chain(of_patient, patient, Prefix(family, name)), Token(code, (codes[0],), LOINC))),
        Query("_has", patient, (Has(observation, of_patient, Token(code, (codes[20],), LOINC)),)),
        Query("patient, newest first", observation, (own,), by_date=date),
        Query("category, newest first", observation, (Token(category, ("laboratory",)), own), by_date=date),
        Query("category, exact total", observation, (Token(category, ("laboratory",)),), count=True),
    ]


def fill(database: Database, layout: str) -> dict:
    """Makes the layout's tables and fills them in one backend."""
    file, variables = FILES[layout]
    database.file(file, variables)
    # Every statement's plan is kept after its first runs; the checkpoint keeps images of whole pages out of the log.
    said = database.psql(text=f"""
        CHECKPOINT;
        SELECT 'before', staged.cpu_ms(), pg_current_wal_insert_lsn() - '0/0';
        SELECT array_agg(sql) AS statements FROM {layout}.statement WHERE about = 'resource' \\gset
        CALL staged.fill(:'statements');
        SELECT 'bodies', staged.cpu_ms(), pg_current_wal_insert_lsn() - '0/0';
        SELECT array_agg(sql) AS statements FROM {layout}.statement WHERE about <> 'resource' \\gset
        CALL staged.fill(:'statements');
        SELECT 'index', staged.cpu_ms(), pg_current_wal_insert_lsn() - '0/0';
        {f"SELECT 'pending', gin_clean_pending_list('{layout}.found_keys');" if FILES[layout][0] == "gin_rows.sql" else ""}
        SELECT 'end', staged.cpu_ms(), pg_current_wal_insert_lsn() - '0/0';""")
    marks = {line.split("|")[0]: [float(part) for part in line.split("|")[1:]] for line in said.splitlines()}
    database.psql(text=f"""SELECT format('VACUUM (ANALYZE) {layout}.%I', relname) FROM pg_class
                           WHERE relnamespace = '{layout}'::regnamespace AND relkind = 'r' \\gexec""")
    resources = int(database.value("SELECT count(*) FROM staged.resource"))
    json_bytes = int(database.value("SELECT sum(length(body)) FROM staged.resource"))
    sizes = {name: (int(heap), int(indexes)) for name, heap, indexes in database.rows(
        f"SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class WHERE relkind = 'r' AND relname <> 'statement'"
        f" AND relnamespace = '{layout}'::regnamespace")}
    total = sum(map(sum, sizes.values()))
    bodies = sum(sizes["resource"])
    return {
        "layout": layout, "resources": resources, "json_bytes": json_bytes, "tables": sizes,
        "bodies_mb": round(bodies / 1e6, 1), "index_mb": round((total - bodies) / 1e6, 1), "ratio": round(total / json_bytes, 2),
        "body_us": round((marks["bodies"][0] - marks["before"][0]) * 1000 / resources, 1),
        "index_us": round((marks["end"][0] - marks["bodies"][0]) * 1000 / resources, 1),
        "body_wal": round((marks["bodies"][1] - marks["before"][1]) / resources),
        "index_wal": round((marks["end"][1] - marks["bodies"][1]) / resources),
    }


def insert_one_by_one(database: Database, result: dict, resources: int):
    """What a resource costs that comes alone, its body left out. The layout's tables hold these values twice afterwards."""
    layout = result["layout"]
    said = database.psql(text=f"""
        SET synchronous_commit = off;
        CHECKPOINT;
        SELECT array_agg(sql) AS statements FROM {layout}.statement WHERE about <> 'resource' \\gset
        CALL staged.fill_one_by_one(:'statements', 100);
        SELECT staged.cpu_ms(), pg_current_wal_insert_lsn() - '0/0';
        CALL staged.fill_one_by_one(:'statements', {resources});
        SELECT staged.cpu_ms(), pg_current_wal_insert_lsn() - '0/0';""")
    before, after = ([float(part) for part in line.split("|")] for line in said.splitlines())
    result["single_us"] = round((after[0] - before[0]) * 1000 / resources, 1)
    result["single_wal"] = round((after[1] - before[1]) / resources)


def explain(database: Database, sql: str, runs: int) -> dict:
    """Pages of the last run, all warm by then; the median of the times."""
    text = "SET enable_seqscan = off; SET jit = off;" + f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql};" * runs
    plans = [plan[0] for plan in decode_all(database.psql(text=text))]
    last = plans[-1]["Plan"]
    return {"pages": last["Shared Hit Blocks"] + last["Shared Read Blocks"], "rows": last["Actual Rows"],
            "ms": round(statistics.median(plan["Execution Time"] for plan in plans[1:]), 2),
            "planning_ms": round(statistics.median(plan["Planning Time"] for plan in plans[1:]), 2)}


def decode_all(text: str) -> list:
    decoder, values, at = json.JSONDecoder(), [], 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        while at < len(text) and text[at].isspace():
            at += 1
    return values


def table(rows: list[tuple]) -> str:
    shown = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in shown]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("layouts", nargs="*", metavar="LAYOUT", help=", ".join(FILES))
    parser.add_argument("--database", required=True, help="libpq connection string")
    parser.add_argument("--times", type=int, default=1, help="how often the data is taken, to see how queries grow")
    parser.add_argument("--runs", type=int, default=5, help="of each query")
    parser.add_argument("--json", help="file for the figures")
    options = parser.parse_args()
    database = Database(options.database)
    names = options.layouts or list(FILES)
    database.file("staged.sql", {"times": str(options.times)})
    results = []
    for layout in names:
        print(f"{layout} …", file=sys.stderr)
        results.append(fill(database, layout))
    queries = queries_for(database)
    spellings = layouts(database.value)
    answers: dict[str, set] = {}
    for rows, walk in (("text_rows", "text_walk"), ("number_rows", "number_walk")):
        if rows in names:  # asked in a second way
            at = next(i for i, result in enumerate(results) if result["layout"] == rows)
            results.insert(at + 1, {**results[at], "layout": walk})
    names = [result["layout"] for result in results]
    for result in results:
        result["queries"] = {}
        for query in queries:
            figures = explain(database, spellings[result["layout"]].sql(query), options.runs)
            result["queries"][query.name] = figures
            answers.setdefault(query.name, set()).add(figures["rows"])
    filled = [result for result in results if result["layout"] in FILES]
    for result in filled:
        insert_one_by_one(database, result, SINGLE_RESOURCES)
    heads = ("layout", "bodies_mb", "index_mb", "ratio", "body_us", "index_us", "body_wal", "index_wal", "single_us", "single_wal")
    print(table([heads] + [tuple(result[head] for head in heads) for result in filled]))
    print()
    print(table([("query: pages / ms", *names)] + [
        (query.name, *(f"{result['queries'][query.name]['pages']} / {result['queries'][query.name]['ms']}" for result in results))
        for query in queries]))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n")
    if unequal := [name for name, counts in answers.items() if len(counts) > 1]:
        sys.exit(f"the layouts do not answer alike: {', '.join(unequal)}")


if __name__ == "__main__":
    main()
