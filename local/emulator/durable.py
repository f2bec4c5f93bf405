"""Loads MiniStack's state from snapshot and journal when it starts, and keeps both up to date."""

import asyncio
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from local.emulator.journal import Checkpoint, Journal, Operation
from local.emulator.queues import Queues
from local.emulator.requests import may_change
from local.emulator.snapshots import NotSaved, Snapshots
from local.emulator.tables import Tables

# A log this long, and longer than what it changes, is replaced by a checkpoint.
CHECKPOINT_BYTES = 16 * 1024**2
# Snapshots wait for quiet, though not for ever.
_QUIET_S = 0.5
_AT_MOST_S = 5.0
_TICK_S = 0.25
_SYNC_EVERY_S = 1.0
# How long a checkpoint holds up requests at a time.
_SLICE_S = 0.005
_TABLE_KINDS = ("item", "item-gone", "table-emptied", "table")
_log = logging.getLogger("evalyard")


class Durable:
    """One MiniStack's state on disk."""

    def __init__(self, app: Any, state: Path, end_functions: Callable[[], None]) -> None:
        self._app = app
        self._end_functions = end_functions
        self._lambda = app._get_module("lambda_svc")
        self._journal = Journal(state / "journal")
        self._snapshots = Snapshots(state)
        self._tables = Tables(app._get_module("dynamodb"), self._journal)
        self._queues = Queues(app._get_module("sqs"), self._journal)
        self._code: set[str] = set()
        self._changed_at: float | None = None
        self._first_changed_at = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._dirty = state / "running"
        self.after_crash = self._dirty.exists()

    def attach(self) -> None:
        """Takes the places of what MiniStack loads and saves with."""
        self._tables.take_over()
        self._queues.take_over()
        # Code goes only after the state that no longer names it was saved.
        self._lambda._prune_orphan_code_blobs = self._note_code
        read = self._app.load_state
        self._app.load_state = lambda service: self._snapshots.restored(read(service))
        self._app._load_persisted_state = self._loading(self._app._load_persisted_state)
        self._app.save_all = lambda _services: self._end()

    def seen(self, scope: Any) -> None:
        """A request was answered; what may have changed the stack is saved once it is quiet."""
        if may_change(scope):
            now = time.monotonic()
            if self._changed_at is None:
                self._first_changed_at = now
            self._changed_at = now

    # ---------------------------------------------------------------------------------- loading

    def _loading(self, original: Callable[[], None]) -> Callable[[], None]:
        def load() -> None:
            self._point_at(self._snapshots.folder)
            # Functions must not be handed messages before all of them are back.
            start_polling = self._lambda._ensure_poller
            self._lambda._ensure_poller = lambda: None
            original()
            self._recover()
            self._lambda._ensure_poller = start_polling
            if self._lambda._esms.has_any():
                start_polling()
            self._watch()

        return load

    def _recover(self) -> None:
        began = time.monotonic()
        generation = self._snapshots.generation
        self._tables.generation = self._queues.generation = generation
        repeated = self._journal.recover(lambda operation: self._apply(operation, generation))
        if repeated:
            self._tables.recovered()
            self._queues.recovered()
        else:
            self._write_checkpoint_at_once()
        self._tables.begin()
        self._queues.begin(self._consumed_here())
        self._dirty.touch()
        if self._snapshots.outdated:
            self._save_or_warn()
        _log.info("state recovered in %.2f s", time.monotonic() - began)

    def _apply(self, operation: Operation, generation: int) -> None:
        part = self._tables if operation[0] in _TABLE_KINDS else self._queues
        part.apply(operation, generation)

    def _consumed_here(self) -> set[str]:
        mappings = self._lambda._esms.all_values()
        return {each["EventSourceArn"] for each in mappings if "EventSourceArn" in each}

    # ----------------------------------------------------------------------------------- saving

    async def keep(self) -> bool:
        """Saves the stack now; False while a stack operation is under way."""
        # Functions that were just deployed become active a moment later.
        deadline = time.monotonic() + _AT_MOST_S
        while self._unsettled() and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        while True:
            try:
                return self._save()
            except NotSaved:
                # Something changed while it was read, which threads of MiniStack do.
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.1)

    def _save(self) -> bool:
        if self._operation_under_way():
            return False
        self._changed_at = None
        number = self._snapshots.save(
            self._app._build_persistence_save_dict(), self._write, lambda: self._code
        )
        self._tables.saved(number)
        self._queues.saved(number)
        return True

    def _save_or_warn(self) -> None:
        try:
            self._save()
        except (NotSaved, OSError) as exc:
            self.seen({"method": "POST", "path": "/", "headers": []})
            _log.warning("the stack was not saved, and will be tried again: %s", exc)

    def _write(self, folder: Path, name: str, content: Any) -> None:
        from ministack.core import persistence

        self._point_at(folder)
        persistence.save_state(name, content)

    def _point_at(self, folder: Path) -> None:
        from ministack.core import persistence

        persistence.STATE_DIR = str(folder)

    def _note_code(self, in_use: set[str]) -> None:
        self._code = set(in_use)

    def _operation_under_way(self) -> bool:
        # Importing it takes a second, and without it there is no stack.
        loaded = sys.modules.get("ministack.services.cloudformation")
        stacks = loaded._stacks.all_values() if loaded else []
        states = [each.get("StackStatus", "") for each in stacks]
        return any(s.endswith("_IN_PROGRESS") and s != "REVIEW_IN_PROGRESS" for s in states)

    def _unsettled(self) -> bool:
        functions = self._lambda._functions.all_values()
        return any(
            each.get("config", {}).get("State") == "Pending"
            or each.get("config", {}).get("LastUpdateStatus") == "InProgress"
            for each in functions
        )

    # --------------------------------------------------------------------------------- watching

    def _watch(self) -> None:
        for work in (self._save_when_quiet, self._sync, self._checkpoint_when_long):
            task = asyncio.get_running_loop().create_task(_for_ever(work))
            self._tasks.add(task)

    async def _save_when_quiet(self) -> None:
        await asyncio.sleep(_TICK_S)
        if self._changed_at is None:
            return
        now = time.monotonic()
        if now - self._changed_at > _QUIET_S or now - self._first_changed_at > _AT_MOST_S:
            self._save_or_warn()

    async def _sync(self) -> None:
        await asyncio.sleep(_SYNC_EVERY_S)
        await asyncio.to_thread(self._journal.sync)

    async def _checkpoint_when_long(self) -> None:
        await asyncio.sleep(_TICK_S)
        if self._journal.log_bytes < max(CHECKPOINT_BYTES, self._journal.base_bytes):
            return
        # A checkpoint names no table or queue that a deployment makes meanwhile.
        if self._operation_under_way():
            return
        began = time.monotonic()
        checkpoint = self._journal.checkpoint()
        try:
            await self._fill(checkpoint)
            await asyncio.to_thread(checkpoint.finish)
        except BaseException:
            checkpoint.abandon()
            raise
        size, took = self._journal.base_bytes, time.monotonic() - began
        _log.info("checkpoint of %d bytes in %.1f s", size, took)

    async def _fill(self, checkpoint: Checkpoint) -> None:
        """Writes everything, a little at a time: requests go on meanwhile."""
        slice_began = time.monotonic()
        for part in (self._tables, self._queues):
            for operations in part.operations():
                checkpoint.write(operations)
                if time.monotonic() - slice_began > _SLICE_S:
                    await asyncio.sleep(0)
                    slice_began = time.monotonic()

    def _write_checkpoint_at_once(self) -> None:
        checkpoint = self._journal.checkpoint()
        for part in (self._tables, self._queues):
            for operations in part.operations():
                checkpoint.write(operations)
        checkpoint.finish()

    def _end(self) -> None:
        """The server stops, and what it was asked is answered; functions need not be awaited."""
        self._save_or_warn()
        self._end_functions()

    def close(self) -> None:
        """After a clean end: everything is on the disk."""
        self._journal.sync()
        with suppress(FileNotFoundError):
            self._dirty.unlink()


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception:
            # The last resort: a full disk, say, must not end what keeps the state.
            _log.exception("%s failed", work.__name__)
            await asyncio.sleep(1)
