"""Passes over the graph of a network, a module each; ``edge_export.export`` lists their order."""
