"""Which cameras this machine has, for messages and for choosing one."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2

# Where the kernel does not list cameras, so many indices are tried.
PROBED_INDICES: Final = 4
_SYSFS: Final = Path("/sys/class/video4linux")
_DEVICES: Final = Path("/dev")


@dataclass(frozen=True, order=True)
class FoundCamera:
    """A camera: the index that opens it, and what it calls itself ("" if unknown)."""

    index: int
    name: str

    def __str__(self) -> str:
        return f"{self.index} ({self.name})" if self.name else str(self.index)


def list_cameras() -> tuple[FoundCamera, ...]:
    """List the cameras of this machine by index.

    On Linux the kernel's list is read and no camera is opened; elsewhere the first few
    indices are opened in turn, which may take a second each and light their lamps.
    """
    if sys.platform.startswith("linux"):
        return _kernel_cameras(_SYSFS, _DEVICES)
    return tuple(FoundCamera(index, "") for index in range(PROBED_INDICES) if _opens(index))


def _kernel_cameras(sysfs: Path, devices: Path) -> tuple[FoundCamera, ...]:
    cameras: list[FoundCamera] = []
    for device in devices.glob("video*"):
        number = device.name.removeprefix("video")
        node = sysfs / device.name
        # A camera has several nodes; those after its first carry metadata, not pictures.
        if number.isdecimal() and _text(node / "index") in {"", "0"}:
            cameras.append(FoundCamera(int(number), _text(node / "name")))
    return tuple(sorted(cameras))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _opens(index: int) -> bool:
    capture = cv2.VideoCapture(index)
    try:
        return capture.isOpened()
    finally:
        capture.release()
