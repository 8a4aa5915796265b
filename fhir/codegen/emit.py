"""Stage 4: writes the C++ tables. Plain constant arrays of numbers over one string pool; fhir/metadata reads them."""

import pathlib

from load import GenerationError
from model import KINDS, NO_INDEX, SEARCH_TYPES, Tables

LINE_WIDTH = 118


class StringPool:
    """Every distinct text once. The id of a text is its position; the tables hold ids only."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}
        self.offsets: list[int] = []
        self.size = 0

    def id(self, text: str) -> int:
        if text not in self.ids:
            self.ids[text] = len(self.offsets)
            self.offsets.append(self.size)
            self.size += len(text.encode())
            if len(self.offsets) >= NO_INDEX:
                raise GenerationError("string pool: more than 65534 texts")
        return self.ids[text]


def slot_of(name: bytes, bits: int) -> int:
    """Hash of a name; fhir/metadata/name_hash.hpp has the same function."""
    n = len(name)
    key = name[0] | name[n - 1] << 8 | name[n // 2] << 16 | name[n // 4] << 24 | n << 32
    return (key * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF) >> (64 - bits)


def hash_table(names: list[str], first_row: int, pool: StringPool) -> tuple[int, list[tuple[int, int, int]]]:
    """An open-addressing table at most half full: (bits, slots of (text offset, row, length))."""
    bits = max(1, (2 * len(names) - 1).bit_length())
    slots = [(0, NO_INDEX, 0)] * (1 << bits)
    for index, name in enumerate(names):
        data = name.encode()
        if not 0 < len(data) <= 255:
            raise GenerationError(f"name {name}: must have 1 to 255 bytes")
        position = slot_of(data, bits)
        while slots[position][1] != NO_INDEX:
            position = (position + 1) % len(slots)
        slots[position] = (pool.offsets[pool.id(name)], first_row + index, len(data))
    return bits, slots


def array(cpp_type: str, name: str, rows: list[str]) -> str:
    """A constant array; an empty one gets a filler row, since C++ has no arrays of none, and its size says 0."""
    lines, line = [], ""
    for row in rows or ["{}"]:
        if len(line) + len(row) + 2 > LINE_WIDTH:
            lines.append(line)
            line = ""
        line += ("" if not line else " ") + row + ","
    lines.append(line)
    return f"constexpr {cpp_type} {name}[] = {{\n" + "\n".join(lines) + "\n};\n"


def row(*values) -> str:
    return "{" + ",".join(str(v) for v in values) + "}"


def literal(text: str) -> str:
    out = ""
    for byte in text.encode():
        out += chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
    return f'"{out}"'


class Emitter:
    def __init__(self, tables: Tables, prefix: str) -> None:
        self.tables, self.prefix, self.pool = tables, prefix, StringPool()
        self.type_ids = {t.name: i for i, t in enumerate(tables.types)}
        self.targets: list[int] = []
        self.target_lists: dict[tuple, int] = {}
        self.sizes: dict[str, int] = {}
        if len(self.type_ids) >= NO_INDEX:
            raise GenerationError("more than 65534 types")

    def add(self, cpp_type: str, name: str, rows: list[str]) -> str:
        self.sizes[name] = len(rows)
        return array(cpp_type, f"k{self.prefix}{name}", rows)

    def target_list(self, names: list[str]) -> int:
        ids = tuple(self.type_ids[n] for n in names)
        if ids not in self.target_lists:
            self.target_lists[ids] = len(self.targets)
            self.targets.extend(ids)
        if len(ids) > 255 or len(self.targets) >= NO_INDEX:
            raise GenerationError("too many reference targets")
        return self.target_lists[ids]

    def elements(self) -> str:
        """Types, their children, and the hash tables to find both by name."""
        binding_ids = {url: i for i, url in enumerate(self.tables.bindings)}
        types, elements, slots = [], [], []
        for index, t in enumerate(self.tables.types):
            first = len(elements)
            for e in t.elements:
                elements.append(row(
                    self.pool.id(e.name), self.pool.id(e.base_name), self.type_ids[e.type], index, e.group,
                    binding_ids.get(e.binding, NO_INDEX), self.target_list(e.targets), len(e.targets), e.minimum,
                    int(e.repeats), e.flags))
            bits, own = hash_table([e.name for e in t.elements], first, self.pool)
            base = self.type_ids[t.base] if t.base else NO_INDEX
            types.append(row(self.pool.id(t.name), base, first, len(t.elements), len(slots), bits, KINDS.index(t.kind), t.shape))
            slots.extend(own)
        if len(elements) >= NO_INDEX:
            raise GenerationError("more than 65534 elements")
        bits, type_slots = hash_table([t.name for t in self.tables.types], 0, self.pool)
        self.type_bits = bits
        return (self.add("TypeRow", "Types", types) + self.add("ElementRow", "Elements", elements)
                + self.add("NameSlot", "ElementSlots", [row(*s) for s in slots])
                + self.add("NameSlot", "TypeSlots", [row(*s) for s in type_slots]))

    def search_parameters(self) -> str:
        rows = [row(p.id, self.type_ids[p.base], self.pool.id(p.code), self.pool.id(p.name), self.pool.id(p.url),
                    self.pool.id(p.expression), self.target_list(p.targets), len(p.targets), SEARCH_TYPES.index(p.type))
                for p in self.tables.search_parameters]
        components: dict[int, list] = {}  # one list for all bases of a parameter
        for p in self.tables.search_parameters:
            if p.components:
                components[p.id] = p.components
        component_rows = [row(id_, self.pool.id(c.code), self.pool.id(c.expression), SEARCH_TYPES.index(c.type))
                          for id_, parts in sorted(components.items()) for c in parts]
        return (self.add("SearchRow", "SearchParameters", rows)
                + self.add("SearchComponentRow", "SearchComponents", component_rows))

    def bindings(self) -> str:
        """Code lists. Systems run beside the codes; most lists have one system, which a code alone already tells."""
        rows, codes, systems = [], [], []
        for url, pairs in self.tables.bindings.items():
            rows.append(row(self.pool.id(url), len(codes), len(pairs)))
            codes.extend(str(self.pool.id(code)) for code, _ in pairs)
            systems.extend(str(self.pool.id(system)) for _, system in pairs)
        return (self.add("BindingRow", "Bindings", rows) + self.add("std::uint16_t", "BindingCodes", codes)
                + self.add("std::uint16_t", "BindingSystems", systems))

    def compartments(self) -> str:
        rows, codes = [], []
        for compartment, resource, parameters in self.tables.compartments:
            rows.append(row(self.type_ids[compartment], self.type_ids[resource], len(codes), len(parameters)))
            codes.extend(str(self.pool.id(code)) for code in parameters)
        return self.add("CompartmentRow", "Compartments", rows) + self.add("std::uint16_t", "CompartmentCodes", codes)

    def strings(self) -> str:
        rows = [row(offset, len(text.encode())) for text, offset in zip(self.pool.ids, self.pool.offsets)]
        lines = "\n".join(literal(text) for text in self.pool.ids if text)
        return self.add("StringRow", "Strings", rows) + f"constexpr char k{self.prefix}Text[] =\n{lines or literal('')};\n"

    def view(self) -> str:
        def span(name: str) -> str:
            return f"{{k{self.prefix}{name}, {self.sizes[name]}}}"

        fields = ["Strings", "Types", "TypeSlots", "Elements", "ElementSlots", "Targets", "SearchParameters",
                  "SearchComponents", "Bindings", "BindingCodes", "BindingSystems", "Compartments", "CompartmentCodes"]
        spans = ",\n    ".join(span(f) for f in fields)
        return (f"constinit const Tables k{self.prefix}Tables = {{\n    {{k{self.prefix}Text, {self.pool.size}}},\n"
                f"    {spans},\n    {self.type_bits},\n}};\n")


def emit(tables: Tables, prefix: str, origin: str) -> str:
    """The C++ source of one FHIR version's tables, as k<prefix>Tables."""
    emitter = Emitter(tables, prefix)
    body = "\n".join([emitter.elements(), emitter.search_parameters(), emitter.bindings(), emitter.compartments()])
    body += "\n" + emitter.add("TypeId", "Targets", [str(t) for t in emitter.targets]) + "\n" + emitter.strings()
    return (f"// Generated from {origin} by fhir/codegen/generate.py. Edit those.\n"
            '#include "fhir/metadata/tables.hpp"\n\n'
            "#ifdef __clang__\n#pragma clang diagnostic ignored \"-Woverlength-strings\"\n#endif\n\nnamespace fhir::metadata {\nnamespace {\n\n"
            + body + "\n}  // namespace\n\n" + emitter.view() + "\n}  // namespace fhir::metadata\n")


def write(path: pathlib.Path, text: str) -> None:
    """Writes even when nothing changed: the build compares file times, and would run the generator again for ever."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
