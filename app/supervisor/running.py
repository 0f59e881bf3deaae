"""Servers for a command that needs them for a moment, such as `planner migrate`."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from app.core.config import Settings, get_settings
from app.supervisor.configuration import ConfiguredSettings, addresses, embedded_servers
from app.supervisor.external import Say, wait_for_database, wait_for_redis
from app.supervisor.home import Home, InUse


def _quietly(text: str) -> None:
    """The default for `say`: nothing."""


@contextmanager
def running_servers(settings: Settings, *, command: str = "command", say: Say = _quietly) -> Iterator[Settings]:
    """Have a database and a Redis for the duration of the block.

    Those of the configuration, or of a `planner up` that runs on the same PLANNER_HOME, are used as they are.
    Otherwise the embedded servers are started and afterwards stopped. Inside the block, `get_settings()` has
    the addresses. Call it from the main thread.

    Args:
        settings: those of `get_settings()`.
        command: what others are told who want the same folder meanwhile.
        say: takes the messages about waiting and starting.

    Yields:
        The settings with the addresses.

    Raises:
        InUse: another command, not `up`, has started the embedded servers for itself.
        ServerFailed: a server does not start or answer.
    """
    configured = ConfiguredSettings()
    home = Home(settings.PLANNER_HOME)
    with ExitStack() as stack:
        if configured.needs_embedded:
            try:
                stack.enter_context(home.lock(command))
            except InUse as in_use:
                if in_use.running.command != "up":
                    raise
            else:
                _start(stack, home, configured, say)
        get_settings.cache_clear()
        stack.callback(get_settings.cache_clear)
        found = get_settings()
        wait_for_database(found.DATABASE_URL, say=say)
        wait_for_redis(found.REDIS_URL, say=say)
        yield found


def _start(stack: ExitStack, home: Home, configured: ConfiguredSettings, say: Say) -> None:
    if not configured.has_secret_key:
        home.ensure_secret_key()
    servers = embedded_servers(home, configured)
    for server in servers.values():
        say(f"starting the embedded {server.name} for this command")
        stack.enter_context(server)
    home.keep(**addresses(servers))
