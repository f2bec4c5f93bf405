"""`GET /` and the files that the page loads; for everybody, as they hold no data."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from functions.dashboard.site import PageFile, Site
from shared.config import read_settings
from shared.http import PageRoute, described, inline

router = APIRouter(tags=["Dashboard"], route_class=PageRoute)

_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Accept-Encoding",
}
BUILT = Path(__file__).parent / "static"
# The page is asked for again each time; what it names has its content's digest in its name.
_ALWAYS_ASK = "no-cache"
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Settings:
    """Where the LLM gateway is: an address, or `/` where it has the page's own."""

    gateway_url: str


@cache
def site() -> Site:
    """The build in the folder of this module."""
    return Site(BUILT)


Files = Annotated[Site, inline(site)]


@router.head("/", include_in_schema=False)
@router.get(
    "/",
    summary="The dashboard",
    response_class=HTMLResponse,
    responses=described(404, "This deployment has no dashboard (`dashboard_not_built`)."),
)
async def index(request: Request, files: Files) -> Response:
    """The web app: overview, datasets, comparisons, a playground, jobs, dead letters, devices. The
    page asks for a user token and calls this API with it; for the LLM gateway it makes an API key.
    """
    return _answer(files, files.index(_accepted(request)), _ALWAYS_ASK)


@router.get("/assets/site.json", include_in_schema=False)
async def settings() -> JSONResponse:
    """What the page has to know of this deployment."""
    document = {"gateway_url": read_settings(Settings).gateway_url}
    return JSONResponse(document, headers={"Cache-Control": _ALWAYS_ASK})


@router.head("/assets/{name}", include_in_schema=False)
@router.get("/assets/{name}", include_in_schema=False)
async def asset(request: Request, name: str, files: Files) -> Response:
    """One of the page's files."""
    return _answer(files, files.asset(name, _accepted(request)), _FOR_EVER)


def _accepted(request: Request) -> list[str]:
    """The encodings that the client takes; `;q=0` refuses one."""
    parts = request.headers.get("accept-encoding", "").lower().split(",")
    encodings = [part.strip().partition(";") for part in parts]
    return [name.strip() for name, _, quality in encodings if quality.strip() not in _REFUSED]


_REFUSED = {"q=0", "q=0.0", "q=0.00", "q=0.000"}


def _policy(files: Site) -> str:
    """The page needs nothing but its own files, this very API and the gateway.

    A script in the page itself is allowed by its digest, so that no other one is.
    """
    scripts = "".join(f" '{digest}'" for digest in files.script_digests)
    address = urlsplit(read_settings(Settings).gateway_url)
    gateway = f" {address.scheme}://{address.netloc}" if address.netloc else ""
    return (
        f"default-src 'none'; script-src 'self'{scripts}; "
        "style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self'{gateway}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _answer(files: Site, file: PageFile, caching: str) -> Response:
    headers = {**_HEADERS, "Content-Security-Policy": _policy(files), "Cache-Control": caching}
    if file.encoding:
        headers["Content-Encoding"] = file.encoding
    return Response(file.body, media_type=file.media_type, headers=headers)
