"""Servers for the duration of a command, and waiting for servers of somebody else."""

import os
import socket
from pathlib import Path

import psycopg
import pytest
import redis

from app.core.config import get_settings
from app.supervisor import ports
from app.supervisor.errors import PortTaken, ServerFailed
from app.supervisor.external import wait_for_database, wait_for_redis
from app.supervisor.home import Home, InUse
from app.supervisor.postgres import EmbeddedPostgres
from app.supervisor.running import running_servers


def test_a_command_gets_servers_for_its_time(own_home: Path) -> None:
    said: list[str] = []
    assert get_settings().DATABASE_URL == ""
    with running_servers(get_settings(), command="migrate", say=said.append) as settings:
        assert get_settings() is settings
        with psycopg.connect(settings.DATABASE_URL) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            assert client.ping()
        running = Home(own_home).running()
        assert running
        assert (running.command, running.pid) == ("migrate", os.getpid())
        with pytest.raises(InUse, match="'planner migrate' is using"), running_servers(settings):
            pass
    assert said == [
        "starting the embedded PostgreSQL for this command",
        "starting the embedded Valkey for this command",
    ]
    assert Home(own_home).running() is None
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(settings.DATABASE_URL)


def test_servers_of_a_running_up_are_shared(
    own_home: Path, shared_postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(own_home)
    with home.lock("up"):
        home.keep(DATABASE_URL=shared_postgres.url, REDIS_URL="redis://127.0.0.1:1/0")
        monkeypatch.setattr("app.supervisor.running.wait_for_redis", lambda *_args, **_options: None)
        with running_servers(get_settings()) as settings:
            assert settings.DATABASE_URL.endswith(f":{shared_postgres.port}/planner")
    assert not home.postgres_dir.exists()


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    said: list[str] = []
    port = ports.free_port()
    with pytest.raises(ServerFailed) as failed:
        wait_for_database(f"postgresql://planner:hunter2@127.0.0.1:{port}/x", seconds=0.2, say=said.append)
    assert str(failed.value) == (
        f"PostgreSQL at 127.0.0.1:{port} did not answer within 0 s: Connection refused. Check DATABASE_URL."
    )
    assert said == [f"waiting for PostgreSQL at 127.0.0.1:{port}, up to 0 s"]
    with pytest.raises(ServerFailed, match=f"Redis at 127.0.0.1:{port} did not answer") as failed:
        wait_for_redis(f"redis://:hunter2@127.0.0.1:{port}/0", seconds=0.2, say=said.append)
    assert "hunter2" not in str(failed.value) + "".join(said)


def test_a_refusal_is_told_at_once(shared_postgres: EmbeddedPostgres) -> None:
    url = shared_postgres.url.replace(shared_postgres.secrets["application_password"], "wrong")
    with pytest.raises(ServerFailed, match=r"refuses the connection: .*authentication failed.*Check DATABASE_URL"):
        wait_for_database(url, seconds=3600)


@pytest.mark.parametrize("url", ["nonsense", "postgresql://host:port/x", "mysql://root@127.0.0.1/x"])
def test_an_address_that_is_none_is_told_at_once(url: str) -> None:
    with pytest.raises(ServerFailed, match="DATABASE_URL"):
        wait_for_database(url, seconds=0.2)


def test_redis_addresses_that_are_none_are_told_at_once() -> None:
    with pytest.raises(ServerFailed, match="REDIS_URL is no address of a server"):
        wait_for_redis("http://127.0.0.1", seconds=3600)


def test_ports_are_free_and_their_owner_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not ports.is_free(port)
        with pytest.raises(PortTaken, match=rf"Port {port} on 127.0.0.1 is taken by another program"):
            ports.require_free("127.0.0.1", port)
    with pytest.raises(PortTaken, match="Set PLANNER_HOST to an address of this machine"):
        ports.require_free("203.0.113.7", port)
    assert ports.FIRST_PORT <= ports.free_port() <= ports.LAST_PORT
