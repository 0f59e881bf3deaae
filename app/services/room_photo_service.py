"""Photos of rooms: one file each."""

from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.models.room import Room
from app.schemas.room import RoomRead
from app.services import equipment_service, room_service
from app.services.picture_files import ROOM_PHOTOS
from app.services.rows import apply_changes, flush

# Of the longer side, in pixels.
LONGEST = 1280
END = ".webp"


def set_photo(session: Session, actor: Actor, room_id: UUID, data: bytes, if_match: frozenset[int] | None) -> RoomRead:
    """Give a room this photo. For administrators and the IT desk.

    Raises:
        Forbidden: the actor is neither.
        PayloadTooLarge: it has more than ROOM_PHOTO_MAX_BYTES.
        Invalid: it is no picture, or has more than ROOM_PHOTO_MAX_PIXELS.
    """
    settings = get_settings()
    ROOM_PHOTOS.check_size(data, settings.ROOM_PHOTO_MAX_BYTES)
    room = room_service.get_changeable(session, actor, room_id, if_match)
    limit = settings.ROOM_PHOTO_MAX_PIXELS
    photo: bytes = ROOM_PHOTOS.decode(lambda images: images.fitted(data, LONGEST, max_pixels=limit), limit)
    return _replace(session, room, ROOM_PHOTOS.store({END: photo})[END])


def delete_photo(session: Session, actor: Actor, room_id: UUID, if_match: frozenset[int] | None) -> None:
    """Take a room's photo away, if there is one. For administrators and the IT desk."""
    _replace(session, room_service.get_changeable(session, actor, room_id, if_match), None)


def used_files(session: Session, company: UUID) -> set[str]:
    """The names of the files that rooms of the company, which the session has entered, refer to."""
    urls = select(col(Room.photo_url)).where(col(Room.organization_id) == company, col(Room.photo_url).is_not(None))
    return {ROOM_PHOTOS.path(url).name for url in session.execute(urls).scalars()}


def _replace(session: Session, room: Room, url: str | None) -> RoomRead:
    old = room.photo_url
    apply_changes(room, {"photo_url": url})
    flush(session)
    ROOM_PHOTOS.remove_after_commit(session, [old])
    return equipment_service.read_room(session, room)
