"""Bookings: rooms, events, calendars."""

PLANNING: dict[str, tuple[str, str]] = {
    # bookings
    "room_taken": (
        'The room "{room}" is taken at that time: {count} of {total} occurrences clash. See clashes and free_rooms.',
        "Комната «{room}» в это время занята: пересечений {count} из {total}. Смотрите clashes и free_rooms.",
    ),
    "room_inactive": ('The room "{room}" is not in use.', "Комната «{room}» не используется."),
    "room_name_taken": ('There is already a room named "{name}".', "Комната с названием «{name}» уже есть."),
    "room_beyond_horizon": (
        "A room can be booked at most {days} days ahead.",
        "Комнату можно забронировать не более чем за {days} дней.",
    ),
    "try_again": (
        "Somebody else is changing the same thing at this moment. Try again.",
        "Кто-то другой сейчас меняет то же самое. Повторите попытку.",
    ),
    "too_many_calendars": (
        "You have {limit} calendars already, which is the limit.",
        "У вас уже {limit} календарей — это предел.",
    ),
    "company_required_for_user": (
        "organization_id is needed: only administrators can be without a company.",
        "Нужен organization_id: без компании могут быть только администраторы.",
    ),
    "series_overlaps_itself": (
        "The occurrences of this series overlap each other, so they cannot share one room.",
        "Экземпляры этой серии пересекаются между собой и не могут занять одну комнату.",
    ),
    "no_occurrence_left": (
        "The exdates take out every occurrence. Delete the event instead.",
        "exdates исключают все экземпляры. Удалите событие целиком.",
    ),
    "room_needs_duration": (
        "An event that books a room must last longer than zero minutes.",
        "Событие с комнатой должно длиться дольше нуля минут.",
    ),
    "occurrence_not_found": (
        "The series has no occurrence with this original start.",
        "В серии нет экземпляра с таким исходным началом.",
    ),
    "calendar_is_outside": (
        "This calendar shows a feed from elsewhere: what is in it is changed there.",
        "Этот календарь показывает внешнюю ленту: его события меняют там, откуда они пришли.",
    ),
    "calendar_is_last": (
        "This is your only calendar. Create another one first.",
        "Это ваш единственный календарь. Сначала создайте другой.",
    ),
    "still_in_use": (
        "Other things still refer to this, or it refers to something that is gone.",
        "На это ещё ссылаются другие записи, или оно ссылается на то, чего уже нет.",
    ),
}
