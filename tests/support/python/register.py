"""Decides whether what clients saw of one resource can have happened in some order: linearizability of a register.

The versions give the order of the writes. Left open is the moment at which each version became current. Every answer
bounds such moments from one side: a write of version v was sent before and answered after it; a read that returned v ended
after v became current and began before v + 1 did; a refusal of v in If-Match ended after v + 1 became
current, unless the resource is deleted in v: that matches no If-Match (RFC 9110, 13.1.1). All answers together are possible if and only if moments in the order of the versions fit between their bounds.
"""

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Seen:
    """One answer. Times are seconds of one clock; value None stands for a deleted resource."""

    kind: str  # write, read, refused
    start: float
    end: float
    version: int  # written, returned, or named in If-Match
    value: str | None = None


def faults_of(answers: list[Seen], history: dict[int, str | None]) -> list[str]:
    """What cannot be. history: version → value, of all versions there are at the end."""
    last = max(history, default=0)
    wrong = []
    if sorted(history) != list(range(1, last + 1)):
        wrong.append(f"the history has gaps: {sorted(history)}")
    written = [answer.version for answer in answers if answer.kind == "write"]
    wrong += [f"version {v} was acknowledged {written.count(v)} times" for v in sorted(set(written)) if written.count(v) > 1]
    wrong += [f"version {v} was acknowledged and is not in the history" for v in sorted(set(written) - set(history))]
    wrong += [f"version {v} is in the history and nobody was told" for v in sorted(set(history) - set(written))]
    for answer in answers:
        if answer.kind != "refused" and answer.version in history and history[answer.version] != answer.value:
            wrong.append(f"{answer.kind} of version {answer.version} had {answer.value}, the history has {history[answer.version]}")
        if answer.kind == "read" and answer.version not in history and answer.version != 0:
            wrong.append(f"version {answer.version} was read and is not in the history")
    telling = [answer for answer in answers if answer.kind != "refused" or history.get(answer.version, "") is not None]
    return wrong or order_faults(telling, last)


def order_faults(answers: list[Seen], last: int) -> list[str]:
    # Version 0 is the time before the first; last + 1 never becomes current.
    earliest = [-math.inf] * (last + 2)
    latest = [math.inf] * (last + 2)
    latest[0] = -math.inf
    earliest[0] = -math.inf
    earliest[last + 1] = math.inf
    why_earliest: list = [None] * (last + 2)
    why_latest: list = [None] * (last + 2)

    def not_before(version: int, time: float, answer: Seen):
        if time > earliest[version]:
            earliest[version], why_earliest[version] = time, answer

    def not_after(version: int, time: float, answer: Seen):
        if time < latest[version]:
            latest[version], why_latest[version] = time, answer

    for answer in answers:
        if answer.kind == "write":
            not_before(answer.version, answer.start, answer)
            not_after(answer.version, answer.end, answer)
        elif answer.kind == "read":
            if answer.version > 0:
                not_after(answer.version, answer.end, answer)
            not_before(answer.version + 1, answer.start, answer)
        else:
            not_after(answer.version + 1, answer.end, answer)
    for version in range(1, last + 2):
        if earliest[version - 1] > earliest[version]:
            earliest[version], why_earliest[version] = earliest[version - 1], why_earliest[version - 1]
    for version in range(last, -1, -1):
        if latest[version + 1] < latest[version]:
            latest[version], why_latest[version] = latest[version + 1], why_latest[version + 1]
    return [f"version {v} became current not before {why_earliest[v] or 'ever'} and not after {why_latest[v]}"
            for v in range(1, last + 2) if earliest[v] > latest[v]]
