"""Waiting for rooms."""

WAITING: dict[str, tuple[str, str]] = {
    "waiting_not_found": (
        "You do not wait for a room under this id.",
        "Вы не ждёте комнату: записи с таким id нет.",
    ),
    "already_waiting": (
        'The room "{room}" is waited for on behalf of this meeting already.',
        "Для этой встречи комнату «{room}» уже ждут.",
    ),
    "room_is_free": (
        'The room "{room}" is free at that time: book it.',
        "Комната «{room}» в это время свободна: забронируйте её.",
    ),
    "room_is_yours": (
        'The meeting has the room "{room}" already.',
        "Комната «{room}» уже забронирована для этой встречи.",
    ),
    "waiting_needs_future": (
        "The meeting has begun: there is no room to wait for any more.",
        "Встреча уже началась: ждать для неё комнату поздно.",
    ),
    "waiting_needs_meeting": (
        "The meeting is cancelled, so it needs no room.",
        "Встреча отменена, комната ей не нужна.",
    ),
    "too_many_waiting": (
        "You wait for {limit} rooms already, which is the limit.",
        "Вы уже ждёте {limit} комнат — это предел.",
    ),
    "offer_over": (
        "The room is not offered to you: the offer is over or has not been made yet, or the meeting has changed.",
        "Комната вам не предложена: срок предложения истёк, его ещё не было, или встреча изменилась.",
    ),
}
