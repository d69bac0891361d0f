"""edge_bench: measuring what the runtime costs beside what it came from."""

from edge_bench.interleaved import Timing, time_interleaved

__all__ = ["Timing", "time_interleaved"]
