"""`planner doctor`."""

import os
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Annotated

import typer

from app.cli import checks
from app.cli.checks import Check
from app.cli.common import say
from app.cli.server_checks import check_servers, check_workers
from app.core.config import Settings, get_settings
from app.supervisor.configuration import ConfiguredSettings
from app.supervisor.home import Home
from app.supervisor.running import running_servers

NOT_RUNNING = Check(
    "warn",
    "servers",
    "the embedded servers do not run",
    "Start them: planner up (or for this check alone: planner doctor --start)",
)
COLOURS = {"ok": "32", "warn": "33", "fail": "31"}


def doctor(
    start: Annotated[
        bool, typer.Option("--start", help="Start the embedded servers for the check if they do not run.")
    ] = False,
) -> None:
    """Tell what is configured, reachable and out of date. Exit code 1 when something does not work."""
    settings = get_settings()
    home = Home(settings.PLANNER_HOME)
    _print_configuration(settings, home)
    with ExitStack() as stack:
        results = _machine(settings, home)
        idle = ConfiguredSettings().needs_embedded and home.running() is None
        if start and idle:
            settings = stack.enter_context(running_servers(settings, command="doctor", say=say))
            results += check_servers(settings)
        elif idle:
            results.append(NOT_RUNNING)
        else:
            results += [*check_servers(settings), check_workers(settings)]
    for line in render(results, colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR")):
        print(line)
    if any(check.status == "fail" for check in results):
        raise typer.Exit(1)


def _machine(settings: Settings, home: Home) -> list[Check]:
    return [
        checks.check_running(settings, home.running()),
        checks.check_environment(settings),
        checks.check_secret_key(settings),
        checks.check_cors(settings),
        checks.check_mail(settings),
        checks.check_disk(home),
        checks.check_file_store(settings),
        checks.check_tzdata(),
    ]


def _print_configuration(settings: Settings, home: Home) -> None:
    print("Settings that are not the defaults:")
    lines = checks.configuration(settings, home)
    for name, value, source in lines:
        print(f"  {name} = {value}  ({source})")
    if not lines:
        print("  none")
    print()


def render(results: Iterable[Check], *, colour: bool = False) -> list[str]:
    """The lines to print."""
    lines = []
    for check in results:
        status = f"{check.status:<4}"
        if colour:
            status = f"\x1b[{COLOURS[check.status]}m{status}\x1b[0m"
        lines.append(f"{status}  {check.name:<12} {check.found}")
        if check.advice and check.status != "ok":
            lines.append(f"      {'':<12} -> {check.advice}")
    return lines
