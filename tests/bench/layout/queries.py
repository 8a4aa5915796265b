"""The queries that the layouts are compared by, as conditions, and what each layout makes of them in SQL."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Token:
    parameter: int
    codes: tuple
    system: str | None = None


@dataclasses.dataclass(frozen=True)
class Reference:
    parameter: int
    target: tuple  # (type, id)


@dataclasses.dataclass(frozen=True)
class Prefix:
    parameter: int
    begin: str


@dataclasses.dataclass(frozen=True)
class Range:
    """Dates that begin in [low, high)."""
    parameter: int
    low: int
    high: int


@dataclasses.dataclass(frozen=True)
class Above:
    """Quantities above a number, with a unit."""
    parameter: int
    number: float
    unit: str


@dataclasses.dataclass(frozen=True)
class Chain:
    """The resource refers to one of another type that holds."""
    parameter: int
    target_type: int
    condition: object


@dataclasses.dataclass(frozen=True)
class Has:
    """A resource of another type that holds refers to this one."""
    type: int
    parameter: int
    condition: object


@dataclasses.dataclass(frozen=True)
class Query:
    name: str
    type: int
    conditions: tuple
    by_date: int = 0  # parameter of _sort=-date
    count: bool = False


def quoted(text) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def listed(texts) -> str:
    return ", ".join(map(quoted, texts))


class Rows:
    """A row per value; by text id or by number. `look_up` runs a query for one value: a gateway would know the numbers of
    texts beforehand, and a planner that sees a subquery in their place does not know how many rows to expect."""

    def __init__(self, schema: str, key: str, look_up, walked: bool = False):
        self.schema, self.key, self.look_up, self.walked = schema, key, look_up, walked

    def system(self, text: str) -> str:
        return quoted(text) if self.key == "id" else self.look_up(f"SELECT number FROM staged.name WHERE text = {quoted(text)}")

    def number_of(self, type_: int, id_: str) -> str:
        return self.look_up(f"SELECT number FROM staged.resource WHERE type = {type_} AND id = {quoted(id_)}")

    def set_of(self, table: str, type_: int, parameter: int, rest: str) -> str:
        return (f"(SELECT t.{self.key} FROM {self.schema}.{table} t WHERE t.type = {type_} AND t.parameter = {parameter}"
                f" AND t.closed_tx IS NULL AND {rest})")

    def matches(self, type_: int, condition) -> str:
        """A subquery of the keys of what holds."""
        match condition:
            case Token(parameter, codes, system):
                also = "" if system is None else f" AND t.system = {self.system(system)}"
                return self.set_of("token", type_, parameter, f"t.code IN ({listed(codes)}){also}")
            case Reference(parameter, (target_type, target)):
                what = quoted(target) if self.key == "id" else self.number_of(target_type, target)
                return self.set_of("reference", type_, parameter, f"t.target_type = {target_type} AND t.target = {what}")
            case Prefix(parameter, begin):
                return self.set_of("string", type_, parameter, f"t.folded ^@ {quoted(begin)}")
            case Range(parameter, low, high):
                return self.set_of("date", type_, parameter, f"t.low >= {low} AND t.low < {high}")
            case Above(parameter, number, unit):
                what = self.system(unit)
                return self.set_of("quantity", type_, parameter, f"t.high > {number} AND t.code = {what}")
            case Chain(parameter, target_type, inner):
                return self.set_of("reference", type_, parameter,
                                   f"t.target_type = {target_type} AND t.target IN {self.matches(target_type, inner)}")
            case Has(of, parameter, inner):
                return (f"(SELECT t.target FROM {self.schema}.reference t WHERE t.type = {of} AND t.parameter = {parameter}"
                        f" AND t.closed_tx IS NULL AND t.target_type = {type_} AND t.{self.key} IN {self.matches(of, inner)})")
        raise TypeError(condition)

    def where(self, query: Query) -> str:
        return "".join(f" AND r.{self.key} IN {self.matches(query.type, condition)}" for condition in query.conditions)

    def walk(self, query: Query) -> str | None:
        """The same page along the order of one value's rows, which ends when it is full; the rest is asked of each."""
        first = query.conditions[0]
        if not self.walked or query.by_date or query.count or not isinstance(first, Token) or len(first.codes) > 1 or first.system is None:
            return None
        rest = Query(query.name, query.type, query.conditions[1:])
        return (f"SELECT r.{self.key}, r.version, r.last_updated, r.body FROM (SELECT DISTINCT ON (t.{self.key}) t.{self.key}"
                f" FROM {self.schema}.token t WHERE t.type = {query.type} AND t.parameter = {first.parameter} AND t.closed_tx IS NULL"
                f" AND t.code = {quoted(first.codes[0])} AND t.system = {self.system(first.system)} ORDER BY t.{self.key}) m"
                f" JOIN {self.schema}.resource r ON r.{self.key} = m.{self.key} AND r.type = {query.type} AND r.closed_tx IS NULL"
                f" AND NOT r.deleted{self.where(rest)} ORDER BY m.{self.key} LIMIT 51")

    def sql(self, query: Query) -> str:
        walk = self.walk(query)
        if walk:
            return walk
        body = f"FROM {self.schema}.resource r"
        order = f"r.{self.key}"
        if query.by_date:
            body += (f" LEFT JOIN LATERAL (SELECT max(d.high) AS high FROM {self.schema}.date d WHERE d.{self.key} = r.{self.key}"
                     f" AND d.type = {query.type} AND d.parameter = {query.by_date} AND d.closed_tx IS NULL) k ON true")
            order = f"k.high DESC NULLS LAST, {order}"
        body += f" WHERE r.type = {query.type} AND r.closed_tx IS NULL AND NOT r.deleted{self.where(query)}"
        if query.count:
            return f"SELECT count(*) {body}"
        return f"SELECT r.{self.key}, r.version, r.last_updated, r.body {body} ORDER BY {order} LIMIT 51"


class Gin(Rows):
    """Tokens and references in one row of a resource; the rest a row per value."""

    def __init__(self, schema: str, look_up, links: bool = False):
        super().__init__(schema, "number", look_up)
        self.links = links

    def hashed(self, *parts) -> str:
        return self.look_up(f"SELECT staged.hash({listed(parts)})")

    def found(self, type_: int, condition) -> str | None:
        """A condition on f, the row of the resource; None where the rows have it."""
        array = self.schema != "jsonb"
        match condition:
            case Token(parameter, codes, system):
                if array:
                    of = ("t",) if system is None else ("s",)
                    keys = [self.hashed(*of, type_, parameter, *(() if system is None else (system,)), code) for code in codes]
                    return f"f.keys {'@>' if len(keys) == 1 else '&&'} ARRAY[{', '.join(keys)}]"
                texts = [("" if system is None else system) + "|" + code for code in codes]
                any_of = [f"f.found @> jsonb_build_object({quoted(parameter)}, jsonb_build_array({quoted(text)}))" for text in texts]
                return f"f.type = {type_} AND ({' OR '.join(any_of)})"
            case Reference(parameter, (target_type, target)):
                what = self.number_of(target_type, target)
                if array:
                    return f"f.keys @> ARRAY[{self.hashed('r', type_, parameter, what)}]"
                return f"f.type = {type_} AND f.found @> jsonb_build_object({quoted(parameter)}, jsonb_build_array({quoted(what)}))"
            case Chain(parameter, target_type, inner):
                each = self.matches(target_type, inner)
                if array:
                    return (f"f.keys && ARRAY(SELECT staged.hash('r', {quoted(type_)}, {quoted(parameter)}, c.number::text)"
                            f" FROM {each} c)")
                return (f"f.type = {type_} AND f.found @> ANY (ARRAY(SELECT jsonb_build_object({quoted(parameter)},"
                        f" jsonb_build_array(c.number::text)) FROM {each} c))")
        return None

    def matches(self, type_: int, condition) -> str:
        found = self.found(type_, condition)
        if found is None:
            return super().matches(type_, condition)
        return f"(SELECT f.number FROM {self.schema}.found f WHERE f.closed_tx IS NULL AND {found})"

    def where(self, query: Query) -> str:
        together, text = [], ""
        for condition in query.conditions:
            found = self.found(query.type, condition)
            if found is not None:
                together.append(found)
            elif isinstance(condition, Has) and not self.links:
                # A hash does not tell what it was made of: each resource asks for those that refer to it.
                inner = self.found(condition.type, condition.condition)
                own = (f"f.keys @> ARRAY[staged.hash('r', {quoted(condition.type)}, {quoted(condition.parameter)}, r.number::text)]"
                       if self.schema != "jsonb" else
                       f"f.found @> jsonb_build_object({quoted(condition.parameter)}, jsonb_build_array(r.number::text))")
                text += f" AND EXISTS (SELECT 1 FROM {self.schema}.found f WHERE f.closed_tx IS NULL AND {own} AND {inner})"
            else:
                text += f" AND r.number IN {super().matches(query.type, condition)}"
        if together:
            text += (f" AND r.number IN (SELECT f.number FROM {self.schema}.found f WHERE f.closed_tx IS NULL AND "
                     f"{' AND '.join(together)})")
        return text


def layouts(look_up) -> dict:
    return {
        "text_rows": Rows("text_rows", "id", look_up),
        "text_walk": Rows("text_rows", "id", look_up, walked=True),
        "text_lean": Rows("text_lean", "id", look_up),
        "text_dedup": Rows("text_dedup", "id", look_up),
        "number_rows": Rows("number_rows", "number", look_up),
        "number_walk": Rows("number_rows", "number", look_up, walked=True),
        "number_dedup": Rows("number_dedup", "number", look_up),
        "arrays": Gin("arrays", look_up),
        "arrays_links": Gin("arrays_links", look_up, links=True),
        "jsonb": Gin("jsonb", look_up),
    }
