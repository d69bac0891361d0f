"""edge_bench: measures models on a device, records and compares the runs, reports them."""
