"""Closing rooms, and other rooms for occurrences."""

CLOSING: dict[str, tuple[str, str]] = {
    "room_has_bookings": (
        'The room "{room}" still has {count} bookings ahead. Close it with POST /rooms/{{room_id}}/closing, which '
        "moves them to equal rooms; with dry_run it only shows how.",
        "У комнаты «{room}» ещё есть бронирования: {count}. Закройте её через POST /rooms/{{room_id}}/closing: они "
        "будут перенесены в равноценные комнаты; с dry_run план только показывается.",
    ),
    "plan_changed": (
        'What is booked in the room "{room}", or free instead, has changed since the plan was made. '
        "See closing for the new plan.",
        "С тех пор как составлен план, бронирования комнаты «{room}» или свободные комнаты изменились. "
        "Новый план смотрите в closing.",
    ),
    "too_many_bookings": (
        'The room "{room}" has {count} bookings in that time; at most {limit} are moved at once. Close it for a '
        "shorter time first.",
        "В это время у комнаты «{room}» бронирований: {count}; за раз переносится не более {limit}. Сначала закройте "
        "её на более короткий срок.",
    ),
    "closing_too_long": (
        "A room is closed for at most {days} days at once, or for good: then leave out end.",
        "За раз комната закрывается не более чем на {days} дней — или насовсем, тогда не указывайте end.",
    ),
    "closing_for_good_is_now": (
        "A room is closed for good from now on: leave out start, or send an end.",
        "Насовсем комната закрывается с этого момента: не указывайте start или укажите end.",
    ),
    "closing_has_passed": (
        "This time has passed already: end lies in the past.",
        "Это время уже прошло: end в прошлом.",
    ),
    "closing_needs_order": ("end must come after start.", "end должен быть позже start."),
    "occurrence_twice": (
        "One occurrence is named twice. Name each once.",
        "Один экземпляр назван дважды. Назовите каждый один раз.",
    ),
}
