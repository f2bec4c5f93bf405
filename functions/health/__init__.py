"""The ways in that need no credential: ping, health, the API's description."""
