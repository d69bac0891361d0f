"""edge_analysis.evaluation.figures: pictures of a model, each with the sentence that it shows.

They need Matplotlib and seaborn, the extra ``report``; nothing here is imported before that
is known to be there.
"""
