"""Comments on events. Who reads an event's details reads and writes them."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid
from app.models.discussion import EventComment
from app.schemas.discussion import CommentRead, CommentWrite, DiscussionSort
from app.services import event_access
from app.services.colleagues import colleagues
from app.services.comment_notices import tell_of_comment
from app.services.discussion_places import Place, find_place, visible_to
from app.services.rows import PageRequest, SortColumn, apply_changes, check_version, fetch_page, flush, get_visible

SORTS = {"created_at": SortColumn(col(EventComment.created_at), datetime)}
# People whom a refusal names.
NAMED_MAX = 5


def list_comments(
    session: Session, actor: Actor, event_id: UUID, occurrence: date | None, sort: DiscussionSort, page: PageRequest
) -> tuple[list[CommentRead], str | None]:
    """A page of the comments at a place, and the cursor of the next one or None.

    Raises:
        NotFound: the actor does not see the event, or there is no such occurrence.
    """
    place = find_place(session, actor, event_id, occurrence)
    rows, cursor = fetch_page(session, visible_to(actor, place, EventComment), SORTS, sort, page)
    return _told(session, place, rows), cursor


def create_comment(
    session: Session, actor: Actor, event_id: UUID, occurrence: date | None, data: CommentWrite
) -> CommentRead:
    """A new comment of whoever really writes, a delegate too.

    Raises:
        NotFound: the actor does not see the event, or there is no such occurrence.
        Invalid: somebody is mentioned who does not see the event, or too many are.
        Conflict: the event has COMMENTS_PER_EVENT_MAX already.
    """
    place = find_place(session, actor, event_id, occurrence, lock=True)
    mentions = _distinct(data.mentions)
    _check_mentions(session, place, mentions, new=mentions)
    count = select(func.count()).where(
        col(EventComment.organization_id) == actor.company, col(EventComment.event_id) == place.whole.id
    )
    limit = get_settings().COMMENTS_PER_EVENT_MAX
    if session.execute(count).scalar_one() >= limit:
        raise Conflict("too_many_comments", limit=limit)
    comment = EventComment(
        organization_id=actor.company,
        event_id=place.whole.id,
        original_start=place.original_start,
        author_id=actor.delegate_id or actor.user_id,
        body=data.body,
        mentions=mentions,
    )
    session.add(comment)
    flush(session)
    tell_of_comment(session, actor, place, comment, mentioned=mentions, is_new=True)
    return _told(session, place, [comment])[0]


def change_comment(
    session: Session,
    actor: Actor,
    event_id: UUID,
    comment_id: UUID,
    values: dict[str, Any],
    if_match: frozenset[int] | None,
) -> CommentRead:
    """Change what one wrote.

    Raises:
        NotFound: the actor sees no such comment there.
        Forbidden: somebody else wrote it.
        PreconditionFailed: it was changed meanwhile.
        Invalid: somebody new is mentioned who does not see the event, or too many are.
    """
    place = find_place(session, actor, event_id)
    comment = _get_comment(session, actor, place, comment_id)
    if not _wrote(actor, comment):
        raise Forbidden("not_comment_author")
    check_version(comment, if_match)
    new: set[UUID] = set()
    own_place = place
    if "mentions" in values:
        values = {**values, "mentions": _distinct(values["mentions"])}
        new = set(values["mentions"]) - set(comment.mentions)
        own_place = _place_of(session, actor, place, comment)
        _check_mentions(session, own_place, values["mentions"], new=new)
    apply_changes(comment, values)
    flush(session)
    tell_of_comment(session, actor, own_place, comment, mentioned=new, is_new=False)
    return _told(session, place, [comment])[0]


def delete_comment(
    session: Session, actor: Actor, event_id: UUID, comment_id: UUID, if_match: frozenset[int] | None
) -> None:
    """Delete what one wrote, or as the event's host, what anybody wrote.

    Raises:
        NotFound: the actor sees no such comment there.
        Forbidden: somebody else wrote it, and the actor is no host.
        PreconditionFailed: it was changed meanwhile.
    """
    place = find_place(session, actor, event_id)
    comment = _get_comment(session, actor, place, comment_id)
    if not _wrote(actor, comment) and not event_access.is_host(session, actor, place.event):
        raise Forbidden("not_comment_author_or_host")
    check_version(comment, if_match)
    session.delete(comment)
    flush(session)


def _get_comment(session: Session, actor: Actor, place: Place, comment_id: UUID) -> EventComment:
    return get_visible(session, visible_to(actor, place, EventComment), comment_id, "comment_not_found", lock=True)


def _wrote(actor: Actor, comment: EventComment) -> bool:
    return comment.author_id == (actor.delegate_id or actor.user_id)


def _place_of(session: Session, actor: Actor, place: Place, comment: EventComment) -> Place:
    """Where the comment itself hangs, of all that is seen from a place."""
    if comment.original_start == place.original_start:
        return place
    return find_place(session, actor, comment.event_id, place.shown_start(comment.original_start))


def _check_mentions(session: Session, place: Place, mentions: list[UUID], *, new: Collection[UUID]) -> None:
    limit = get_settings().COMMENT_MENTIONS_MAX
    if len(mentions) > limit:
        raise Invalid("too_many_mentions", field="mentions", limit=limit)
    if not new:
        return
    blind = set(new) - event_access.readers_among(session, place.event, new)
    if blind:
        known = colleagues(session, place.whole.organization_id, blind)
        people = sorted(known[id_].full_name or known[id_].email if id_ in known else str(id_) for id_ in blind)
        named = ", ".join(people[:NAMED_MAX]) + (" …" if len(people) > NAMED_MAX else "")
        raise Invalid("mention_not_reader", field="mentions", people=named)


def _distinct(ids: Iterable[UUID]) -> list[UUID]:
    return list(dict.fromkeys(ids))


def _told(session: Session, place: Place, comments: list[EventComment]) -> list[CommentRead]:
    """The comments as clients see them, with the names of all people in one query."""
    ids = {id_ for comment in comments for id_ in (comment.author_id, *comment.mentions)}
    names = colleagues(session, place.whole.organization_id, ids)
    return [
        CommentRead(
            id=comment.id,
            event_id=comment.event_id,
            original_start=place.shown_start(comment.original_start),
            author=names[comment.author_id],
            body=comment.body,
            mentions=[names[id_] for id_ in comment.mentions if id_ in names],
            created_at=comment.created_at,
            edited_at=comment.updated_at if comment.version > 1 else None,
            version=comment.version,
        )
        for comment in comments
    ]
