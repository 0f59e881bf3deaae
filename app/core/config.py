"""Settings: environment first, then `.env`, then what `planner up` wrote, then the defaults below."""

import json
import re
from email.utils import parseaddr
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
        names = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY")
        return {name: kept[name] for name in names if kept.get(name)}


class Settings(BaseSettings):
    """Every knob of the installation. `.env.example` explains each for the person who sets it."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", case_sensitive=True)

    # Servers. Empty means: the embedded ones, started by `planner up`.
    DATABASE_URL: str = ""
    DATABASE_OWNER_URL: str = ""
    REDIS_URL: str = ""
    CELERY_BROKER_URL: str = ""
    CELERY_RESULT_BACKEND: str = ""

    # Security
    SECRET_KEY: str = DEVELOPMENT_SECRET_KEY
    ACCESS_TOKEN_EXPIRE_MINUTES: int = Field(30, ge=1, le=60 * 24)
    REFRESH_TOKEN_EXPIRE_DAYS: int = Field(30, ge=1, le=365)
    PASSWORD_HASH_CONCURRENCY: int = Field(2, ge=1, le=64)
    SESSIONS_PER_USER: int = Field(50, ge=1, le=1000)
    REGISTRATION: Literal["open", "domain", "invitation", "closed"] = "open"
    INVITATION_EXPIRE_DAYS: int = Field(7, ge=1, le=365)
    INVITATIONS_OPEN_MAX: int = Field(1000, ge=1, le=100_000)
    INVITATION_KEEP_DAYS: int = Field(365, ge=1, le=36_500)
    # Minutes before somebody who asks again is written again.
    REGISTRATION_MAIL_PAUSE_MINUTES: int = Field(10, ge=0, le=1440)
    ORGANIZATION_DOMAINS_MAX: int = Field(50, ge=0, le=1000)

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

    # Mail
    PUBLIC_URL: str = ""
    INVITATION_URL: str = ""
    ROOM_REQUEST_URL: str = ""
    SMTP_HOST: str = ""
    SMTP_PORT: int = Field(587, ge=1, le=65535)
    SMTP_USER: str = ""
    SMTP_PASSWORD: str = ""
    SMTP_TLS: Literal["none", "starttls", "tls"] = "starttls"
    SMTP_TIMEOUT_SECONDS: float = Field(10, gt=0, le=60)
    MAIL_FROM: str = "Planner <planner@localhost>"
    # Where answers to invitations go: planner+{key}@firm.example. Empty: to the organizer's own mailbox.
    REPLY_ADDRESS: str = ""
    # Mail that comes in: by a mail server's pipe, or from a mailbox
    INBOUND_MAIL_SECRET: str = ""
    INBOUND_MAIL_MAX_BYTES: int = Field(10 * 1024 * 1024, ge=1024, le=100 * 1024 * 1024)
    IMAP_HOST: str = ""
    IMAP_PORT: int = Field(993, ge=1, le=65535)
    IMAP_USER: str = ""
    IMAP_PASSWORD: str = ""
    IMAP_TLS: Literal["none", "starttls", "tls"] = "tls"
    IMAP_FOLDER: str = Field("INBOX", pattern=r'^[^"\\\r\n]{1,200}$')
    MAIL_FILES_MAX: int = Field(500, ge=1, le=100_000)
    OUTBOX_MAX_ATTEMPTS: int = Field(10, ge=1, le=20)
    OUTBOX_KEEP_DAYS: int = Field(30, ge=1, le=3650)
    # Seconds in which further changes of the same event join the mail that tells of the first.
    MAIL_GATHER_SECONDS: int = Field(60, ge=0, le=3600)

    # Notifications
    NOTIFICATION_KEEP_DAYS: int = Field(30, ge=1, le=3650)
    NOTIFICATIONS_PER_USER_MAX: int = Field(10_000, ge=100, le=1_000_000)
    NOTIFICATION_CHOICES_MAX: int = Field(500, ge=20, le=5000)
    REMINDERS_PER_EVENT_MAX: int = Field(10, ge=1, le=100)
    # Events and calendars for which somebody has reminders of their own.
    REMINDER_SETTINGS_PER_USER: int = Field(2000, ge=1, le=100_000)
    # Minutes in which a reminder is sent late, where a meeting is moved to soon or nothing ran; after that it is not.
    REMINDER_GRACE_MINUTES: int = Field(15, ge=1, le=24 * 60)
    # Of web push: without a key, one is made from SECRET_KEY; without a subject, push services write to MAIL_FROM.
    VAPID_PRIVATE_KEY: str = ""
    VAPID_SUBJECT: str = Field("", pattern=r"^(?:(?:mailto:|https://)\S{1,250})?$")
    PUSH_SUBSCRIPTIONS_PER_USER: int = Field(20, ge=1, le=1000)

    # Watching over it: the token with which /metrics is read, and from which age what waits is a reason to worry
    METRICS_TOKEN: str = ""
    BACKLOG_LATE_SECONDS: int = Field(600, ge=10, le=86_400)

    # Webhooks
    WEBHOOKS_MAX: int = Field(20, ge=0, le=1000)
    WEBHOOK_DISABLE_HOURS: int = Field(24, ge=1, le=24 * 30)

    # Live streams
    STREAMS_MAX: int = Field(2000, ge=1, le=100_000)
    STREAMS_PER_USER: int = Field(20, ge=1, le=1000)
    STREAM_SECONDS: float = Field(3600, gt=0, le=24 * 3600)
    STREAM_HEARTBEAT_SECONDS: float = Field(15, gt=0, le=300)
    STREAM_LOOK_SECONDS: float = Field(30, gt=0, le=300)

    # HTTP to the outside
    OUTBOUND_ALLOWED_NETWORKS: str = ""
    OUTBOUND_TIMEOUT_SECONDS: float = Field(20, gt=0, le=120)
    OUTBOUND_MAX_REDIRECTS: int = Field(5, ge=0, le=20)

    # Database
    DATABASE_POOL_SIZE: int = Field(20, ge=1, le=500)
    DATABASE_STATEMENT_TIMEOUT_MS: int = Field(10_000, ge=100)
    DATABASE_LOCK_TIMEOUT_MS: int = Field(5_000, ge=100)
    AUDIT_KEEP_DAYS: int = Field(1095, ge=30, le=36_500)

    # Charts of people and departments
    DEPARTMENTS_PER_COMPANY: int = Field(2000, ge=1, le=20_000)
    DEPARTMENT_MAX_DEPTH: int = Field(20, ge=1, le=50)
    DEPARTMENT_MOVE_MAX_PEOPLE: int = Field(500, ge=1, le=5000)
    ORG_CHART_MAX_PEOPLE: int = Field(20_000, ge=1, le=100_000)
    ORG_CHART_MAX_DEPTH: int = Field(100, ge=1, le=1000)
    HANDOVER_MAX_ITEMS: int = Field(10_000, ge=1, le=100_000)
    HANDOVER_ITEMS_SHOWN: int = Field(20, ge=1, le=500)

    # People
    DEFAULT_PHONE_REGION: str = Field("RU", pattern=r"^[A-Z]{2}$")
    BIRTHDAYS_MAX_DAYS: int = Field(92, ge=1, le=183)
    AVATAR_MAX_BYTES: int = Field(5 * 1024 * 1024, ge=1024, le=100 * 1024 * 1024)
    AVATAR_MAX_PIXELS: int = Field(40_000_000, ge=65_536, le=200_000_000)
    IMPORT_MAX_ROWS: int = Field(5000, ge=1, le=50_000)
    IMPORT_MAX_BYTES: int = Field(4 * 1024 * 1024, ge=1024, le=100 * 1024 * 1024)
    EXPORT_MAX_ROWS: int = Field(50_000, ge=1, le=1_000_000)

    # Comments and files of events
    COMMENTS_PER_EVENT_MAX: int = Field(1000, ge=1, le=100_000)
    COMMENT_MENTIONS_MAX: int = Field(50, ge=0, le=500)
    ATTACHMENT_MAX_BYTES: int = Field(10 * 1024 * 1024, ge=1024, le=1024 * 1024 * 1024)
    ATTACHMENTS_PER_EVENT_MAX: int = Field(100, ge=0, le=10_000)
    ATTACHMENTS_TOTAL_MAX_BYTES: int = Field(10 * 1024**3, ge=0, le=1024**5)
    FILE_STORE_URL: str = Field("", pattern=r"^(?:s3://[a-z0-9][a-z0-9.\-]+(?:/[^\s?#]*)?)?$")

    # Tickets, absences, holidays
    TICKET_URL: str = ""
    TICKETS_OPEN_MAX: int = Field(500, ge=1, le=100_000)
    TICKET_QUEUES_MAX: int = Field(200, ge=1, le=10_000)
    TICKET_QUEUE_MEMBERS_MAX: int = Field(500, ge=1, le=10_000)
    TICKET_CATEGORIES_MAX: int = Field(500, ge=1, le=10_000)
    TICKET_VIEWS_MAX: int = Field(100, ge=1, le=1000)
    TICKET_ENTRIES_MAX: int = Field(1000, ge=1, le=100_000)
    TICKET_CHANGES_MAX: int = Field(2000, ge=10, le=100_000)
    TICKET_ATTACHMENTS_MAX: int = Field(100, ge=0, le=10_000)
    TICKET_WATCHERS_MAX: int = Field(100, ge=1, le=1000)
    TICKET_LINKS_MAX: int = Field(100, ge=1, le=1000)
    TICKET_BULK_MAX: int = Field(100, ge=1, le=1000)
    TICKET_PENDING_MAX_DAYS: int = Field(366, ge=1, le=3660)
    TICKET_MAIL_FILES_MAX_BYTES: int = Field(10 * 1024 * 1024, ge=1024, le=100 * 1024 * 1024)
    TICKET_MAILS_PER_HOUR: int = Field(30, ge=1, le=10_000)
    TICKET_WARN_DAYS: int = Field(14, ge=1, le=366)
    ABSENCES_MAX: int = Field(500, ge=1, le=10_000)
    ABSENCE_MAX_DAYS: int = Field(1100, ge=1, le=3660)
    ABSENCE_KINDS_MAX: int = Field(100, ge=1, le=10_000)
    ABSENCES_EXPORT_MAX: int = Field(5000, ge=1, le=100_000)
    COMPANY_DAYS_MAX: int = Field(1000, ge=1, le=10_000)
    HOURS_PER_OWNER_MAX: int = Field(100, ge=1, le=1000)
    WORK_PLACE_DAYS_MAX: int = Field(2000, ge=1, le=20_000)

    # Appointments
    APPOINTMENT_KINDS_MAX: int = Field(50, ge=1, le=1000)
    SLOTS_WINDOW_MAX_DAYS: int = Field(62, ge=1, le=366)
    SLOT_HOLD_MINUTES: int = Field(10, ge=1, le=24 * 60)
    SLOT_CONFIRM_MINUTES: int = Field(30, ge=1, le=24 * 60)
    APPOINTMENT_APPROVAL_HOURS: int = Field(72, ge=1, le=24 * 90)
    APPOINTMENT_FAIRNESS_DAYS: int = Field(30, ge=1, le=3660)
    APPOINTMENTS_PER_EMAIL: int = Field(10, ge=1, le=10_000)
    SLOT_HOLDS_PER_ADDRESS: int = Field(20, ge=1, le=100_000)
    APPOINTMENT_KEEP_DAYS: int = Field(366, ge=1, le=3660)

    # Calendar
    DEFAULT_TIME_ZONE: str = "Europe/Moscow"
    OCCURRENCE_HORIZON_DAYS: int = Field(730, ge=31, le=3660)
    SERIES_MAX_OCCURRENCES: int = Field(2000, ge=1, le=20_000)
    SERIES_MAX_EXDATES: int = Field(500, ge=0, le=5000)
    CALENDARS_PER_USER: int = Field(200, ge=1, le=10_000)
    CALENDAR_SHARES_MAX: int = Field(200, ge=1, le=10_000)
    DELEGATES_MAX: int = Field(20, ge=1, le=1000)
    EVENT_MAX_DAYS: int = Field(366, ge=1, le=3660)
    EVENT_MAX_PARTICIPANTS: int = Field(500, ge=1, le=5000)
    PARTICIPANTS_SHOWN: int = Field(500, ge=1, le=5000)
    ANSWERS_TOLD_MAX_GUESTS: int = Field(50, ge=0, le=5000)
    PREVIEW_ITEMS_SHOWN: int = Field(100, ge=1, le=20_000)
    EVENTS_WINDOW_MAX_DAYS: int = Field(400, ge=1, le=3660)
    FREEBUSY_MAX_SUBJECTS: int = Field(200, ge=1, le=5000)
    FREEBUSY_MAX_DAYS: int = Field(92, ge=1, le=366)
    FIND_TIME_MAX_STARTS: int = Field(10_000, ge=100, le=200_000)
    STATISTICS_MAX_ROWS: int = Field(10_000, ge=100, le=1_000_000)

    # Rooms
    BUILDINGS_MAX: int = Field(500, ge=1, le=10_000)
    ROOM_PHOTO_MAX_BYTES: int = Field(10 * 1024 * 1024, ge=1024, le=100 * 1024 * 1024)
    ROOM_PHOTO_MAX_PIXELS: int = Field(40_000_000, ge=65_536, le=200_000_000)
    ROOM_BOOKING_WINDOW_DAYS: int = Field(180, ge=1, le=3660)
    ROOM_APPROVAL_HOURS: int = Field(48, ge=1, le=24 * 90)
    ROOM_HOLD_MAX_MINUTES: int = Field(15, ge=1, le=24 * 60)
    ROOM_HOLDS_PER_USER: int = Field(10, ge=1, le=1000)
    ROOM_OFFER_MINUTES: int = Field(15, ge=1, le=24 * 60)
    ROOM_WAITING_PER_USER: int = Field(50, ge=1, le=10_000)
    ROOM_WAITING_KEEP_DAYS: int = Field(90, ge=1, le=3650)
    ROOM_CHECK_IN_EARLY_MINUTES: int = Field(15, ge=0, le=24 * 60)
    ROOM_NO_SHOWS_MAX_DAYS: int = Field(92, ge=1, le=3660)
    ROOM_BLOCKINGS_MAX: int = Field(1000, ge=1, le=100_000)
    ROOM_POLICY_PEOPLE_MAX: int = Field(500, ge=1, le=10_000)
    ROOM_CLOSING_MAX_BOOKINGS: int = Field(2000, ge=1, le=100_000)
    ROOM_FINDING_MAX_DAYS: int = Field(31, ge=1, le=366)
    ROOM_SERIES_MAX_ROOMS: int = Field(2000, ge=1, le=100_000)
    ROOM_PANEL_STREAMS_MAX: int = Field(500, ge=1, le=100_000)
    ROOM_PANEL_STREAM_SECONDS: int = Field(3600, ge=1, le=24 * 3600)

    # Changes and repeated requests
    CHANGES_KEEP_DAYS: int = Field(30, ge=1, le=3650)
    IDEMPOTENCY_KEEP_HOURS: int = Field(24, ge=1, le=24 * 30)
    IDEMPOTENCY_KEYS_PER_USER: int = Field(1000, ge=1, le=100_000)
    IDEMPOTENCY_MAX_BODY_BYTES: int = Field(256 * 1024, ge=1024, le=16 * 1024 * 1024)

    # iCalendar in and out
    ICS_IMPORT_MAX_BYTES: int = Field(10 * 1024 * 1024, ge=1024, le=100 * 1024 * 1024)
    ICS_IMPORTS_OPEN_MAX: int = Field(5, ge=1, le=1000)
    ICS_REPORT_MAX_LINES: int = Field(20_000, ge=1, le=1_000_000)
    ICS_IMPORT_KEEP_DAYS: int = Field(30, ge=1, le=3650)
    ICS_COMPONENTS_PER_CALENDAR: int = Field(5000, ge=0, le=100_000)
    FEEDS_PER_USER: int = Field(50, ge=1, le=1000)
    FEED_PAST_DAYS: int = Field(365, ge=1, le=3660)
    FEED_FUTURE_DAYS: int = Field(730, ge=1, le=3660)
    OUTSIDE_FEEDS_PER_USER: int = Field(20, ge=0, le=1000)
    OUTSIDE_FEED_MAX_BYTES: int = Field(10 * 1024 * 1024, ge=1024, le=100 * 1024 * 1024)
    OUTSIDE_FEED_MIN_MINUTES: int = Field(15, ge=1, le=10_080)

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
    def owner_url(self) -> str:
        """The database as the role that owns its tables, for migrations: DATABASE_URL where no other is named."""
        return self.DATABASE_OWNER_URL or self.DATABASE_URL

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
    def outbound_allowed_networks_list(self) -> list[str]:
        return _split(self.OUTBOUND_ALLOWED_NETWORKS)

    @property
    def public_url(self) -> str:
        """The address under which people reach Planner, without a slash at its end."""
        host = self.PLANNER_HOST
        own = f"http://{f'[{host}]' if ':' in host else host}:{self.PLANNER_PORT}"
        return (self.PUBLIC_URL or own).rstrip("/")

    def reply_address(self, key: str) -> str | None:
        """The secret address for answers to one invitation; None where no mail comes in."""
        return self.REPLY_ADDRESS.replace("{key}", key) or None

    def reply_url(self, key: str) -> str:
        """The page on which whoever has the key answers an invitation."""
        return f"{self.public_url}/api/v1/rsvp/{key}"

    def booking_url(self, key: str) -> str:
        """The page on which people from outside book a kind of appointment."""
        return f"{self.public_url}/api/v1/book/{key}"

    def appointment_url(self, key: str) -> str:
        """The page of one appointment, for whoever has its key."""
        return f"{self.public_url}/api/v1/appointments/{key}"

    def invitation_url(self, token: str) -> str:
        """The link in an invitation."""
        template = self.INVITATION_URL or f"{self.public_url}/api/v1/auth/invitation?token={{token}}"
        return template.replace("{token}", token)

    def room_request_url(self, request_id: object) -> str | None:
        """The link for whoever decides about a room; None where no front-end is named."""
        return self.ROOM_REQUEST_URL.replace("{id}", str(request_id)) or None

    def ticket_url(self, ticket_id: object, number: int) -> str | None:
        """Where the front end shows a ticket; None: nobody said."""
        return self.TICKET_URL.replace("{id}", str(ticket_id)).replace("{number}", str(number)) or None

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
        for network in (*self.trusted_proxies_list, *self.outbound_allowed_networks_list):
            ip_network(network)
        return self

    @model_validator(mode="after")
    def _mail_can_be_addressed(self) -> Self:
        if self.INVITATION_URL and "{token}" not in self.INVITATION_URL:
            raise ValueError("INVITATION_URL must hold {token}, the place of the invitation's token")
        if self.TICKET_URL and not {"{id}", "{number}"} & set(re.findall(r"{[a-z]+}", self.TICKET_URL)):
            raise ValueError("TICKET_URL must hold {id} or {number}, the place of the ticket's id or number")
        if self.ROOM_REQUEST_URL and "{id}" not in self.ROOM_REQUEST_URL:
            raise ValueError("ROOM_REQUEST_URL must hold {id}, the place of the request's id")
        if self.REPLY_ADDRESS and "{key}" not in self.REPLY_ADDRESS.rpartition("@")[0]:
            raise ValueError("REPLY_ADDRESS must hold {key} before its @. Example: planner+{key}@firm.example")
        if any(character in self.MAIL_FROM for character in "\r\n") or "@" not in parseaddr(self.MAIL_FROM)[1]:
            raise ValueError("MAIL_FROM is no address. Examples: planner@firm.example, Planner <planner@firm.example>")
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
