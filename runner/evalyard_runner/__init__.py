"""The device runner: pulls jobs, runs them on a real model, reports what it measured.

It knows Evalyard's HTTP contract and SQS, and nothing of the server's code.
"""

__version__ = "0.1.0"
