"""Download MNIST from public mirrors into a cache, one verified file after another.

A file is kept only when its contents have the known SHA-256. So a damaged, cut or
tampered download is discarded, the next mirror is tried, and what stands in the cache
can be trusted; a download that broke off goes on after its last whole file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final
from urllib.parse import urlsplit

try:
    import pooch
    import requests
except ImportError as missing_extra:
    from edge_infer.errors import MissingExtraError

    raise MissingExtraError(
        f"downloading MNIST needs {missing_extra.name}: pip install 'edge-mnist[train]'"
    ) from missing_extra

from edge_infer.errors import DataError
from edge_infer.io.atomic import atomic_path
from edge_train.data.dataset import DownloadProgress, Notify
from edge_train.data.idx import (
    GZIP_MAGIC,
    IMAGES_MAGIC,
    LABELS_MAGIC,
    find_idx_file,
    idx_sha256,
    parse_idx,
)
from edge_train.data.mnist import DATA_VARIABLE, NPZ_NAME, SHA256

MIRRORS_VARIABLE: Final = "EDGE_MNIST_MIRRORS"
MIRRORS: Final = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
)
# How long a mirror may be silent before it is given up.
CONNECT_TIMEOUT_S: Final = 3.0
READ_TIMEOUT_S: Final = 10.0
# The largest file has 9.9 MB; a mirror that sends far more sends something else.
MAX_FILE_BYTES: Final = 64_000_000
# A mirror slower than this, after some time to get going, is given up too.
MIN_BYTES_PER_S: Final = 5_000
GRACE_S: Final = 15.0


def download_mnist(
    cache: Path, *, notify: Notify, progress: DownloadProgress | None = None
) -> None:
    """Fetch the four files; ``$EDGE_MNIST_MIRRORS`` (base addresses) replaces the mirrors.

    Args:
        cache: Folder for the files; made when missing. Good files in it are kept.
        notify: Told what is fetched and of each mirror that failed.
        progress: Told the bytes of each file as they come.

    Raises:
        DataError: No mirror can be reached, or none gave the right contents.
        MissingExtraError: pooch is not installed.
        OutputError: The cache cannot be written.
    """
    missing = [stem for stem in SHA256 if not _is_cached(cache, stem)]
    if not missing:
        return
    mirrors = _reachable(configured_mirrors())
    notify(f"downloading MNIST (11.6 MB) into {cache}")
    failures: list[str] = []
    for stem in missing:
        data = None
        while data is None and mirrors:
            try:
                data = _fetch(mirrors[0], stem, progress)
            except DataError as error:
                failures.append(f"{_host(mirrors.pop(0))} {error.message}")
                notify(f"mirror {failures[-1]}")
        if data is None:
            raise _failed(failures, "download")
        name = f"{stem}.gz" if data.startswith(GZIP_MAGIC) else stem
        with atomic_path(cache / name) as temporary:
            temporary.write_bytes(data)
            # A damaged file under the other name would be found before this one.
            (cache / stem).unlink(missing_ok=True)


def configured_mirrors() -> list[str]:
    """Return the base addresses to try, in order, each with a slash at its end."""
    mirrors = os.environ.get(MIRRORS_VARIABLE, "").replace(",", " ").split() or MIRRORS
    return [mirror.rstrip("/") + "/" for mirror in mirrors]


def _is_cached(cache: Path, stem: str) -> bool:
    path = find_idx_file(cache, stem)
    if path is None:
        return False
    try:
        _check(path.read_bytes(), stem)
    except (DataError, OSError):
        return False
    return True


def _check(data: bytes, stem: str) -> None:
    magic = IMAGES_MAGIC if "images" in stem else LABELS_MAGIC
    array = parse_idx(BytesIO(data), magic, "what it sent")
    if idx_sha256(array) != SHA256[stem]:
        raise DataError(f"sent other contents than MNIST's as {stem}", code="wrong_contents")


def _reachable(mirrors: Sequence[str]) -> list[str]:
    """Knock at all mirrors at once; return those not known to be dead when one answers.

    Without a network this costs one time-out in all, not one a mirror, and a silent name
    server, which no time-out of a connection covers, is not waited for.
    """
    answers: SimpleQueue[tuple[str, str | None]] = SimpleQueue()
    for mirror in mirrors:
        # Daemons: one that still waits for a name server must not hold the program up.
        Thread(target=_knock, args=(mirror, answers), daemon=True).start()
    dead: dict[str, str] = {}
    deadline_s = time.monotonic() + CONNECT_TIMEOUT_S
    while len(dead) < len(mirrors):
        try:
            mirror, reason = answers.get(timeout=max(deadline_s - time.monotonic(), 0.001))
        except Empty:
            break
        if reason is None:
            return [mirror for mirror in mirrors if mirror not in dead]
        dead[mirror] = reason
    silent = f"gave no answer within {CONNECT_TIMEOUT_S:g} s"
    raise _failed(
        [f"{_host(mirror)} {dead.get(mirror, silent)}" for mirror in mirrors], "no_network"
    )


def _knock(mirror: str, answers: SimpleQueue[tuple[str, str | None]]) -> None:
    try:
        requests.head(mirror, timeout=CONNECT_TIMEOUT_S)
    except (OSError, ValueError) as error:
        answers.put((mirror, _reason(error)))
    else:
        answers.put((mirror, None))


def _fetch(mirror: str, stem: str, progress: DownloadProgress | None) -> bytes:
    """Return the bytes of one file, checked.

    Raises:
        DataError: The mirror failed; the message goes on after the mirror's name.
    """
    data = BytesIO()
    # pooch takes any object with these methods, though it declares a bool.
    progress_bar: Any = _Transfer(f"{stem}.gz", progress)
    download = pooch.HTTPDownloader(progress_bar, timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S))
    try:
        download(f"{mirror}{stem}.gz", data, None)
    except (OSError, ValueError) as error:
        raise DataError(_reason(error), code="download") from error
    _check(data.getvalue(), stem)
    return data.getvalue()


class _Transfer:
    """What pooch takes for a progress bar: passes progress on and stops hopeless mirrors."""

    def __init__(self, name: str, progress: DownloadProgress | None) -> None:
        self.total = 0
        self._name = name
        self._progress = progress
        self._received = 0
        self._started_s = time.monotonic()

    def update(self, count: int) -> None:
        """Take note of ``count`` more bytes."""
        self._received += count
        if self._received > MAX_FILE_BYTES:
            raise DataError(f"sent more than {MAX_FILE_BYTES:,} bytes as {self._name}")
        elapsed_s = time.monotonic() - self._started_s
        if elapsed_s > GRACE_S and self._received < MIN_BYTES_PER_S * elapsed_s:
            raise DataError(f"sent only {self._received:,} bytes in {elapsed_s:.0f} s")
        if self._progress:
            self._progress(self._name, self._received, self.total)

    def reset(self) -> None:
        """Start again at 0; pooch does so at the end, and then reports the whole."""
        self._received = 0

    def close(self) -> None:
        """Nothing is held open."""


def _reason(error: Exception) -> str:
    """Say in a few words what requests says in a paragraph."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "gave no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "cannot be reached"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "broke off in the middle"
    return f"failed: {error}"


def _host(mirror: str) -> str:
    return urlsplit(mirror).netloc or mirror


def _failed(failures: Sequence[str], code: str) -> DataError:
    return DataError(
        f"MNIST could not be downloaded ({'; '.join(failures)}); without a network, set "
        f"{DATA_VARIABLE} to a folder with its IDX files or {NPZ_NAME}, or use --data digits",
        code=code,
    )
