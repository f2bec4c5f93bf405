"""Erases accounts that are to go, and ends what revocations left."""
