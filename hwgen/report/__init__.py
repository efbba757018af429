"""Self-contained HTML pages of runs and of benchmark results: no network, no script."""
