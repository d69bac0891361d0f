"""What others claim, and what this project set out to reach: the figures that are not ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Claim:
    """Accuracy that the author of a network states.

    Attributes:
        preset: Our preset of that network.
        part: ``train``, ``validation`` or ``test``.
        percent: As stated, with its decimals.
    """

    preset: str
    part: str
    percent: str


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a network of our own is to reach.

    Attributes:
        preset: Its name.
        max_bytes: Of the int8 file.
        accuracy: In 0-1, mean over seeds of the int8 files on the test images.
        aim_bytes: What was hoped for beyond.
        aim_accuracy: What was hoped for beyond.
    """

    preset: str
    max_bytes: int
    accuracy: float
    aim_bytes: int | None = None
    aim_accuracy: float | None = None


SOURCES: Final = ("walkthrough", "adadelta", "regularized", "dropout", "custom")
CLAIMS: Final = (
    Claim("adadelta", "train", "91.58"),
    Claim("adadelta", "validation", "94.04"),
    Claim("adadelta", "test", "92.40"),
    Claim("regularized", "train", "98.5"),
    Claim("regularized", "validation", "98"),
    Claim("regularized", "test", "98"),
    Claim("dropout", "test", "99"),
    Claim("custom", "test", "99.19"),
)
# "About two minutes on a CPU", and where its author saw most confusions.
DROPOUT: Final = "dropout"
DROPOUT_TIME_S: Final = 120.0
DROPOUT_CONFUSIONS: Final = (("4", "9"), ("7", "9"))

TARGETS: Final = (
    Target(preset="nano", max_bytes=16_000, accuracy=0.9945, aim_bytes=11_000, aim_accuracy=0.9955),
    Target(preset="edge", max_bytes=80_000, accuracy=0.9970),
    Target(preset="max", max_bytes=1_500_000, accuracy=0.9978),
)
MAX_CALIBRATION_ERROR: Final = 0.005

# The best claim of the five, and a share of the time that ten epochs of `dropout` take.
FAST: Final = "edge-fast"
FAST_ACCURACY: Final = 0.9919
FAST_TIME_SHARE: Final = 0.5
FAST_BESIDE_EPOCHS: Final = 10

MARKS: Final = (
    ("BitNetMCU, in its own format", "11.0 kB", "99.55 %"),
    ("ONNX model zoo, MNIST-12-int8", "11 kB", "98.9 %"),
    (
        "a plain Keras CNN of 327,242 parameters, mean of 1,500 runs",
        "1.3 MB",
        "99.641 ± 0.047 %",
    ),
    ("fifteen of those nets voting", "fifteen times that", "99.745 ± 0.020 %"),
)
