"""Submitting jobs: what is refused and why, and how an accepted one comes to its queue."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from shared import clock, ids
from shared.aws import Table
from shared.callbacks import CallbackRefused, CallbackUrls, check_callback_url
from shared.datasets import load_adapter
from shared.devices import Device
from shared.errors import Fault, Unacceptable
from shared.jobs.bodies import ModelRequest
from shared.jobs.dispatch import Dispatcher
from shared.jobs.job import Job, expiry_us
from shared.jobs.lines import line_of
from shared.jobs.open_jobs import OpenJobs
from shared.jobs.placement import Placement, placement_faults
from shared.jobs.queue_status import QueueStatus
from shared.jobs.store import JobStore
from shared.runs import PREVIEW_CHARACTERS


class JobRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a user asks for; limits of single fields are the edge's business.

    `conditions` are as runs keep them.
    """

    prompt: str
    model: str
    system: str | None = None
    options: dict[str, Any] = {}
    priority: int = 0
    queue_tag: str = "default"
    device_serial: str | None = None
    adapter_id: str | None = None
    callback_url: str | None = None
    max_attempts: int = 3
    timeout_s: int = 600
    expires_in_s: int | None = None
    tag: str | None = None
    warmup: int = 0
    repeat: int = 1
    conditions: dict[str, str] = {}


@dataclass(frozen=True)
class Submitter:
    """Who submits: the user, and the URL under which they reach the API."""

    user_id: str
    tenant: str
    admin: bool
    api_url: str


@dataclass(frozen=True)
class Preview:
    """What submitting would do: the lane, the jobs ahead, and what speaks against quick service."""

    queue: str
    ahead: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Submissions:
    """Takes jobs in."""

    store: JobStore
    dispatcher: Dispatcher
    catalog: Table
    callback_urls: CallbackUrls
    allow_private_callbacks: bool
    open_jobs: OpenJobs
    tags: tuple[str, ...]

    def submit(self, who: Submitter, wanted: JobRequest, job_id: str, created_us: int) -> Job:
        """Accept a job. The same id again (a call carried out again) changes nothing.

        Raises Unacceptable, TooManyRequests.
        """
        self.check(who, wanted)
        job = _new_job(who, wanted, job_id, created_us)
        self.open_jobs.check(line_of(job).name)
        request = ModelRequest(prompt=wanted.prompt, system=wanted.system, options=wanted.options)
        stored = self.store.bodies.put(job, "request", msgspec.json.encode(request))
        return self.dispatcher.start(msgspec.structs.replace(job, request_body=stored.name))

    def preview(self, who: Submitter, wanted: JobRequest) -> Preview:
        """What a submit would do. Raises Unacceptable as it would."""
        self.check(who, wanted)
        job = _new_job(who, wanted, f"job_{ids.ulid()}", clock.now_us())
        line = line_of(job)
        waits = msgspec.structs.replace(job, waits_in=line.name)
        said = QueueStatus.of(self.store, self.dispatcher, [waits]).document(waits)
        reasons = (said["status_reason"], *self._callback_reasons(who.user_id, wanted.callback_url))
        return Preview(line.lane, said["queue"]["ahead"], tuple(filter(None, reasons)))

    def check(self, who: Submitter, wanted: JobRequest) -> None:
        """Raises Unacceptable with all that is wrong."""
        device = self._device(who, wanted.device_serial)
        faults = [
            *placement_faults(
                Placement(wanted.device_serial, wanted.queue_tag, wanted.model),
                device,
                self.tags,
            ),
            *self._adapter_faults(who.user_id, wanted.adapter_id),
            *_callback_faults(wanted.callback_url, self.allow_private_callbacks),
        ]
        if faults:
            raise Unacceptable(
                "; ".join(fault.detail for fault in faults),
                code=faults[0].code,
                faults=tuple(faults),
                allowed=faults[0].allowed,
            )

    def _device(self, who: Submitter, serial: str | None) -> Device | None:
        device = None if serial is None else self.dispatcher.fleet.find(serial)
        return device if device and device.visible_to(who.user_id, who.admin) else None

    def _adapter_faults(self, user_id: str, adapter_id: str | None) -> Iterator[Fault]:
        if adapter_id is not None and load_adapter(self.catalog, user_id, adapter_id) is None:
            detail = f"no adapter is saved for a dataset {adapter_id!r}"
            yield Fault("/adapter_id", "adapter_not_found", detail)

    def _callback_reasons(self, user_id: str, url: str | None) -> Iterator[str]:
        if url is not None and self.callback_urls.disabled(user_id, url):
            yield "callback_url_disabled"


def _callback_faults(url: str | None, allow_private: bool) -> Iterator[Fault]:
    if url is None:
        return
    try:
        check_callback_url(url, allow_private=allow_private)
    except CallbackRefused as exc:
        yield Fault("/callback_url", "callback_url_refused", exc.detail)


def _new_job(who: Submitter, wanted: JobRequest, job_id: str, created_us: int) -> Job:
    return Job(
        job_id=job_id,
        user_id=who.user_id,
        tenant=who.tenant,
        api_url=who.api_url,
        status="queued",
        prompt_preview=wanted.prompt[:PREVIEW_CHARACTERS],
        created_us=created_us,
        queued_us=created_us,
        model=wanted.model,
        priority=wanted.priority,
        queue_tag=wanted.queue_tag,
        device_serial=wanted.device_serial,
        pinned_to=wanted.device_serial,
        adapter_id=wanted.adapter_id,
        callback_url=wanted.callback_url,
        max_attempts=wanted.max_attempts,
        timeout_s=wanted.timeout_s,
        expires_in_s=wanted.expires_in_s,
        expires_us=expiry_us(created_us, wanted.expires_in_s),
        tag=wanted.tag,
        warmup=wanted.warmup,
        repeat=wanted.repeat,
        conditions=wanted.conditions,
    )
