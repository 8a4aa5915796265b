"""What /proc says of a process: its parent, its descendants, its memory."""

import os
import pathlib


def status(pid: int, key: str) -> str:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return line.split(":", 1)[1].strip()
    raise KeyError(key)


def parent(pid: int) -> int:
    return int(status(pid, "PPid"))


def is_running(pid: int) -> bool:
    """False for an ended process, also when nobody has fetched its exit status yet."""
    try:
        return not status(pid, "State").startswith("Z")
    except (FileNotFoundError, ProcessLookupError):
        return False


def descendants(pid: int) -> list[int]:
    """The process itself first, then everything it started."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                children.setdefault(parent(int(entry)), []).append(int(entry))
            except (FileNotFoundError, ProcessLookupError):
                pass
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def reset_peak(pid: int):
    """Sets the peak of resident memory back to what is resident."""
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_bytes(pid: int) -> int:
    return int(status(pid, "VmHWM").split()[0]) * 1024


def resident_bytes(pid: int) -> int:
    return int(status(pid, "VmRSS").split()[0]) * 1024
