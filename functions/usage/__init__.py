"""The endpoint group of usage: `/usage*`."""
