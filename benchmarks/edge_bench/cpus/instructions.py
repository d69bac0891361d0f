"""Instructions of one inference on an emulated CPU: a cost that no busy machine changes.

QEMU counts them through a small plugin that is compiled here; without a C compiler they
stay unknown. They say how much there is to do, not how long it takes: a Cortex-A53 does
fewer in a cycle than a Cortex-A76.
"""

from __future__ import annotations

import re
import shutil
import statistics
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Final

from edge_bench.cpus.answers import INFERENCES
from edge_bench.cpus.debian import run
from edge_bench.cpus.emulated import Emulators
from edge_infer.errors import MissingExtraError, RunError
from edge_infer.io.atomic import atomic_path
from edge_infer.model.shipped import shipped_models

_SOURCE: Final = Path(__file__).with_name("count_instructions.c")
_MARK: Final = re.compile(r"^instructions so far: (\d+)$", re.MULTILINE)
# QEMU 9 takes plugins of version 2 and later; what is used here did not change.
_SECOND_API: Final = 9


def build_counter(emulators: Emulators) -> Path:
    """Compile the plugin for QEMU as it was fetched, into its cache.

    Raises:
        MissingExtraError: There is no C compiler.
        RunError: It fails, or this QEMU takes no plugins.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise MissingExtraError("there is no C compiler (cc)")
    plugin = emulators.cache / "count_instructions.so"
    # It tells its version when it has understood what stands before.
    version = run(*emulators.qemu("aarch64"), "-plugin", str(plugin), "-version").stdout
    major = int(version.split("version ")[1].split(".")[0])
    options = ("-shared", "-fPIC", "-O2", f"-DAPI_VERSION={2 if major >= _SECOND_API else 1}")
    with atomic_path(plugin) as part:
        run(compiler, *options, "-o", str(part), str(_SOURCE))
    return plugin


def count_instructions(run_marked: Callable[[], str]) -> dict[str, int]:
    """Count the instructions of ``Classifier.probabilities`` on one image.

    Args:
        run_marked: Runs ``answers --count`` under the plugin; returns its standard error.

    Returns:
        By shipped model, the median over some inferences.

    Raises:
        RunError: The plugin did not count.
    """
    marks = [int(count) for count in _MARK.findall(run_marked())]
    models = shipped_models()
    if len(marks) != 2 * (1 + INFERENCES * len(models)):
        raise RunError(f"the counter told of {len(marks)} marks")
    empty, *stretches = [end - begin for begin, end in pairwise(marks)][::2]
    return {
        name: round(statistics.median(stretches[first : first + INFERENCES])) - empty
        for name, first in zip(models, range(0, len(stretches), INFERENCES), strict=True)
    }
