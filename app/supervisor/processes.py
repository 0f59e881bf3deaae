"""One supervised child: started, watched, started again when it dies, stopped when asked."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from app.supervisor.backoff import RestartPolicy
from app.supervisor.errors import SupervisorError
from app.supervisor.launch import wrap
from app.supervisor.leftovers import StopStep
from app.supervisor.lines import NOTHING, LineFilter
from app.supervisor.output import ChildOutput

READ_BYTES = 65_536
READY_POLL_SECONDS = 0.05
# Deaths in a row before the child was ready even once, after which another start would be no different.
HOPELESS_AFTER = 3


@dataclass(frozen=True)
class ChildSpec:
    """What a child is.

    Args:
        name: as on the console and in the name of its log file.
        command: the program and its arguments.
        stop_steps: the signals that stop it, each with its time limit in seconds.
        death_signal: what the child gets when the supervisor is killed (Linux).
        drop_root: whether it runs as `nobody` when the supervisor is root.
        ready: tells whether the process with this id does its work; called from a thread.
        before_start: runs in a thread before every start. A SupervisorError that it raises before the child
            was ever ready is final.
        abort_start: ends what `before_start` is doing.
        kill_group: whether what the child leaves running is killed with it.
        noteworthy: which of its lines belong on the console.
        environment: variables that replace or extend this process's own.
        gated: whether it gets the number of a pipe in PLANNER_GATE_FD, which it reads to its end before it
            begins its work; `Child.open_gate()` ends it. So its imports run while others prepare the ground.
        hopeless_after: deaths in a row, before it was ever ready, after which it is given up.
    """

    name: str
    command: Sequence[str]
    stop_steps: tuple[StopStep, ...] = (StopStep(signal.SIGTERM, 10), StopStep(signal.SIGKILL, 5))
    death_signal: signal.Signals = signal.SIGKILL
    drop_root: bool = False
    ready: Callable[[int], bool] | None = None
    before_start: Callable[[], None] | None = None
    abort_start: Callable[[], None] | None = None
    kill_group: bool = True
    noteworthy: LineFilter = field(default_factory=lambda: LineFilter(NOTHING))
    environment: Mapping[str, str] = field(default_factory=dict)
    gated: bool = False
    hopeless_after: int = HOPELESS_AFTER


class Listener(Protocol):
    """Who wants to know what happens to the children."""

    def child_started(self, name: str, pid: int) -> None: ...

    def child_died(self, name: str, how: str, delay: float) -> None: ...

    def child_ready(self, name: str) -> None: ...

    def child_stopped(self, name: str) -> None: ...


def describe_exit(code: int) -> str:
    """An exit code as a person says it."""
    if code >= 0:
        return f"ended with exit code {code}"
    with suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"


class OutputPipe:
    """Reads what a child prints. The child holds the only other end, so no thread and no stream is needed."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        asyncio.get_running_loop().add_reader(self._reader, self._read)

    def _read(self) -> bool:
        """Take what is there; False at the end, and when nothing is there now."""
        try:
            block = os.read(self._reader, READ_BYTES)
        except BlockingIOError:
            return False
        if block:
            self._take(block)
        else:
            asyncio.get_running_loop().remove_reader(self._reader)
        return bool(block)

    def close_writer(self) -> None:
        if self.writer >= 0:
            os.close(self.writer)
            self.writer = -1

    def close(self) -> None:
        """Take what is left and close, even while a grandchild still holds the other end."""
        self.close_writer()
        while self._read():
            pass
        asyncio.get_running_loop().remove_reader(self._reader)
        os.close(self._reader)


async def spawn(
    command: Sequence[str], output: OutputPipe, environment: Mapping[str, str], pass_fds: Sequence[int] = ()
) -> Process:
    """Start a process in a session of its own, so that a Ctrl-C in the terminal does not reach it."""
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output.writer,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            pass_fds=pass_fds,
            env={**os.environ, **environment},
        )
    finally:
        output.close_writer()


def signal_process(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(number)


def kill_group(pid: int) -> None:
    """Kill all that runs in the session that process `pid` led."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


async def first_of(*awaitables: Awaitable[object], timeout: float | None = None) -> bool:
    """Wait for any of these; False when none came within `timeout` seconds. The others are cancelled."""
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    try:
        done, _ = await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for task in tasks:
            task.cancel()


class Gate:
    """A pipe that ends when the gate opens. A child started afterwards finds its pipe at the end already."""

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe()

    def open(self) -> None:
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1

    def close(self) -> None:
        self.open()
        os.close(self.reader)


class Child:
    """Keeps one process running. `run()` alone owns the process; everything else sets events."""

    def __init__(
        self,
        spec: ChildSpec,
        output: ChildOutput,
        listener: Listener,
        *,
        forced: asyncio.Event,
        policy: RestartPolicy | None = None,
    ) -> None:
        self.spec = spec
        self.output = output
        self.ready = asyncio.Event()
        self.hopeless = asyncio.Event()
        self.failure: SupervisorError | None = None
        self._listener = listener
        self._policy = policy or RestartPolicy()
        self._stop = asyncio.Event()
        self._forced = forced
        self._task: asyncio.Task[None] | None = None
        self._gate = Gate() if spec.gated else None

    def open_gate(self) -> None:
        """Let the child begin its work."""
        if self._gate:
            self._gate.open()

    def start(self) -> None:
        self._task = asyncio.create_task(self.run(), name=self.spec.name)

    async def stop(self) -> None:
        """Stop the process by its steps and wait for its end."""
        self._stop.set()
        if self._task:
            await self._task
        if self._gate:
            self._gate.close()
            self._gate = None

    async def run(self) -> None:
        """Start the process, again and again, until `stop()` or until it is hopeless."""
        while not self._stop.is_set():
            how = await self._run_once()
            if self._stop.is_set():
                self._listener.child_stopped(self.spec.name)
                return
            if self.failure:
                return
            delay = self._policy.died()
            if self._policy.failures >= self.spec.hopeless_after and not self.ready.is_set():
                self.hopeless.set()
                return
            self._listener.child_died(self.spec.name, how, delay)
            await first_of(self._stop.wait(), timeout=delay)

    async def _run_once(self) -> str:
        """One life of the process; returns how it ended."""
        spec = self.spec
        pipe = OutputPipe(self.output.feed)
        try:
            await self._before_start()
            command = wrap(spec.command, death_signal=spec.death_signal, drop_root=spec.drop_root)
            environment, fds = dict(spec.environment), []
            if self._gate:
                environment["PLANNER_GATE_FD"] = str(self._gate.reader)
                fds.append(self._gate.reader)
            process = await spawn(command, pipe, environment, fds)
        except SupervisorError as error:
            pipe.close()
            if not self.ready.is_set():
                self.failure = error
                self.hopeless.set()
            return str(error)
        except Exception as error:  # whatever hinders the start, the next try comes after a pause
            pipe.close()
            self.output.feed(f"{spec.name} does not start: {error}\n".encode())
            return f"does not start: {error}"
        watcher = asyncio.create_task(self._watch_readiness(process))
        try:
            self._policy.started()
            self._listener.child_started(spec.name, process.pid)
            code = await self._live(process)
        finally:
            watcher.cancel()
            if spec.kill_group:
                kill_group(process.pid)
            pipe.close()
            self.output.finish()
        return describe_exit(code)

    async def _before_start(self) -> None:
        if not self.spec.before_start:
            return
        work = asyncio.create_task(asyncio.to_thread(self.spec.before_start))
        await first_of(asyncio.shield(work), self._stop.wait())
        if self._stop.is_set() and self.spec.abort_start:
            self.spec.abort_start()
        await work

    async def _live(self, process: Process) -> int:
        exited = asyncio.create_task(process.wait())
        await first_of(asyncio.shield(exited), self._stop.wait())
        steps = list(self.spec.stop_steps)
        while not exited.done() and steps:
            step = steps.pop(0)
            if self._forced.is_set() and steps and step is self.spec.stop_steps[0]:
                continue
            signal_process(process, step.signal)
            # A forced stop ends the wait for the first step only; the harsher ones need their time.
            hurry = [self._forced.wait()] if step is self.spec.stop_steps[0] else []
            await first_of(asyncio.shield(exited), *hurry, timeout=step.seconds)
        return await exited

    async def _watch_readiness(self, process: Process) -> None:
        again = self.ready.is_set() and self.spec.ready
        while self.spec.ready and not await asyncio.to_thread(self.spec.ready, process.pid):
            await asyncio.sleep(READY_POLL_SECONDS)
        self.ready.set()
        if again:
            self._listener.child_ready(self.spec.name)


@dataclass(frozen=True)
class JobResult:
    """How a process that runs once ended, and the text it wrote to its result pipe."""

    code: int
    result: str


async def run_job(spec: ChildSpec, output: ChildOutput, stop: asyncio.Event, gate: Gate | None = None) -> JobResult:
    """Run a command once; kill it when `stop` is set.

    The command finds the number of its result pipe in the variable PLANNER_RESULT_FD. What it writes there
    goes to nobody but the caller, and to no log.
    """
    printed = OutputPipe(output.feed)
    parts: list[bytes] = []
    answer = OutputPipe(parts.append)
    environment = {**spec.environment, "PLANNER_RESULT_FD": str(answer.writer)}
    fds = [answer.writer]
    if gate:
        environment["PLANNER_GATE_FD"] = str(gate.reader)
        fds.append(gate.reader)
    try:
        command = wrap(spec.command, death_signal=spec.death_signal, drop_root=spec.drop_root)
        process = await spawn(command, printed, environment, fds)
        answer.close_writer()
        exited = asyncio.create_task(process.wait())
        await first_of(asyncio.shield(exited), stop.wait())
        if not exited.done():
            kill_group(process.pid)
        code = await exited
    finally:
        printed.close()
        answer.close()
        output.finish()
    return JobResult(code, b"".join(parts).decode())


def python_command(*arguments: str) -> list[str]:
    """A command of this project in this interpreter."""
    return [sys.executable, "-m", *arguments]
