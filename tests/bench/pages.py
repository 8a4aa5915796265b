#!/usr/bin/env python3
"""What each search of `bench rest` costs inside PostgreSQL: python3 tests/bench/pages.py --database CONNINFO [--binaries DIR] [--json FILE]

Needs a database that a gateway has filled, e.g. by `passerelle import ../shared/data/synthea`, on a server with
`shared_preload_libraries = 'pg_stat_statements'` and `pg_stat_statements.track_planning = on`, and superuser rights on it.
Starts a gateway on it, asks every request of every search several times over one connection, and does the same with the
hand-written SQL, which must find as many resources. Per request: pages touched, and milliseconds of execution and of
planning. Pages do not depend on what else the machine does.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import run  # puts tests/support/python on the path

import rest
import search_mix
from gateway_process import Gateway, find_binary
from postgres_server import execute

PREPARED_AFTER = 6  # executions after which the server has decided whether it keeps a plan


class Statements:
    """What pg_stat_statements counted, without the statements that it takes to ask."""

    def __init__(self, database: str):
        self.database = database
        execute(database, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")

    def reset(self):
        execute(self.database, "SELECT pg_stat_statements_reset()")

    def cost(self, requests: int) -> dict:
        statements, pages, ran, planned = execute(
            self.database, "SELECT sum(calls), sum(shared_blks_hit + shared_blks_read), sum(total_exec_time), sum(total_plan_time)"
            " FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = current_database()"
            " AND query NOT LIKE '%pg_stat_statements%' AND query ~ 'resource_version|idx_'").split("|")
        return {"statements": round(float(statements) / requests, 1), "pages": round(float(pages) / requests),
                "ms": round(float(ran) / requests, 2), "planning_ms": round(float(planned) / requests, 2)}


class Pages(rest.Rest):
    """The searches of `bench rest` on a database that is there already."""

    def __init__(self, binaries: pathlib.Path, database: str, folder: pathlib.Path):
        self.binaries, self.database, self.folder = binaries, database, folder
        self.failure = run.Failure
        self.bench = self  # the loads need its folder and binaries alone
        config = run.open_settings(folder / "gateway.yaml", {"audit": {"reads": False, "writes": False},
                                                             "database": {"connection": database, "pool_size": 2}})
        self.gateway = Gateway(find_binary(str(binaries)), config, None, folder / "gateway.log")
        self.gateway.start()
        self.statements = Statements(database)

    def of(self, search: search_mix.Search, runs: int) -> tuple[dict, dict]:
        for _ in range(-(-PREPARED_AFTER // len(search.paths))):
            self.ask(search)
        self.statements.reset()
        for _ in range(runs):
            self.ask(search)
        ours = self.statements.cost(runs * len(search.paths))
        file = self.floor_file([search])
        self.statements.reset()
        found = subprocess.run([str(self.binaries / "sql_load"), self.database, "count", str(file)], capture_output=True, text=True)
        if found.returncode != 0:
            raise self.failure(f"sql_load: {found.stderr}")
        theirs = self.statements.cost(len(search.paths))
        for path, rows in zip(search.paths, map(int, found.stdout.split())):
            if (entries := len(self.get(path).get("entry", []))) != rows:
                raise self.failure(f"search \"{search.name}\": the gateway finds {entries} resources, the SQL {rows}")
        return ours, theirs

    def ask(self, search: search_mix.Search):
        for path in search.paths:
            self.get(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("searches", nargs="*", metavar="SEARCH", help="names of search_mix.py; all when none is given")
    parser.add_argument("--database", required=True, help="libpq connection string")
    parser.add_argument("--binaries", type=pathlib.Path, default=run.ROOT / "build/release")
    parser.add_argument("--runs", type=int, default=3, help="of each request")
    parser.add_argument("--json", type=pathlib.Path, help="file for the figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="passerelle-pages-") as folder:
        pages = Pages(options.binaries, options.database, pathlib.Path(folder))
        try:
            searches = [search for search in search_mix.searches(search_mix.Data(pages.rows)) if search.paths]
            pages.deep_pages(searches)
            figures = {}
            for search in searches:
                if options.searches and search.name not in options.searches:
                    continue
                ours, theirs = pages.of(search, options.runs)
                figures[search.name] = {"ours": ours, "theirs": theirs}
                print(f"{search.name} …", file=sys.stderr)
        finally:
            pages.gateway.stop()
    shown = [("search", "statements", "pages", "ms", "planning ms", "by hand: pages", "ms", "planning ms")]
    shown += [(name, *both["ours"].values(), *list(both["theirs"].values())[1:]) for name, both in figures.items()]
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    print(run.aligned(shown))


if __name__ == "__main__":
    main()
