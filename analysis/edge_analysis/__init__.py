"""edge_analysis: reports on models (``evaluate``) and on data sets (``explore``)."""
