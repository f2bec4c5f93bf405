"""What is stored of a user, in two layers: the log, which every function may load, and the lake,
which needs the analytics layer (decision 0031).
"""
