from __future__ import annotations

from pathlib import Path

import pytest

from edge_infer import environment


def test_variables_are_read_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (environment.VERBOSE, environment.DATA, environment.CACHE, environment.MIRRORS):
        monkeypatch.delenv(name, raising=False)
    assert not environment.is_verbose()
    assert environment.data_folder() is None
    assert environment.cache_folder() is None
    assert environment.mirrors() == ()

    monkeypatch.setenv(environment.DATA, "~/mnist")
    monkeypatch.setenv(environment.CACHE, "cache")
    monkeypatch.setenv(environment.MIRRORS, "http://a/, http://b/  http://c/")
    assert environment.data_folder() == Path.home() / "mnist"
    assert environment.cache_folder() == Path("cache")
    assert environment.mirrors() == ("http://a/", "http://b/", "http://c/")


def test_verbose_can_be_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(environment.VERBOSE, "")
    environment.set_verbose()
    assert environment.is_verbose()
