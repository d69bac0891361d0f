"""The same answer on every CPU: this one and emulated ones work on the same pictures."""
