"""edge_synth: drawn handwriting. Strokes, digit forms, pages, degradations, negatives."""
