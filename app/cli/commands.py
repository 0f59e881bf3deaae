"""Which commands there are. The module of a command is loaded only when that command is called.

Exit codes: 0 done, 1 failed (the message says why), 2 wrong options, 3 another process has this PLANNER_HOME.
"""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NamedTuple, NoReturn

import typer
from pydantic import ValidationError

from app.core.config import InsecureSettings
from app.core.database_role import UnsafeRole
from app.core.errors import PlannerError
from app.supervisor.errors import AlreadyRunning, SupervisorError

EXIT_FAILED = 1
EXIT_IN_USE = 3


class Command(NamedTuple):
    """A command, the place of its function, and the line about it in the overview."""

    name: str
    target: str
    summary: str


COMMANDS = (
    Command("up", "app.cli.up:up", "Run everything: servers, API, worker and beat, until Ctrl-C."),
    Command("api", "app.cli.api:api", "Run the API alone."),
    Command("worker", "app.cli.worker:worker", "Run a Celery worker alone."),
    Command("beat", "app.cli.beat:beat", "Run the scheduler of the periodic tasks alone."),
    Command("migrate", "app.cli.migrate:migrate", "Bring the database to the newest schema."),
    Command("create-admin", "app.cli.create_admin:create_admin", "Create an administrator."),
    Command("demo", "app.cli.demo:demo", "Fill in a believable company to look at."),
    Command("doctor", "app.cli.doctor:doctor", "Tell what is configured, reachable and out of date."),
)


def load(target: str) -> Callable[..., Any]:
    """The function at "module:name"."""
    module, name = target.split(":")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function


def _not_loaded() -> NoReturn:
    """Stands in the overview for a command that was not called."""
    raise AssertionError("this command was not loaded")


def build(wanted: str | None) -> typer.Typer:
    """The command line with the command `wanted` loaded, and the others as lines of the overview."""
    application = typer.Typer(
        name="planner",
        help="Planner: a company's calendar on its own servers.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for command in COMMANDS:
        if command.name == wanted:
            application.command(command.name)(load(command.target))
        else:
            application.command(command.name, help=command.summary)(_not_loaded)
    return application


def _settings_problems(error: ValidationError) -> str:
    lines = [f"  {'.'.join(map(str, problem['loc'])) or 'settings'}: {problem['msg']}" for problem in error.errors()]
    return "\n".join(["These settings (environment or .env) cannot be used:", *lines])


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and end the process."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    wanted = next((word for word in words if not word.startswith("-")), None)
    try:
        build(wanted)(args=words, prog_name="planner")
    except AlreadyRunning as error:
        _end(str(error), EXIT_IN_USE)
    except (SupervisorError, InsecureSettings, UnsafeRole, PlannerError) as error:
        _end(str(error), EXIT_FAILED)
    except ValidationError as error:
        if error.title != "Settings":
            raise
        _end(_settings_problems(error), EXIT_FAILED)
    sys.exit(0)


def _end(text: str, code: int) -> NoReturn:
    print(text, file=sys.stderr)
    sys.exit(code)
