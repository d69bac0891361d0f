"""Write files atomically: a reader finds the old file or the complete new one.

The temporary file is in the folder of its target, so that moving it is one rename on one file
system. A full disk or a killed process leaves the target unchanged.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from edge_infer.errors import OutputError


@contextmanager
def atomic_path(target: Path, *, overwrite: bool = True) -> Generator[Path]:
    """Yield a temporary path with the suffix of the target; move it into place on success.

    Args:
        target: The final path. Missing parent folders are made. A link is kept, and the file
            that it points to is replaced.
        overwrite: Whether an existing target may be replaced.

    Yields:
        A path in the target's folder to write to. It is removed if the body fails.

    Raises:
        OutputError: The target exists and ``overwrite`` is false, or is not a regular file, or
            its folder cannot be written, or the disk is full.
    """
    # Renaming would replace a device or a pipe.
    if target.exists() and not target.is_file():
        raise OutputError(f"cannot write {target}: not a regular file", code="unwritable")
    if not overwrite and target.exists():
        raise OutputError(f"{target} exists already; give --force to replace it", code="exists")
    temporary: Path | None = None
    try:
        target = target.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        # Named before it exists: Ctrl-C may come while it is being made.
        temporary = target.with_name(f".{target.stem}-{os.urandom(4).hex()}.part{target.suffix}")
        temporary.touch(mode=0o600, exist_ok=False)
        yield temporary
        _sync(temporary)
        with suppress(PermissionError):  # FAT, as on memory cards, has no modes.
            temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        raise OutputError(
            f"cannot write {target}: {error.strerror or error}", code="unwritable"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text(target: Path, text: str, *, overwrite: bool = True) -> None:
    """Write text as UTF-8 to a file atomically; arguments and errors as :func:`atomic_path`."""
    with atomic_path(target, overwrite=overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8")


def make_folder(folder: Path, *, overwrite: bool) -> None:
    """Make the output folder if necessary.

    Raises:
        OutputError: It is not empty and ``overwrite`` is false, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        occupied = any(folder.iterdir())
    except OSError as error:
        raise OutputError(
            f"cannot write {folder}: {error.strerror or error}", code="unwritable"
        ) from error
    if occupied and not overwrite:
        raise OutputError(
            f"{folder} is not empty; name another folder, or give --force to write into it",
            code="exists",
        )


def _sync(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
