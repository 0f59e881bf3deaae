"""`alembic check` against a PostgreSQL of its own: the models and the migrations must say the same."""

import tempfile
from pathlib import Path

from alembic import command
from alembic.util import CommandError

from app.core.alembic_commands import alembic_config
from app.supervisor.postgres import EmbeddedPostgres


def main() -> int:
    with (
        tempfile.TemporaryDirectory(prefix="planner-check-", ignore_cleanup_errors=True) as folder,
        EmbeddedPostgres(Path(folder) / "postgres", settings={"fsync": "off"}) as server,
    ):
        config = alembic_config(server.owner_url)
        command.upgrade(config, "head")
        try:
            command.check(config)
        except CommandError as error:
            print(error)
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
