"""edge_bench.family: the model family's plan, its results, and the report of them."""
