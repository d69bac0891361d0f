"""Finding and downloading MNIST, with a small stand-in and mirrors on loopback."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.errors import DataError, OutputError
from edge_train.data import Dataset, load_dataset, mnist_download
from edge_train.data.idx import idx_sha256
from edge_train.data.mnist import SHA256, find_mnist, mnist_cache, read_mnist

Arrays = dict[str, NDArray[np.uint8]]
WriteIdx = Callable[..., Path]
Reply = Callable[[BaseHTTPRequestHandler, bytes], None]
FIRST = "train-images-idx3-ubyte"


@pytest.fixture(autouse=True)
def _small_mnist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mnist_like: Arrays) -> None:
    """Take ``mnist_like`` for MNIST and keep away from this machine's caches and proxies."""
    for name, array in mnist_like.items():
        monkeypatch.setitem(SHA256, name, idx_sha256(array))
    for variable in ("EDGE_MNIST_DATA", "EDGE_MNIST_MIRRORS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("EDGE_MNIST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(mnist_download, "CONNECT_TIMEOUT_S", 2.0)


@pytest.fixture
def messages() -> list[str]:
    return []


@pytest.fixture
def save_npz(mnist_like: Arrays) -> Callable[[Path], Path]:
    def save(path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        names = ("x_train", "y_train", "x_test", "y_test")
        np.savez(path, **dict(zip(names, mnist_like.values(), strict=True)))
        return path

    return save


def _check(dataset: Dataset, arrays: Arrays) -> None:
    assert dataset.name == "mnist"
    assert dataset.class_names == tuple("0123456789")
    np.testing.assert_array_equal(dataset.train_images, arrays[FIRST])
    np.testing.assert_array_equal(dataset.test_labels, arrays["t10k-labels-idx1-ubyte"])


# Mirrors ------------------------------------------------------------------------------


def _good(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def _unpacked(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def _absent(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    handler.send_error(404)


def _broken_off(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data[: len(data) // 2])


def _truncated(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    _good(handler, data[: len(data) // 2])


def _other_contents(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    content = bytearray(gzip.decompress(data))
    content[-1] ^= 1
    _good(handler, gzip.compress(bytes(content)))


def _login_page(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    _good(handler, b"<html>Please sign in to this network</html>")


def _silent(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    time.sleep(0.6)


def _endless(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(10_000):
        handler.wfile.write(bytes(4096))


class Mirror:
    """A server on loopback; remembers what it was asked for."""

    def __init__(self, root: Path, reply: Reply) -> None:
        self.requests: list[str] = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.send_response(403)
                self.end_headers()

            def do_GET(self) -> None:
                mirror.requests.append(self.path.rpartition("/")[2])
                try:
                    reply(self, (root / mirror.requests[-1]).read_bytes())
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
def start_mirror(tmp_path: Path, write_idx: WriteIdx) -> Iterator[Callable[[Reply], Mirror]]:
    root = write_idx(tmp_path / "served")
    mirrors: list[Mirror] = []

    def start(reply: Reply) -> Mirror:
        mirrors.append(Mirror(root, reply))
        return mirrors[-1]

    yield start
    for mirror in mirrors:
        mirror.close()


@pytest.fixture
def dead_url() -> str:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}/"


@pytest.fixture
def use_mirrors(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def use(*urls: str) -> None:
        monkeypatch.setenv("EDGE_MNIST_MIRRORS", " ".join(urls))

    return use


# Search -------------------------------------------------------------------------------


def test_configured_folder_comes_first(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    write_idx: WriteIdx,
    mnist_like: Arrays,
    messages: list[str],
) -> None:
    write_idx(mnist_cache())
    monkeypatch.setenv("EDGE_MNIST_DATA", str(write_idx(tmp_path / "mine")))

    _check(load_dataset("mnist", notify=messages.append), mnist_like)
    assert messages == [f"MNIST from {tmp_path / 'mine'}"]


@pytest.mark.parametrize("given_as", ["mine", "mine/mnist.npz"])
def test_configured_npz_is_taken(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    save_npz: Callable[[Path], Path],
    mnist_like: Arrays,
    given_as: str,
) -> None:
    save_npz(tmp_path / "mine" / "mnist.npz")
    monkeypatch.setenv("EDGE_MNIST_DATA", str(tmp_path / given_as))

    _check(load_dataset("mnist", notify=lambda message: None), mnist_like)


@pytest.mark.parametrize("source", ["mnist", "auto"])
def test_wrong_setting_is_an_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    write_idx: WriteIdx,
    messages: list[str],
    source: str,
) -> None:
    write_idx(mnist_cache())
    monkeypatch.setenv("EDGE_MNIST_DATA", str(tmp_path / "nowhere"))

    with pytest.raises(DataError, match=r"EDGE_MNIST_DATA does not lead .*nowhere does not exist"):
        load_dataset(source, notify=messages.append)


def test_keras_cache_is_found(
    tmp_path: Path, save_npz: Callable[[Path], Path], mnist_like: Arrays
) -> None:
    save_npz(tmp_path / "keras" / "datasets" / "mnist.npz")

    found = find_mnist(notify=lambda message: None)

    assert found is not None
    _check(found, mnist_like)


def test_damaged_cache_is_passed_over_aloud(
    tmp_path: Path, write_idx: WriteIdx, mnist_like: Arrays, messages: list[str]
) -> None:
    keras = tmp_path / "keras" / "datasets" / "mnist.npz"
    keras.parent.mkdir(parents=True)
    keras.write_bytes(b"half a file")
    write_idx(mnist_cache())

    _check(load_dataset("mnist", notify=messages.append), mnist_like)
    assert messages[0].startswith(f"passing over a cached copy: {keras} is no .npz file")


def test_nothing_found_is_none() -> None:
    assert find_mnist(notify=pytest.fail) is None


def test_other_contents_are_not_taken_for_mnist(
    tmp_path: Path, write_idx: WriteIdx, mnist_like: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_idx(tmp_path)
    monkeypatch.setitem(SHA256, "t10k-labels-idx1-ubyte", "0" * 64)

    with pytest.raises(DataError, match="contents of t10k-labels-idx1-ubyte are not MNIST's"):
        read_mnist(folder, notify=pytest.fail)


def test_labels_that_wrap_around_are_not_taken_for_mnist(
    tmp_path: Path, mnist_like: Arrays
) -> None:
    x_train, y_train, x_test, y_test = mnist_like.values()
    path = tmp_path / "mnist.npz"
    np.savez(path, x_train=x_train, y_train=y_train + np.int64(256), x_test=x_test, y_test=y_test)

    with pytest.raises(DataError, match="labels go from 256 to 265"):
        read_mnist(path, notify=pytest.fail)


# Download -----------------------------------------------------------------------------


@pytest.mark.parametrize("reply", [_good, _unpacked])
def test_download_is_cached(
    start_mirror: Callable[[Reply], Mirror],
    use_mirrors: Callable[..., None],
    mnist_like: Arrays,
    messages: list[str],
    reply: Reply,
) -> None:
    mirror = start_mirror(reply)
    use_mirrors(mirror.url)

    _check(load_dataset("mnist", notify=messages.append), mnist_like)
    _check(load_dataset("auto", notify=messages.append), mnist_like)

    assert mirror.requests == [f"{name}.gz" for name in mnist_like]
    assert [message.split()[0] for message in messages] == ["downloading", "MNIST", "MNIST"]
    assert len(list(mnist_cache().iterdir())) == 4


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (_absent, "answered 404"),
        (_broken_off, "broke off"),
        (_truncated, "truncated"),
        (_other_contents, "sent other contents"),
        (_login_page, "magic number"),
        (_silent, "gave no answer in time"),
        (_endless, "sent more than"),
    ],
)
def test_bad_mirror_is_left_for_the_next(
    monkeypatch: pytest.MonkeyPatch,
    start_mirror: Callable[[Reply], Mirror],
    use_mirrors: Callable[..., None],
    mnist_like: Arrays,
    messages: list[str],
    reply: Reply,
    reason: str,
) -> None:
    monkeypatch.setattr(mnist_download, "READ_TIMEOUT_S", 0.3)
    monkeypatch.setattr(mnist_download, "MAX_FILE_BYTES", 200_000)
    bad, good = start_mirror(reply), start_mirror(_good)
    use_mirrors(bad.url, good.url + "/")

    _check(load_dataset("mnist", notify=messages.append), mnist_like)

    assert reason in messages[1]
    assert bad.requests == [f"{FIRST}.gz"]
    assert len(good.requests) == 4


def test_dead_mirror_is_left_for_the_next(
    start_mirror: Callable[[Reply], Mirror],
    use_mirrors: Callable[..., None],
    dead_url: str,
    mnist_like: Arrays,
) -> None:
    use_mirrors(dead_url, start_mirror(_good).url)

    _check(load_dataset("mnist", notify=lambda message: None), mnist_like)


def test_crawling_mirror_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
    start_mirror: Callable[[Reply], Mirror],
    use_mirrors: Callable[..., None],
) -> None:
    monkeypatch.setattr(mnist_download, "GRACE_S", 0.1)
    monkeypatch.setattr(mnist_download, "MIN_BYTES_PER_S", 1_000_000)

    def crawl(handler: BaseHTTPRequestHandler, data: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        for start in range(0, len(data), 2048):
            handler.wfile.write(data[start : start + 2048])
            time.sleep(0.05)

    use_mirrors(start_mirror(crawl).url)

    with pytest.raises(DataError, match=r"sent only [\d,]+ bytes in"):
        load_dataset("mnist", notify=lambda message: None)


def test_broken_off_download_goes_on_where_it_was(
    start_mirror: Callable[[Reply], Mirror],
    use_mirrors: Callable[..., None],
    mnist_like: Arrays,
) -> None:
    def fails_for_tests(handler: BaseHTTPRequestHandler, data: bytes) -> None:
        (_absent if "t10k" in handler.path else _good)(handler, data)

    use_mirrors(start_mirror(fails_for_tests).url)
    with pytest.raises(DataError, match="answered 404"):
        load_dataset("mnist", notify=lambda message: None)
    mirror = start_mirror(_good)
    use_mirrors(mirror.url)

    _check(load_dataset("mnist", notify=lambda message: None), mnist_like)
    assert mirror.requests == ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_damaged_file_in_the_cache_is_fetched_again(
    start_mirror: Callable[[Reply], Mirror],
    use_mirrors: Callable[..., None],
    write_idx: WriteIdx,
    mnist_like: Arrays,
    messages: list[str],
    suffix: str,
) -> None:
    damaged = write_idx(mnist_cache(), gzipped=suffix == ".gz") / f"{FIRST}{suffix}"
    damaged.write_bytes(damaged.read_bytes()[:1000])
    mirror = start_mirror(_good)
    use_mirrors(mirror.url)

    _check(load_dataset("mnist", notify=messages.append), mnist_like)
    assert mirror.requests == [f"{FIRST}.gz"]
    assert messages[0].startswith("passing over a cached copy")


def test_progress_ends_at_the_size_of_each_file(
    start_mirror: Callable[[Reply], Mirror],
    use_mirrors: Callable[..., None],
    tmp_path: Path,
) -> None:
    use_mirrors(start_mirror(_good).url)
    last: dict[str, tuple[int, int]] = {}

    def progress(name: str, done: int, total: int) -> None:
        last[name] = (done, total)

    load_dataset("mnist", notify=lambda message: None, progress=progress)

    sizes = {path.name: path.stat().st_size for path in (tmp_path / "served").iterdir()}
    assert last == {name: (size, size) for name, size in sizes.items()}


def test_no_network_says_what_to_do_and_leaves_nothing(
    use_mirrors: Callable[..., None], dead_url: str
) -> None:
    use_mirrors(dead_url)

    with pytest.raises(DataError, match=r"cannot be reached.*EDGE_MNIST_DATA.*digits") as caught:
        load_dataset("mnist", notify=pytest.fail)

    assert caught.value.code == "no_network"
    assert not mnist_cache().exists()


def test_silent_network_is_given_up_together(
    monkeypatch: pytest.MonkeyPatch, use_mirrors: Callable[..., None]
) -> None:
    # As a name server does that drops what it is asked; no time-out of requests covers it.
    monkeypatch.setattr(mnist_download.requests, "head", lambda *_, **__: time.sleep(0.8))
    monkeypatch.setattr(mnist_download, "CONNECT_TIMEOUT_S", 0.1)
    use_mirrors(*(f"http://127.0.0.1:9/{index}/" for index in range(5)))
    started_s = time.monotonic()

    with pytest.raises(DataError, match=r"gave no answer within 0\.1 s") as caught:
        load_dataset("mnist", notify=pytest.fail)

    assert caught.value.code == "no_network"
    assert time.monotonic() - started_s < 0.6


def test_auto_takes_the_digits_and_says_so(
    use_mirrors: Callable[..., None], dead_url: str, messages: list[str]
) -> None:
    use_mirrors(dead_url)

    assert load_dataset("auto", notify=messages.append).name == "digits"
    assert "could not be downloaded" in messages[0]
    assert "UCI digits instead of MNIST" in messages[1]


def test_unwritable_cache_is_an_output_error(
    monkeypatch: pytest.MonkeyPatch,
    start_mirror: Callable[[Reply], Mirror],
    use_mirrors: Callable[..., None],
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("EDGE_MNIST_CACHE", str(tmp_path / "file"))
    use_mirrors(start_mirror(_good).url)

    with pytest.raises(OutputError, match="cannot write"):
        load_dataset("mnist", notify=lambda message: None)
