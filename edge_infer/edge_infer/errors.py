"""All errors that a user can cause or meet, as one tree.

::

    EdgeMnistError
    ├── ImageError          a picture cannot be read or used
    ├── ModelError          a model file is foreign, damaged or inconsistent
    ├── DataError           training data are missing, damaged or unfit
    ├── RunError            a run folder is missing, incomplete or exists already
    ├── CameraError         a camera, video or stream cannot be opened or read
    ├── OutputError         a target cannot be written or already exists
    ├── VerificationError   an exported file differs from its Keras model by too much
    ├── MissingExtraError   an optional dependency is not installed
    └── UsageError          an option has an invalid value

A message states in one line what failed, what was expected, what was found and the remedy.
``code`` is a short stable word for programs.
"""

from __future__ import annotations


class EdgeMnistError(Exception):
    """Base of all errors raised on purpose.

    Attributes:
        code: Stable identifier such as ``"not_found"``; written into JSON output.
        message: One line for people.
    """

    default_code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code


class ImageError(EdgeMnistError):
    """A picture cannot be read or used.

    Codes: ``not_found``, ``is_directory``, ``unreadable``, ``empty`` (a source without
    pictures), ``empty_file``, ``not_an_image``, ``damaged``, ``too_large``,
    ``wrong_shape``, ``wrong_dtype``.
    """

    default_code = "bad_image"


class ModelError(EdgeMnistError):
    """A model file is foreign, damaged or inconsistent."""

    default_code = "bad_model"


class DataError(EdgeMnistError):
    """Training data are missing, damaged or unfit for training."""

    default_code = "bad_data"


class RunError(EdgeMnistError):
    """A run folder is missing, incomplete or exists already."""

    default_code = "bad_run"


class CameraError(EdgeMnistError):
    """A camera, video file or network stream cannot be opened or read."""

    default_code = "camera"


class OutputError(EdgeMnistError):
    """A target cannot be written, or exists and may not be replaced."""

    default_code = "output"


class VerificationError(EdgeMnistError):
    """An exported model differs from its Keras original by more than the gates allow."""

    default_code = "verification"


class MissingExtraError(EdgeMnistError):
    """An optional dependency is not installed; the message says which to install."""

    default_code = "missing_extra"


class UsageError(EdgeMnistError):
    """An option or argument has an invalid value; exit code 2."""

    default_code = "usage"
