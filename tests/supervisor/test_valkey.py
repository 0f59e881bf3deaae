"""The embedded Valkey, on the real server."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from app.supervisor.external import redis_client
from app.supervisor.valkey import EmbeddedValkey

DEADLINE_SECONDS = 20.0


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    with EmbeddedValkey(tmp_path / "valkey") as server:
        yield server


def test_it_wants_the_password(valkey: EmbeddedValkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        assert client.ping()
    stranger_url = f"redis://127.0.0.1:{valkey.port}"
    with redis_client(stranger_url) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_the_password_is_in_no_command_line_and_no_open_file(valkey: EmbeddedValkey) -> None:
    password = valkey.secrets["password"]
    assert password not in " ".join(valkey.wrapped_command())
    for path in (valkey.data_dir / "valkey.conf", valkey.data_dir.with_name("valkey.json")):
        assert password in path.read_text()
        assert path.stat().st_mode & 0o077 == 0


def test_a_full_queue_refuses_instead_of_forgetting(valkey: EmbeddedValkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_what_was_acknowledged_survives_a_kill(valkey: EmbeddedValkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.rpush("queue", "task")
    address = valkey.url
    assert valkey.pid
    assert valkey._process
    os.kill(valkey.pid, signal.SIGKILL)
    valkey._process.wait(DEADLINE_SECONDS)
    assert valkey.start().url == address
    with redis.Redis.from_url(valkey.url) as client:
        assert client.lrange("queue", 0, -1) == [b"task"]


def test_a_server_left_behind_is_stopped_first(valkey: EmbeddedValkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.set("written", "before")
    with EmbeddedValkey(valkey.data_dir) as second, redis.Redis.from_url(second.url) as client:
        assert client.get("written") == b"before"
        assert valkey.pid is None
