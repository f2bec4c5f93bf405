"""The product: one package per feature, shipped to every function as a layer."""
