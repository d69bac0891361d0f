"""Finding and downloading MNIST, with a small substitute and mirrors on loopback."""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest

from edge_infer.errors import DataError, OutputError
from edge_train.data import Dataset, load_dataset, mnist_download
from edge_train.data.array_files import idx_sha256
from edge_train.data.mnist import SHA256, find_mnist, mnist_cache, read_mnist

# From the file to the headers and the parts of the answer.
Reply = Callable[[bytes], tuple[dict[str, object], Iterable[bytes]]]
FIRST = "train-images-idx3-ubyte"


@pytest.fixture(autouse=True)
def served(monkeypatch, tmp_path: Path, mnist_like, write_idx) -> Path:
    """Use ``mnist_like`` as MNIST, and none of the caches and proxies of this machine."""
    folder = write_idx(tmp_path / "served")
    for name, array in mnist_like.items():
        monkeypatch.setitem(SHA256, name, idx_sha256(array))
        file = (folder / f"{name}.gz").read_bytes()
        monkeypatch.setitem(mnist_download.FILES, name, hashlib.sha256(file).hexdigest())
    for variable in ("EDGE_MNIST_DATA", "EDGE_MNIST_MIRRORS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("EDGE_MNIST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return folder


@pytest.fixture
def save_npz(mnist_like) -> Callable[[Path], Path]:
    def save(path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        names = ("x_train", "y_train", "x_test", "y_test")
        np.savez(path, **dict(zip(names, mnist_like.values(), strict=True)))
        return path

    return save


def check(dataset: Dataset | None, arrays) -> None:
    assert dataset is not None
    assert (dataset.name, dataset.class_names) == ("mnist", tuple("0123456789"))
    np.testing.assert_array_equal(dataset.train_images, arrays[FIRST])
    np.testing.assert_array_equal(dataset.test_labels, arrays["t10k-labels-idx1-ubyte"])


# Search -------------------------------------------------------------------------------


@pytest.mark.parametrize("given_as", ["mine", "mine/mnist.npz", "idx"])
def test_configured_place_comes_first(
    monkeypatch, tmp_path, write_idx, save_npz, mnist_like, messages, given_as
) -> None:
    write_idx(mnist_cache())
    write_idx(tmp_path / "idx")
    save_npz(tmp_path / "mine" / "mnist.npz")
    monkeypatch.setenv("EDGE_MNIST_DATA", str(tmp_path / given_as))
    check(load_dataset("mnist", notify=messages.append), mnist_like)
    assert len(messages) == 1
    assert str(tmp_path / given_as) in messages[0]


@pytest.mark.parametrize("source", ["mnist", "auto"])
def test_wrong_setting_is_an_error_that_names_it(monkeypatch, tmp_path, write_idx, source) -> None:
    write_idx(mnist_cache())
    monkeypatch.setenv("EDGE_MNIST_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"EDGE_MNIST_DATA .*nowhere does not exist"):
        load_dataset(source, notify=pytest.fail)


def test_caches_are_searched_and_damaged_copies_reported(
    tmp_path, write_idx, save_npz, mnist_like, messages
) -> None:
    assert find_mnist(notify=pytest.fail) is None
    keras = save_npz(tmp_path / "keras" / "datasets" / "mnist.npz")
    check(find_mnist(notify=messages.append), mnist_like)
    keras.write_bytes(b"half a file")
    write_idx(mnist_cache())
    check(find_mnist(notify=messages.append), mnist_like)
    assert str(keras) in messages[1]
    assert len(messages) == 3


def test_other_contents_are_not_accepted_as_mnist(
    served, tmp_path, mnist_like, monkeypatch
) -> None:
    # Labels that are equal to those of MNIST modulo 256.
    x_train, y_train, x_test, y_test = mnist_like.values()
    path = tmp_path / "mnist.npz"
    np.savez(path, x_train=x_train, y_train=y_train + np.int64(256), x_test=x_test, y_test=y_test)
    with pytest.raises(DataError, match="labels go from 256 to 265"):
        read_mnist(path, notify=pytest.fail)
    monkeypatch.setitem(SHA256, "t10k-labels-idx1-ubyte", "0" * 64)
    with pytest.raises(DataError, match="contents of t10k-labels-idx1-ubyte are not"):
        read_mnist(served, notify=pytest.fail)


# Mirrors ------------------------------------------------------------------------------


def slow_chunks() -> Iterator[bytes]:
    for _ in range(10):
        yield bytes(65536)
        time.sleep(0.1)


def silence() -> Iterator[bytes]:
    time.sleep(0.6)
    yield b""


REPLIES: dict[str, Reply] = {
    "good": lambda data: ({"Content-Length": len(data)}, [data]),
    "encoded": lambda data: ({"Content-Length": len(data), "Content-Encoding": "gzip"}, [data]),
    "interrupted": lambda data: ({"Content-Length": len(data)}, [data[: len(data) // 2]]),
    "other": lambda data: ({}, [gzip.compress(gzip.decompress(data)[:-1] + b"\0")]),
    "silent": lambda data: ({"Content-Length": len(data)}, silence()),
    "endless": lambda data: ({}, repeat(bytes(4096), 10_000)),
    "slow": lambda data: ({}, slow_chunks()),
}


class Mirror:
    """A server on loopback that remembers the requests."""

    def __init__(self, root: Path, kind: str) -> None:
        self.requests: list[str] = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rpartition("/")[2]
                mirror.requests.append(name)
                if kind == "absent" or (kind == "without tests" and "t10k" in name):
                    self.send_error(404)
                    return
                headers, chunks = REPLIES.get(kind, REPLIES["good"])((root / name).read_bytes())
                self.send_response(200)
                for header, value in headers.items():
                    self.send_header(header, str(value))
                self.end_headers()
                try:
                    for chunk in chunks:
                        self.wfile.write(chunk)
                except ConnectionError:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/mnist"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def use_mirrors(served: Path, monkeypatch) -> Iterator[Callable[..., list[Mirror]]]:
    """Return ``use_mirrors(*kinds)``: starts mirrors and configures them."""
    started: list[Mirror] = []

    def use(*kinds: str) -> list[Mirror]:
        mirrors = [Mirror(served, kind) for kind in kinds]
        for mirror, kind in zip(mirrors, kinds, strict=True):
            if kind == "dead":
                mirror.close()
            else:
                started.append(mirror)
        monkeypatch.setenv("EDGE_MNIST_MIRRORS", " ".join(mirror.url for mirror in mirrors))
        return mirrors

    yield use
    for mirror in started:
        mirror.close()


@pytest.mark.parametrize("kind", ["good", "encoded"])
def test_download_is_cached(use_mirrors, served: Path, mnist_like, messages, kind: str) -> None:
    (mirror,) = use_mirrors(kind)
    last: dict[str, tuple[int, int]] = {}

    def progress(name: str, done: int, total: int) -> None:
        last[name] = (done, total)

    check(load_dataset("mnist", notify=messages.append, progress=progress), mnist_like)
    check(load_dataset("auto", notify=messages.append), mnist_like)
    assert mirror.requests == [f"{name}.gz" for name in mnist_like]
    assert len(messages) == 3
    files = {path.name: path.read_bytes() for path in served.iterdir()}
    assert {path.name: path.read_bytes() for path in mnist_cache().iterdir()} == files
    assert last == {name: (len(data), len(data)) for name, data in files.items()}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("dead", "cannot be reached"),
        ("absent", "answered 404"),
        ("interrupted", "closed the connection"),
        ("other", "other contents"),
        ("silent", "no answer in time"),
        ("endless", "sent more than"),
        ("slow", "sent only"),
    ],
)
def test_bad_mirror_is_left_for_the_next(
    monkeypatch, use_mirrors, mnist_like, messages, kind, reason
) -> None:
    monkeypatch.setattr(mnist_download, "READ_TIMEOUT_S", 0.3)
    monkeypatch.setattr(mnist_download, "MAX_FILE_BYTES", 2_000_000)
    monkeypatch.setattr(mnist_download, "GRACE_S", 0.3)
    monkeypatch.setattr(mnist_download, "MIN_BYTES_PER_S", 1_000_000)
    mirrors = use_mirrors(kind, "good")
    check(load_dataset("mnist", notify=messages.append), mnist_like)
    assert reason in messages[1]
    assert mirrors[0].requests == ([] if kind == "dead" else [f"{FIRST}.gz"])
    assert len(mirrors[1].requests) == 4
    assert len(list(mnist_cache().iterdir())) == 4


def test_download_continues_after_the_last_complete_file(use_mirrors, mnist_like, messages) -> None:
    use_mirrors("without tests")
    with pytest.raises(DataError, match="answered 404"):
        load_dataset("mnist", notify=messages.append)
    (mirror,) = use_mirrors("good")
    check(load_dataset("mnist", notify=messages.append), mnist_like)
    assert mirror.requests == ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_damaged_file_in_the_cache_is_replaced(
    use_mirrors, served, mnist_like, messages, suffix
) -> None:
    mnist_cache().mkdir(parents=True)
    for path in served.iterdir():
        (mnist_cache() / path.name).write_bytes(path.read_bytes())
    (mnist_cache() / f"{FIRST}{suffix}").write_bytes(b"damaged")
    (mirror,) = use_mirrors("good")
    check(load_dataset("mnist", notify=messages.append), mnist_like)
    assert mirror.requests == ([f"{FIRST}.gz"] if suffix else [])


def test_without_a_network_the_error_says_what_to_do(use_mirrors, messages) -> None:
    use_mirrors("dead", "dead")
    with pytest.raises(DataError, match=r"reached.*reached.*EDGE_MNIST_DATA.*digits") as caught:
        load_dataset("mnist", notify=messages.append)
    assert caught.value.code == "no_network"
    assert not list(mnist_cache().iterdir())
    assert load_dataset("auto", notify=messages.append).name == "digits"
    assert any("UCI digits instead of MNIST" in message for message in messages)


def test_unwritable_cache_is_an_output_error(monkeypatch, use_mirrors, tmp_path, messages) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("EDGE_MNIST_CACHE", str(tmp_path / "file"))
    use_mirrors("good")
    with pytest.raises(OutputError, match="cannot write"):
        load_dataset("mnist", notify=messages.append)
