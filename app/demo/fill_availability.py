"""Writes when the demo's people work and are away, and what others may book with them."""

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from app.core.actor import Actor
from app.demo.model import Away
from app.models.appointment import AppointmentMode
from app.models.availability import WorkPlace
from app.models.user import User
from app.schemas.appointment import HostWrite, KindWrite, Question, QuestionType
from app.schemas.availability import HoursCreate, PlaceOfWeekdays
from app.schemas.room_policy import OpeningSpan
from app.schemas.working_time import AbsenceCreate
from app.services import absence_service, appointment_kind_service, user_availability_service

PART_TIME = "Chloé Martin"
INTERVIEW, INTERVIEWERS = "Собеседование · Interview", ("Татьяна Никитина", "Jürgen Weiß")


def write_availability(session: Session, actors: Mapping[str, Actor], vacations: Sequence[Away]) -> None:
    """Vacations, somebody who works four days, and a kind of appointment with a public page."""
    for vacation in vacations:
        absence = AbsenceCreate(first_day=vacation.first, last_day=vacation.last)
        absence_service.create_absence(session, actors[vacation.name], absence)
    hours = HoursCreate(
        hours=[
            OpeningSpan(weekdays=[1, 2, 3, 4], start="08:00", end="12:00"),
            OpeningSpan(weekdays=[1, 2, 3, 4], start="13:00", end="17:00"),
        ],
        places=[PlaceOfWeekdays(weekdays=[1, 3], place=WorkPlace.HOME)],
    )
    user_availability_service.create_hours(session, actors[PART_TIME], hours)
    _write_kind(session, actors)


def _write_kind(session: Session, actors: Mapping[str, Actor]) -> None:
    hosts = [actors[name] for name in INTERVIEWERS]
    for host in hosts:
        session.get_one(User, host.user_id).access_availability_slots = True
    session.flush()
    topic = Question(
        key="position", label="На какую вакансию? · Which position?", type=QuestionType.TEXT, required=True
    )
    kind = KindWrite(
        name=INTERVIEW,
        mode=AppointmentMode.ROUND_ROBIN,
        hosts=[HostWrite(user_id=host.user_id) for host in hosts],
        durations=[45, 30],
        buffer_after_minutes=15,
        notice_minutes=24 * 60,
        window_days=30,
        questions=[topic],
        is_public=True,
    )
    appointment_kind_service.create_kind(session, hosts[0], kind)
