"""The tables as sorted text, one line a row: what people review when a package or the generator changes."""

from model import ConformanceResource, FLAG_CHOICE, FLAG_MODIFIER, FLAG_SUMMARY, Tables


def summary_lines(tables: Tables, resources: list[ConformanceResource]) -> list[str]:
    lines = []
    for type_ in tables.types:
        lines.append(f"{type_.name}  {type_.kind}" + (f"  is {type_.base}" if type_.base else ""))
        for e in type_.elements:
            words = [f"{type_.name}.{e.name}", f"{e.minimum}..{'*' if e.repeats else '1'}", e.type]
            if e.targets:
                words.append("(" + ",".join(e.targets) + ")")
            marks = ((FLAG_SUMMARY, "sum"), (FLAG_MODIFIER, "mod"), (FLAG_CHOICE, f"choice of {e.base_name}"))
            words += [mark for flag, mark in marks if e.flags & flag]
            if e.binding in tables.bindings:
                words.append(f"required {e.binding} ({len(tables.bindings[e.binding])} codes)")
            lines.append("  ".join(words))
    for p in tables.search_parameters:
        targets = "  (" + ",".join(p.targets) + ")" if p.targets else ""
        parts = "".join(f"  ${c.code} {c.type} {c.expression}" for c in p.components)
        lines.append(f"{p.base}?{p.code}  {p.id}  {p.type}  {p.expression or '-'}{targets}{parts}")
    for compartment, resource, codes in tables.compartments:
        lines.append(f"compartment {compartment}: {resource}  {','.join(codes)}")
    for r in resources:
        lines.append(f"resource {r.type}: {r.url}|{r.version}")
    return sorted(lines)
