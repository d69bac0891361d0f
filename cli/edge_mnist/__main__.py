"""Entry point: turns errors into one line and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command line; never shows a traceback unless asked to by --verbose."""
    # Closed by the caller (`>&-`): what is printed is wanted by no one.
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - to the end
    try:
        from edge_mnist.app import app

        app(prog_name="edge-mnist")
    except KeyboardInterrupt:
        _fail("interrupted", EXIT_INTERRUPTED)
    except ImportError as error:
        from edge_mnist.extras import LIBGL_FIX

        if "libGL" not in str(error):
            raise
        _fail(LIBGL_FIX, EXIT_ERROR)
    except OSError as error:
        # What is known of a file is said by those who read and write it; what is left is
        # mostly standard output on a full disk.
        _fail(f"{error.strerror or error}", EXIT_ERROR)
    except Exception as error:
        # Imported here, not above: `--help` needs neither OpenCV nor onnxruntime.
        from edge_infer.errors import EdgeMnistError, UsageError

        if not isinstance(error, EdgeMnistError):
            raise
        _fail(error.message, EXIT_USAGE if isinstance(error, UsageError) else EXIT_ERROR)


def _fail(message: str, exit_code: int) -> None:
    from edge_mnist.console import ERR

    if os.environ.get("EDGE_MNIST_VERBOSE"):
        traceback.print_exc()
    ERR.print("[bold red]error:[/]", end=" ")
    ERR.print(message, markup=False)
    sys.exit(exit_code)


if __name__ == "__main__":
    main()
