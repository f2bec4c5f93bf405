"""Writes the template as CloudFormation will see it, for tools that read templates.

`make check` has checkov read it: checkov knows neither YAML's merges nor what SAM adds.
"""

import json
import sys
from pathlib import Path

from tools.transformed import read_source, transformed


def main(target: str) -> None:
    """Write it to the file, as JSON."""
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(transformed(read_source()), indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
