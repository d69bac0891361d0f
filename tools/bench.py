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


def main() -> int:
    """Train where the run is missing, export, measure; return the first exit code that is not 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", type=Path, default=RUN, help="a finished run of preset edge")
    parser.add_argument("pytest_options", nargs="*")
    arguments = parser.parse_args()
    run: Path = arguments.run
    if not (run / "run.json").is_file():
        _edge_mnist("train", "--data", "auto", "--epochs", "3", "--out", run, "--force")
    _edge_mnist("export", run, "-o", run / "float.onnx", "--force")
    _edge_mnist("export", run, "--quantize", "-o", run / "int8.onnx", "--force")
    parity = [sys.executable, "benchmarks/latency_parity.py", run]
    missed = subprocess.run(parity, check=False).returncode
    histograms = f"--benchmark-histogram={run / 'latency'}"
    suites = [BIN / "pytest", "benchmarks/test_latency.py", histograms, *arguments.pytest_options]
    variables = {**os.environ, "EDGE_MNIST_BENCH_RUN": str(run)}
    failed = subprocess.run(suites, check=False, env=variables).returncode
    return missed or failed


def _edge_mnist(*arguments: object) -> None:
    subprocess.run([BIN / "edge-mnist", *map(str, arguments)], check=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
