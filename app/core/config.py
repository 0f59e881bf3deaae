"""Settings: environment first, then `.env`, then what `planner up` wrote, then the defaults below."""

import json
import re
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

DEVELOPMENT_SECRET_KEY = "development-only-secret-key-never-use-in-production"
SECRET_KEY_MIN_LENGTH = 32
# What the library `limits` reads, told without importing it: every process of the tree reads the settings.
_RATE = r"[1-9]\d*\s*(?:/|per)\s*(?:\d+\s*)?(?:second|minute|hour|day|month|year)s?"
RATES = re.compile(rf"\s*{_RATE}(?:\s*[,;|]\s*{_RATE})*\s*", re.ASCII | re.IGNORECASE)


class EmbeddedServersSource(PydanticBaseSettingsSource):
    """The addresses and the secret key that `planner up` keeps in `PLANNER_HOME/embedded.json`.

    They let `uvicorn`, `celery` and `create_admin.py` find the embedded servers without any configuration.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        home = self.current_state.get("PLANNER_HOME", Settings.model_fields["PLANNER_HOME"].default)
        try:
            kept = json.loads((Path(home) / "embedded.json").read_text())
        except (OSError, ValueError):
            return {}
        if not isinstance(kept, dict):
            return {}
        names = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")
        return {name: kept[name] for name in names if kept.get(name)}


class Settings(BaseSettings):
    """Every knob of the installation. `.env.example` explains each for the person who sets it."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", case_sensitive=True)

    # Servers. Empty means: the embedded ones, started by `planner up`.
    DATABASE_URL: str = ""
    REDIS_URL: str = ""
    CELERY_BROKER_URL: str = ""
    CELERY_RESULT_BACKEND: str = ""

    # Security
    SECRET_KEY: str = DEVELOPMENT_SECRET_KEY
    ACCESS_TOKEN_EXPIRE_MINUTES: int = Field(30, ge=1, le=60 * 24)
    REFRESH_TOKEN_EXPIRE_DAYS: int = Field(30, ge=1, le=365)
    PASSWORD_HASH_CONCURRENCY: int = Field(2, ge=1, le=64)
    SESSIONS_PER_USER: int = Field(50, ge=1, le=1000)
    REGISTRATION: Literal["open", "closed"] = "open"

    # Environment
    ENVIRONMENT: Literal["development", "test", "production"] = "development"
    LOG_LEVEL: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    LOG_FORMAT: Literal["text", "json"] = "text"

    # HTTP
    BACKEND_CORS_ORIGINS: str = ""
    ALLOWED_HOSTS: str = "*"
    TRUSTED_PROXIES: str = ""
    RATE_LIMIT_DEFAULT: str = "100/minute"
    RATE_LIMIT_LOGIN: str = "5/minute"
    MAX_BODY_BYTES: int = Field(1024 * 1024, ge=1024)
    PAGE_LIMIT_DEFAULT: int = Field(100, ge=1)
    PAGE_LIMIT_MAX: int = Field(500, ge=1)

    # This installation on this machine
    PLANNER_HOME: Path = Path("var")
    PLANNER_HOST: str = "127.0.0.1"
    PLANNER_PORT: int = Field(8000, ge=1, le=65535)
    PLANNER_ADMIN_EMAIL: str = "admin@example.com"
    PLANNER_ADMIN_PASSWORD: str = ""
    UPLOADS_DIR: Path = Path("uploads")

    # Database
    DATABASE_POOL_SIZE: int = Field(20, ge=1, le=500)
    DATABASE_STATEMENT_TIMEOUT_MS: int = Field(10_000, ge=100)
    DATABASE_LOCK_TIMEOUT_MS: int = Field(5_000, ge=100)

    # Calendar
    DEFAULT_TIME_ZONE: str = "Europe/Moscow"
    OCCURRENCE_HORIZON_DAYS: int = Field(730, ge=31, le=3660)
    SERIES_MAX_OCCURRENCES: int = Field(2000, ge=1, le=20_000)
    SERIES_MAX_EXDATES: int = Field(500, ge=0, le=5000)
    CALENDARS_PER_USER: int = Field(200, ge=1, le=10_000)
    EVENT_MAX_DAYS: int = Field(366, ge=1, le=3660)
    EVENT_MAX_PARTICIPANTS: int = Field(500, ge=1, le=5000)
    EVENTS_WINDOW_MAX_DAYS: int = Field(400, ge=1, le=3660)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, dotenv_settings, EmbeddedServersSource(settings_cls)

    @property
    def cors_origins_list(self) -> list[str]:
        """The origins of BACKEND_CORS_ORIGINS: comma-separated, or a JSON list."""
        text = self.BACKEND_CORS_ORIGINS.strip()
        if text.startswith("["):
            return [str(origin).rstrip("/") for origin in json.loads(text)]
        return _split(text, strip="/")

    @property
    def allowed_hosts_list(self) -> list[str]:
        return _split(self.ALLOWED_HOSTS) or ["*"]

    @property
    def trusted_proxies_list(self) -> list[str]:
        return _split(self.TRUSTED_PROXIES)

    @property
    def is_production(self) -> bool:
        return self.ENVIRONMENT == "production"

    @model_validator(mode="after")
    def _celery_follows_redis(self) -> Self:
        self.CELERY_BROKER_URL = self.CELERY_BROKER_URL or self.REDIS_URL
        self.CELERY_RESULT_BACKEND = self.CELERY_RESULT_BACKEND or self.REDIS_URL
        return self

    @model_validator(mode="after")
    def _lists_can_be_read(self) -> Self:
        self.cors_origins_list  # noqa: B018 - raises on JSON that is none
        for network in self.trusted_proxies_list:
            ip_network(network)
        return self

    @model_validator(mode="after")
    def _limits_and_zone_are_known(self) -> Self:
        for name in ("RATE_LIMIT_DEFAULT", "RATE_LIMIT_LOGIN"):
            if not RATES.fullmatch(getattr(self, name)):
                raise ValueError(f"{name} is no rate limit. Examples: 100/minute, 5/second; 1000/hour")
        try:
            ZoneInfo(self.DEFAULT_TIME_ZONE)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"DEFAULT_TIME_ZONE: {self.DEFAULT_TIME_ZONE!r} is not an IANA time zone") from error
        return self


def _split(text: str, strip: str = "") -> list[str]:
    return [part for item in text.split(",") if (part := item.strip().rstrip(strip or None))]


class InsecureSettings(RuntimeError):
    """The settings are not fit for production; the message says which and why."""


def check_production(settings: Settings) -> None:
    """Refuse to start in production with what others could use: a known or short key, any origin.

    Raises:
        InsecureSettings: SECRET_KEY is the default of development, or shorter than 32 characters; or
            BACKEND_CORS_ORIGINS lets in every origin.
    """
    if not settings.is_production:
        return
    how = 'Make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'
    if settings.SECRET_KEY == DEVELOPMENT_SECRET_KEY:
        raise InsecureSettings(f"SECRET_KEY is not set. ENVIRONMENT=production needs a key of its own. {how}")
    if len(settings.SECRET_KEY) < SECRET_KEY_MIN_LENGTH:
        raise InsecureSettings(
            f"SECRET_KEY has {len(settings.SECRET_KEY)} characters; "
            f"ENVIRONMENT=production needs at least {SECRET_KEY_MIN_LENGTH}. {how}"
        )
    if "*" in settings.cors_origins_list:
        raise InsecureSettings(
            "BACKEND_CORS_ORIGINS is *: any web page could act for whoever is signed in. Name the origins."
        )


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
