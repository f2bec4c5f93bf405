"""In the place of `pydantic.v1`: FastAPI imports all of it to say that a model is none of these."""


class BaseModel:
    """No model of ours is one of these."""
