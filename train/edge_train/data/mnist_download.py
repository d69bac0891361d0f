"""Download MNIST from public mirrors into a cache."""

from __future__ import annotations

import logging
import time
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

try:
    import pooch
    import requests
    from urllib3.exceptions import HTTPError, ReadTimeoutError
except ImportError as missing_extra:
    from edge_infer.errors import MissingExtraError

    raise MissingExtraError(
        f"downloading MNIST needs {missing_extra.name}: pip install 'edge-mnist[train]'"
    ) from missing_extra

from edge_infer import environment
from edge_infer.errors import DataError, OutputError
from edge_train.data.dataset import Notify, Progress
from edge_train.data.mnist import NPZ_NAME

MIRRORS: Final = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
)
# SHA-256 of the gzipped files as published, in the order of the download.
FILES: Final = {
    "train-images-idx3-ubyte": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
CONNECT_TIMEOUT_S: Final = 3.0
READ_TIMEOUT_S: Final = 10.0
# The largest file has 9.9 MB; a mirror that sends much more sends something else.
MAX_FILE_BYTES: Final = 64_000_000
# A mirror that is slower than this after the grace period is abandoned.
MIN_BYTES_PER_S: Final = 5_000
GRACE_S: Final = 15.0
_CHUNK_BYTES: Final = 65_536


def download_mnist(cache: Path, *, notify: Notify, progress: Progress | None = None) -> None:
    """Download the four files of MNIST; each is kept only if its SHA-256 is right.

    Args:
        cache: Folder for the files; it is made if necessary. Good files in it are kept, so an
            interrupted download continues after its last complete file.
        notify: Receives the start of the download and each mirror that failed.
        progress: Receives the name of a file, the bytes received and their total.

    Raises:
        DataError: Every mirror failed; the message has the reason of each.
        OutputError: The cache cannot be written.
    """
    notify(f"downloading MNIST (11.6 MB) into {cache}")
    pooch.get_logger().setLevel(logging.WARNING)
    mirrors = list(environment.mirrors() or MIRRORS)
    failures: list[DataError] = []
    missing = list(FILES)
    while missing:
        try:
            _retrieve(mirrors[0], missing[0], cache, progress)
            missing.pop(0)
        except DataError as error:
            failures.append(error)
            notify(f"mirror {error.message}")
            # A mirror that failed is not tried for the other files.
            mirrors.pop(0)
            if not mirrors:
                offline = all(failure.code == "no_network" for failure in failures)
                reasons = "; ".join(each.message for each in failures)
                raise DataError(
                    f"MNIST could not be downloaded ({reasons}); without a network, set "
                    f"{environment.DATA} to a folder with its IDX files or {NPZ_NAME}, or use "
                    "--data digits",
                    code="no_network" if offline else "download",
                ) from error


def _retrieve(mirror: str, name: str, cache: Path, progress: Progress | None) -> None:
    """Retrieve one file from a mirror, unless the cache has it; errors as download_mnist."""
    # The type that pooch declares for a downloader is not the one that it calls.
    downloader: Any = partial(_download, name=f"{name}.gz", progress=progress)
    try:
        path = pooch.retrieve(
            f"{mirror.rstrip('/')}/{name}.gz",
            known_hash=f"sha256:{FILES[name]}",
            fname=f"{name}.gz",
            path=cache,
            downloader=downloader,
        )
        # pooch makes files that only their owner can read.
        Path(path).chmod(0o644)
        # A damaged file with the other usual name would be found before this one.
        (cache / name).unlink(missing_ok=True)
    except (requests.RequestException, HTTPError, ValueError, DataError) as error:
        unreachable = isinstance(error, (requests.Timeout, requests.ConnectionError))
        raise DataError(
            f"{urlsplit(mirror).netloc or mirror} {_reason(error)}",
            code="no_network" if unreachable else "download",
        ) from error
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"cannot write {cache}: {reason}", code="unwritable") from error


def _download(
    url: str, output_file: str, _pooch: Any, *, name: str, progress: Progress | None
) -> None:
    """Download a file for pooch, byte for byte: a server may declare it as gzip-encoded."""
    received, started_s = 0, time.monotonic()
    timeout_s = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
    with (
        requests.get(url, stream=True, timeout=timeout_s) as response,
        Path(output_file).open("wb") as file,
    ):
        response.raise_for_status()
        total = int(response.headers.get("Content-Length", 0))
        for chunk in response.raw.stream(_CHUNK_BYTES, decode_content=False):
            file.write(chunk)
            received += len(chunk)
            elapsed_s = time.monotonic() - started_s
            if received > MAX_FILE_BYTES:
                raise DataError(f"sent more than {MAX_FILE_BYTES:,} bytes as {name}")
            if elapsed_s > GRACE_S and received < MIN_BYTES_PER_S * elapsed_s:
                raise DataError(f"sent only {received:,} bytes in {elapsed_s:.0f} s")
            if progress:
                progress(name, received, total)


def _reason(error: Exception) -> str:
    if isinstance(error, DataError):
        return error.message
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, (requests.Timeout, ReadTimeoutError)):
        return "gave no answer in time"
    if isinstance(error, requests.RequestException):
        return f"cannot be reached ({type(error).__name__})"
    if isinstance(error, HTTPError):
        return "closed the connection before the end"
    return "sent other contents than MNIST (their SHA-256 differs)"
