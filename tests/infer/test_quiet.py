"""Keeping C libraries off the terminal."""

import os
import subprocess
import sys

from edge_infer.quiet import discard_native_stderr

PROGRAM = """
import os, sys
from edge_infer.quiet import discard_native_stderr
os.write(2, b"native before\\n")
with discard_native_stderr():
    os.write(2, b"native within\\n")
    print("python within \\udcff", file=sys.stderr)
os.write(2, b"native after\\n")
print("python after", file=sys.stderr)
"""


def test_native_lines_vanish_and_pythons_stay() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)
    assert ran.stderr.decode().splitlines() == [
        "native before",
        "python within \\udcff",
        "native after",
        "python after",
    ]


def test_descriptor_is_put_back_after_an_error(capfd) -> None:
    open_before = len(os.listdir("/proc/self/fd"))
    stderr = sys.stderr
    try:
        with discard_native_stderr():
            os.write(2, b"within")
            raise KeyError
    except KeyError:
        os.write(2, b"after")
    assert sys.stderr is stderr
    assert capfd.readouterr().err == "after"
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_process_without_stderr_is_served() -> None:
    program = """
import os
from edge_infer.quiet import discard_native_stderr
os.close(2)
with discard_native_stderr():
    print("done")
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert ran.stdout == b"done\n"
