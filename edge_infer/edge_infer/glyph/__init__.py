"""Pictures of one glyph: preprocessing to 28x28 tensors, and classification."""
