"""`mcp`: tools for models that use tools, by the Model Context Protocol."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import click

from evalyard.aio import AsyncEvalyard
from evalyard.cli.session import Session
from evalyard.errors import ConfigurationError


@click.command()
@click.option("--write", is_flag=True, help="Also offer to run prompts and to push files.")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    show_default="this folder",
    help="With --write: files are pushed from below it only.",
)
@click.pass_obj
def mcp(session: Session, write: bool, folder: Path) -> None:
    """Serve tools to an MCP client on stdin and stdout; read-only without --write.

    Devices, usage, compare, baselines, gate and jobs; with --write also running a prompt and
    pushing a file. Needs the extra: pip install 'evalyard[mcp]'. A token of scope read is enough
    without --write.

    \b
    evalyard mcp --profile lab
    evalyard mcp --write --folder ./results
    """
    if find_spec("mcp") is None:
        raise ConfigurationError("the MCP SDK is missing: pip install 'evalyard[mcp]'")
    said = session.options
    ev = AsyncEvalyard(said.get("url"), said.get("token"), profile=said.get("profile"))
    if sys.stdin.isatty():
        session.warn("this speaks MCP on stdin and stdout, and is started by an MCP client")
    # Imported here: pydantic and the SDK take a second.
    from evalyard.cli.mcp_server import serve

    serve(ev, folder if write else None)
