"""Sends one signed ping to a user's URL: `/accounts/webhook_test`."""
