"""The API's description for machines (`/openapi.json`) and for people (`/docs`).

Everything comes from our own origin: Swagger UI's files from the package
`fastapi-standalone-docs` in the web layer, the page and its script from `static/`.
"""

import gzip
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from shared.errors import NotFound
from shared.http import PageRoute

router = APIRouter(tags=["Docs"], route_class=PageRoute)

_HERE = Path(__file__).parent
_SWAGGER_UI = "fastapi_standalone_docs"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
}
_SWAGGER_FILES = {"swagger-ui-bundle.js", "swagger-ui.css"}
_OWN_FILES = {"start.js"}
_SECURITY_HEADERS = {
    # Swagger UI draws icons from data: URLs and sets style attributes.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}


@router.head("/openapi.json", include_in_schema=False)
@router.get("/openapi.json", summary="The whole API as one OpenAPI document")
async def openapi(request: Request) -> Response:
    """OpenAPI 3.1, of every endpoint group."""
    return _file(request, _HERE / "openapi.json", cached_s=60)


@router.head("/docs", include_in_schema=False)
@router.get(
    "/docs", summary=("The API's documentation, to read and to try"), response_class=HTMLResponse
)
async def docs(request: Request) -> Response:
    """Swagger UI over `/openapi.json`."""
    return _file(request, _HERE / "static" / "docs.html", cached_s=60)


@router.get("/docs/{name}", include_in_schema=False)
async def docs_file(request: Request, name: str) -> Response:
    """One of the page's files."""
    if name in _SWAGGER_FILES:
        return _file(request, _swagger_folder() / name, cached_s=86_400)
    if name in _OWN_FILES:
        return _file(request, _HERE / "static" / name, cached_s=60)
    raise NotFound("there is no such file", code="route_not_found")


def _file(request: Request, path: Path, *, cached_s: int) -> Response:
    headers = {**_SECURITY_HEADERS, "Cache-Control": f"public, max-age={cached_s}"}
    kind = _TYPES[path.suffix]
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(path.read_bytes(), media_type=kind, headers=headers)
    headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(_gzipped(path), media_type=kind, headers=headers)


@cache
def _gzipped(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=0)


@cache
def _swagger_folder() -> Path:
    spec = find_spec(_SWAGGER_UI)
    assert spec, "the web layer ships Swagger UI"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "static" / "swagger"
