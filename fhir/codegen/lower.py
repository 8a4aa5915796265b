"""Stage 3: turns definitions into rows: choices expanded, inner structures as types of their own, unions cut."""

import re

from check import CORE, SYSTEM_TYPE, definitions_of_types
from load import Source
from model import FLAG_ATTRIBUTE, FLAG_CHOICE, FLAG_MODIFIER, FLAG_SUMMARY, Element, SearchComponent, SearchParameter, Tables, Type
from search_expressions import expression_for

FHIR_TYPE_EXTENSION = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
NUMBERS = {"integer", "decimal", "positiveInt", "unsignedInt", "integer64"}
BINDABLE = {"code", "Coding", "CodeableConcept"}
CODES_MAX = 2000


def lower(source: Source) -> Tables:
    structures = sorted(definitions_of_types(source), key=lambda s: s["type"])
    resources = {s["type"] for s in structures if s["kind"] == "resource"}
    types: list[Type] = []
    for structure in structures:
        types.extend(lower_structure(structure, resources))
    types.sort(key=lambda t: t.name)
    closed = {e.binding: closed_codes(source, e.binding) for t in types for e in t.elements if e.binding}
    return Tables(
        types=types,
        search_parameters=lower_search_parameters(source),
        bindings={url: codes for url, codes in sorted(closed.items()) if codes},
        compartments=lower_compartments(source),
    )


def lower_structure(structure: dict, resources: set[str]) -> list[Type]:
    """The type itself and one type for each element that has children of its own."""
    elements = structure["snapshot"]["element"]
    root = structure["type"]
    kind = {"primitive-type": "primitive", "complex-type": "complex", "resource": "resource"}[structure["kind"]]
    base = structure.get("baseDefinition")
    made = {
        root: Type(
            name=root,
            kind="abstract" if structure["abstract"] else kind,
            base=base.removeprefix(CORE) if base else None,
            shape=2 if root == "boolean" else 1 if root in NUMBERS else 0,
        )
    }
    parents = {path.rpartition(".")[0] for path in (e["path"] for e in elements)}
    for element in elements:
        path = element["path"]
        if path != root and path in parents:
            made[path] = Type(name=path, kind="backbone", base=element["type"][0]["code"])
    group = 0
    for element in elements:
        path = element["path"]
        owner, _, name = path.rpartition(".")
        if not owner or element.get("max") == "0" or (kind == "primitive" and name == "value"):
            continue
        group += 1
        made[owner].elements.extend(lower_element(element, owner, name, group, made, resources))
    for type_ in made.values():  # positions count within the type, so that they stay small
        order = {g: i for i, g in enumerate(sorted({e.group for e in type_.elements}))}
        for row in type_.elements:
            row.group = order[row.group]
    return list(made.values())


def lower_element(element: dict, owner: str, name: str, group: int, made: dict, resources: set[str]) -> list[Element]:
    choice = name.endswith("[x]")
    flags = (FLAG_SUMMARY if element.get("isSummary") else 0) | (FLAG_MODIFIER if element.get("isModifier") else 0)
    flags |= (FLAG_CHOICE if choice else 0) | (FLAG_ATTRIBUTE if "xmlAttr" in element.get("representation", []) else 0)
    binding = element.get("binding", {})
    required = binding["valueSet"].partition("|")[0] if binding.get("strength") == "required" else None
    if "contentReference" in element:
        entries = [{"code": element["contentReference"].removeprefix("#")}]
    else:
        entries = element["type"]
    rows = []
    for entry in entries:
        type_ = element_type(entry, owner, name, resources)
        if element["path"] in made:
            type_ = element["path"]
        json_name = name.removesuffix("[x]") + (type_[0].upper() + type_[1:] if choice else "")
        rows.append(
            Element(
                name=json_name,
                base_name=name.removesuffix("[x]"),
                type=type_,
                group=group,
                minimum=min(element.get("min", 0), 255),
                repeats=element.get("max") not in ("0", "1"),
                flags=flags,
                targets=[t.removeprefix(CORE) for t in entry.get("targetProfile", [])],
                binding=required if type_ in BINDABLE else None,
            )
        )
    return rows


def element_type(entry: dict, owner: str, name: str, resources: set[str]) -> str:
    """The FHIR type. The definitions give FHIRPath system types for ids and urls, and the real one in an extension."""
    code = entry["code"]
    if not code.startswith(SYSTEM_TYPE):
        return code
    if name == "id" and owner in resources:
        return "id"  # the published extension says string, the text of the specification id
    real = [e.get("valueUrl") or e.get("valueUri") for e in entry.get("extension", []) if e["url"] == FHIR_TYPE_EXTENSION]
    return real[0] if real else code.removeprefix(SYSTEM_TYPE).lower()


def closed_codes(source: Source, url: str) -> list[tuple[str, str]]:
    """Sorted (code, system) of a value set; empty when its list is open, too long or not in the package."""
    codes: set[tuple[str, str]] = set()
    expansion = source.expansions.get(url, {}).get("expansion")
    if expansion:
        # valueset-toocostly and valueset-unclosed say that the list is not whole.
        if expansion.get("extension") or expansion.get("total", -1) > len(expansion.get("contains", [])):
            return []
        collect_expansion(expansion.get("contains", []), codes)
    elif url in source.value_sets:
        compose = source.value_sets[url].get("compose", {})
        if compose.get("exclude"):
            return []
        for include in compose.get("include", []):
            if include.get("filter") or include.get("valueSet"):
                return []
            system = include["system"]
            concepts = include.get("concept")
            if concepts is None:
                code_system = source.code_systems.get(system, {})
                if code_system.get("content") != "complete":
                    return []
                concepts = code_system.get("concept", [])
            collect_concepts(concepts, system, codes)
    return sorted(codes) if len(codes) <= CODES_MAX else []


def collect_expansion(contains: list[dict], codes: set) -> None:
    for item in contains:
        if "code" in item and not item.get("abstract"):
            codes.add((item["code"], item.get("system", "")))
        collect_expansion(item.get("contains", []), codes)


def collect_concepts(concepts: list[dict], system: str, codes: set) -> None:
    for concept in concepts:
        codes.add((concept["code"], system))
        collect_concepts(concept.get("concept", []), system, codes)


def lower_search_parameters(source: Source) -> list[SearchParameter]:
    rows = []
    by_url = {parameter["url"]: parameter for parameter in source.search_parameters}
    for parameter in source.search_parameters:
        for base in parameter.get("base", []):
            place = f"{source.file(parameter)}: {base}"
            rows.append(
                SearchParameter(
                    id=source.parameter_ids[parameter["url"]],
                    base=base,
                    type=parameter["type"],
                    code=parameter["code"],
                    name=parameter["name"],
                    url=parameter["url"],
                    expression=expression_for(re.sub(r"\s+", " ", parameter.get("expression", "")), base, place),
                    targets=sorted(parameter.get("target", [])),
                    components=[
                        SearchComponent(
                            code=by_url[component["definition"]]["code"],
                            type=by_url[component["definition"]]["type"],
                            expression=component["expression"],
                        )
                        for component in parameter.get("component", [])
                    ],
                )
            )
    rows.sort(key=lambda row: (row.base, row.code, row.url))
    return rows


def lower_compartments(source: Source) -> list[tuple[str, str, list[str]]]:
    rows = []
    for compartment in source.compartments:
        for resource in compartment["resource"]:
            if resource.get("param"):
                rows.append((compartment["code"], resource["code"], resource["param"]))
    return sorted(rows)
