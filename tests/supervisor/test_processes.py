"""Children that die, that do not stop, and that leave others behind: small programs, real processes."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from app.supervisor.backoff import RestartPolicy
from app.supervisor.leftovers import Recorded, StopStep
from app.supervisor.lines import PYTHON_LINES
from app.supervisor.output import ChildOutput, Console, RotatingLog
from app.supervisor.processes import Child, ChildSpec, describe_exit, run_job
from app.supervisor.waiting import retry_until

DEADLINE_SECONDS = 20.0
PYTHON = [sys.executable, "-S", "-c"]

WAITS = [*PYTHON, "import signal; print('up', flush=True); signal.pause()"]
STUBBORN = [
    *PYTHON,
    "import signal; signal.signal(15, signal.SIG_IGN); print('up', flush=True)\nwhile 1: signal.pause()",
]
DIES = [*PYTHON, "raise SystemExit(7)"]
LEAVES_A_CHILD = [
    *PYTHON,
    "import subprocess, sys, os\n"
    "c = subprocess.Popen([sys.executable, '-S', '-c', 'import signal; signal.pause()'])\n"
    "open('grandchild', 'w').write(str(c.pid)); print('up', flush=True); os._exit(1)",
]


class Recorder:
    """A listener that remembers, and wakes whoever waits for something to be remembered."""

    def __init__(self) -> None:
        self.events: list[tuple[str, ...]] = []
        self.pids: list[int] = []
        self._changed = asyncio.Event()

    def _note(self, *event: str) -> None:
        self.events.append(event)
        self._changed.set()

    def child_started(self, name: str, pid: int) -> None:
        self.pids.append(pid)
        self._note("started", name)

    def child_died(self, name: str, how: str, delay: float) -> None:
        self._note("died", name, how, f"{delay:.0f}")

    def child_ready(self, name: str) -> None:
        self._note("ready", name)

    def child_stopped(self, name: str) -> None:
        self._note("stopped", name)

    async def seen(self, *event: str, times: int = 1) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while self.events.count(event) < times:
                self._changed.clear()
                await self._changed.wait()


class Stage:
    """One child with everything it needs."""

    def __init__(self, tmp_path: Path, spec: ChildSpec, policy: RestartPolicy | None = None) -> None:
        self.recorder = Recorder()
        self.forced = asyncio.Event()
        self.log = tmp_path / f"{spec.name}.log"
        output = ChildOutput(spec.name, RotatingLog(self.log), Console(), PYTHON_LINES)
        self.child = Child(spec, output, self.recorder, forced=self.forced, policy=policy)
        self.child.start()

    async def printed_up(self, times: int = 1) -> None:
        """The program runs its own code by now, signal handlers included."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while self.log.read_text().count("up\n") < times:
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await self.child.stop()
        self.child.output.log.close()


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


def test_a_child_that_is_killed_is_started_again(tmp_path: Path) -> None:
    async def test() -> None:
        stage = Stage(tmp_path, ChildSpec("worker", WAITS))
        await stage.printed_up()
        os.kill(stage.recorder.pids[0], signal.SIGKILL)
        await stage.printed_up(times=2)
        assert stage.recorder.events == [
            ("started", "worker"),
            ("died", "worker", "was ended by SIGKILL", "0"),
            ("started", "worker"),
        ]
        await stage.stop()
        assert has_ended(stage.recorder.pids[1])
        assert stage.recorder.events[-1] == ("stopped", "worker")

    run(test())


def has_ended(pid: int) -> bool:
    return Recorded.of(pid).find() is None


def test_a_child_that_was_ready_is_announced_when_it_is_back(tmp_path: Path) -> None:
    async def test() -> None:
        stage = Stage(tmp_path, ChildSpec("api", WAITS, ready=lambda pid: pid in stage.recorder.pids))
        async with asyncio.timeout(DEADLINE_SECONDS):
            await stage.child.ready.wait()
        await stage.printed_up()
        os.kill(stage.recorder.pids[0], signal.SIGKILL)
        await stage.recorder.seen("ready", "api")
        await stage.stop()

    run(test())


def test_a_child_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    async def test() -> None:
        policy = RestartPolicy()
        spec = ChildSpec("api", DIES, ready=lambda _pid: False, hopeless_after=2)
        stage = Stage(tmp_path, spec, policy)
        async with asyncio.timeout(DEADLINE_SECONDS):
            await stage.child.hopeless.wait()
        assert policy.failures == 2
        assert ("died", "api", "ended with exit code 7", "0") in stage.recorder.events
        await stage.stop()

    run(test())


class Impatient(RestartPolicy):
    """Waits as long as after many deaths."""

    def died(self) -> float:
        return 3600.0


def test_a_child_that_waits_for_its_next_start_stops_at_once(tmp_path: Path) -> None:
    async def test() -> None:
        stage = Stage(tmp_path, ChildSpec("worker", ["/no/such/program"]), Impatient())
        await stage.recorder.seen("died", "worker", "ended with exit code 127", "3600")
        await stage.stop()

    run(test())


def test_a_child_that_ignores_the_first_signal_gets_the_next(tmp_path: Path) -> None:
    async def test() -> None:
        steps = (StopStep(signal.SIGTERM, 0.1), StopStep(signal.SIGKILL, 5))
        stage = Stage(tmp_path, ChildSpec("worker", STUBBORN, stop_steps=steps))
        await stage.printed_up()
        await stage.stop()
        assert has_ended(stage.recorder.pids[0])

    run(test())


def test_a_forced_stop_does_not_wait_for_the_first_signal(tmp_path: Path) -> None:
    async def test() -> None:
        steps = (StopStep(signal.SIGTERM, 3600), StopStep(signal.SIGKILL, 5))
        stage = Stage(tmp_path, ChildSpec("worker", STUBBORN, stop_steps=steps))
        await stage.printed_up()
        stopping = asyncio.create_task(stage.stop())
        await asyncio.sleep(0)
        stage.forced.set()
        await stopping
        assert has_ended(stage.recorder.pids[0])

    run(test())


def test_what_a_dead_child_left_running_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def test() -> None:
        stage = Stage(tmp_path, ChildSpec("worker", LEAVES_A_CHILD, hopeless_after=1, ready=lambda _pid: False))
        async with asyncio.timeout(DEADLINE_SECONDS):
            await stage.child.hopeless.wait()
        grandchild = int((tmp_path / "grandchild").read_text())
        assert retry_until(lambda: has_ended(grandchild), DEADLINE_SECONDS)
        await stage.stop()

    run(test())


def test_a_job_answers_on_its_own_pipe_and_logs_what_it_prints(tmp_path: Path) -> None:
    code = "import os; print('working'); os.write(int(os.environ['PLANNER_RESULT_FD']), b'{\"secret\": 1}')"

    async def test() -> None:
        output = ChildOutput("prepare", RotatingLog(tmp_path / "prepare.log"), Console(), PYTHON_LINES)
        done = await run_job(ChildSpec("prepare", [*PYTHON, code]), output, asyncio.Event())
        output.log.close()
        assert (done.code, done.result) == (0, '{"secret": 1}')

    run(test())
    assert (tmp_path / "prepare.log").read_text() == "working\n"


def test_a_job_is_killed_when_stopping(tmp_path: Path) -> None:
    async def test() -> None:
        output = ChildOutput("prepare", RotatingLog(tmp_path / "prepare.log"), Console(), PYTHON_LINES)
        stop = asyncio.Event()
        job = asyncio.create_task(run_job(ChildSpec("prepare", STUBBORN), output, stop))
        async with asyncio.timeout(DEADLINE_SECONDS):
            while "up" not in (tmp_path / "prepare.log").read_text():
                await asyncio.sleep(0.01)
            stop.set()
            assert (await job).code == -signal.SIGKILL
        output.log.close()

    run(test())


@pytest.mark.parametrize(
    ("code", "text"), [(0, "ended with exit code 0"), (-11, "was ended by SIGSEGV"), (-99, "was ended by signal 99")]
)
def test_exit_codes_in_words(code: int, text: str) -> None:
    assert describe_exit(code) == text
