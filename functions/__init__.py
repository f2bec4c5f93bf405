"""Entry points of the deployed functions, one folder each; they translate and decide nothing."""

import gc

# Importing makes up to a hundred thousand objects that stay. With the thresholds that Python starts
# with, the collector goes through all of them again and again meanwhile, and finds nothing.
gc.set_threshold(150_000, 20, 20)
