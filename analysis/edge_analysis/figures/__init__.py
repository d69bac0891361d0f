"""edge_analysis.figures: one module per kind of figure, drawn by Matplotlib.

The functions return a ``matplotlib.figure.Figure`` in the colours of the report page.
"""
