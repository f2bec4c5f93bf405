"""Looks after jobs that are due."""
