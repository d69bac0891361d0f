"""The same trained network in the runtimes that people would use instead, side by side."""
