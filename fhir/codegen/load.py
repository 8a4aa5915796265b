"""Stage 1: reads the definitions of a package, applies our corrections and adds our additions. Knows files, not meaning."""

import dataclasses
import json
import pathlib


class GenerationError(Exception):
    """A problem in the input. The text names file, place and rule, since it is all the reader of a build log gets."""


@dataclasses.dataclass
class Source:
    """What the later stages work on: resources by type, each with the file it came from for messages."""

    structures: list[dict] = dataclasses.field(default_factory=list)
    search_parameters: list[dict] = dataclasses.field(default_factory=list)
    compartments: list[dict] = dataclasses.field(default_factory=list)
    expansions: dict[str, dict] = dataclasses.field(default_factory=dict)
    value_sets: dict[str, dict] = dataclasses.field(default_factory=dict)
    code_systems: dict[str, dict] = dataclasses.field(default_factory=dict)
    concept_maps: list[dict] = dataclasses.field(default_factory=list)
    parameter_ids: dict[str, int] = dataclasses.field(default_factory=dict)
    file_of: dict[str, str] = dataclasses.field(default_factory=dict)

    def file(self, resource: dict) -> str:
        return self.file_of.get(resource_key(resource), resource_key(resource))


def resource_key(resource: dict) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def read_json(path: pathlib.Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise GenerationError(f"{path}: not JSON ({error})") from error


def read_corrections(folder: pathlib.Path | None) -> dict[str, list[dict]]:
    """Corrections by resource key. A file holds a list of {resource, path, was, now, why, tracker}."""
    corrections: dict[str, list[dict]] = {}
    for path in sorted(folder.glob("*.json")) if folder and folder.is_dir() else []:
        for number, correction in enumerate(read_json(path)):
            unknown = set(correction) ^ {"resource", "path", "was", "now", "why", "tracker"}
            if unknown:
                raise GenerationError(f"{path}: [{number}]: missing or unknown field: {', '.join(sorted(unknown))}")
            correction["origin"] = f"{path.name}[{number}]"
            corrections.setdefault(correction["resource"], []).append(correction)
    return corrections


def step_into(container, step: str):
    """One step of a correction's path: a field name, a list index, or name=value, which picks a list item by a field."""
    if isinstance(container, list):
        if "=" in step:
            field, value = step.split("=", 1)
            matches = [i for i, item in enumerate(container) if item.get(field) == value]
            return matches[0] if len(matches) == 1 else None
        return int(step) if step.isdigit() and int(step) < len(container) else None
    return step


def apply_correction(resource: dict, correction: dict, file: str) -> dict | None:
    """The corrected resource; None when the correction removes it. Refuses a correction whose `was` no longer holds."""
    origin, path = correction["origin"], correction["path"]
    if path == "$":
        if correction["was"] != resource.get("url") or correction["now"] is not None:
            raise GenerationError(f"{file}: {origin}: removes another resource than {correction['was']}")
        return None
    container, steps = resource, path.split("/")
    for step in steps[:-1]:
        key = step_into(container, step)
        if key is None or (isinstance(container, dict) and key not in container):
            raise GenerationError(f"{file}: {origin}: {path} does not exist any more")
        container = container[key]
    key = step_into(container, steps[-1])
    current = container.get(key) if isinstance(container, dict) else container[key] if key is not None else None
    if current != correction["was"]:
        raise GenerationError(f"{file}: {origin}: {path} is not what the correction expects; review the correction")
    if correction["now"] is None:
        del container[key]
    else:
        container[key] = correction["now"]
    return resource


def read_parameter_ids(path: pathlib.Path) -> dict[str, int]:
    ids: dict[str, int] = {}
    used: set[int] = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.exists() else [], 1):
        if not line or line.startswith("#"):
            continue
        text, _, url = line.partition(" ")
        if not text.isdigit() or not url or url in ids or int(text) in used or not 0 < int(text) < 0xFFFF:
            raise GenerationError(f"{path}:{number}: expected `id url`, each once, ids from 1 to 65534")
        ids[url] = int(text)
        used.add(int(text))
    return ids


def load(package: pathlib.Path, corrections_folder, additions_folder, ids_file: pathlib.Path) -> Source:
    if not package.is_dir():
        raise GenerationError(f"{package}: the FHIR definitions are missing; run `./dev setup`, which fetches them")
    source = Source(parameter_ids=read_parameter_ids(ids_file))
    corrections = read_corrections(corrections_folder)

    def take(path: pathlib.Path):
        resource = read_json(path)
        key = resource_key(resource)
        for correction in corrections.pop(key, []):
            resource = apply_correction(resource, correction, path.name)
            if resource is None:
                return
        source.file_of[key] = path.name
        match resource.get("resourceType"):
            case "StructureDefinition":
                source.structures.append(resource)
            case "SearchParameter":
                source.search_parameters.append(resource)
            case "CompartmentDefinition":
                source.compartments.append(resource)
            case "ValueSet":
                source.value_sets[resource["url"]] = resource
            case "CodeSystem":
                source.code_systems[resource["url"]] = resource
            case "ConceptMap":
                source.concept_maps.append(resource)

    folders = [package] + ([additions_folder] if additions_folder and additions_folder.is_dir() else [])
    for folder in folders:
        for kind in ("StructureDefinition", "SearchParameter", "CompartmentDefinition", "ValueSet", "CodeSystem", "ConceptMap"):
            for path in sorted(folder.glob(f"{kind}-*.json")):
                take(path)
    expansions = package / "Bundle-valueset-expansions.json"
    if expansions.exists():
        for entry in read_json(expansions)["entry"]:
            source.expansions[entry["resource"]["url"]] = entry["resource"]
    if corrections:
        raise GenerationError(f"corrections name resources that do not exist: {', '.join(sorted(corrections))}")
    return source
