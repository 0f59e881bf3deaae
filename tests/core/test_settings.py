"""Settings: where they come from, what they mean, and what production refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from limits import parse_many
from pydantic import ValidationError

from app.core.config import DEVELOPMENT_SECRET_KEY, InsecureSettings, Settings, check_production
from tests.support.api_process import ROOT

GOOD_KEY = "k" * 32


@pytest.fixture(autouse=True)
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and no settings in the environment."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def write_env_file(**values: str) -> None:
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))


def write_embedded(home: str = "var", **values: str) -> None:
    Path(home).mkdir()
    Path(home, "embedded.json").write_text(json.dumps(values))


# The document's names and defaults


def test_the_defaults_are_those_of_the_document() -> None:
    settings = Settings()
    assert (settings.ACCESS_TOKEN_EXPIRE_MINUTES, settings.ENVIRONMENT) == (30, "development")
    assert (settings.RATE_LIMIT_DEFAULT, settings.RATE_LIMIT_LOGIN) == ("100/minute", "5/minute")
    assert (Path("var"), "127.0.0.1", 8000) == (settings.PLANNER_HOME, settings.PLANNER_HOST, settings.PLANNER_PORT)


def test_every_setting_of_the_document_is_there() -> None:
    names = {
        "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "CELERY_RESULT_BACKEND", "SECRET_KEY",
        "ACCESS_TOKEN_EXPIRE_MINUTES", "ENVIRONMENT", "BACKEND_CORS_ORIGINS", "PLANNER_HOME", "PLANNER_HOST",
        "PLANNER_PORT", "PLANNER_ADMIN_EMAIL", "PLANNER_ADMIN_PASSWORD", "RATE_LIMIT_DEFAULT", "RATE_LIMIT_LOGIN",
    }  # fmt: skip
    assert names <= set(Settings.model_fields)


def test_the_example_file_explains_every_setting() -> None:
    text = (ROOT / ".env.example").read_text()
    assert [name for name in Settings.model_fields if f"{name}=" not in text] == []


# Where they come from


def test_the_environment_beats_the_file_which_beats_the_embedded_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    write_embedded(DATABASE_URL="postgresql://embedded", REDIS_URL="redis://embedded", SECRET_KEY="embedded key")
    assert Settings().DATABASE_URL == "postgresql://embedded"
    write_env_file(DATABASE_URL="postgresql://file", SECRET_KEY="key of the file")
    assert Settings().DATABASE_URL == "postgresql://file"
    monkeypatch.setenv("DATABASE_URL", "postgresql://environment")
    settings = Settings()
    assert settings.DATABASE_URL == "postgresql://environment"
    assert settings.SECRET_KEY == "key of the file"
    assert settings.REDIS_URL == "redis://embedded"


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE_LIMIT_LOGIN", "")
    monkeypatch.setenv("PLANNER_PORT", "")
    assert (Settings().RATE_LIMIT_LOGIN, Settings().PLANNER_PORT) == ("5/minute", 8000)


def test_two_installations_have_their_own_embedded_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for home in ("first", "second"):
        write_embedded(home, DATABASE_URL=f"postgresql://{home}")
        monkeypatch.setenv("PLANNER_HOME", home)
        assert f"postgresql://{home}" == Settings().DATABASE_URL


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"DATABASE_URL": ""}'])
def test_an_unreadable_note_of_the_embedded_servers_counts_as_none(content: str) -> None:
    write_embedded()
    Path("var/embedded.json").write_text(content)
    assert Settings().DATABASE_URL == ""


def test_only_addresses_and_the_key_are_taken_from_that_note() -> None:
    write_embedded(REDIS_URL="redis://embedded", ENVIRONMENT="production", PLANNER_PORT="1")
    assert (Settings().ENVIRONMENT, Settings().PLANNER_PORT) == ("development", 8000)


def test_celery_follows_redis_unless_told_otherwise() -> None:
    settings = Settings(REDIS_URL="redis://a/1")
    assert (settings.CELERY_BROKER_URL, settings.CELERY_RESULT_BACKEND) == ("redis://a/1", "redis://a/1")
    settings = Settings(REDIS_URL="redis://a/1", CELERY_BROKER_URL="amqp://b")
    assert (settings.CELERY_BROKER_URL, settings.CELERY_RESULT_BACKEND) == ("amqp://b", "redis://a/1")


# What they mean


@pytest.mark.parametrize(
    ("text", "origins"),
    [("", []), ("https://a.example", ["https://a.example"]),
     ("https://a.example/, http://b:3000 ,", ["https://a.example", "http://b:3000"]),
     ('["https://a.example/", "http://b:3000"]', ["https://a.example", "http://b:3000"])],
)  # fmt: skip
def test_origins_are_a_list_with_commas_or_json(text: str, origins: list[str]) -> None:
    assert Settings(BACKEND_CORS_ORIGINS=text).cors_origins_list == origins


BAD_VALUES = {
    "BACKEND_CORS_ORIGINS": '["https://a.example"',
    "TRUSTED_PROXIES": "10.0.0.0/8, proxy.example",
    "RATE_LIMIT_DEFAULT": "many",
    "RATE_LIMIT_LOGIN": "5/fortnight",
    "DEFAULT_TIME_ZONE": "Mars/Base",
    "ENVIRONMENT": "staging",
    "PLANNER_PORT": "70000",
    "ACCESS_TOKEN_EXPIRE_MINUTES": "0",
    "LOG_FORMAT": "xml",
    "REGISTRATION": "maybe",
}


@pytest.mark.parametrize("name", BAD_VALUES)
def test_a_value_that_cannot_work_is_refused_when_it_is_read(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, BAD_VALUES[name])
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize(
    "text", ["5/minute", "1000 per hour", "2/second; 100/5 minutes", "1/day,2/month", " 10/year | 1/second "]
)
def test_a_limit_is_written_as_the_library_reads_it(text: str) -> None:
    assert parse_many(Settings(RATE_LIMIT_DEFAULT=text, RATE_LIMIT_LOGIN=text).RATE_LIMIT_DEFAULT)


# Production


@pytest.mark.parametrize("key", ["", DEVELOPMENT_SECRET_KEY, "short", "k" * 31])
def test_production_refuses_a_default_or_short_key_and_says_so(key: str) -> None:
    values = {"SECRET_KEY": key} if key else {}
    with pytest.raises(InsecureSettings, match="SECRET_KEY"):
        check_production(Settings(ENVIRONMENT="production", **values))
    check_production(Settings(ENVIRONMENT="development", **values))


def test_production_accepts_a_key_of_its_own() -> None:
    check_production(Settings(ENVIRONMENT="production", SECRET_KEY=GOOD_KEY))


COMMANDS = {
    "api": ["uvicorn", "app.main:app", "--port", "1"],
    "worker": ["celery", "-A", "app.celery_app", "worker"],
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_no_process_starts_in_production_with_the_default_key(command: list[str]) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "ENVIRONMENT": "production",
        "REDIS_URL": "redis://127.0.0.1:1",
    }
    ended = subprocess.run(
        [sys.executable, "-m", *command], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode != 0
    assert "SECRET_KEY is not set" in ended.stdout + ended.stderr


def test_production_refuses_to_let_in_every_origin() -> None:
    settings = Settings(ENVIRONMENT="production", SECRET_KEY="k" * 40, BACKEND_CORS_ORIGINS="https://a.example,*")
    with pytest.raises(InsecureSettings, match="BACKEND_CORS_ORIGINS"):
        check_production(settings)
