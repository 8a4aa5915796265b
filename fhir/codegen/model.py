"""What `lower` makes and `emit` writes: rows as they stand in the C++ tables, with names still as text."""

import dataclasses

NO_INDEX = 0xFFFF
FLAG_SUMMARY, FLAG_MODIFIER, FLAG_CHOICE, FLAG_ATTRIBUTE = 1, 2, 4, 8
KINDS = ["primitive", "complex", "backbone", "resource", "abstract"]
SEARCH_TYPES = ["number", "date", "string", "token", "reference", "composite", "quantity", "uri", "special"]


@dataclasses.dataclass
class Element:
    name: str
    base_name: str
    type: str
    group: int
    minimum: int
    repeats: bool
    flags: int
    targets: list[str]
    binding: str | None  # canonical of the value set of a required binding, without version


@dataclasses.dataclass
class Type:
    name: str
    kind: str
    base: str | None
    shape: int = 0  # of a primitive: 0 string, 1 number, 2 boolean
    elements: list[Element] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class SearchParameter:
    id: int
    base: str
    type: str
    code: str
    name: str
    url: str
    expression: str
    targets: list[str]
    components: list["SearchComponent"] = dataclasses.field(default_factory=list)  # of a composite


@dataclasses.dataclass
class SearchComponent:
    code: str  # of the search parameter it is defined by
    type: str
    expression: str  # relative to what the composite's expression gives


@dataclasses.dataclass
class Tables:
    types: list[Type]
    search_parameters: list[SearchParameter]
    bindings: dict[str, list[tuple[str, str]]]  # value set → sorted (code, system); empty when not a closed list
    compartments: list[tuple[str, str, list[str]]]  # compartment, resource type, parameter codes


@dataclasses.dataclass
class ConformanceResource:
    type: str
    url: str
    version: str  # empty when it has none
    json: bytes  # compact, without what only people read
