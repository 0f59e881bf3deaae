"""The comparison in the plain way, as the user's document sketches an API and as most FastAPI projects are written.

Sync routes and sessions, a chain of dependencies, ORM objects through a Pydantic response model, middlewares with
`@app.middleware("http")`, and a limit per address in the way of slowapi: a sync call to Redis. Nothing is made worse
on purpose: the query uses the same indexes as the API's own, each statement loads what it needs in one go, and the
answer is the same. So the ratio tells what the style costs, not what a bad query costs. It knows no row-level
security, as most projects do not, and connects as a superuser, whom the policies do not bind.
"""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import OAuth2PasswordBearer
from limits import parse
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import Select, and_, create_engine, func, or_, select, text, union_all
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session, col

from app.calendaring.zones import get_zone, wall_to_utc
from app.core.config import get_settings
from app.core.database_url import driver_url
from app.core.security import decode_token
from app.models import AuthSession, Calendar, Event, EventOccurrence, EventParticipant, Organization, RoomBooking, User
from app.schemas.common import Page
from app.schemas.event import OccurrenceRead

settings = get_settings()
engine = create_engine(
    driver_url(settings.DATABASE_URL),
    pool_pre_ping=True,
    connect_args={"options": "-c timezone=UTC -c jit=off"},
)
SessionLocal = sessionmaker(class_=Session, bind=engine, autoflush=False)
limiter = FixedWindowRateLimiter(RedisStorage(settings.REDIS_URL))
limit = parse(settings.RATE_LIMIT_DEFAULT)
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/login")
app = FastAPI()
Next = Callable[[Request], Awaitable[Response]]


@app.middleware("http")
async def limit_requests(request: Request, call_next: Next) -> Response:
    if not limiter.hit(limit, request.client.host if request.client else ""):
        return Response(status_code=429)
    return await call_next(request)


@app.middleware("http")
async def add_request_id(request: Request, call_next: Next) -> Response:
    request.state.request_id = request.headers.get("x-request-id") or uuid4().hex
    response = await call_next(request)
    response.headers["X-Request-ID"] = request.state.request_id
    return response


@app.middleware("http")
async def add_security_headers(request: Request, call_next: Next) -> Response:
    response = await call_next(request)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["X-XSS-Protection"] = "1; mode=block"
    return response


app.add_middleware(CORSMiddleware, allow_origins=[], allow_credentials=True, allow_methods=["*"], allow_headers=["*"])


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


def get_current_user(token: Annotated[str, Depends(oauth2_scheme)], session: SessionDep) -> User:
    claims = decode_token(token)
    signed_in = session.get(AuthSession, UUID(claims["sid"]))
    now = datetime.now(UTC)
    if signed_in is None or signed_in.revoked_at is not None or signed_in.expires_at <= now:
        raise HTTPException(401)
    user = session.get(User, signed_in.user_id)
    if user is None or not user.is_active:
        raise HTTPException(401)
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]


@app.get("/api/v1/events", response_model=Page[OccurrenceRead])
def list_events(
    user: CurrentUser,
    session: SessionDep,
    start: Annotated[date, Query(alias="from")],
    end: Annotated[date, Query(alias="to")],
    limit: int = 100,
) -> Any:
    organization = session.get(Organization, user.organization_id)
    assert organization is not None
    zone = get_zone(user.time_zone or organization.time_zone)
    days = [datetime(each.year, each.month, each.day, tzinfo=UTC) for each in (start, end)]
    times = [wall_to_utc(day.replace(tzinfo=None), zone) for day in days]
    calendars = session.execute(visible_calendars(user)).scalars().all()
    query = occurrences_of(user, list(calendars), times, days).limit(limit + 1)
    rows = session.execute(query).all()
    return Page(items=[read(*row) for row in rows[:limit]])


def visible_calendars(user: User) -> Select[Any]:
    return select(col(Calendar.id)).where(
        col(Calendar.organization_id) == user.organization_id,
        or_(col(Calendar.owner_id) == user.id, col(Calendar.is_public)),
    )


def occurrences_of(
    user: User, calendars: list[UUID], times: list[datetime], days: list[datetime]
) -> Select[EventOccurrence, Event, RoomBooking]:
    """The occurrences in a window with their events and bookings."""
    earliest, latest = min(times[0], days[0]), max(times[1], days[1])
    occurrence, event, booking = EventOccurrence, Event, RoomBooking
    in_window = or_(
        and_(col(event.is_all_day), col(occurrence.starts_at) < days[1], col(occurrence.ends_at) > days[0]),
        and_(
            ~col(event.is_all_day),
            col(occurrence.starts_at) < times[1],
            or_(
                col(occurrence.ends_at) > times[0],
                and_(col(occurrence.ends_at) == col(occurrence.starts_at), col(occurrence.starts_at) >= times[0]),
            ),
        ),
    )
    found = union_all(*_keys(user, calendars, earliest, latest)).subquery()
    return (
        select(occurrence, event, booking)
        .join(
            found,
            and_(
                col(occurrence.organization_id) == user.organization_id,
                col(occurrence.series_id) == found.c.series_id,
                col(occurrence.original_start) == found.c.original_start,
            ),
        )
        .join(event, and_(col(event.organization_id) == user.organization_id, col(event.id) == occurrence.event_id))
        .outerjoin(
            booking,
            and_(
                col(booking.organization_id) == user.organization_id,
                col(booking.series_id) == occurrence.series_id,
                col(booking.original_start) == occurrence.original_start,
            ),
        )
        .where(in_window, col(event.status).in_(["confirmed", "tentative"]))
        .order_by(col(occurrence.starts_at), col(event.id), col(occurrence.original_start))
    )


def _keys(user: User, calendars: list[UUID], earliest: datetime, latest: datetime) -> list[Select[UUID, datetime]]:
    """The keys of what may lie in the window: short ones, long ones, and those of events with the user."""
    occurrence, event, participant = EventOccurrence, Event, EventParticipant
    keys = select(col(occurrence.series_id), col(occurrence.original_start))
    one_day = text("ends_at - starts_at <= '1 day'::interval")
    window = func.tstzrange(earliest, latest)
    short = keys.where(
        col(occurrence.organization_id) == user.organization_id,
        col(occurrence.calendar_id).in_(calendars),
        col(occurrence.starts_at) >= earliest - timedelta(days=1),
        col(occurrence.starts_at) < latest,
        one_day,
    )
    long = keys.where(
        col(occurrence.calendar_id).in_(calendars),
        func.tstzrange(occurrence.starts_at, occurrence.ends_at).op("&&")(window),
        text("ends_at - starts_at > '1 day'::interval"),
    )
    taking_part = (
        keys.join(
            event,
            and_(col(event.organization_id) == occurrence.organization_id, col(event.id) == occurrence.event_id),
        )
        .join(
            participant,
            and_(col(participant.organization_id) == event.organization_id, col(participant.event_id) == event.id),
        )
        .where(
            col(occurrence.organization_id) == user.organization_id,
            col(participant.user_id) == user.id,
            col(participant.span).op("&&")(window),
            col(occurrence.starts_at) >= earliest - (col(event.end_time) - col(event.start_time)),
            col(occurrence.starts_at) < latest,
            col(event.calendar_id).not_in(calendars),
        )
    )
    return [short, long, taking_part]


def read(occurrence: EventOccurrence, event: Event, booking: RoomBooking | None) -> OccurrenceRead:
    def shown(moment: datetime) -> date:
        return moment.date() if event.is_all_day else moment

    is_recurring = event.recurrence_rule is not None or event.series_id is not None
    return OccurrenceRead(
        id=event.id,
        series_id=occurrence.series_id if is_recurring else None,
        title=event.title,
        description=event.description,
        start_time=shown(occurrence.starts_at),
        end_time=shown(occurrence.ends_at),
        original_start=shown(occurrence.original_start),
        time_zone=event.time_zone,
        location=event.location,
        calendar_id=event.calendar_id,
        organizer_id=event.organizer_id,
        room_id=booking.room_id if booking else None,
        room_state=booking.state if booking else None,
        is_all_day=event.is_all_day,
        is_recurring=is_recurring,
        status=event.status,
        transparency=event.transparency,
        is_details_hidden=False,
    )
