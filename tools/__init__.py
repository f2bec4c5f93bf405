"""Programs of the repository that are not deployed."""
