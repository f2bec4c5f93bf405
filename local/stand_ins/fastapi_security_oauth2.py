"""In the place of `fastapi.security.oauth2`: no route has a security scheme of FastAPI's."""


class SecurityScopes:
    """What an endpoint would declare to be given its scopes."""

    def __init__(self, scopes: list[str] | None = None) -> None:
        self.scopes = scopes or []
        self.scope_str = " ".join(self.scopes)
