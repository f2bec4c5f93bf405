"""Lets `python -m evalyard_runner` do what the `evalyard-runner` command does."""

import sys

from evalyard_runner.cli import main

if __name__ == "__main__":
    sys.exit(main())
