"""Other programs, played by scripts that behave as they do."""

from __future__ import annotations

import io
import json
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_bench.reading.rapidocr import RapidOcr, rows_of
from edge_bench.reading.rapidocr_worker import serve, upright
from edge_bench.reading.tesseract import Tesseract, digit_rows
from edge_infer.boxes import Box
from edge_infer.errors import MissingExtraError, RunError

Write = Callable[[str], Path]

ENGINE = """
import sys
class RapidOCR:
    def __init__(self, **threads):
        assert threads == {"intra_op_num_threads": 1, "inter_op_num_threads": 1}
        print("loading")
    def __call__(self, file):
        print("reading")
        if "blank" in file:
            return None, None
        if "bad" in file:
            raise ValueError("no picture")
        low = [[[0, 50], [9, 50], [9, 60], [0, 60]], "7", 0.9]
        high = [[[0.4, 0], [9, 1], [9, 10], [0.4, 9]], "4 2a", 0.9]
        return [low, high], [0.1]
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return ``write(source)``: a Python script that can be called as a program."""

    def make(source: str) -> Path:
        path = tmp_path / "program"
        path.write_text(f"#!{sys.executable}\n{textwrap.dedent(source)}")
        path.chmod(0o755)
        return path

    return make


@pytest.fixture
def rapidocr_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that calls itself RapidOCR, where the worker will find it first."""
    package = tmp_path / "rapidocr_onnxruntime"
    package.mkdir()
    (package / "__init__.py").write_text(ENGINE)
    about = tmp_path / "rapidocr_onnxruntime-9.8.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: x\nVersion: 9.8\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return package


def test_tesseract_is_told_to_read_digits_on_one_thread(write: Write, tmp_path: Path) -> None:
    program = write(
        """
        import json, os, pathlib, sys
        if "--version" in sys.argv:
            print("tesseract 5.3.0", "leptonica-1.82.0", sep="\\n")
        else:
            said = [*sys.argv[1:], os.environ["OMP_THREAD_LIMIT"]]
            pathlib.Path(__file__).with_name("said").write_text(json.dumps(said))
            print("1 2", " ", "3x4", "\\f", sep="\\n")
        """
    )
    tesseract = Tesseract(str(program))
    reading = tesseract.read(tmp_path / "a.png")
    assert reading.rows == ("12", "34")
    assert reading.elapsed_ms > 0
    assert reading.cpu_ms > 0
    assert "5.3.0, --psm 6" in tesseract.how
    words = ["-", "--psm", "6", "-c", "tessedit_char_whitelist=0123456789"]
    said = json.loads((tmp_path / "said").read_text())
    assert said == [str(tmp_path / "a.png"), *words, "1"]


def test_tesseract_that_fails_is_heard(write: Write, tmp_path: Path) -> None:
    program = write(
        """
        import sys
        if "--version" not in sys.argv:
            sys.exit("Error during processing.")
        """
    )
    with pytest.raises(RunError, match=r"said: Error during processing\."):
        Tesseract(str(program)).read(tmp_path / "a.png")


def test_absent_tesseract_says_how_to_install_it() -> None:
    with pytest.raises(MissingExtraError, match="apt-get install tesseract-ocr"):
        Tesseract("no-such-program")


def test_digits_alone_are_kept() -> None:
    rows = ["a", "1O2", "", "\N{ARABIC-INDIC DIGIT THREE}\N{SUPERSCRIPT TWO}", "5.6"]
    assert digit_rows(rows) == ("12", "56")


@pytest.mark.usefixtures("rapidocr_package")
def test_rapidocr_reads_in_a_process_of_its_own(tmp_path: Path) -> None:
    with RapidOcr() as reader:
        first, second = reader.read(tmp_path / "a.png"), reader.read(tmp_path / "blank.png")
        with pytest.raises(RunError, match="ValueError: no picture"):
            reader.read(tmp_path / "bad.png")
        assert reader.read(tmp_path / "b.png").rows == first.rows
    assert reader.how.startswith("9.8, one thread")
    assert (first.rows, second.rows) == (("42", "7"), ())
    assert first.elapsed_ms > 0


def test_absent_rapidocr_says_how_to_install_it(rapidocr_package: Path) -> None:
    (rapidocr_package / "__init__.py").write_text("raise ImportError('no wheel')")
    with pytest.raises(MissingExtraError, match=r"edge-mnist\[peers\].*--rapidocr-python"):
        RapidOcr()


def test_absent_interpreter_says_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError, match="no-python"):
        RapidOcr(str(tmp_path / "no-python"))


@pytest.mark.parametrize(
    ("source", "message"),
    [("print('hello')", "said 'hello'"), ("", "ended without an answer")],
)
def test_worker_of_another_kind_is_refused(write: Write, source: str, message: str) -> None:
    with pytest.raises(RunError, match=message):
        RapidOcr(worker=write(source))


def test_worker_that_dies_fails_the_page(write: Write, tmp_path: Path) -> None:
    worker = write(
        """
        import json
        print(json.dumps({"version": "1"}), flush=True)
        input()
        """
    )
    with RapidOcr(worker=worker) as reader:
        for _ in range(2):
            with pytest.raises(RunError, match="ended"):
                reader.read(tmp_path / "a.png")


def test_worker_answers_each_request_in_a_line() -> None:
    requests = "".join(json.dumps({"file": file}) + "\n" for file in ("a.png", "b.png"))
    answers = io.StringIO()
    serve(lambda file: [{"text": file, "box": [0, 0, 1, 1]}], io.StringIO(requests), answers)
    first, second = (json.loads(line) for line in answers.getvalue().splitlines())
    assert [first["pieces"][0]["text"], second["pieces"][0]["text"]] == ["a.png", "b.png"]
    assert {"elapsed_ms", "cpu_ms"} < first.keys()


def test_worker_puts_an_upright_box_around_four_corners() -> None:
    assert upright([[2.4, 3], [9, 1], [10, 8], [3, 9.6]]) == [2, 1, 8, 9]


def test_pieces_are_put_into_reading_order() -> None:
    pieces = [("8", Box(0, 100, 9, 20)), ("c", Box(50, 2, 9, 20)), ("b7", Box(90, 0, 9, 20))]
    assert rows_of([*pieces, ("6", Box(10, 1, 9, 20))]) == ("6", "7", "8")
