"""Made-up records of runs of ``edge-mnist bench``, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

import numpy as np

from edge_bench.record import (
    Doubt,
    Host,
    MeasuredModel,
    Measurement,
    Ratio,
    Record,
    Runtime,
)

ROUNDS = 40
HOST = Host(
    cpu="Cortex-A76",
    instructions=("NEON", "dotprod"),
    architecture="aarch64",
    cores=4,
    governor="ondemand",
    temperature_c=None,
    throttled=None,
    memory_bytes=8_000_000_000,
    os="Linux 6.6",
    libc="glibc 2.36",
    python="3.11.2",
)
RUNTIME = Runtime(
    onnxruntime="1.23.0",
    opencv="4.12.0",
    numpy="2.2.0",
    provider="CPUExecutionProvider",
    threads=(1, 4),
    spinning=False,
    graph_level="ORT_ENABLE_ALL",
)


def measured_model(name: str = "edge", *, size_bytes: int = 64_000) -> MeasuredModel:
    return MeasuredModel(
        name=name,
        file=f"{name}.onnx",
        sha256=sha256(name.encode()).hexdigest(),
        size_bytes=size_bytes,
        opset=17,
        precision="int8",
        preset=name,
        accuracy_percent=99.65,
        metadata={},
    )


def measurement(
    median_ms: float = 0.05,
    *,
    scenario: str = "single",
    model: str = "edge",
    threads: int = 1,
    batch: int = 1,
    n: int = 2000,
    noise: float = 0.05,
    seed: int = 0,
    rounds_ms: Sequence[float] | None = None,
    parts: Mapping[str, float] | None = None,
) -> Measurement:
    """Make a measurement whose calls and rounds are log-normal around a median.

    Args:
        median_ms: Of the calls, and of the rounds unless ``rounds_ms`` tells them.
        scenario: Its name.
        model: Name of the model.
        threads: That shared out a batch.
        batch: Images a call.
        n: Number of calls.
        noise: Standard deviation of the logarithm of calls; of rounds a fifth of it.
        seed: Of the noise.
        rounds_ms: Medians of the rounds.
        parts: Further figures.
    """
    rng = np.random.default_rng(seed)
    calls_ms = median_ms * np.exp(noise * rng.standard_normal(n))
    drawn_ms = median_ms * np.exp(noise / 5 * rng.standard_normal(ROUNDS))
    quantiles_ms = np.percentile(calls_ms, np.arange(101)).tolist()
    return Measurement(
        scenario=scenario,
        model=model,
        threads=threads,
        batch=batch,
        n=n,
        mean_ms=float(calls_ms.mean()),
        sd_ms=float(calls_ms.std(ddof=1)) if n > 1 else 0.0,
        min_ms=quantiles_ms[0],
        p50_ms=median_ms,
        p90_ms=quantiles_ms[90] if n >= 20 else None,
        p95_ms=quantiles_ms[95] if n >= 100 else None,
        p99_ms=quantiles_ms[99] if n >= 500 else None,
        images_per_s=1000 * batch / median_ms,
        rss_steady_bytes=70_000_000,
        rss_peak_bytes=74_000_000,
        quantiles_ms=tuple(quantiles_ms),
        round_medians_ms=tuple(drawn_ms.tolist() if rounds_ms is None else rounds_ms),
        parts=parts or {},
    )


def record(*measurements: Measurement, doubts: tuple[Doubt, ...] = ()) -> Record:
    """Make a record of some measurements, with each of their models."""
    names = dict.fromkeys(one.model for one in measurements)
    return Record(
        created="2026-01-02T03:04:05+00:00",
        edge_mnist="0.1.0",
        command=("edge-mnist", "bench"),
        host=HOST,
        runtime=RUNTIME,
        models=tuple(measured_model(name) for name in names),
        measurements=measurements,
        doubts=doubts,
    )


def full_record(slower: float = 1.0, *, cpu: str = "Cortex-A76") -> Record:
    """Make a record of three models in every scenario, ``slower`` times as slow as it may be."""
    sizes = {"nano": 14_225, "edge": 64_046, "max": 449_458}
    speeds = {"nano": 0.021, "edge": 0.023, "max": 0.080}
    ones: list[Measurement] = []
    for at, (model, best_ms) in enumerate(speeds.items()):
        alone_ms = best_ms * slower
        ones.append(measurement(alone_ms, model=model, seed=at))
        ones += [
            measurement(
                alone_ms * batch**0.85 / threads**0.6,
                scenario="batch",
                model=model,
                threads=threads,
                batch=batch,
                seed=at,
            )
            for batch in (1, 8, 64, 512)
            for threads in (1, 4)
        ]
        ones.append(measurement(alone_ms + 0.4, scenario="image", model=model, seed=at))
        ones.append(
            measurement(
                300 * slower,
                scenario="cold",
                model=model,
                n=7,
                seed=at,
                parts={"import_ms": 212.5, "session_ms": 24.0, "first_run_ms": 1.25},
            )
        )
    made = record(*ones, doubts=(Doubt(code="governor", message="The governor is ondemand."),))
    ratios = tuple(
        Ratio(
            scenario="single",
            threads=1,
            batch=1,
            model=model,
            baseline="nano",
            ratio=speeds[model] / speeds["nano"],
            low=1.01,
            high=3.9,
        )
        for model in ("edge", "max")
    )
    accuracies = {"nano": 99.5, "edge": 99.65, "max": 99.66}
    models = tuple(
        replace(one, size_bytes=sizes[one.name], accuracy_percent=accuracies[one.name])
        for one in made.models
    )
    return replace(made, host=replace(HOST, cpu=cpu), ratios=ratios, models=models)
