"""Which servers this installation uses: its own embedded ones, or those that somebody configured."""

from urllib.parse import urlsplit

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from app.core.config import Settings
from app.supervisor.home import Home
from app.supervisor.postgres import EmbeddedPostgres
from app.supervisor.server import EmbeddedServer
from app.supervisor.valkey import EmbeddedValkey


class ConfiguredSettings(Settings):
    """The settings without what `planner up` wrote itself: the environment, `.env` and the defaults."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, dotenv_settings

    @property
    def has_secret_key(self) -> bool:
        return "SECRET_KEY" in self.model_fields_set

    @property
    def needs_embedded(self) -> bool:
        return not (self.DATABASE_URL and self.REDIS_URL)


def embedded_servers(home: Home, configured: ConfiguredSettings) -> dict[str, EmbeddedServer]:
    """The servers to run ourselves, by the name of the setting that would replace each.

    Raises:
        ServerFailed: a wheel is not installed.
    """
    servers: dict[str, EmbeddedServer] = {}
    if not configured.DATABASE_URL:
        servers["DATABASE_URL"] = EmbeddedPostgres(home.postgres_dir, log_file=home.log_dir / "postgres.log")
    if not configured.REDIS_URL:
        servers["REDIS_URL"] = EmbeddedValkey(home.valkey_dir, log_file=home.log_dir / "valkey.log")
    return servers


def addresses(servers: dict[str, EmbeddedServer]) -> dict[str, str]:
    """The settings with which others find the embedded servers."""
    found = {setting: server.url for setting, server in servers.items()}
    postgres = servers.get("DATABASE_URL")
    if isinstance(postgres, EmbeddedPostgres):
        found["DATABASE_OWNER_URL"] = postgres.owner_url
    return found


def place(url: str) -> str:
    """Host and port of a server's address, never its user or password."""
    parts = urlsplit(url)
    ports = {"redis": 6379, "rediss": 6379, "unix": None}
    try:
        port = parts.port or ports.get(parts.scheme, 5432)
    except ValueError:
        return parts.hostname or "?"
    if not parts.hostname:
        return parts.path or "?"
    return f"{parts.hostname}:{port}" if port else parts.hostname
