"""The floor of a function with routes that calls AWS: it imports what that cannot do without."""

import botocore.session  # noqa: F401  Importing it is what is measured.
import fastapi  # noqa: F401  Importing it is what is measured.
import mangum  # noqa: F401  Importing it is what is measured.


def lambda_handler(event: object, context: object) -> dict[str, int]:
    """Answer at once."""
    del event, context
    return {"statusCode": 200}
