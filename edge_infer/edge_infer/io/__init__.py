"""Pictures and documents in, results out."""
