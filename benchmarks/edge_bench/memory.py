"""Memory of this process, as far as the system tells."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from edge_bench.summary import Memory

_STATUS: Final = Path("/proc/self/status")


def own_memory() -> Memory:
    """Return what this process holds now and held at most."""
    if _STATUS.is_file():
        lines = (line.split() for line in _STATUS.read_text(encoding="ascii").splitlines())
        kib = {words[0]: int(words[1]) for words in lines if words[0] in {"VmRSS:", "VmHWM:"}}
        return Memory(*(1024 * kib[name] if name in kib else None for name in ("VmRSS:", "VmHWM:")))
    return Memory(peak_bytes=_peak_bytes())


def _peak_bytes() -> int | None:
    try:
        import resource
    except ImportError:  # Windows.
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Bytes on macOS, KiB elsewhere (getrusage(2) of each).
    return peak if sys.platform == "darwin" else 1024 * peak
