"""Finding a time: asks when people and rooms are busy, lets `calendaring.finding` judge, and tells what it found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import column, text
from sqlmodel import Session, col

from app.calendaring import finding
from app.calendaring.finding import Blocker, Choice, Finder, Question
from app.calendaring.free_busy import merged
from app.calendaring.start_grid import StartGrid
from app.calendaring.zones import get_zone, utc_to_wall
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid
from app.models.base import now
from app.models.organization import Organization
from app.models.room import Room
from app.schemas.event import FreeRoomRead
from app.schemas.free_time import (
    AbsentRead,
    AnyoneRead,
    BlockerKind,
    BlockerRead,
    FindTimeRead,
    FindTimeWrite,
    OutsideRead,
    PersonRead,
    PriceRead,
    ProposalRead,
    RoomWish,
)
from app.services import busy_times, department_service, equipment_service, presence, room_service, room_times
from app.services.busy_times import Subject
from app.services.free_busy_service import check_free_time_window, check_subjects
from app.services.room_rules import Rules, load_rules
from app.services.room_rules_sql import RULES_FROM, may_book
from app.services.windows import check_bookable, horizon, resolve_moment

MINUTE = 60
_LENT_TO = text(f"""
    SELECT r.id FROM {RULES_FROM} WHERE r.organization_id = :company AND {may_book(":person")}
""")


@dataclass(frozen=True, slots=True)
class _Cast:
    """Who and what a question is about, and the roles in which people are asked for."""

    people: list[Subject]
    required: frozenset[UUID]
    optional: frozenset[UUID]
    departments: list[tuple[UUID, str, frozenset[UUID]]]
    rooms: list[Room]
    rules: Mapping[UUID, Rules]


def find_time(session: Session, actor: Actor, data: FindTimeWrite) -> FindTimeRead:
    """Proposals for a meeting, or what stands in its way. Reads only.

    Raises:
        NotFound: somebody is no active colleague, or there is no such department or room.
        Invalid: nobody is asked for or too many are, or the window is empty, too wide, or has no possible start.
    """
    start, end = _window(actor, data)
    grid = _grid(actor, data, start, end)
    cast = _cast(session, actor, data, start, end)
    places = [Subject(room.id, room.name, actor.organization_time_zone) for room in cast.rooms]
    around = max(
        timedelta(minutes=max(data.buffer_before_minutes, data.buffer_after_minutes)),
        *(max(rules.buffer_before, rules.buffer_after) for rules in cast.rules.values()),
        timedelta(),
    )
    busy_times.look_up(session, actor, cast.people, places, start - around, end + around)
    finder = Finder(_question(session, actor, data, grid, cast, places))
    proposals = finder.proposals()
    teller = _Teller(data, cast, finder)
    return FindTimeRead(
        proposals=[teller.proposal(choice) for choice in proposals],
        starts=grid.count,
        blockers=[] if proposals else teller.blockers(),
        near_misses=[] if proposals else [teller.proposal(choice) for choice in finder.near_misses()],
    )


def _window(actor: Actor, data: FindTimeWrite) -> tuple[datetime, datetime]:
    zone = data.time_zone or actor.time_zone
    start, end = resolve_moment(data.start, zone, "from"), resolve_moment(data.end, zone, "to")
    check_free_time_window(start, end)
    if data.rooms is not None:
        check_bookable(start, "from")
        end = min(end, horizon())
    return max(start, now()), end


def _grid(actor: Actor, data: FindTimeWrite, start: datetime, end: datetime) -> StartGrid:
    """The starts in the window, on full steps of the wall clock where the window begins."""
    step = data.step_minutes * MINUTE
    wall = utc_to_wall(start, get_zone(data.time_zone or actor.time_zone))
    into = timedelta(hours=wall.hour, minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)
    first = start + (-into % timedelta(seconds=step))
    last = end - timedelta(minutes=data.duration_minutes)
    if last < first:
        raise Invalid("no_start_in_window", field="to")
    count = (last - first) // timedelta(seconds=step) + 1
    limit = get_settings().FIND_TIME_MAX_STARTS
    if count > limit:
        raise Invalid("too_many_starts", field="to", limit=limit)
    return StartGrid(int(first.timestamp()), step, count, data.duration_minutes * MINUTE)


def _cast(session: Session, actor: Actor, data: FindTimeWrite, start: datetime, end: datetime) -> _Cast:
    required = set(data.required)
    departments = []
    members: set[UUID] = set()
    for wish in data.departments:
        people = busy_times.members_of(session, actor, wish.id)
        if wish.any_of:
            department = department_service.get_department(session, actor, wish.id)
            departments.append((wish.id, department.name, frozenset(people)))
            members.update(people)
        else:
            required.update(people)
    everybody = required | members | set(data.optional)
    rooms = _rooms(session, actor, data.rooms) if data.rooms else []
    rules = load_rules(session, actor.company, actor.user_id, [room.id for room in rooms], start, end) if rooms else {}
    check_subjects(len(everybody) + len(rooms), is_anybody_named=bool(everybody or departments or data.rooms))
    return _Cast(
        people=busy_times.people_of(session, actor, everybody),
        required=frozenset(required),
        optional=frozenset(data.optional) - required,
        departments=departments,
        rooms=[room for room in rooms if room_times.is_lent(rules[room.id], data.duration_minutes)],
        rules=rules,
    )


def _rooms(session: Session, actor: Actor, wish: RoomWish) -> list[Room]:
    """The rooms that fit and that the actor may book, the smallest first, at most FREEBUSY_MAX_SUBJECTS.

    Raises:
        NotFound: one that is named does not exist.
    """
    query = room_service.visible_to(actor).where(col(Room.is_active), col(Room.capacity) >= wish.capacity)
    if wish.equipment:
        query = query.where(equipment_service.has_working(wish.equipment))
    if wish.ids is not None:
        busy_times.rooms_of(session, actor, set(wish.ids))
        query = query.where(col(Room.id).in_(wish.ids))
    lent = _LENT_TO.bindparams(company=actor.company, person=actor.user_id).columns(column("id"))
    query = query.where(col(Room.id).in_(lent))
    query = query.order_by(col(Room.capacity), col(Room.name)).limit(get_settings().FREEBUSY_MAX_SUBJECTS // 2)
    return list(session.execute(query).scalars())


def _question(
    session: Session, actor: Actor, data: FindTimeWrite, grid: StartGrid, cast: _Cast, places: Sequence[Subject]
) -> Question:
    organization = session.get_one(Organization, actor.company)
    # Hours beyond the window count too: how far from them a meeting lies is a part of its price.
    reach = timedelta(hours=finding.PAIN_HOURS_MAX) + timedelta(seconds=grid.duration)
    since = datetime.fromtimestamp(grid.first, UTC) - reach
    until = datetime.fromtimestamp(grid.start(grid.count), UTC) + reach
    present = presence.presences(session, organization, cast.people, _seconds(since), _seconds(until))
    numbers = {person.id: number for number, person in enumerate(cast.people)}
    return Question(
        grid=grid,
        people=[
            finding.Person(
                busy=person.busy,
                tentative=merged([*person.tentative, *present[person.id].requested]),
                away=present[person.id].away,
                working=present[person.id].working,
                is_required=person.id in cast.required,
                is_optional=person.id in cast.optional,
            )
            for person in cast.people
        ],
        groups=[sorted(numbers[member] for member in members) for _, _, members in cast.departments],
        rooms=[room_times.taken(place, cast.rules[place.id], grid.duration, since, until) for place in places],
        room_count=data.rooms.count if data.rooms else 0,
        before=data.buffer_before_minutes * MINUTE,
        after=data.buffer_after_minutes * MINUTE,
        hours=data.hours,
        tentative_is_busy=data.tentative_is_busy,
        order=data.order,
        limit=data.limit,
    )


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


class _Teller:
    """Puts names to what the finder tells by numbers."""

    def __init__(self, data: FindTimeWrite, cast: _Cast, finder: Finder) -> None:
        self._data = data
        self._cast = cast
        self._finder = finder

    def proposal(self, choice: Choice) -> ProposalRead:
        start = datetime.fromtimestamp(choice.start, UTC)
        people = self._cast.people
        return ProposalRead(
            start=start,
            end=start + timedelta(minutes=self._data.duration_minutes),
            rooms=[FreeRoomRead.model_validate(self._cast.rooms[number]) for number in choice.rooms],
            missing=[
                AbsentRead(**self._person(number), is_required=people[number].id in self._cast.required, why=why)
                for number, why in choice.absent
            ],
            outside_hours=[
                OutsideRead(
                    **self._person(number),
                    is_required=people[number].id in self._cast.required,
                    local_start=utc_to_wall(start, get_zone(people[number].zone)),
                    time_zone=people[number].zone,
                )
                for number in choice.outside
            ],
            anyone=[
                AnyoneRead(department_id=department_id, people=[PersonRead(**self._person(one)) for one in present])
                for (department_id, _, _), present in zip(self._cast.departments, choice.present, strict=True)
            ],
            pain=choice.pain,
            explained=self._explained(choice),
            obstacles=choice.obstacles,
        )

    def blockers(self) -> list[BlockerRead]:
        """The worst first: people, departments and all rooms together, then the single rooms."""
        found = self._finder.blockers()
        people, departments, rooms = self._cast.people, self._cast.departments, self._cast.rooms
        told = [_blocker(BlockerKind.USER, people[one.place].id, people[one.place].name, one) for one in found.people]
        for one in found.groups:
            department_id, name, _ = departments[one.place]
            told.append(_blocker(BlockerKind.DEPARTMENT, department_id, name, one))
        if found.any_room:
            told.append(_blocker(BlockerKind.ROOMS, None, None, found.any_room))
        told.sort(key=lambda blocker: (-blocker.alone, -blocker.starts))
        return told + [
            _blocker(BlockerKind.ROOM, rooms[one.place].id, rooms[one.place].name, one) for one in found.rooms
        ]

    def _person(self, number: int) -> dict[str, UUID | str]:
        person = self._cast.people[number]
        return {"id": person.id, "name": person.name}

    def _explained(self, choice: Choice) -> list[PriceRead]:
        parts = self._finder.price(choice)
        return [PriceRead(why=why, people=people, pain=pain) for why, (people, pain) in parts.items() if pain]


def _blocker(kind: BlockerKind, own_id: UUID | None, name: str | None, blocker: Blocker) -> BlockerRead:
    return BlockerRead(
        kind=kind, id=own_id, name=name, starts=blocker.starts, alone=blocker.alone, reasons=blocker.reasons
    )
