"""Delivers signed callbacks."""
