"""`planner up`."""

import typer

from app.core.config import get_settings
from app.supervisor.up import up as run_until_stopped


def up() -> None:
    """Run everything: PostgreSQL, Valkey, API, worker and beat, until Ctrl-C.

    Servers named by DATABASE_URL and REDIS_URL are used as they are; for each one not set, an embedded server
    keeps its data in PLANNER_HOME. The first start creates an administrator and shows the password once.
    """
    raise typer.Exit(run_until_stopped(get_settings()))
