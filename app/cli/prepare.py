"""What `planner up` runs once before the API: wait for the database, migrate it, make the first admin.

A process of its own (`python -m app.cli.prepare`), so that its imports run while the servers start and its
memory is given back afterwards. Its result, which holds the first password, goes through a pipe to the
supervisor and to no log. `python -m app.cli.prepare redis` waits for a Redis that somebody else runs.
"""

import json
import os
import sys

from sqlmodel import Session

from app.cli.common import wait_at_gate
from app.core.config import Settings, get_settings
from app.core.database import build_engine
from app.core.database_role import UnsafeRole
from app.core.migrations import pending, upgrade
from app.core.record_keeping import trim_record
from app.services import bootstrap_service
from app.supervisor.errors import SupervisorError
from app.supervisor.external import wait_for_database, wait_for_redis


def _say(text: str) -> None:
    print(text, flush=True)


def prepare(settings: Settings) -> dict[str, object]:
    """Bring the database to the newest schema, with an administrator in it.

    Raises:
        ServerFailed: the database refuses or does not answer.
    """
    wait_for_database(settings.owner_url, say=_say)
    applied = pending(settings.owner_url)
    if applied:
        upgrade(settings.owner_url, application_url=settings.DATABASE_URL)
    trim_record(settings.owner_url, settings.AUDIT_KEEP_DAYS)
    engine = build_engine(settings)
    try:
        with Session(engine) as session, session.begin():
            admin = bootstrap_service.ensure_first_admin(session, settings)
    finally:
        engine.dispose()
    return {"applied": applied, "admin": admin}


def main() -> int:
    settings = get_settings()
    code = 0
    wait_at_gate()
    try:
        if sys.argv[1:] == ["redis"]:
            wait_for_redis(settings.REDIS_URL, say=_say)
            result = ""
        else:
            result = json.dumps(prepare(settings))
    except (SupervisorError, UnsafeRole) as error:
        result, code = str(error), 1
    with os.fdopen(int(os.environ["PLANNER_RESULT_FD"]), "w", encoding="utf-8") as answer:
        answer.write(result)
    return code


if __name__ == "__main__":
    sys.exit(main())
