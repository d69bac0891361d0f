"""edge_bench.reading: how well and how fast whole pages are read, beside other programs."""
