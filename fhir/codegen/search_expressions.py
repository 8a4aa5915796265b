"""Cuts the expression of a search parameter that serves several types into the part of each type.

`Patient.birthDate | Person.birthDate` becomes `Patient.birthDate` for Patient. Only the top-level union is cut; what the
parts mean stays with the FHIRPath parser of the gateway.
"""

import re

from load import GenerationError


def split_union(expression: str) -> list[str]:
    """Parts of the top-level union. Parentheses, brackets and quoted text are kept whole."""
    parts, depth, quote, start, position = [], 0, "", 0, 0
    while position < len(expression):
        character = expression[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "'`\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "|" and depth == 0:
            parts.append(expression[start:position].strip())
            start = position + 1
        position += 1
    parts.append(expression[start:].strip())
    if depth != 0 or quote or not all(parts):
        raise ValueError("unbalanced or empty part")
    return parts


def starts_with_type(part: str, base: str) -> bool:
    """True for `Base.x`, `(Base.x as T)` and `Base`."""
    return re.match(rf"\(*\s*{re.escape(base)}(?![A-Za-z0-9_])", part) is not None


def expression_for(expression: str, base: str, place: str) -> str:
    if not expression:
        return ""
    try:
        parts = split_union(expression)
    except ValueError as error:
        raise GenerationError(f"{place}: expression: {error}") from error
    own = [part for part in parts if starts_with_type(part, base)]
    if not own:
        raise GenerationError(f"{place}: expression: no part of the union starts with {base}")
    return " | ".join(own)
