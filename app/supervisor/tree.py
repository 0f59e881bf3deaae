"""All the children together: the order in which they start and stop, and what people are told about it."""

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack, suppress
from typing import Any, TypeVar

from app.supervisor.errors import SupervisorError
from app.supervisor.home import Home, Lock
from app.supervisor.output import ChildOutput, Console, RotatingLog
from app.supervisor.processes import Child, ChildSpec, Gate, JobResult, first_of, run_job
from app.supervisor.server import EmbeddedServer

READY_SECONDS = 90.0
# Some programs above us (uv, some terminals) pass on a Ctrl-C that the terminal has sent to us already.
SECOND_SIGNAL_AFTER_SECONDS = 1.0
TAIL_LINES = 12
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Result = TypeVar("Result")


class StopRequested(Exception):
    """Somebody asked to stop while something was being waited for."""


class Tree:
    """Starts stages of children one after the other, keeps them running, and stops them in reverse.

    Also tells people and the lock file what happens (it is the `Listener` of its children).
    """

    def __init__(
        self, home: Home, lock: Lock, console: Console, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.stop = asyncio.Event()
        self.forced = asyncio.Event()
        self._home = home
        self._lock = lock
        self._console = console
        self._stages: list[list[Child]] = []
        self._clock = clock
        self._stop_asked_at = 0.0
        self._logs = ExitStack()

    # What people are told

    def child_started(self, name: str, pid: int) -> None:
        # A full disk is no reason to lose a child.
        with suppress(OSError):
            self._lock.note_child(name, pid)

    def child_died(self, name: str, how: str, delay: float) -> None:
        again = f"starting it again in {delay:.0f} s" if delay else "starting it again"
        self._console.event(f"{name} {how}; {again} (log: {self._home.shown}/log/{name}.log)")

    def child_ready(self, name: str) -> None:
        self._console.event(f"{name} is back")

    def child_stopped(self, name: str) -> None:
        self._console.say(f"{name} stopped")

    # Stopping

    def listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            # Under nohup, the end of the terminal is to be ignored.
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue
            loop.add_signal_handler(number, self.request_stop)

    def request_stop(self) -> None:
        """Stop cleanly; a second request, a second or more after the first, ends the patience."""
        now = self._clock()
        if not self.stop.is_set():
            self._stop_asked_at = now
            self.stop.set()
            self._console.event("stopping (Ctrl-C again to force)")
        elif now - self._stop_asked_at >= SECOND_SIGNAL_AFTER_SECONDS and not self.forced.is_set():
            self.forced.set()
            self._console.event("forcing")

    async def shut_down(self) -> None:
        """Stop every child: the stage that started last first, and within a stage all at once."""
        self.stop.set()
        while self._stages:
            await asyncio.gather(*(child.stop() for child in self._stages.pop()), return_exceptions=True)
        self._logs.close()

    async def unless_stopped(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of `work`.

        Raises:
            StopRequested: stopping was asked for first; `work` is cancelled.
        """
        task = asyncio.create_task(work)
        await first_of(asyncio.shield(task), self.stop.wait())
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise StopRequested
        return task.result()

    # Starting

    def _output(self, spec: ChildSpec) -> ChildOutput:
        log = RotatingLog(self._home.log_dir / f"{spec.name}.log")
        self._logs.callback(log.close)
        return ChildOutput(spec.name, log, self._console, spec.noteworthy)

    def start_stage(self, specs: Sequence[ChildSpec]) -> list[Child]:
        """Start these children at the same time; they are one step of the way back."""
        children = [Child(spec, self._output(spec), self, forced=self.forced) for spec in specs]
        self._stages.append(children)
        for child in children:
            child.start()
        return children

    async def wait_until_ready(self, child: Child, seconds: float = READY_SECONDS) -> None:
        """Return when the child does its work.

        Raises:
            SupervisorError: it dies again and again, or takes longer than `seconds`.
            StopRequested: stopping was asked for first.
        """
        await first_of(child.ready.wait(), child.hopeless.wait(), self.stop.wait(), timeout=seconds)
        if child.ready.is_set():
            return
        if self.stop.is_set():
            raise StopRequested
        if child.failure:
            raise child.failure
        name = child.spec.name
        why = "dies at every start" if child.hopeless.is_set() else f"was not ready after {seconds:.0f} s"
        tail = "\n".join(f"  {line}" for line in child.output.log.tail(TAIL_LINES))
        raise SupervisorError(f"{name} {why}. The end of {child.output.log.path}:\n{tail}")

    async def run_job(self, spec: ChildSpec, gate: Gate | None = None) -> JobResult:
        """Run a command once; what it prints goes to its log and, where noteworthy, to the console.

        Args:
            gate: what the command waits for before it begins its work.

        Raises:
            StopRequested: stopping was asked for first; the command was killed.
        """
        done = await run_job(spec, self._output(spec), self.stop, gate)
        if done.code < 0 and self.stop.is_set():
            raise StopRequested
        return done


def server_spec(name: str, server: EmbeddedServer) -> ChildSpec:
    """An embedded server, whose port is reserved already, as a child."""
    return ChildSpec(
        name=name,
        command=server.command(),
        stop_steps=server.stop_steps,
        death_signal=server.death_signal,
        drop_root=True,
        ready=server.is_ready,
        before_start=server.before_start,
        abort_start=server.abort,
        # PostgreSQL's processes must end by themselves: they still use the memory they share.
        kill_group=False,
        noteworthy=server.noteworthy,
    )
