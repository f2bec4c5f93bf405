"""`make run`: everything up, announced, and down again on Ctrl-C or SIGTERM."""

import signal
import threading
import time
from contextlib import ExitStack

from local import announce, deploy, device_runner, preflight, processes
from local.api_routes import import_http_apis
from local.cloud import Cloud, start_cloud
from local.errors import LocalCloudError
from local.front_port import FrontPort
from local.home import Home
from local.invocation_log import InvocationLog
from local.seed import seed
from local.settings import Settings
from local.stack import Stack, read_stack
from local.table_ttl import apply_ttl


def run(settings: Settings) -> None:
    """Returns when asked to stop; raises LocalCloudError when something cannot start or dies."""
    preflight.check(settings)
    stopping = _stop_on_signals()
    home = Home(settings.home)
    with home.locked(), ExitStack() as cleanup:
        home.announcement.unlink(missing_ok=True)
        processes.end_left_behind(home.children)
        home.forget_failed_start()
        home.prepare()
        cleanup.callback(home.empty_scratch)
        running = _start(settings, home, cleanup)
        while not stopping.wait(0.5):
            for child in running:
                _watch(child)
        say("stopping")


_BEGAN = time.monotonic()


def say(text: str) -> None:
    """Progress with the seconds since the start, at once even when the output is a pipe."""
    print(f"==> {time.monotonic() - _BEGAN:4.1f} s  {text}", flush=True)


def _stop_on_signals() -> threading.Event:
    """A signal interrupts the start, so that what already runs is stopped; later it is awaited."""
    stopping = _Stopping()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stopping.on_signal)
    return stopping


class _Stopping(threading.Event):
    """Set by a signal; while nobody waits for it yet, the signal interrupts the start instead."""

    def __init__(self) -> None:
        super().__init__()
        self._waited_for = False

    def wait(self, timeout: float | None = None) -> bool:
        self._waited_for = True
        return super().wait(timeout)

    def on_signal(self, _number: int, _frame: object) -> None:
        already, first = self._waited_for, not self.is_set()
        self.set()
        if first and not already:
            raise Interrupted


class Interrupted(Exception):
    """A signal came before everything was up."""


def _start(settings: Settings, home: Home, cleanup: ExitStack) -> list[processes.Child]:
    say("starting the local AWS")
    cloud = start_cloud(home)
    cleanup.callback(cloud.stop)
    processes.note(home.children, [cloud.child])
    cleanup.callback(home.children.unlink, missing_ok=True)
    cloud.wait_until_ready()
    stack, api_id = bring_up_to_date(settings, home, cloud)
    log = InvocationLog(cloud.aws, home)
    log.start(stack)
    cleanup.callback(log.stop)
    _open_front_port(settings, cloud, api_id, cleanup)
    say("making the demo accounts")
    credentials = seed(settings.base_url, home, cloud.aws, stack, settings.model.name)
    children = [cloud.child]
    runner = device_runner.start_runner(settings.base_url, home, credentials, settings.model)
    if runner:
        say(f"starting the demo device with {settings.model.shown}")
        cleanup.callback(runner.stop)
        children.append(runner)
        processes.note(home.children, children)
        device_runner.wait_until_ready(runner)
    where = (settings.base_url, cloud.aws.endpoint_url)
    announce.write_announcement(home, *where, credentials)
    cleanup.callback(home.announcement.unlink, missing_ok=True)
    print(announce.summary(home, *where, credentials, settings.model), flush=True)
    say("ready")
    return children


def bring_up_to_date(settings: Settings, home: Home, cloud: Cloud) -> tuple[Stack, str]:
    """Deploys if anything changed; the stack and the id of its HTTP API."""
    if not deploy.is_deployed(settings, home, cloud.aws):
        deploy.build_and_deploy(settings, home, cloud.aws, say)
    stack = read_stack(cloud.aws, deploy.STACK)
    apply_ttl(cloud.aws, stack.template, stack.physical_ids)
    return stack, import_http_apis(cloud.aws, stack)


def _open_front_port(settings: Settings, cloud: Cloud, api_id: str, cleanup: ExitStack) -> None:
    front = FrontPort(settings.port, cloud.port, api_id)
    try:
        front.start()
    except OSError as exc:
        raise LocalCloudError(f"port {settings.port} is taken") from exc
    cleanup.callback(front.stop)


def _watch(child: processes.Child) -> None:
    if child.ended:
        raise LocalCloudError(f"{child.name} ended: {child.last_words()} (see {child.log})")
