"""Entry points of the deployed functions, one folder each; they translate and decide nothing."""
