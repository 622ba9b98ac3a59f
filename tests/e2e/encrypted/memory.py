"""Whether a running process has something in its memory: how a test shows that a secret never came to it."""

from __future__ import annotations

from pathlib import Path

_PART = 1 << 24


def has_in_memory(process: int, sought: bytes) -> bool:
    """Whether the process's own writable memory holds `sought`; PermissionError where the kernel does not let us look."""
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text(encoding="ascii").splitlines():
            span, rights, *rest = line.split()
            if not rights.startswith("rw") or rest[-1] in ("[vvar]", "[vsyscall]"):
                continue
            begin, end = (int(each, 16) for each in span.split("-"))
            if _holds(memory, begin, end, sought):
                return True
    return False


def _holds(memory: object, begin: int, end: int, sought: bytes) -> bool:
    tail = b""
    for at in range(begin, end, _PART):
        try:
            memory.seek(at)  # type: ignore[attr-defined]
            content = tail + memory.read(min(_PART, end - at))  # type: ignore[attr-defined]
        except OSError:
            return False  # a mapping that went meanwhile, or of a device
        if sought in content:
            return True
        tail = content[-len(sought) :]
    return False
