"""The comparison as a page of Markdown, the mark and what was left out included."""

from __future__ import annotations

from collections.abc import Sequence

from edge_bench.family.markdown import NOTHING, percent, table
from edge_bench.peers.results import OURS, RIVAL, Latency, PeerResult, PeerResults
from edge_bench.peers.stacks import BATCHES

_FORMS = {"predict": "`predict`", "compiled": "`tf.function`"}


def write_report(results: PeerResults) -> str:
    """Write all that was measured."""
    threads = sorted({each.threads for peer in results.peers for each in peer.latencies})
    lines = [
        "# Beside what people would use instead",
        "",
        f"Made by `{results.command}` on {results.machine}, {results.measured_at[:10]}.",
        "",
        f"One trained network, `{results.preset}` ({results.parameters:,} parameters), in every "
        "runtime: from uint8 images (n, 28, 28) in memory to float32 probabilities in memory. A "
        "process each, asked in turns for some 20 ms of calls, all on the same cores; medians, "
        "and beside them how many times as long as `Classifier` int8 takes, with the 95 % "
        "interval of that ratio (bootstrap over turns).",
        "",
    ]
    for count in threads:
        lines += [f"## {'One thread' if count == 1 else f'{count} threads'}", ""]
        lines += _latency_table(results.peers, count)
    lines += mark_lines(results)
    lines += ["## Room and start", "", *_footprint_table(results.peers)]
    lines += _page_lines(results)
    if results.absent:
        lines += ["## Left out", "", *(f"- {line}" for line in results.absent), ""]
    return "\n".join(lines)


def mark_lines(results: PeerResults) -> list[str]:
    """Say whether ``Classifier`` is no slower than LiteRT at equal accuracy, on one thread."""
    ours, rival = results.find(OURS), results.find(RIVAL)
    if ours is None or rival is None:
        return []
    lines = [
        "The mark: at equal accuracy, `Classifier` int8 on one thread no slower than LiteRT int8. "
        f"Accuracy: {percent(ours.accuracy.fraction)} and {percent(rival.accuracy.fraction)}.",
        "",
    ]
    for batch in BATCHES:
        latency = rival.latency(1, batch)
        if latency is not None:
            images = "one image" if batch == 1 else f"{batch} images"
            lines.append(f"- {images}: LiteRT takes {_ratio(latency)}, {_verdict(latency)}")
    return [*lines, ""]


def _verdict(latency: Latency) -> str:
    if latency.low >= 1:
        return "met"
    if latency.high < 1:
        return f"missed: `Classifier` takes {1 / latency.ratio:.2f} times as long"
    return "level within the interval"


def _latency_table(peers: Sequence[PeerResult], threads: int) -> list[str]:
    headings = ["runtime", "accuracy", "unlike Keras"]
    for batch in BATCHES:
        headings += ["one image" if batch == 1 else f"an image of {batch}", "x ours"]
    rows: list[list[str]] = []
    for peer in peers:
        cells = [_name(peer), percent(peer.accuracy.fraction)]
        cells.append(NOTHING if peer.changed is None else f"{peer.changed:,}")
        for batch in BATCHES:
            latency = peer.latency(threads, batch)
            cells += [NOTHING, NOTHING] if latency is None else [_time(latency), _ratio(latency)]
        rows.append(cells)
    return table(headings, rows)


def _footprint_table(peers: Sequence[PeerResult]) -> list[str]:
    stacks = {peer.stack: peer for peer in peers}
    rows = [
        (
            f"{peer.name} {peer.version}",
            f"{peer.installed_bytes / 1e6:,.0f} MB",
            f"{peer.import_ms:,.0f} ms",
        )
        for peer in stacks.values()
    ]
    return [
        "Installed size is that of the wheels with all that they require; `Classifier` contains "
        "OpenCV, with which it reads pictures, where the others have nothing to read them with.",
        "",
        *table(("runtime", "installed", "import"), rows),
    ]


def _page_lines(results: PeerResults) -> list[str]:
    pages = results.pages
    if not pages:
        return []
    rows = [
        (
            reader["name"],
            percent(reader["summary"]["error_rate"]),
            f"{reader['summary']['exact']}/{reader['summary']['pages']}",
            f"{_short(reader['summary']['p50_ms'])} ms",
        )
        for reader in pages["readers"]
    ]
    return [
        "## Pages",
        "",
        f"`PageReader` beside Tesseract and RapidOCR, by `{pages['command']}` on "
        f"{pages['machine']}, {pages['measured_at'][:10]}; more in [reading.md](reading.md).",
        "",
        *table(("program", "character error rate", "pages exact", "a page, median"), rows),
    ]


def _name(peer: PeerResult) -> str:
    return f"{peer.name}, {_FORMS.get(peer.form, peer.form)}"


def _time(latency: Latency) -> str:
    time_us = latency.p50_us / latency.batch
    return f"{time_us:,.1f} µs" if time_us < 1000 else f"{time_us / 1000:,.1f} ms"


def _ratio(latency: Latency) -> str:
    ratio = f"{latency.ratio:.2f}" if latency.ratio < 10 else _short(latency.ratio)
    if latency.low == latency.high:
        return ratio
    low, high = (
        f"{bound:.2f}" if latency.ratio < 10 else _short(bound)
        for bound in (latency.low, latency.high)
    )
    return f"{ratio} ({low}-{high})"


def _short(value: float) -> str:
    """Write three digits, all of those before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
