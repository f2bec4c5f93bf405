"""Measures the product: `make bench` writes a report and the tables of docs/performance.md."""
