"""`planner api`."""

from importlib import import_module

import uvicorn

from app.cli.common import serving_settings, wait_at_gate

APPLICATION = "app.main:app"
GRACEFUL_SECONDS = 5
# Longer than reverse proxies keep an idle connection, so that it is never the API that closes one in use.
KEEP_ALIVE_SECONDS = 75


def api(reload: bool = False) -> None:
    """Run the API alone on PLANNER_HOST and PLANNER_PORT.

    With --reload it starts anew whenever a file of the application changes.
    """
    settings = serving_settings()
    import_module(APPLICATION.partition(":")[0])
    wait_at_gate()
    uvicorn.run(
        APPLICATION,
        host=settings.PLANNER_HOST,
        port=settings.PLANNER_PORT,
        reload=reload,
        reload_dirs=["app"] if reload else None,
        # The application decides itself which proxies it believes, and logs requests itself.
        proxy_headers=False,
        server_header=False,
        log_config=None,
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )


if __name__ == "__main__":
    api()
