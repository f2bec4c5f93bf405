"""`python -m local.emulator`, started by `local.cloud` with the interpreter that has MiniStack."""

import argparse
from pathlib import Path

from local.emulator.server import serve

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m local.emulator")
    for name in ("state", "objects", "memory", "disk"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    serve(**vars(parser.parse_args()))
