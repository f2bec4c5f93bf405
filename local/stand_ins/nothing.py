"""In the place of a package that imports all of its modules."""
