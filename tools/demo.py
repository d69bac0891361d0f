"""Train, export quantized, verify and predict in a few minutes.

Every step is a command of ``edge-mnist``, which is printed before it runs.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from edge_infer.errors import EdgeMnistError
from edge_train.data import load_dataset

DEMO: Final = Path("demo")
EDGE_MNIST: Final = Path(sys.executable).with_name("edge-mnist")
# Three epochs suffice on MNIST; on the UCI digits the trainer chooses the number.
EPOCHS: Final = {"mnist": "--epochs 3", "digits": ""}
# A briefly trained network has more pictures near a decision boundary, and of the 359 test
# pictures of the UCI digits one is 0.28 points: the usual limits of export would depend on one or
# two such pictures.
GATES: Final = {
    "mnist": "--min-agreement 99.8 --max-drop 0.1",
    "digits": "--min-agreement 98 --max-drop 2",
}


def main() -> None:
    """Run the commands in order; stop at the first that fails."""
    started_s = time.monotonic()
    shutil.rmtree(DEMO, ignore_errors=True)
    data = _which_data()
    gates = GATES[data]
    run, model, pictures = DEMO / "run", DEMO / "digits.onnx", DEMO / "pictures"
    for line in (
        f"train --data {data} {EPOCHS[data]} --out {run}",
        f"export {run} --quantize -o {model} {gates}",
        f"verify {run} {model} {gates}",
        f"samples --data {data} -o {pictures} --count 10",
        f"predict {pictures} --model {model}",
    ):
        print(f"\n$ edge-mnist {line}", flush=True)
        subprocess.run([EDGE_MNIST, *line.split()], check=True)
    print(f"\ndone in {time.monotonic() - started_s:.0f} s; everything is in {DEMO}/")


def _which_data() -> str:
    return load_dataset("auto", notify=lambda message: print(message, flush=True)).name


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
    except EdgeMnistError as error:
        sys.exit(f"error: {error.message}")
    except KeyboardInterrupt:
        sys.exit(130)
