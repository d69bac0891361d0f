"""Debian packages unpacked into a folder: no root, and the machine's own stay as they are.

The mirror is the one that this machine's apt uses. Its state, lists and cache are kept
apart, so that a foreign architecture can be asked for without being added to the system.
"""

from __future__ import annotations

import math
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_infer.errors import MissingExtraError, RunError

_KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_TIMEOUT_S: Final = 600


@dataclass(frozen=True)
class Debian:
    """Where packages come from.

    Attributes:
        mirror: Address of the archive.
        suite: Such as ``bookworm``.
        architecture: Of this machine, as Debian names it.
        ends_s: Of :func:`time.monotonic`: what is not here by then cannot be had.
    """

    mirror: str
    suite: str
    architecture: str
    ends_s: float = math.inf

    @classmethod
    def of_this_machine(cls, *, ends_s: float = math.inf) -> Debian:
        """Ask apt and the system.

        Args:
            ends_s: As the attribute.

        Raises:
            MissingExtraError: This is no Debian, or apt knows no mirror.
        """
        if not (shutil.which("apt-get") and shutil.which("dpkg-deb") and _KEYRING.is_file()):
            raise MissingExtraError("the emulators come from Debian's packages; this is no Debian")
        suite = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
        form = ("--format", "$(RELEASE) $(COMPONENT) $(SITE)", "Created-By: Packages")
        targets = [
            line.split() for line in run("apt-get", "indextargets", *form).stdout.splitlines()
        ]
        mirrors = [site for release, part, site in targets if (release, part) == (suite, "main")]
        if not mirrors:
            raise MissingExtraError(f"apt knows no mirror of Debian {suite}")
        architecture = run("dpkg", "--print-architecture").stdout.strip()
        return cls(mirrors[0], suite, architecture, ends_s)

    def fetch(self, *words: str) -> None:
        """Run a program that may need the network, for as long as there is time.

        Raises:
            RunError: It fails or takes too long.
        """
        run(*words, timeout_s=min(_TIMEOUT_S, self.ends_s - time.monotonic()))

    def unpack(self, packages: Sequence[str], folder: Path, *, architecture: str) -> None:
        """Fetch packages with all that they need, and unpack them; once is enough.

        Args:
            packages: Names.
            folder: Gets ``usr`` and so on.
            architecture: As Debian names it.

        Raises:
            RunError: The packages cannot be had.
        """

        def make(part: Path) -> None:
            state = part.with_name("apt")
            options = self._private_state(state, architecture)
            wanted = ("--yes", "--no-install-recommends", "--download-only", "install", *packages)
            for words in (("update",), wanted):
                self.fetch("apt-get", "--quiet=2", *options, *words)
            for package in sorted(state.glob("cache/archives/*.deb")):
                run("dpkg-deb", "--extract", str(package), str(part))
            # Where /lib and /usr/lib are one, the link belongs to no package.
            for link in ("lib", "lib64"):
                if not (part / link).exists() and (part / "usr" / link).is_dir():
                    (part / link).symlink_to(f"usr/{link}")

        make_once(folder, make)

    def _private_state(self, folder: Path, architecture: str) -> list[str]:
        """Lay out a state of apt's own for one architecture; return the options for it."""
        for name in ("lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        sources = folder / "sources.list"
        sources.write_text(f"deb [signed-by={_KEYRING}] {self.mirror} {self.suite} main\n")
        settings = {
            "APT::Architecture": architecture,
            "APT::Architectures::": architecture,
            "APT::Sandbox::User": "",
            "APT::Update::Error-Mode": "any",
            "Acquire::Retries": "2",
            "Acquire::http::Timeout": "20",
            "Acquire::https::Timeout": "20",
            "Debug::NoLocking": "1",
            "Dir::Cache": folder / "cache",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::Etc::sourcelist": sources,
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State": folder,
            "Dir::State::lists": folder / "lists",
            "Dir::State::status": folder / "status",
        }
        return [f"--option={name}={value}" for name, value in settings.items()]


def make_once(folder: Path, make: Callable[[Path], None]) -> None:
    """Make a folder that is not there yet, whole or not at all.

    Args:
        folder: To be made.
        make: Fills a folder with another name, which it makes itself.
    """
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        part = Path(name) / "part"
        make(part)
        try:
            part.rename(folder)
        except OSError:
            # Another process may have been quicker.
            if not folder.is_dir():
                raise


def run(*words: str, timeout_s: float = _TIMEOUT_S) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, without input.

    Raises:
        RunError: It fails, and the message ends with its last line; or it takes too long, which
            has the code ``late``; without time it is not started.
    """
    name = Path(words[0]).name
    try:
        if timeout_s <= 0:
            raise subprocess.TimeoutExpired(words, timeout_s)
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired as error:
        raise RunError(f"{name} took more than {max(0, timeout_s):.0f} s", code="late") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise RunError(f"{name} failed ({done.returncode}): {''.join(last)}")
    return done
