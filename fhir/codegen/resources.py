"""The conformance resources that are needed at run time, in one file of compressed groups behind a sorted index.

The C++ reader is fhir/packages/embedded.cpp. All numbers are little-endian u32:

    "GWR1"  resource count  group count  text bytes
    resources  type offset, type bytes, url offset, url bytes, version offset, version bytes, group, offset, bytes
               sorted by (type, url, version); the first six point into the text, the last two into the group's bytes
    groups     offset from the start of the file, compressed bytes, plain bytes
    text       names, urls and versions, each once
    data       one gzip member per group
"""

import json
import pathlib
import struct
import zlib

from load import GenerationError, Source
from model import ConformanceResource

GROUP_BYTES = 64 * 1024  # of plain text; a larger resource is a group of its own
LEFT_OUT = {"text", "meta", "contact", "publisher", "description", "purpose", "copyright", "jurisdiction", "useContext", "mapping"}
ELEMENT_LEFT_OUT = {"definition", "comment", "requirements", "alias", "mapping", "example", "isModifierReason"}
EXTENSION = "http://hl7.org/fhir/StructureDefinition/"
EXTENSIONS_LEFT_OUT = {EXTENSION + name for name in (
    "structuredefinition-wg", "structuredefinition-fmm", "structuredefinition-category",
    "elementdefinition-bindingName", "elementdefinition-isCommonBinding")}


def without(fields: dict, names: set[str]) -> dict:
    kept = {name: value for name, value in fields.items() if name not in names}
    if "extension" in kept:
        kept["extension"] = [e for e in kept["extension"] if e.get("url") not in EXTENSIONS_LEFT_OUT]
        if not kept["extension"]:
            del kept["extension"]
    return kept


def strip_element(element: dict) -> dict:
    kept = without(element, ELEMENT_LEFT_OUT)
    if "constraint" in kept:
        kept["constraint"] = [without(c, {"xpath", "requirements"}) for c in kept["constraint"]]
    if "binding" in kept:
        kept["binding"] = without(kept["binding"], {"description"})
    return kept


def strip(resource: dict, expansion: dict | None) -> dict:
    """The resource without what only people read. A type's differential says nothing that its snapshot does not."""
    kept = without(resource, LEFT_OUT)
    if resource["resourceType"] == "StructureDefinition" and resource.get("derivation") != "constraint":
        kept.pop("differential", None)
    for view in ("snapshot", "differential"):
        if view in kept:
            kept[view] = {"element": [strip_element(e) for e in kept[view].get("element", [])]}
    if expansion and "expansion" not in kept:
        kept["expansion"] = expansion
    return kept


def lower_resources(source: Source) -> list[ConformanceResource]:
    """Sorted by type, url and version as UTF-8 bytes, which is how C++ compares them."""
    rows = []
    lists = (source.structures, source.value_sets.values(), source.code_systems.values(), source.concept_maps)
    for resource in (r for resources in lists for r in resources):
        url = resource.get("url")
        if not url:
            raise GenerationError(f"{source.file(resource)}: url: a conformance resource needs a canonical")
        expansion = source.expansions.get(url, {}).get("expansion") if resource["resourceType"] == "ValueSet" else None
        text = json.dumps(strip(resource, expansion), ensure_ascii=False, separators=(",", ":"))
        rows.append(ConformanceResource(resource["resourceType"], url, resource.get("version", ""), text.encode()))
    rows.sort(key=lambda r: (r.type.encode(), r.url.encode(), r.version.encode()))
    for before, after in zip(rows, rows[1:]):
        if (before.type, before.url, before.version) == (after.type, after.url, after.version):
            raise GenerationError(f"{after.type} {after.url}|{after.version}: defined twice")
    return rows


def compress(plain: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)  # 31: a gzip member, which carries no time
    return packer.compress(plain) + packer.flush()


def emit_resources(rows: list[ConformanceResource]) -> bytes:
    text, places = bytearray(), {}

    def place(value: str) -> tuple[int, int]:
        encoded = value.encode()
        if encoded not in places:
            places[encoded] = len(text)
            text.extend(encoded)
        return places[encoded], len(encoded)

    groups, index = [bytearray()], []
    for row in rows:
        if groups[-1] and len(groups[-1]) + len(row.json) > GROUP_BYTES:
            groups.append(bytearray())
        index.append((*place(row.type), *place(row.url), *place(row.version), len(groups) - 1, len(groups[-1]), len(row.json)))
        groups[-1] += row.json
    packed = [compress(bytes(group)) for group in groups]
    offset = 16 + 36 * len(index) + 12 * len(groups) + len(text)
    out = bytearray(b"GWR1" + struct.pack("<3I", len(index), len(groups), len(text)))
    for entry in index:
        out += struct.pack("<9I", *entry)
    for group, data in zip(groups, packed):
        out += struct.pack("<3I", offset, len(data), len(group))
        offset += len(data)
    return bytes(out + text) + b"".join(packed)


def write_resources(path: pathlib.Path, rows: list[ConformanceResource]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(emit_resources(rows))
