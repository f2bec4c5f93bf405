"""Writes when tokens were last used, beside the way of requests."""
