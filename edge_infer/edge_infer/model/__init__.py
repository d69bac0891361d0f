"""The model file: its contract, safety checks, inference, and the models that ship."""
