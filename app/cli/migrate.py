"""`planner migrate`."""

from typing import Annotated

import typer

from app.cli.common import say
from app.core.config import get_settings
from app.core.migrations import downgrade, pending, upgrade
from app.core.record_keeping import trim_record
from app.supervisor.running import running_servers


def migrate(
    down: Annotated[
        str | None,
        typer.Option(metavar="REV", help='Undo the migrations after this one instead; "base" undoes all.'),
    ] = None,
) -> None:
    """Bring the database to the newest schema.

    Uses the configured database or that of a running `planner up`; otherwise the embedded one is started for
    the moment.
    """
    with running_servers(get_settings(), command="migrate", say=say) as settings:
        if down:
            downgrade(settings.owner_url, down)
            print(f"The database is at {down}.")
            return
        revisions = pending(settings.owner_url)
        upgrade(settings.owner_url, application_url=settings.DATABASE_URL)
        trim_record(settings.owner_url, settings.AUDIT_KEEP_DAYS)
        print(f"Applied: {', '.join(revisions)}." if revisions else "The database is up to date.")
