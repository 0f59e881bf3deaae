"""`planner beat`."""

from app.cli.common import celery_app, serving_settings
from app.supervisor.home import Home


def beat() -> None:
    """Run the scheduler of the periodic tasks alone. One of them is enough for an installation."""
    settings = serving_settings()
    home = Home(settings.PLANNER_HOME)
    home.create()
    celery_app().start(["beat", f"--loglevel={settings.LOG_LEVEL}", f"--schedule={home.beat_dir / 'schedule'}"])


if __name__ == "__main__":
    beat()
