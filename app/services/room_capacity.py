"""How many people come to an event, and whether its room holds them."""

from collections.abc import Iterable
from uuid import UUID

from sqlmodel import Session

from app.core.actor import Actor
from app.models.event import Event, EventStatus
from app.models.room_policy import CapacityRule
from app.services.booking_conflict import refused
from app.services.participant_service import Key, count_keys, participants_of
from app.services.room_rules import Rules, Wish, load_rules, too_small


def people_of(session: Session, event: Event) -> int:
    """How many people come to an event: who takes part, and the organizer."""
    keys = {Key.of(row) for row in participants_of(session, event)} | {Key(event.organizer_id, None, None)}
    return count_keys(session, event, keys)


def check_capacity(session: Session, actor: Actor, events: Iterable[Event]) -> None:
    """Refuse people who come to events that have their rooms already, where a room holds no more by its rules.

    Raises:
        Conflict: one of the rooms is too small.
    """
    placed = [event for event in events if event.room_id is not None and event.status != EventStatus.CANCELLED]
    if not placed:
        return
    start, end = min(event.start_time for event in placed), max(event.end_time for event in placed)
    named = {event.room_id for event in placed if event.room_id is not None}
    rules = load_rules(session, actor.company, actor.user_id, named, start, end)
    for event in placed:
        assert event.room_id is not None
        room = rules[event.room_id]
        if room.capacity_rule == CapacityRule.ENFORCE:
            broken = too_small(room, {event.id: people_of(session, event)})
            if broken:
                wish = Wish(event.original_start or event.start_time, room.room_id, event.start_time, event.end_time)
                raise refused(broken, rules, [wish])


def people_coming(session: Session, company: UUID, room: Rules, wishes: Iterable[Wish]) -> dict[UUID, int]:
    """How many people come, by event row; nothing where the room's rules do not ask."""
    if room.capacity_rule == CapacityRule.IGNORE:
        return {}
    events = {wish.event_id for wish in wishes if wish.event_id is not None}
    return {event_id: people_of(session, session.get_one(Event, (company, event_id))) for event_id in events}
