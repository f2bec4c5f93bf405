"""The endpoint group of accounts: `/accounts/*`."""
