"""Writes when tokens were last used, apart from the requests themselves."""
