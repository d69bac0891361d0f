"""Entry point: errors become one line and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import NoReturn

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command line; tracebacks are printed with --verbose only."""
    # None if the caller has closed stdout (`>&-`): the output is discarded.
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - to the end
    try:
        from edge_mnist.app import app

        app(prog_name="edge-mnist")
    except KeyboardInterrupt:
        _fail("interrupted", EXIT_INTERRUPTED)
    except ImportError as error:
        from edge_mnist.startup import LIBGL_FIX

        if "libGL" not in str(error):
            raise
        _fail(LIBGL_FIX, EXIT_ERROR)
    except OSError as error:
        # Readers and writers of files raise errors of their own, so this is mostly a full disk
        # under stdout. The bytes that are still buffered would fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _fail(f"{error.strerror or error}", EXIT_ERROR)
    except Exception as error:
        from edge_infer.errors import EdgeMnistError, UsageError

        if not isinstance(error, EdgeMnistError):
            raise
        _fail(error.message, EXIT_USAGE if isinstance(error, UsageError) else EXIT_ERROR)


def _fail(message: str, exit_code: int) -> NoReturn:
    from edge_infer.environment import is_verbose
    from edge_mnist.terminal import ERR

    if is_verbose():
        traceback.print_exc()
    ERR.print("[bold red]error:[/]", end=" ")
    ERR.print(message, markup=False)
    sys.exit(exit_code)


if __name__ == "__main__":
    main()
