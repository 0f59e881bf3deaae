"""The API application: `uvicorn app.main:app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline
from starlette.middleware.trustedhost import TrustedHostMiddleware

from app import __version__
from app.api.change_watch import ChangeWatch
from app.api.live import LiveHub, ending_on_signals
from app.api.middleware import BodyLimit, RateLimit, RequestContext, UnexpectedErrors
from app.api.openapi import DESCRIPTION, TAGS, add_problem_schema
from app.api.problems import add_exception_handlers
from app.api.router import api_router, probes
from app.api.transaction_route import API_PREFIX
from app.core.config import Settings, check_production, get_settings
from app.core.file_store import get_file_store
from app.core.logging import configure_logging
from app.core.rate_limit import close_rate_limits
from app.db import dispose_engine, refuse_unsafe_role
from app.services import change_nudges
from app.services.picture_files import SERVED


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings = get_settings()
    check_production(settings)
    refuse_unsafe_role()
    get_file_store()
    # A thread more than there are connections would only wait for one.
    to_thread.current_default_thread_limiter().total_tokens = settings.DATABASE_POOL_SIZE
    with ending_on_signals(app.state.live):
        yield
    await app.state.change_watch.aclose()
    await app.state.live.aclose()
    await close_rate_limits()
    dispose_engine()


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application with its middleware, error handlers and routes."""
    settings = settings or get_settings()
    configure_logging(settings)
    change_nudges.listen()
    # The documentation pages bring their scripts along: a company's server may not reach the internet.
    app = FastAPIOffline(
        title="Corporate Calendar API",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        docs_url="/docs",
        redoc_url="/redoc",
        static_url="/docs-assets",
        lifespan=lifespan,
        strict_content_type=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.live = LiveHub(settings.REDIS_URL)
    app.state.change_watch = ChangeWatch(app.state.live)
    add_exception_handlers(app)
    app.include_router(api_router, prefix=API_PREFIX)
    app.include_router(probes, include_in_schema=False)
    for kind in SERVED:
        pictures = settings.UPLOADS_DIR / kind.folder_name
        pictures.mkdir(parents=True, exist_ok=True)
        app.mount(kind.url, StaticFiles(directory=pictures), name=kind.folder_name)
    add_problem_schema(app)

    # The last one added is the outermost.
    app.add_middleware(UnexpectedErrors)
    larger = {
        "avatar": settings.AVATAR_MAX_BYTES,
        "photo": settings.ROOM_PHOTO_MAX_BYTES,
        "import": settings.IMPORT_MAX_BYTES,
        "attachments": settings.ATTACHMENT_MAX_BYTES,
        "imports": settings.ICS_IMPORT_MAX_BYTES,
        "inbound": settings.INBOUND_MAIL_MAX_BYTES,
    }
    app.add_middleware(BodyLimit, limit=settings.MAX_BODY_BYTES, larger=larger)
    app.add_middleware(RateLimit)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins_list,
        allow_credentials=True,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=["*"],
        expose_headers=["ETag", "X-Request-ID", "Retry-After", "Location"],
    )
    if settings.allowed_hosts_list != ["*"]:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.allowed_hosts_list, www_redirect=False)
    app.add_middleware(RequestContext, settings=settings)
    return app


app = create_app()
