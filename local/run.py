"""`make run`: everything up, announced, and down again on Ctrl-C or SIGTERM."""

import signal
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from local import announce, deploy, device_runner, preflight, processes
from local.catching_up import catch_up
from local.cloud import Cloud, start_cloud
from local.errors import LocalCloudError
from local.front_port import FrontPort
from local.home import Home
from local.invocation_log import InvocationLog
from local.seed import Credentials, kept_credentials, seed
from local.settings import Settings
from local.stack import Stack, read_stack
from local.stream_host import StreamHost
from local.watching import Kept, Watch


def run(settings: Settings) -> None:
    """Returns when asked to stop; raises LocalCloudError when something cannot start or dies."""
    preflight.check(settings)
    stopping = _stop_on_signals()
    home = Home(settings.home)
    with home.locked(), ExitStack() as cleanup:
        home.withdraw_announcement()
        processes.end_left_behind(home.children)
        processes.end_holder(home.state_lock)
        home.forget_failed_start()
        after_crash = home.was_killed
        home.prepare()
        cleanup.callback(home.empty_scratch)
        running = _start(settings, home, cleanup)
        if after_crash:
            running.catch_up()
        watch = Watch(say)
        while not stopping.wait(0.5):
            running.tend(watch)
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
    """Set by a signal; before a thread waits for it, the signal interrupts the start instead."""

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


@dataclass
class _Running:
    """What runs, and may end by itself."""

    home: Home
    cloud: Cloud
    stack: Stack
    streams: StreamHost
    programs: list[Kept]

    @property
    def devices(self) -> list[Kept]:
        """The demo device, where there is one."""
        return self.programs[1:]

    def end_device(self) -> None:
        """Ends it, for another to be started."""
        for device in self.devices:
            device.child.stop()
        del self.programs[1:]

    def tend(self, watch: Watch) -> None:
        """Starts again what ended."""
        again = watch.tend(self.programs)
        if again:
            processes.note(self.home.children, [each.child for each in self.programs])
        if self.programs[0] in again:
            self.streams.forget()
            self.catch_up()

    def catch_up(self) -> None:
        """Looks for what got lost on the way."""
        catch_up(self.cloud.aws, self.stack, say)


def _start(settings: Settings, home: Home, cleanup: ExitStack) -> _Running:
    say("starting the local AWS")
    cloud = start_cloud(home)
    cleanup.callback(cloud.stop)
    processes.note(home.children, [cloud.child])
    cleanup.callback(home.children.unlink, missing_ok=True)
    # The sources are read while it starts.
    release = deploy.release_of(settings, cloud.aws)
    known = deploy.known(home, release)
    cloud.wait_until_ready()
    deployed = bring_up_to_date(settings, home, cloud, known)
    stack = deployed.stack
    log = InvocationLog(cloud.aws, home)
    log.start(stack)
    cleanup.callback(log.stop)
    streams = StreamHost(cloud.aws, home, stack, partial(read_stack, cloud.aws, deploy.STACK))
    _open_front_port(FrontPort(settings.port, cloud.port, deployed.api_id, streams), cleanup)
    running = _Running(home, cloud, stack, streams, [Kept(cloud.child, cloud.restart)])
    credentials = _start_device_and_accounts(settings, running, cleanup)
    where = (settings.base_url, cloud.aws.endpoint_url)
    cleanup.callback(home.withdraw_announcement)
    announce.write_shell_environment(home, *where, credentials, settings.model.name)
    announce.write_announcement(home, *where, credentials)
    print(announce.summary(home, *where, credentials, settings.model), flush=True)
    say("ready")
    return running


def _start_device_and_accounts(
    settings: Settings, running: _Running, cleanup: ExitStack
) -> Credentials:
    """The device loads its model while the accounts are looked at, if they are there already."""
    kept = kept_credentials(running.home)
    if kept is not None:
        _start_device(settings, running, kept, cleanup)
    say("making the demo accounts" if kept is None else "looking at the demo accounts")
    aws, stack = running.cloud.aws, running.stack
    credentials = seed(settings.base_url, running.home, aws, stack, settings.model.name)
    if credentials != kept:
        running.end_device()
        _start_device(settings, running, credentials, cleanup)
    for device in running.devices:
        device_runner.ready(device.child)
    return credentials


def _start_device(
    settings: Settings, running: _Running, credentials: Credentials, cleanup: ExitStack
) -> None:
    if settings.model.flags is None:
        return
    start = partial(
        device_runner.start_runner, settings.base_url, running.home, credentials, settings.model
    )
    say(f"starting the demo device with {settings.model.shown}")
    runner = Kept(start(), lambda: device_runner.ready(start()))
    cleanup.callback(lambda: runner.child.stop())
    running.programs.append(runner)
    processes.note(running.home.children, [each.child for each in running.programs])


def bring_up_to_date(
    settings: Settings, home: Home, cloud: Cloud, known: deploy.Deployed | None
) -> deploy.Deployed:
    """What is deployed: what is known, where that still stands, else the present sources."""
    if known and deploy.stands(cloud.aws, known):
        return known
    deploy.check_not_lost(home, cloud.aws)
    return deploy.deploy(settings, home, cloud.aws, say)


def _open_front_port(front: FrontPort, cleanup: ExitStack) -> None:
    try:
        front.start()
    except OSError as exc:
        raise LocalCloudError(f"port {front.port} is taken") from exc
    cleanup.callback(front.stop)
