"""Stage 2: refuses input that the later stages would turn into wrong tables. Messages name file, path and rule."""

import re

from load import GenerationError, Source
from model import SEARCH_TYPES

CORE = "http://hl7.org/fhir/StructureDefinition/"
SYSTEM_TYPE = "http://hl7.org/fhirpath/System."
KNOWN_ELEMENT_FIELDS = {
    "id", "extension", "path", "representation", "sliceName", "sliceIsConstraining", "label", "code", "slicing", "short",
    "definition", "comment", "requirements", "alias", "min", "max", "base", "contentReference", "type", "meaningWhenMissing",
    "orderMeaning", "example", "minValueInteger", "maxLength", "condition", "constraint", "mustSupport", "isModifier",
    "isModifierReason", "isSummary", "binding", "mapping",
}


def definitions_of_types(source: Source) -> list[dict]:
    """The StructureDefinitions that define a type; profiles, extensions and logical models are left out."""
    return [s for s in source.structures if s.get("derivation") != "constraint" and s["kind"] != "logical"]


def check(source: Source) -> None:
    structures = definitions_of_types(source)
    names: set[str] = set()
    for structure in structures:
        if structure["type"] in names:
            raise GenerationError(f"{source.file(structure)}: type: {structure['type']} is defined twice")
        names.add(structure["type"])
    for structure in structures:
        check_structure(source, structure, names)
    check_search_parameters(source, names)
    for compartment in source.compartments:
        for resource in compartment["resource"]:
            if resource["code"] not in names:
                raise GenerationError(f"{source.file(compartment)}: resource.code: {resource['code']} is no known type")


def check_structure(source: Source, structure: dict, names: set[str]) -> None:
    file = source.file(structure)
    elements = structure.get("snapshot", {}).get("element")
    if not elements:
        raise GenerationError(f"{file}: snapshot: a type needs a snapshot")
    base = structure.get("baseDefinition")
    if base and base.removeprefix(CORE) not in names:
        raise GenerationError(f"{file}: baseDefinition: {base} is no known type")
    paths = {element["path"] for element in elements}
    if len(paths) != len(elements):
        raise GenerationError(f"{file}: snapshot: a path occurs twice")
    for element in elements:
        path = element["path"]
        unknown = set(element) - KNOWN_ELEMENT_FIELDS
        unknown = {f for f in unknown if not re.match(r"(defaultValue|fixed|pattern|minValue|maxValue)[A-Z]", f)}
        if unknown:
            raise GenerationError(f"{file}: {path}: unknown field {', '.join(sorted(unknown))}")
        reference = element.get("contentReference")
        if reference and reference.removeprefix("#") not in paths:
            raise GenerationError(f"{file}: {path}: contentReference {reference} points nowhere")
        if "." in path and not reference and not element.get("type"):
            raise GenerationError(f"{file}: {path}: neither type nor contentReference")
        for entry in element.get("type", []):
            if entry["code"] not in names and not entry["code"].startswith(SYSTEM_TYPE):
                raise GenerationError(f"{file}: {path}: type code {entry['code']} is no known type")
            for target in entry.get("targetProfile", []):
                if target.removeprefix(CORE) not in names:
                    raise GenerationError(f"{file}: {path}: targetProfile {target} is no known type")


def check_components(file: str, parameter: dict, by_url: dict[str, dict]) -> None:
    components = parameter.get("component", [])
    if (parameter["type"] == "composite") != bool(components):
        raise GenerationError(f"{file}: component: composites have components, and only they")
    for component in components:
        defined = by_url.get(component["definition"])
        if defined is None:
            raise GenerationError(f"{file}: component: {component['definition']} is no known search parameter")
        if defined["type"] in ("composite", "special"):
            raise GenerationError(f"{file}: component: {component['definition']} is itself {defined['type']}")


def check_search_parameters(source: Source, names: set[str]) -> None:
    urls: set[str] = set()
    codes: set[tuple[str, str]] = set()
    for parameter in source.search_parameters:
        file = source.file(parameter)
        url = parameter["url"]
        if url in urls:
            raise GenerationError(f"{file}: url: {url} occurs twice")
        urls.add(url)
        if parameter["type"] not in SEARCH_TYPES:
            raise GenerationError(f"{file}: type: {parameter['type']} is no search type")
        for base in parameter.get("base", []):
            if base not in names:
                raise GenerationError(f"{file}: base: {base} is no known type")
            if (base, parameter["code"]) in codes:
                raise GenerationError(f"{file}: code: {base} has two search parameters called {parameter['code']}")
            codes.add((base, parameter["code"]))
        for target in parameter.get("target", []):
            if target not in names:
                raise GenerationError(f"{file}: target: {target} is no known type")
    by_url = {parameter["url"]: parameter for parameter in source.search_parameters}
    for parameter in source.search_parameters:
        check_components(source.file(parameter), parameter, by_url)
    unknown = sorted(urls - set(source.parameter_ids))
    if unknown:
        raise GenerationError(
            f"{len(unknown)} search parameters have no stable id, the first is {unknown[0]}; run "
            "`python3 fhir/codegen/generate.py --assign-ids` and commit fhir/definitions/search_parameter_ids.txt"
        )
