"""Thirty searches as clients send them, with hand-written SQL that gives the same answers: what `bench rest` plays."""

import dataclasses
import urllib.parse

from store_codes import parameter_id, type_code

PAGE = 50
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
VARIANTS = 12  # of each search, so that neither side reads one page all the time


@dataclasses.dataclass
class Search:
    name: str
    paths: list[str]          # below the base
    sql: str                  # one line
    values: list[tuple]       # its parameters, in step with the paths


OBSERVATION, PATIENT, ENCOUNTER, CONDITION, PRACTITIONER, ORGANIZATION, LOCATION, MEDICATION, CLAIM = map(type_code, (
    "Observation", "Patient", "Encounter", "Condition", "Practitioner", "Organization", "Location", "MedicationRequest", "Claim"))
CODE, DATE = map(parameter_id, ("clinical-code", "clinical-date"))
# Whose they are: a patient's resources are found by their subject.
SUBJECT = {type_: parameter_id(f"{name}-subject") for type_, name in (
    (OBSERVATION, "Observation"), (ENCOUNTER, "Encounter"), (CONDITION, "Condition"), (MEDICATION, "MedicationRequest"))}
FAMILY, GENDER, BIRTH = map(parameter_id, ("individual-family", "individual-gender", "individual-birthdate"))
CATEGORY, QUANTITY, ABOUT_ENCOUNTER = map(parameter_id, ("Observation-category", "Observation-value-quantity", "clinical-encounter"))
PARTICIPANT, PLACE, PROVIDER, CLASS = map(parameter_id, (
    "Encounter-participant", "Encounter-location", "Encounter-service-provider", "Encounter-class"))
ORGANIZATION_NAME, IDENTIFIER, PATIENT_NAME = map(parameter_id, ("Organization-name", "Patient-identifier", "Patient-name"))
CLAIM_PATIENT, CLAIM_CREATED = map(parameter_id, ("Claim-patient", "Claim-created"))
# What combo-code-value-quantity is made of.
COMBO = [parameter_id(f"Observation-{name}code-value-quantity") for name in ("", "component-")]
MEDICATION_STATUS, REQUESTER = map(parameter_id, ("medications-status", "MedicationRequest-requester"))


def of(table: str, type_: int, parameter: int, condition: str, alias: str = "t", what: str = "id") -> str:
    return (f"SELECT {alias}.{what} FROM {table} {alias} WHERE {alias}.type = {type_} AND {alias}.parameter = {parameter}"
            f" AND {alias}.closed_tx IS NULL AND {condition}")


def also(table: str, type_: int, parameter: int, condition: str) -> str:
    """A second criterion. OFFSET keeps the planner from making a join of it: it is asked of one resource after another."""
    return f"EXISTS ({of(table, type_, parameter, 's.id = m.id AND ' + condition, 's', 'id')} OFFSET 0)"


def page(type_: int, ids: str, *conditions: str) -> str:
    """The first page in the order of ids, along `ids` until it is full."""
    where = " WHERE " + " AND ".join(conditions) if conditions else ""
    return (f"SELECT r.body FROM (SELECT m.id FROM (SELECT DISTINCT id FROM ({ids}) i ORDER BY id) m{where} ORDER BY m.id LIMIT {PAGE}) m"
            f" JOIN resource_version r ON r.id = m.id AND r.type = {type_} AND r.closed_tx IS NULL ORDER BY r.id")


def newest(type_: int, dates: int, ids: str, skipped: int = 0) -> str:
    return (f"SELECT r.body FROM (SELECT i.id, max(d.high) AS high FROM ({ids}) i LEFT JOIN idx_date d ON d.id = i.id"
            f" AND d.type = {type_} AND d.parameter = {dates} AND d.closed_tx IS NULL GROUP BY 1"
            f" ORDER BY 2 DESC NULLS LAST, 1 OFFSET {skipped} LIMIT {PAGE}) m"
            f" JOIN resource_version r ON r.id = m.id AND r.type = {type_} AND r.closed_tx IS NULL ORDER BY m.high DESC NULLS LAST, m.id")


def path(type_: str, *parameters: tuple[str, str]) -> str:
    return f"{type_}?{urllib.parse.urlencode(parameters)}"


class Data:
    """Values that the database has. `rows(sql)` gives lists of texts."""

    def __init__(self, rows):
        self.rows = rows
        most = lambda table, type_, parameter, what: [  # noqa: E731
            row[0] if len(row) == 1 else tuple(row) for row in rows(
                f"SELECT {what} FROM {table} WHERE type = {type_} AND parameter = {parameter} AND closed_tx IS NULL"
                f" GROUP BY {what} ORDER BY count(*) DESC, 1 LIMIT 200")]
        self.codes = [code for code, system in most("idx_token", OBSERVATION, CODE, "code, system") if system == LOINC]
        self.patients = most("idx_reference", OBSERVATION, SUBJECT[OBSERVATION], "target")[:VARIANTS]
        self.participants = most("idx_reference", ENCOUNTER, PARTICIPANT, "target")[:VARIANTS]
        self.places = most("idx_reference", ENCOUNTER, PLACE, "target")[:VARIANTS]
        self.providers = most("idx_reference", ENCOUNTER, PROVIDER, "target")[:VARIANTS]
        self.families = most("idx_string", PATIENT, FAMILY, "left(folded, 4)")[:VARIANTS]
        self.names = most("idx_string", ORGANIZATION, ORGANIZATION_NAME, "folded")[:VARIANTS]
        self.identifiers = most("idx_token", PATIENT, IDENTIFIER, "system, code")[:VARIANTS]
        self.conditions = most("idx_token", CONDITION, CODE, "code")[:VARIANTS]
        # Measured codes with their unit and the ends of what was measured.
        self.measured = rows(
            "SELECT t.code, q.code, percentile_disc(0.02) WITHIN GROUP (ORDER BY q.low), percentile_disc(0.98) WITHIN GROUP (ORDER BY q.low)"
            f" FROM idx_quantity q JOIN idx_token t ON t.id = q.id AND t.type = q.type AND t.parameter = {CODE} AND t.closed_tx IS NULL"
            f" WHERE q.type = {OBSERVATION} AND q.parameter = {QUANTITY} AND q.closed_tx IS NULL AND t.system = '{LOINC}'"
            f" GROUP BY 1, 2 ORDER BY count(*) DESC, 1 LIMIT {VARIANTS}")
        self.years = [row[0] for row in rows(
            "SELECT DISTINCT to_char(to_timestamp(low / 1000000) AT TIME ZONE 'UTC', 'YYYY') AS y FROM idx_date"
            f" WHERE type = {OBSERVATION} AND parameter = {DATE} AND closed_tx IS NULL ORDER BY y DESC LIMIT 6")]


def year_us(rows, year: str, zone: str = "Europe/Paris") -> int:
    return int(rows(f"SELECT (extract(epoch FROM timestamp '{year}-01-01' AT TIME ZONE '{zone}') * 1000000)::bigint")[0][0])


def searches(data: Data) -> list[Search]:
    token = lambda type_, parameter, condition: of("idx_token", type_, parameter, condition)  # noqa: E731
    coded = token(OBSERVATION, CODE, f"t.system = '{LOINC}' AND t.code = ANY ($1::text[])")
    one_code = token(OBSERVATION, CODE, f"t.system = '{LOINC}' AND t.code = $1")
    own = lambda type_, number=1: of("idx_reference", type_, SUBJECT[type_], f"t.target = ${number} AND t.target_type = {PATIENT}")  # noqa: E731
    array = lambda codes: "{" + ",".join(codes) + "}"  # noqa: E731
    system = lambda codes: ",".join(f"{LOINC}|{code}" for code in codes)  # noqa: E731
    groups = lambda size: [[data.codes[(first + i) % len(data.codes)] for i in range(min(size, len(data.codes)))]  # noqa: E731
                           for first in range(VARIANTS)]
    pairs = [(patient, data.codes[i % 5]) for i, patient in enumerate(data.patients)]
    low, high = year_us(data.rows, data.years[-1]), year_us(data.rows, str(int(data.years[0]) + 1))
    result: list[Search] = []

    def add(name: str, sql: str, variants: list[tuple[str, tuple]]):
        result.append(Search(name, [variant[0] for variant in variants], sql, [variant[1] for variant in variants]))

    for name, size in (("token", 1), ("token, list of 3", 3), ("token, list of 100", 100)):
        add(name, page(OBSERVATION, coded),
            [(path("Observation", ("code", system(codes))), (array(codes),)) for codes in groups(size)])
    add("token of any system", page(CONDITION, token(CONDITION, CODE, "t.code = $1")),
        [(path("Condition", ("code", code)), (code,)) for code in data.conditions])
    add("code and patient", page(OBSERVATION, own(OBSERVATION), also("idx_token", OBSERVATION, CODE, "s.code = $2")),
        [(path("Observation", ("patient", patient), ("code", code)), (patient, code)) for patient, code in pairs])
    add("code and dates", page(OBSERVATION, one_code, also("idx_date", OBSERVATION, DATE, "s.high > $2::bigint AND s.low < $3::bigint")),
        [(path("Observation", ("code", system([code])), ("date", f"ge{data.years[-1]}"), ("date", f"lt{int(data.years[0]) + 1}")), (code, low, high))
         for code in data.codes[:VARIANTS]])
    add("patient and category", page(OBSERVATION, own(OBSERVATION), also("idx_token", OBSERVATION, CATEGORY, "s.code = $2")),
        [(path("Observation", ("patient", patient), ("category", "laboratory")), (patient, "laboratory")) for patient in data.patients])
    for name, compare, column, sign, at in (("quantity, low end", "lt", "low", "<", 2), ("quantity, high end", "gt", "high", ">", 3)):
        add(name, page(OBSERVATION, one_code, also("idx_quantity", OBSERVATION, QUANTITY,
                                                   f"s.{column} {sign} $2::numeric AND s.system = '{UCUM}' AND s.code = $3")),
            [(path("Observation", ("value-quantity", f"{compare}{row[at]}|{UCUM}|{row[1]}"), ("code", system([row[0]]))),
              (row[0], row[at], row[1])) for row in data.measured])
    combined = (f"t.code = $1 AND t.system = '{LOINC}' AND t.high > $2::numeric AND t.unit_system = '{UCUM}'"
                " AND t.unit_code = $3")
    add("combo-code-value-quantity",
        page(OBSERVATION, " UNION ALL ".join(of("idx_composite", OBSERVATION, parameter, combined) for parameter in COMBO)),
        [(path("Observation", ("combo-code-value-quantity", f"{LOINC}|{row[0]}$gt{row[3]}|{UCUM}|{row[1]}")), (row[0], row[3], row[1]))
         for row in data.measured])
    add("name prefix", page(PATIENT, of("idx_string", PATIENT, PATIENT_NAME, "t.folded ^@ $1")),
        [(path("Patient", ("name", name)), (name,)) for name in data.families])
    add("gender and family", page(PATIENT, of("idx_string", PATIENT, FAMILY, "t.folded ^@ $1"), also("idx_token", PATIENT, GENDER, "s.code = $2")),
        [(path("Patient", ("family", name), ("gender", gender)), (name, gender)) for name in data.families for gender in ("female", "male")])
    add("birth date, from", page(PATIENT, of("idx_date", PATIENT, BIRTH, "t.high > $1::bigint")),
        [(path("Patient", ("birthdate", f"ge{year}")), (year_us(data.rows, str(year)),)) for year in range(1940, 2000, 10)])
    add("identifier", page(PATIENT, token(PATIENT, IDENTIFIER, "t.system = $1 AND t.code = $2")),
        [(path("Patient", ("identifier", f"{own_system}|{value}")), (own_system, value)) for own_system, value in data.identifiers])
    for name, parameter, code, type_, targets in (
            ("participant", PARTICIPANT, "participant", ("Practitioner", PRACTITIONER), data.participants),
            ("location", PLACE, "location", ("Location", LOCATION), data.places),
            ("service provider", PROVIDER, "service-provider", ("Organization", ORGANIZATION), data.providers)):
        add(name, page(ENCOUNTER, of("idx_reference", ENCOUNTER, parameter, f"t.target = $1 AND t.target_type = {type_[1]}")),
            [(path("Encounter", (code, f"{type_[0]}/{target}")), (target,)) for target in targets])
    add("class and patient", page(ENCOUNTER, own(ENCOUNTER), also("idx_token", ENCOUNTER, CLASS, "s.code = $2")),
        [(path("Encounter", ("patient", patient), ("class", "AMB")), (patient, "AMB")) for patient in data.patients])
    named = of("idx_string", PATIENT, FAMILY, "n.folded ^@ $1", "n")
    add("chain", page(OBSERVATION, of("idx_reference", OBSERVATION, SUBJECT[OBSERVATION], f"t.target_type = {PATIENT} AND t.target IN ({named})"),
                      also("idx_token", OBSERVATION, CODE, "s.code = $2")),
        [(path("Observation", ("patient.family", name), ("code", data.codes[0])), (name, data.codes[0])) for name in data.families])
    of_provider = of("idx_reference", ENCOUNTER, PROVIDER, f"e.target_type = {ORGANIZATION} AND e.target IN ("
                     + of("idx_string", ORGANIZATION, ORGANIZATION_NAME, "n.folded ^@ $1", "n") + ")", "e")
    add("chain of two steps", page(OBSERVATION, of("idx_reference", OBSERVATION, ABOUT_ENCOUNTER,
                                                   f"t.target_type = {ENCOUNTER} AND t.target IN ({of_provider})"),
                                   also("idx_token", OBSERVATION, CODE, "s.code = $2")),
        [(path("Observation", ("encounter:Encounter.service-provider:Organization.name", name), ("code", data.codes[0])), (name, data.codes[0]))
         for name in data.names])
    add("_has", page(PATIENT, of("idx_reference", OBSERVATION, SUBJECT[OBSERVATION], f"t.target_type = {PATIENT} AND t.id IN ("
                                 + of("idx_token", OBSERVATION, CODE, "c.code = $1", "c") + ")", "t", "target AS id")),
        [(path("Patient", ("_has:Observation:patient:code", code)), (code,)) for code in data.codes[:VARIANTS]])
    of_code = of("idx_reference", OBSERVATION, ABOUT_ENCOUNTER, f"o.target_type = {ENCOUNTER} AND o.id IN ("
                 + of("idx_token", OBSERVATION, CODE, "c.code = $1", "c") + ")", "o", "target")
    add("_has, nested", page(ORGANIZATION, of("idx_reference", ENCOUNTER, PROVIDER,
                                              f"t.target_type = {ORGANIZATION} AND t.id IN ({of_code})", "t", "target AS id")),
        [(path("Organization", ("_has:Encounter:service-provider:_has:Observation:encounter:code", code)), (code,))
         for code in data.codes[-VARIANTS:]])
    found = f"SELECT DISTINCT id FROM ({own(MEDICATION)}) i ORDER BY id LIMIT {PAGE}"
    add("_include", f"WITH m AS ({found}) SELECT r.body FROM m JOIN resource_version r ON r.id = m.id AND r.type = {MEDICATION}"
        f" AND r.closed_tx IS NULL UNION ALL SELECT r.body FROM (SELECT DISTINCT f.target FROM m JOIN idx_reference f ON f.id = m.id"
        f" AND f.type = {MEDICATION} AND f.parameter = {REQUESTER} AND f.closed_tx IS NULL) f JOIN resource_version r ON r.id = f.target"
        f" AND r.type = {PRACTITIONER} AND r.closed_tx IS NULL",
        [(path("MedicationRequest", ("patient", patient), ("_include", "MedicationRequest:requester")), (patient,)) for patient in data.patients])
    add("_revinclude", f"SELECT r.body FROM resource_version r WHERE r.type = {PATIENT} AND r.id = $1 AND r.closed_tx IS NULL"
        f" UNION ALL SELECT r.body FROM ({own(CONDITION)}) i JOIN resource_version r ON r.id = i.id AND r.type = {CONDITION}"
        " AND r.closed_tx IS NULL",
        [(path("Patient", ("_id", patient), ("_revinclude", "Condition:patient")), (patient,)) for patient in data.patients])
    add("_sort=-date", newest(OBSERVATION, DATE, own(OBSERVATION)),
        [(path("Observation", ("patient", patient), ("_sort", "-date")), (patient,)) for patient in data.patients])
    add("_sort=-created", newest(CLAIM, CLAIM_CREATED, of("idx_reference", CLAIM, CLAIM_PATIENT, f"t.target = $1 AND t.target_type = {PATIENT}")),
        [(path("Claim", ("patient", patient), ("_sort", "-created")), (patient,)) for patient in data.patients])
    add("_sort=-_lastUpdated", f"SELECT body FROM resource_version WHERE type = {OBSERVATION} AND closed_tx IS NULL AND NOT deleted"
        " ORDER BY last_updated DESC, id LIMIT $1::bigint",
        [(path("Observation", ("_sort", "-_lastUpdated"), ("_count", str(count))), (count,)) for count in (10, 20, 50)])
    add("status and patient", page(MEDICATION, own(MEDICATION), also("idx_token", MEDICATION, MEDICATION_STATUS, "s.code IN ('active', 'stopped')")),
        [(path("MedicationRequest", ("patient", patient), ("status", "stopped,active")), (patient,)) for patient in data.patients])
    add("_id, list", f"SELECT body FROM resource_version WHERE type = {PATIENT} AND id = ANY ($1::text[]) AND closed_tx IS NULL ORDER BY id",
        [(path("Patient", ("_id", ",".join(data.patients[i:i + 3]))), (array(data.patients[i:i + 3]),)) for i in range(len(data.patients))])
    # The count goes with each row, as one statement.
    add("_total=accurate", f"WITH i AS MATERIALIZED (SELECT DISTINCT id FROM ({coded}) i), n AS (SELECT count(*) AS n FROM i)"
        f" SELECT r.body, n.n FROM (SELECT id FROM i ORDER BY id LIMIT {PAGE}) m JOIN resource_version r ON r.id = m.id"
        f" AND r.type = {OBSERVATION} AND r.closed_tx IS NULL CROSS JOIN n ORDER BY r.id",
        [(path("Observation", ("code", system(codes)), ("_total", "accurate")), (array(codes),)) for codes in groups(1)])
    return result
