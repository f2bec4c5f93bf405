"""What a dataset may be called."""

import re

from shared.errors import Unacceptable

DATASET_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
_NAME = re.compile(DATASET_NAME)


def check_dataset_name(name: str) -> str:
    """The name itself. Raises Unacceptable (`invalid_dataset_name`)."""
    if not _NAME.fullmatch(name):
        raise Unacceptable(
            "a dataset name has 1 to 128 letters, digits, '.', '_' or '-' and begins with a "
            "letter or digit",
            code="invalid_dataset_name",
        )
    return name
