"""The database connection of this process: engine, sessions, and the dependency of routes."""

import contextlib
from functools import lru_cache
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

from app.core.config import get_settings
from app.core.database import build_engine
from app.core.migrations import upgrade
from app.core.tenancy import ORIGIN, READS, REQUEST


@lru_cache(maxsize=1)
def get_engine() -> Engine:
    """The engine of this process, built from the settings on first use."""
    return build_engine(get_settings())


@lru_cache(maxsize=1)
def get_read_engine() -> Engine:
    """The same pool for requests that only read: every statement stands alone, so none waits for a BEGIN."""
    return get_engine().execution_options(isolation_level="AUTOCOMMIT")


class _LateBoundSession(Session):
    """A session that finds the engine when it is made, so that importing this module connects to nothing."""

    def __init__(self, bind: Engine | None = None, **options: Any) -> None:
        super().__init__(bind=bind or get_engine(), **options)


SessionLocal = sessionmaker(class_=_LateBoundSession, expire_on_commit=False, autoflush=False)


def client_address(request: Request) -> str | None:
    """The address of the client, as the middleware found it."""
    return request.client.host if request.client else None


async def get_session(request: Request) -> Session:
    """The request's session, which has not touched the database yet; the route class commits and closes it.

    Async because it does no I/O: a sync dependency would cost a thread hop of its own.
    """
    session: Session | None = getattr(request.state, "session", None)
    if session is None:
        is_read = request.method in ("GET", "HEAD")
        bind = get_read_engine() if is_read else get_engine()
        told = {READS: is_read, ORIGIN: client_address(request), REQUEST: request.state.request_id}
        session = request.state.session = SessionLocal(bind=bind, info=told)
    return session


SessionDep = Annotated[Session, Depends(get_session)]


def init_db() -> None:
    """Bring the schema of the configured database to the newest migration."""
    settings = get_settings()
    upgrade(settings.owner_url, application_url=settings.DATABASE_URL)


def refuse_unsafe_role() -> None:
    """Connect once, so that a process with a role that row-level security does not bind ends before it serves.

    A database that does not answer is no reason: the engine looks at its first connection whenever that comes.

    Raises:
        UnsafeRole: the message says why and what to do.
    """
    with contextlib.suppress(OperationalError):
        get_engine().connect().close()


def dispose_engine(*, inherited: bool = False) -> None:
    """Forget the engine and close its connections; `inherited` ones, after a fork, belong to the parent."""
    if get_engine.cache_info().currsize:
        get_engine().dispose(close=not inherited)
    get_engine.cache_clear()
    get_read_engine.cache_clear()
