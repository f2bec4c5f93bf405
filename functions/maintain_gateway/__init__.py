"""Upkeep of the LLM gateway."""
