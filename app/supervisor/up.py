"""`planner up`: servers, schema, first administrator; then API, worker and beat, until told to stop."""

import asyncio
import json
import signal
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

import psutil

from app.core.config import Settings, check_production, get_settings
from app.supervisor import ports, probe
from app.supervisor.configuration import ConfiguredSettings, addresses, embedded_servers, place
from app.supervisor.errors import PortTaken, SupervisorError
from app.supervisor.home import Home, Lock, Running
from app.supervisor.leftovers import StopStep, stop_process
from app.supervisor.lines import JOB_LINES, PYTHON_LINES
from app.supervisor.output import Console, RotatingLog
from app.supervisor.processes import ChildSpec, Gate, python_command
from app.supervisor.server import EmbeddedServer
from app.supervisor.tree import StopRequested, Tree, server_spec
from app.supervisor.waiting import retry_until

EXIT_STOPPED = 0
EXIT_FAILED = 1
EXIT_IN_USE = 3

PORT_RELEASE_SECONDS = 5.0
LEFTOVER_STEPS = (StopStep(signal.SIGTERM, 5), StopStep(signal.SIGKILL, 5))
CHILD_NAMES = {"DATABASE_URL": "postgres", "REDIS_URL": "valkey"}
PYTHON_ENVIRONMENT = {"PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class Programs:
    """The commands that `up` runs: the preparation of the database, and the application's own processes.

    Args:
        prepare: migrates and makes the first administrator; writes a JSON object to its result pipe:
            `{"applied": [revision, ...], "admin": [e-mail, password or null] or null}`; or, ending with
            another exit code than 0, a message for people.
        wait_for_redis: waits for a Redis that somebody else runs.
        api: starts at once, and begins its work when everything is prepared; Planner is ready when it is.
        others: start when the API is ready, so that their imports do not delay it.
    """

    prepare: Sequence[str]
    wait_for_redis: Sequence[str]
    api: ChildSpec
    others: Sequence[ChildSpec]


def planner_programs(settings: Settings) -> Programs:
    """The programs of this application."""

    def child(name: str, *steps: StopStep) -> ChildSpec:
        return ChildSpec(
            name=name,
            # The module itself: the command line around it would cost each of them a tenth of a second.
            command=python_command(f"app.cli.{name}"),
            stop_steps=(*steps, StopStep(signal.SIGKILL, 5)),
            noteworthy=PYTHON_LINES,
            environment=PYTHON_ENVIRONMENT,
        )

    def answers(_pid: int) -> bool:
        return probe.api_answers(settings)

    api = child("api", StopStep(signal.SIGTERM, 15))

    return Programs(
        prepare=python_command("app.cli.prepare"),
        wait_for_redis=python_command("app.cli.prepare", "redis"),
        api=replace(api, ready=answers, gated=True),
        others=(
            # SIGTERM lets the tasks at hand finish; SIGQUIT gives them back to the queue.
            child("worker", StopStep(signal.SIGTERM, 20), StopStep(signal.SIGQUIT, 5)),
            child("beat", StopStep(signal.SIGTERM, 5)),
        ),
    )


def up(settings: Settings, programs: Callable[[Settings], Programs] = planner_programs) -> int:
    """Run Planner until a signal asks to stop.

    Args:
        settings: those of `get_settings()`.
        programs: what to run once the settings are known to the last.

    Returns:
        The exit code: 0 after a requested stop, 1 when it cannot start.

    Raises:
        InUse: another process has this PLANNER_HOME; nothing was touched.
        InsecureSettings: the settings are not fit for production.
        SupervisorError: a reason not to start.
    """
    home = Home(settings.PLANNER_HOME)
    with home.lock() as lock:
        configured = ConfiguredSettings()
        if configured.needs_embedded and not configured.has_secret_key:
            home.ensure_secret_key()
        get_settings.cache_clear()
        settings = get_settings()
        check_production(settings)
        end_leftovers(lock.previous, settings)
        ports.require_free(settings.PLANNER_HOST, settings.PLANNER_PORT)
        lock.note(url=probe.base_url(settings))
        log = RotatingLog(home.log_dir / "planner.log")
        run = Run(home, lock, settings, configured, Console(log))
        return asyncio.run(run.main(programs(settings)))


def end_leftovers(previous: Running | None, settings: Settings) -> None:
    """End what a killed run left behind, except the servers, which are looked for where their data are.

    On Linux nothing is left: the children end with their supervisor. They may take a moment, though, in which
    the API's port is still taken.
    """
    if previous is None:
        return
    for name, recorded in previous.children.items():
        process = recorded.find() if name not in CHILD_NAMES.values() else None
        if process:
            stop_process(process, LEFTOVER_STEPS)
    retry_until(partial(_can_listen, settings), PORT_RELEASE_SECONDS if previous.children else 0)


def _can_listen(settings: Settings) -> bool:
    try:
        ports.require_free(settings.PLANNER_HOST, settings.PLANNER_PORT)
    except PortTaken:
        return False
    return True


class Run:
    """One run of Planner."""

    def __init__(
        self, home: Home, lock: Lock, settings: Settings, configured: ConfiguredSettings, console: Console
    ) -> None:
        self._home = home
        self._lock = lock
        self._settings = settings
        self._configured = configured
        self._console = console

    async def main(self, programs: Programs) -> int:
        tree = Tree(self._home, self._lock, self._console)
        tree.listen_for_signals()
        try:
            await self._start(tree, programs)
            await tree.stop.wait()
        except StopRequested:
            pass
        except SupervisorError as error:
            self._console.say(str(error))
            return EXIT_FAILED
        finally:
            await tree.shut_down()
        self._console.say("stopped")
        return EXIT_STOPPED

    async def _start(self, tree: Tree, programs: Programs) -> None:
        """Servers, preparation and API start at the same time; gates hold back the work until its turn."""
        servers = embedded_servers(self._home, self._configured)
        self._announce(servers)
        for server in servers.values():
            await asyncio.to_thread(server.reserve)
        self._home.keep(**addresses(servers))
        children = tree.start_stage([server_spec(CHILD_NAMES[key], value) for key, value in servers.items()])
        (api,) = tree.start_stage([programs.api])
        with closing(Gate()) as gate:
            work = asyncio.gather(*self._jobs(tree, programs, gate, redis="REDIS_URL" not in servers))
            try:
                for child, server in zip(children, servers.values(), strict=True):
                    await tree.wait_until_ready(child)
                    self._console.say(f"{server.name} {server.version()} on {place(server.url)}")
                gate.open()
                await work
            finally:
                if not work.done():
                    tree.stop.set()
                    await asyncio.gather(work, return_exceptions=True)
        api.open_gate()
        await tree.wait_until_ready(api)
        self._say_ready()
        tree.start_stage(programs.others)

    def _jobs(self, tree: Tree, programs: Programs, gate: Gate, *, redis: bool) -> list[Coroutine[None, None, None]]:
        jobs = [self._prepare(tree, programs, gate)]
        if redis:
            jobs.append(self._wait_for_redis(tree, programs, gate))
        return jobs

    async def _prepare(self, tree: Tree, programs: Programs, gate: Gate) -> None:
        """Migrate and make the first administrator, whose password is told at once: nobody could find it later."""
        done = json.loads(await self._run_job(tree, "prepare", programs.prepare, gate))
        applied = len(done["applied"])
        self._console.say(f"database: {applied} migrations applied" if applied else "database: up to date")
        if done["admin"]:
            self._console.secret(admin_block(*done["admin"]))

    async def _wait_for_redis(self, tree: Tree, programs: Programs, gate: Gate) -> None:
        await self._run_job(tree, "redis", programs.wait_for_redis, gate)

    async def _run_job(self, tree: Tree, name: str, command: Sequence[str], gate: Gate) -> str:
        """The result of a command of ours that runs once.

        Raises:
            SupervisorError: it failed; the message is its own, or says where to look.
        """
        spec = ChildSpec(name, command, noteworthy=JOB_LINES, environment=PYTHON_ENVIRONMENT)
        done = await tree.run_job(spec, gate)
        if done.code:
            log = self._home.log_dir / f"{name}.log"
            raise SupervisorError(done.result.strip() or f"'{name}' failed; see {log}")
        return done.result

    def _announce(self, servers: dict[str, EmbeddedServer]) -> None:
        for server in servers.values():
            if not server.data_dir.exists():
                self._console.say(f"first start: creating {server.name}'s data in {server.data_dir}")
        for setting in CHILD_NAMES:
            if setting not in servers:
                where = place(getattr(self._settings, setting))
                self._console.say(f"{setting} is set: using the server at {where}")

    def _say_ready(self) -> None:
        url = probe.base_url(self._settings)
        logs = self._home.shown / "log"
        seconds = _seconds_since_start()
        self._console.say(
            f"ready after {seconds:.1f} s\n"
            f"  API     {url}/api/v1\n"
            f"  Docs    {url}/docs\n"
            f"  Health  {url}/api/v1/health\n"
            f"  Logs    {logs}\n"
            "Ctrl-C stops everything."
        )


def admin_block(email: str, password: str | None) -> str:
    """The lines that tell the first administrator how to sign in, shown once."""
    lines = [
        "The first administrator was created. Sign in with:",
        f"  e-mail    {email}",
        f"  password  {password}" if password else "  password  the one in PLANNER_ADMIN_PASSWORD",
    ]
    if password:
        lines.append("The password is shown only this once: note it down, or change it after signing in.")
    width = max(map(len, lines)) + 2
    rule = "-" * width
    return "\n".join(["", rule, *lines, rule, ""])


def _seconds_since_start() -> float:
    """Seconds since this process began, the interpreter's own start included."""
    created: float = psutil.Process().create_time()
    return time.time() - created
