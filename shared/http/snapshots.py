"""What an endpoint group does around a snapshot (Lambda SnapStart).

A snapshot is one initialised process that comes to life many times. What every life needs is made
before it is taken; what must differ between lives is made after. Ids and tokens come from the
operating system's randomness, which differs by itself.
"""

import importlib
import random

from fastapi import FastAPI

from shared.aws import make_clients
from shared.http.late import make_routes

_HOOKS = "snapshot_restore_py"


def prepare_for_snapshots(app: FastAPI) -> None:
    """Registers the hooks; does nothing where the runtime does not bring them along."""
    try:
        hooks = importlib.import_module(_HOOKS)
    except ImportError:
        return
    hooks.register_before_snapshot(make_routes, app)
    hooks.register_before_snapshot(make_clients)
    hooks.register_after_restore(random.seed)
