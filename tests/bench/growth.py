"""`bench growth`: the searches of `bench rest` once more when the data is ten times as much, made by rewriting ids."""

import concurrent.futures

import search_mix
from postgres_server import execute
from rest import Rest

TIMES, TIMES_IN_CHECK = 10, 2
CONNECTIONS = 2
CLIENTS = 8
# A search may take half as long again.
AIM = round(1 / 1.5, 2)
# The last two characters of every id that the gateway made in this run, and of every UUID, become a dash and the
# number of the copy, wherever they stand: ids, references, identifiers, bodies.
FUNCTION = """
CREATE OR REPLACE FUNCTION copy_of(what text, copy text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN length(what) < 18 THEN what ELSE regexp_replace(
  regexp_replace(what, '([0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{10}})[0-9a-f]{{2}}', '\\1' || copy, 'g'),
  '\\m({begin}[0-9A-Za-z]{{13}})[0-9A-Za-z]{{2}}\\M', '\\1' || copy, 'g') END $$
"""


class Growth(Rest):
    """Measures each search, multiplies the rows, and measures it again: the first is the floor of the second."""

    def run(self):
        self.import_once(self.gateway)
        self.patiently("VACUUM (ANALYZE)")
        # Asked for values of the data as it is; they find as much or more in the larger one.
        searches = [search for search in search_mix.searches(search_mix.Data(self.rows)) if search.paths]
        before = self.measure(searches)
        times = TIMES_IN_CHECK if self.check else TIMES
        resources = self.multiply(times)
        after = self.measure(searches)
        for name, ours in after.items():
            self.bench.report(f"data x {times}: {name}", "searches/s", f"{resources} resources, {CLIENTS} clients", [ours], [before[name]], AIM)
        self.bench.report_value(f"memory after data x {times}", self.bench.memory_mb(self.gateway), "MB PSS", "< 300", "after the lines above")
        self.gateway.stop()

    def measure(self, searches: list) -> dict[str, dict]:
        searches = list(searches)
        self.deep_pages(searches)  # links of the data as it is now
        self.same_answers(searches)
        figures = {}
        for search in searches:
            load = lambda seconds: self.bench.load("http_load", "127.0.0.1", self.gateway.http_port, CLIENTS, seconds, "read",  # noqa: E731
                                                   self.path_file([search]))
            load(self.bench.seconds / 32)  # pages that nobody asked for lately come from disk
            figures[search.name] = load(self.bench.seconds / 8)
        return figures

    def multiply(self, times: int) -> int:
        begin = self.scalar("SELECT min(id) FROM resource_version")[:3]  # of all ids that were made within minutes
        execute(self.database, FUNCTION.format(begin=begin))
        now = self.scalar("SELECT pg_current_xact_id()")
        statements = [self.copy_statement(table, copy, now) for copy in range(1, times) for table in self.tables]
        with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(self.patiently, statements))
        self.patiently("VACUUM (ANALYZE)")
        resources, heads = (int(text) for text in self.rows(
            "SELECT count(*), count(DISTINCT (type, id)) FROM resource_version WHERE closed_tx IS NULL AND NOT deleted")[0])
        if resources != heads:
            raise self.failure(f"{resources} current versions of {heads} resources: copies have the ids of others")
        return resources

    def patiently(self, sql: str):
        execute(self.database, sql, seconds_max=1800)

    def copy_statement(self, table: str, copy: int, before: str) -> str:
        """A copy of what the transactions before `before` have made."""
        columns = self.rows(f"SELECT attname, atttypid::regtype FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0"
                            " AND NOT attisdropped AND attname <> 'made_tx' AND attgenerated = '' ORDER BY attnum")
        rewritten = {"text": "copy_of({0}, '-{1:x}')", "bytea": "convert_to(copy_of(convert_from({0}, 'UTF8'), '-{1:x}'), 'UTF8')"}
        values = ", ".join(rewritten.get(kind, "{0}").format(f't."{name}"', copy) for name, kind in columns)
        names = ", ".join(f'"{name}"' for name, _ in columns)
        return f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} t WHERE t.closed_tx IS NULL AND t.made_tx < '{before}'"
