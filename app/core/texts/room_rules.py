"""The rules of rooms, and when they are blocked."""

# What blocks a room, where nobody gave it a title.
BLOCKING_KINDS: dict[str, tuple[str, str]] = {
    "cleaning": ("cleaning", "уборка"),
    "maintenance": ("maintenance", "обслуживание"),
    "holiday": ("holiday", "праздник"),
    "closed": ("closed", "закрыто"),
    "other": ("blocked", "занято"),
}
ROOM_RULES: dict[str, tuple[str, str]] = {
    "room_not_for_you": (
        'The room "{room}" can be booked only by people whom its administrators have listed.',
        "Комнату «{room}» могут бронировать только те, кого указали её администраторы.",
    ),
    "room_not_for_series": (
        'The room "{room}" can be booked for single meetings only, not for a series.',
        "Комнату «{room}» можно бронировать только для отдельных встреч, не для серий.",
    ),
    "room_too_small": (
        'The room "{room}" holds {capacity} people; {people} would come.',
        "Комната «{room}» вмещает {capacity} чел., а придут {people}.",
    ),
    "room_beyond_window": (
        'The room "{room}" is booked at most {days} days ahead: for meetings that begin before {until} ({time_zone}).',
        "Комнату «{room}» бронируют не более чем за {days} дней: для встреч, начинающихся до {until} ({time_zone}).",
    ),
    "room_booking_too_short": (
        'The room "{room}" is booked for at least {allowed} minutes; you ask for {minutes}.',
        "Комнату «{room}» бронируют не менее чем на {allowed} минут; вы просите {minutes}.",
    ),
    "room_booking_too_long": (
        'The room "{room}" is booked for at most {allowed} minutes; you ask for {minutes}.',
        "Комнату «{room}» бронируют не более чем на {allowed} минут; вы просите {minutes}.",
    ),
    "room_not_open": (
        'The room "{room}" is not open then. On that day it is open: {hours} ({time_zone}).',
        "Комната «{room}» в это время закрыта. В этот день она открыта: {hours} ({time_zone}).",
    ),
    "room_blocked": (
        'The room "{room}" is blocked from {start} to {end} ({time_zone}): {title}.',
        "Комната «{room}» закрыта с {start} до {end} ({time_zone}): {title}.",
    ),
    "min_above_max": (
        "The shortest booking (min_minutes) is longer than the longest (max_minutes).",
        "Самое короткое бронирование (min_minutes) длиннее самого длинного (max_minutes).",
    ),
    "too_many_listed": (
        "At most {limit} people and departments can be listed. List a department instead of its people.",
        "Можно указать не более {limit} людей и отделов. Вместо людей укажите их отдел.",
    ),
    "hours_without_length": (
        "start and end must be two different times of day; 00:00 to 24:00 is the whole day.",
        "start и end должны различаться; весь день — это от 00:00 до 24:00.",
    ),
    "wall_time_expected": (
        "Write the wall time of the place, without an offset: 2027-03-22T19:00:00, or a date.",
        "Укажите местное время без смещения: 2027-03-22T19:00:00, или дату.",
    ),
    "one_place": (
        "Name a room or a building, or neither for all rooms.",
        "Укажите комнату или здание, а для всех комнат — ни то, ни другое.",
    ),
    "blocking_not_found": ("There is no such blocking.", "Такой блокировки нет."),
    "too_many_blockings": (
        "There are {limit} blockings already, which is the limit. Remove those that are over, or use a rule.",
        "Уже есть {limit} блокировок — это предел. Удалите прошедшие или задайте правило повторения.",
    ),
}
