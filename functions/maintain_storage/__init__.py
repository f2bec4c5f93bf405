"""Scheduled upkeep of the storage."""
