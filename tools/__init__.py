"""Programs of the repository that are not deployed: what is generated, checked, released."""
