"""What differs between two runs beside their times, and so may be what the times tell."""

from __future__ import annotations

from collections.abc import Iterator

from edge_bench.record import Host, Record, Runtime

_HOST: dict[str, str] = {
    "cpu": "processor",
    "instructions": "instructions",
    "architecture": "architecture",
    "cores": "cores",
    "governor": "clock governor",
    "os": "system",
    "libc": "C library",
    "python": "Python",
}
_RUNTIME: dict[str, str] = {
    "onnxruntime": "onnxruntime",
    "opencv": "OpenCV",
    "numpy": "numpy",
    "provider": "provider",
    "spinning": "spinning threads",
    "graph_level": "graph level",
}
_SHA256_DIGITS = 12


def differences(old: Record, new: Record) -> tuple[str, ...]:
    """Say a line for each thing that differs, and for each doubt of either run."""
    return (
        *_differing("another machine", _HOST, old.host, new.host),
        *_differing("another runtime", _RUNTIME, old.runtime, new.runtime),
        *_other_files(old, new),
        *(f"OLD: {doubt.message}" for doubt in old.doubts),
        *(f"NEW: {doubt.message}" for doubt in new.doubts),
    )


def _differing(
    what: str, names: dict[str, str], old: Host | Runtime, new: Host | Runtime
) -> Iterator[str]:
    for field, name in names.items():
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            yield f"{what}: {name} {_words(before)}, now {_words(after)}"


def _words(value: object) -> str:
    if value is None:
        return "unknown"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _other_files(old: Record, new: Record) -> Iterator[str]:
    before = {model.name: model.sha256 for model in old.models}
    for model in new.models:
        was = before.get(model.name, model.sha256)
        if was != model.sha256:
            yield (
                f"another file: {model.name} had SHA-256 {was[:_SHA256_DIGITS]}, "
                f"now {model.sha256[:_SHA256_DIGITS]}"
            )
