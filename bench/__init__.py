"""The benchmark: `python -m bench`. It starts its own servers and measures the real API beside two comparisons."""
