"""Modules of the web layer that a function never uses, reduced to the names that others import.

They replace the originals in the built layer only (`local/pruning.py`): tests, and what writes the
API's description, use the originals. docs/decisions/0082-what-a-cold-start-imports.md
"""
