"""Telling people of comments: whoever is mentioned, the organizer, and whoever has commented there before."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.models.discussion import EventComment
from app.models.notification import NotificationReason, NotificationType
from app.models.user import User
from app.services import event_access
from app.services.announcement_service import Announcement, announce
from app.services.discussion_places import Place
from app.services.outbox_service import About

# Characters of a comment that its notice shows.
SHOWN = 300
# Whoever wrote at the same place lately, so that a long discussion does not tell half of the company.
COMMENTERS_TOLD_MAX = 50


def tell_of_comment(
    session: Session, actor: Actor, place: Place, comment: EventComment, *, mentioned: Collection[UUID], is_new: bool
) -> None:
    """Tell of a comment that the actor wrote or changed; of a change only those are told whom it newly mentions.

    Nobody is told twice, nor of what they wrote themselves, nor who does not read the event any more.
    """
    acting = {actor.user_id, actor.delegate_id}
    named = set(mentioned) - acting
    hosts, others = set[UUID](), set[UUID]()
    if is_new:
        hosts = {place.event.organizer_id} - acting - named
        others = _commenters(session, place, comment) - acting - named - hosts
        others = event_access.readers_among(session, place.event, others) if others else others
    author = session.get_one(User, actor.delegate_id or actor.user_id)
    groups = (
        (NotificationType.MENTION, NotificationReason.MENTIONED, "mentioned", named),
        (NotificationType.COMMENT, NotificationReason.ORGANIZER, "commented", hosts),
        (NotificationType.COMMENT, NotificationReason.COMMENTED, "commented", others),
    )
    announce(
        session,
        actor.company,
        [
            Announcement(
                type=type_,
                reason=reason,
                people=people,
                text=text,
                params={
                    "sender": author.full_name or author.email,
                    "title": place.event.title,
                    "text": comment.body if len(comment.body) <= SHOWN else f"{comment.body[:SHOWN]} …",
                },
                about=About(place.event.id, place.whole.id, replaces=False),
                calendar_id=place.whole.calendar_id,
                original_start=comment.original_start,
            )
            for type_, reason, text, people in groups
        ],
    )


def _commenters(session: Session, place: Place, comment: EventComment) -> set[UUID]:
    """Who else wrote of the same lately: on the whole series, or on this occurrence."""
    query = (
        select(col(EventComment.author_id))
        .where(
            col(EventComment.organization_id) == comment.organization_id,
            col(EventComment.event_id) == comment.event_id,
            col(EventComment.original_start).is_not_distinct_from(comment.original_start),
            col(EventComment.id) != comment.id,
        )
        .order_by(col(EventComment.created_at).desc())
        .limit(COMMENTERS_TOLD_MAX)
    )
    return set(session.execute(query).scalars())
