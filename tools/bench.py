"""Compare the latency with Keras, then run the pytest-benchmark suites, on one trained network.

The run is trained once, in runs/bench, and reused; ``--run`` names another one. Histograms are
written into the run folder. Options after ``--`` go to pytest.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent
RUN = Path("runs/bench")
SUITES = "benchmarks"


def main() -> int:
    """Train where the run is missing, export, measure; return the first exit code that is not 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", type=Path, default=RUN, help="a finished run of preset edge")
    parser.add_argument("pytest_options", nargs="*")
    arguments = parser.parse_args()
    run: Path = arguments.run
    if not (run / "run.json").is_file():
        _edge_mnist("train", "--data", "auto", "--epochs", "3", "--out", run, "--force")
    float_file, int8_file = run / "float.onnx", run / "int8.onnx"
    _edge_mnist("export", run, "-o", float_file, "--force")
    _edge_mnist("export", run, "--quantize", "-o", int8_file, "--force")
    parity = [sys.executable, "-m", "edge_bench.latency_parity", run, float_file, int8_file]
    missed = subprocess.run(parity, check=False).returncode
    histograms = f"--benchmark-histogram={run / 'latency'}"
    suites = [BIN / "pytest", SUITES, histograms, *arguments.pytest_options]
    failed = subprocess.run(
        suites, check=False, env={**os.environ, "EDGE_MNIST_BENCH_RUN": str(run)}
    ).returncode
    return missed or failed


def _edge_mnist(*arguments: object) -> None:
    subprocess.run([BIN / "edge-mnist", *map(str, arguments)], check=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
