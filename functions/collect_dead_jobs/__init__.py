"""Turns messages that SQS gave up into dead jobs."""
