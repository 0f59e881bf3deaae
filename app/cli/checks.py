"""What `planner doctor` looks at on this machine. Each check says what to do when it is not content."""

import io
import os
import shutil
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from pydantic_settings import DotEnvSettingsSource

from app.calendaring.zones import TZDATA_VERSION
from app.core.config import DEVELOPMENT_SECRET_KEY, SECRET_KEY_MIN_LENGTH, Settings
from app.core.file_store import (
    DiskFileStore,
    FileMissing,
    FileStoreMisconfigured,
    FileStoreUnavailable,
    get_file_store,
    new_key,
)
from app.supervisor import probe
from app.supervisor.home import Home, Running

Status = Literal["ok", "warn", "fail"]

GIBIBYTE = 1024**3
DISK_WARN_BYTES = 2 * GIBIBYTE
DISK_FAIL_BYTES = GIBIBYTE // 4
SECRET_KEY_MIN_DIFFERENT = 12
NEW_KEY = 'Make a key: python -c "import secrets; print(secrets.token_urlsafe(48))"'
SECRET_SETTINGS = ("SECRET_KEY", "PLANNER_ADMIN_PASSWORD")
# What the doctor stores for a moment, under nobody's name.
PROBE, NO_COMPANY = b"planner doctor", UUID(int=0)
SECRET_WORDS = ("PASSWORD", "SECRET", "TOKEN")


@dataclass(frozen=True)
class Check:
    """One line of the doctor: how it is, what it is about, what was found, and what to do about it."""

    status: Status
    name: str
    found: str
    advice: str = ""


def mask_url(url: str) -> str:
    """The address with `***` in place of its password."""
    try:
        parts = urlsplit(url)
        password = parts.password
    except ValueError:
        return "***"
    if not password:
        return url
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.split(':')[0]}:***@{host}"))


def shown(name: str, value: object) -> str:
    """A setting's value as it may be printed."""
    text = str(value)
    if name in SECRET_SETTINGS or (any(word in name for word in SECRET_WORDS) and isinstance(value, str)):
        return f"*** ({len(text)} characters)" if text else ""
    return mask_url(text) if "://" in text else text


def configuration(settings: Settings, home: Home) -> list[tuple[str, str, str]]:
    """Every setting that is not the default: name, printable value, and where it comes from."""
    dotenv = DotEnvSettingsSource(type(settings))()
    embedded = home.embedded()
    lines = []
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if os.environ.get(name):
            source = "environment"
        elif dotenv.get(name):
            source = ".env"
        elif embedded.get(name) and embedded[name] == value:
            source = f"{home.shown}/embedded.json"
        else:
            continue
        lines.append((name, shown(name, value), source))
    return lines


def check_environment(settings: Settings) -> Check:
    hosts = settings.allowed_hosts_list
    if settings.is_production and "*" in hosts:
        advice = "Set ALLOWED_HOSTS to the names under which people reach Planner, separated by commas."
        return Check("warn", "environment", "production; any Host header is accepted", advice)
    return Check("ok", "environment", f"{settings.ENVIRONMENT}; hosts: {', '.join(hosts)}")


def check_secret_key(settings: Settings) -> Check:
    bad: Status = "fail" if settings.is_production else "warn"
    key = settings.SECRET_KEY
    if key == DEVELOPMENT_SECRET_KEY:
        return Check(bad, "secret key", "the key of development, which everybody knows", f"{NEW_KEY}")
    if len(key) < SECRET_KEY_MIN_LENGTH:
        return Check(bad, "secret key", f"{len(key)} characters, {SECRET_KEY_MIN_LENGTH} are needed", NEW_KEY)
    if len(set(key)) < SECRET_KEY_MIN_DIFFERENT:
        return Check(bad, "secret key", f"only {len(set(key))} different characters: easily guessed", NEW_KEY)
    return Check("ok", "secret key", f"{len(key)} characters")


def check_cors(settings: Settings) -> Check:
    origins = settings.cors_origins_list
    if "*" in origins:
        status: Status = "fail" if settings.is_production else "warn"
        advice = "Name the origins in BACKEND_CORS_ORIGINS: with '*', any page may act for who is signed in."
        return Check(status, "CORS", "every origin is allowed", advice)
    plain = [origin for origin in origins if origin.startswith("http://")]
    if settings.is_production and plain:
        return Check("warn", "CORS", f"without TLS: {', '.join(plain)}", "Use https:// origins in production.")
    return Check("ok", "CORS", ", ".join(origins) or "no other origin is allowed")


def check_mail(settings: Settings) -> Check:
    """Whether mails leave, and how."""
    if not settings.SMTP_HOST:
        if settings.is_production:
            advice = "Set SMTP_HOST, or nobody gets an invitation: mails wait in the database."
            return Check("warn", "mail", "no server that takes mail", advice)
        return Check("ok", "mail", f"written to {settings.PLANNER_HOME}/mail: SMTP_HOST is not set")
    found = f"{settings.SMTP_HOST}:{settings.SMTP_PORT}, {settings.SMTP_TLS}, from {settings.MAIL_FROM}"
    if settings.is_production and Settings.model_fields["MAIL_FROM"].default == settings.MAIL_FROM:
        return Check("warn", "mail", found, "Set MAIL_FROM to an address of yours: servers refuse others.")
    if settings.is_production and settings.SMTP_USER and settings.SMTP_TLS == "none":
        return Check("warn", "mail", found, "Set SMTP_TLS: the password crosses the network for all to read.")
    return Check("ok", "mail", found)


def check_disk(home: Home) -> Check:
    place = home.path
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    found = f"{free / GIBIBYTE:.1f} GiB free for {home.shown}"
    if free < DISK_WARN_BYTES:
        status: Status = "fail" if free < DISK_FAIL_BYTES else "warn"
        advice = f"Make room: below {DISK_FAIL_BYTES // 1024**2} MiB the database soon stops writing."
        return Check(status, "disk", found, advice)
    return Check("ok", "disk", found)


def check_file_store(settings: Settings) -> Check:
    """Whether files can be stored; in a bucket, by storing one."""
    where = settings.FILE_STORE_URL or str(settings.UPLOADS_DIR / "attachments")
    try:
        store = get_file_store()
        if isinstance(store, DiskFileStore):
            place = store.folder
            while not place.exists():
                place = place.parent
            if not os.access(place, os.W_OK | os.X_OK):
                advice = f"Let the user of this process write in {place}, or set UPLOADS_DIR."
                return Check("fail", "files", f"{where}: not writable", advice)
        else:
            key = new_key(NO_COMPANY)
            store.put(key, io.BytesIO(PROBE))
            if b"".join(store.open(key)) != PROBE:
                raise FileStoreUnavailable("what was stored came back changed")
            store.delete(key)
    except FileStoreMisconfigured as error:
        return Check("fail", "files", where, str(error))
    except (FileMissing, FileStoreUnavailable) as error:
        advice = "Look at the bucket's address and rights: AWS_ENDPOINT_URL, AWS_REGION and the access key."
        return Check("fail", "files", f"{where}: {error}", advice)
    return Check("ok", "files", where)


def system_tzdata_version(directory: Path) -> str | None:
    """The version of the time zone data in a folder of the system, such as "2026a"."""
    for name, prefix in (("tzdata.zi", "# version "), ("+VERSION", "")):
        try:
            with (directory / name).open(encoding="utf-8") as file:
                return file.readline().strip().removeprefix(prefix) or None
        except (OSError, UnicodeDecodeError):
            continue
    return None


def check_tzdata(used: str = TZDATA_VERSION, folders: Sequence[str] | None = None) -> Check:
    """Whether the time zone data of the `tzdata` package, which Planner always uses, are behind the system's.

    Args:
        used: the version in use, such as "2026f".
        folders: where the system keeps its own, by default where this Python would look.
    """
    if folders is None:
        folders = (sysconfig.get_config_var("TZPATH") or "").split(os.pathsep)
    versions = (system_tzdata_version(Path(folder)) for folder in folders if folder)
    newest = max((version for version in versions if version), default=None)
    if newest and newest > used:
        advice = "Update the tzdata package, so that Planner knows the newest rules too."
        return Check("warn", "time zones", f"tzdata {used} is used; the system has {newest}", advice)
    return Check("ok", "time zones", f"tzdata {used} (the system's: {newest or 'none'})")


def check_running(settings: Settings, running: Running | None) -> Check:
    """Whether Planner runs on this PLANNER_HOME, and whether the API answers."""
    answers = probe.api_answers(settings)
    url = probe.base_url(settings)
    if running and running.command != "up":
        return Check("ok", "planner", f"'planner {running.command}' is using the folder (pid {running.pid})")
    if running and not answers:
        advice = "If it does not become ready, look into the log folder."
        return Check("warn", "planner", f"up (pid {running.pid}), but {url} does not answer yet", advice)
    if running:
        return Check("ok", "planner", f"{running.url}, pid {running.pid}, since {running.since}")
    if answers:
        return Check("ok", "planner", f"no 'planner up' here; an API answers on {url}")
    return Check("warn", "planner", "not running", "Start it: planner up")
