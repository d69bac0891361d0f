"""Where results go."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge_mnist import results_view
from edge_mnist.results_view import format_by_suffix, with_progress


@pytest.mark.parametrize(
    ("output", "name"),
    [("a.jsonl", "jsonl"), ("a.NDJSON", "jsonl"), ("a.csv", "csv"), ("a.txt", None), (None, None)],
)
def test_suffix_names_the_format(output: str | None, name: str | None) -> None:
    assert format_by_suffix(Path(output) if output else None) == name


class Bar:
    """A progress bar that remembers what it showed."""

    def __init__(self) -> None:
        self.shown: list[int] = []

    @contextmanager
    def __call__(self) -> Iterator["Bar"]:
        yield self

    def add_task(self, description: str, **_: object) -> int:
        assert description == "reading"
        return 1

    def update(self, _: int, *, completed: int) -> None:
        self.shown.append(completed)


@pytest.mark.parametrize(("after_s", "hidden"), [(0.0, False), (60.0, False), (0.0, True)])
def test_progress_shows_only_when_it_takes_long(monkeypatch, after_s: float, hidden: bool) -> None:
    bar = Bar()
    monkeypatch.setattr(results_view, "progress_bar", bar)
    monkeypatch.setattr(results_view, "_PROGRESS_AFTER_S", after_s)
    monkeypatch.setattr(results_view, "_PROGRESS_EVERY_S", 0.0)
    assert list(with_progress("abc", "reading", hidden=hidden)) == list("abc")
    assert bar.shown == ([1, 2, 3] if after_s == 0 and not hidden else [])
