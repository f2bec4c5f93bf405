"""Names of models, as administrators and devices send them."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

MAX_MODEL_NAMES_BYTES = 32 * 2**10
ModelName = Annotated[str, Field(min_length=1, max_length=256)]


def _check_names(names: list[str]) -> list[str]:
    """A device, and a list of devices, must fit what holds them."""
    size = sum(len(name.encode()) for name in names)
    if size > MAX_MODEL_NAMES_BYTES:
        raise PydanticCustomError(
            "models_too_large",
            "the models' names may have {limit} bytes together, these have {size}",
            {"limit": MAX_MODEL_NAMES_BYTES, "size": size},
        )
    return names


ModelNames = Annotated[list[ModelName], Field(max_length=256), AfterValidator(_check_names)]
