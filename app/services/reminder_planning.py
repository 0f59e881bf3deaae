"""Planning reminders: rows in `due_reminders` for what becomes due within AHEAD (calendar rule 22).

A company is planned up to an instant, which moves on; what has changed below it is planned anew, as the change feed
names it or as people change what they want. Whoever plans holds the company's row of `reminder_plans`, so nothing falls
between two of them.
"""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from app.core.config import get_settings
from app.models.base import now
from app.models.event import Event
from app.models.reminder import ReminderPlan
from app.services import change_following
from app.services.reminder_settings_service import DEFAULT_ALL_DAY, DEFAULT_TIMED
from app.services.reminder_sql import DUE_BETWEEN, OF_PERSON, OF_SERIES, wanted

FOLLOWER = "reminders"
AHEAD = timedelta(hours=1)
# A company is planned on when less than this is left, and never more than a stretch in one transaction.
LEFT = timedelta(minutes=50)
STRETCH = timedelta(minutes=30)
CHANGES_A_STEP = 500
REPLANS_A_STEP = 50
DEFAULTS = {"default_timed": json.dumps(DEFAULT_TIMED), "default_all_day": json.dumps(DEFAULT_ALL_DAY)}
_INSERT = """
    INSERT INTO due_reminders AS d
        (organization_id, series_id, original_start, user_id, minutes, channel, starts_at, due_at)
    SELECT :company, series_id, original_start, user_id, minutes, channel, starts_at, due_at FROM wanted
    WHERE due_at > :since AND due_at <= :until AND begins_at > now()
    ORDER BY series_id, original_start, user_id, minutes, channel
    ON CONFLICT (organization_id, series_id, original_start, user_id, minutes, channel) DO UPDATE
    SET starts_at = EXCLUDED.starts_at, due_at = EXCLUDED.due_at, sent_at = NULL
    -- What has moved since it was sent is due anew.
    WHERE d.starts_at <> EXCLUDED.starts_at OR d.sent_at IS NULL AND d.due_at <> EXCLUDED.due_at
"""
_ONE = "AND c.user_id = :person"
_PLAN = text(f"{wanted(DUE_BETWEEN)} {_INSERT}")
_PLAN_SERIES = text(f"{wanted(OF_SERIES)} {_INSERT}")
_PLAN_SERIES_OF_PERSON = text(f"{wanted(OF_SERIES, _ONE)} {_INSERT}")
_PLAN_PERSON = text(f"{wanted(OF_PERSON, _ONE)} {_INSERT}")
# What is not sent yet; the oldest of it says how far back to plan anew.
_FORGET = """
    WITH gone AS (
        DELETE FROM due_reminders WHERE organization_id = :company AND sent_at IS NULL AND {which} RETURNING due_at
    )
    SELECT min(due_at) FROM gone
"""
_FORGET_SERIES = text(_FORGET.format(which="series_id = ANY(:series)"))
_FORGET_SERIES_OF_PERSON = text(_FORGET.format(which="series_id = ANY(:series) AND user_id = :person"))
_FORGET_PERSON = text(_FORGET.format(which="user_id = :person"))
_TAKE_REPLANS = text("""
    DELETE FROM reminder_replans WHERE organization_id = :company AND id = ANY(ARRAY(
        SELECT id FROM reminder_replans WHERE organization_id = :company ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
    ))
    RETURNING user_id, series_id
""")
_FORGET_OLD = text("""
    DELETE FROM due_reminders WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM due_reminders WHERE organization_id = :company AND due_at < :before LIMIT :batch
        FOR UPDATE SKIP LOCKED
    ))
""")


def companies_to_plan(session: Session) -> list[UUID]:
    """Those that are not planned far enough ahead."""
    return list(session.execute(text("SELECT companies_to_plan(:ahead)"), {"ahead": now() + LEFT}).scalars())


def companies_to_replan(session: Session) -> list[UUID]:
    """Those in which somebody wants something else than before."""
    return list(session.execute(text("SELECT companies_to_replan()")).scalars())


def plan_next(session: Session, company: UUID) -> bool:
    """Plan the entered company a stretch further; whether there is more to plan. False also while others plan it."""
    change_following.begin(session, company, FOLLOWER)
    _begin(session, company)
    plan = _lock(session, company)
    if plan is None:
        return False
    far = now() + AHEAD
    until = min(plan.planned_until + STRETCH, far)
    if until > plan.planned_until:
        _run(session, _PLAN, company, plan.planned_until, until)
        plan.planned_until = until
        session.flush()
    return until < far


def follow_next(session: Session, company: UUID) -> bool:
    """Plan anew what has changed in the entered company; whether there is more to look at."""
    plan = _lock(session, company)
    step = None if plan is None else change_following.step(session, company, FOLLOWER, CHANGES_A_STEP)
    if plan is None or step is None:
        return False
    if step.events:
        known = select(func.coalesce(col(Event.series_id), col(Event.id))).where(
            col(Event.organization_id) == company, col(Event.id) == func.any(list(step.events))
        )
        # Of what is gone, what was planned is.
        series = sorted({*step.events, *session.execute(known).scalars()})
        since = _since(session, _FORGET_SERIES, company, {"series": series})
        _run(session, _PLAN_SERIES, company, since, plan.planned_until, series=series)
    return step.has_more


def replan_next(session: Session, company: UUID) -> bool:
    """Plan anew for people who want something else than before; whether there may be more."""
    plan = _lock(session, company)
    if plan is None:
        return False
    taken = session.execute(_TAKE_REPLANS, {"company": company, "limit": REPLANS_A_STEP}).all()
    for person, series_id in sorted(set(taken), key=str):
        if series_id is None:
            since = _since(session, _FORGET_PERSON, company, {"person": person})
            _run(session, _PLAN_PERSON, company, since, plan.planned_until, person=person)
        else:
            which = {"series": [series_id], "person": person}
            since = _since(session, _FORGET_SERIES_OF_PERSON, company, which)
            _run(session, _PLAN_SERIES_OF_PERSON, company, since, plan.planned_until, **which)
    return len(taken) == REPLANS_A_STEP


def delete_old(session: Session, company: UUID, *, batch: int = 5000) -> int:
    """Forget up to `batch` reminders that were due NOTIFICATION_KEEP_DAYS ago, and say how many."""
    before = now() - timedelta(days=get_settings().NOTIFICATION_KEEP_DAYS)
    result = session.execute(_FORGET_OLD, {"company": company, "before": before, "batch": batch})
    assert isinstance(result, CursorResult)
    return result.rowcount


def grace() -> datetime:
    """What was due before this, and is planned only now, is not sent any more."""
    return now() - timedelta(minutes=get_settings().REMINDER_GRACE_MINUTES)


def _begin(session: Session, company: UUID) -> None:
    values = {"organization_id": company, "planned_until": grace()}
    session.execute(insert(ReminderPlan).values(values).on_conflict_do_nothing())


def _lock(session: Session, company: UUID) -> ReminderPlan | None:
    query = select(ReminderPlan).where(col(ReminderPlan.organization_id) == company).with_for_update(skip_locked=True)
    plan: ReminderPlan | None = session.execute(query).scalar_one_or_none()
    return plan


def _since(session: Session, forget: Any, company: UUID, which: dict[str, Any]) -> datetime:
    oldest: datetime | None = session.execute(forget, {"company": company, **which}).scalar_one()
    # The oldest itself is wanted again.
    return min(grace(), oldest - timedelta(seconds=1)) if oldest is not None else grace()


def _run(session: Session, statement: Any, company: UUID, since: datetime, until: datetime, **which: Any) -> None:
    session.execute(statement, {"company": company, "since": since, "until": until, **DEFAULTS, **which})
