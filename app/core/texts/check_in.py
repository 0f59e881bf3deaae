"""Check-in: rooms that are used, given back, extended."""

CHECK_IN: dict[str, tuple[str, str]] = {
    "nothing_to_check_in": (
        "There is no meeting in this room to check in to now. Check-in opens next: {opens}.",
        "В этой комнате сейчас не на что отметиться. В следующий раз отметиться можно: {opens}.",
    ),
    "room_not_in_use": ("No meeting is taking place in this room now.", "В этой комнате сейчас нет встречи."),
    "room_code_required": (
        "You do not take part in this meeting. Send the code that the panel at the room's door shows.",
        "Вы не участвуете в этой встрече. Пришлите код, который показывает экран у двери комнаты.",
    ),
    "room_code_wrong": (
        "This is not the room's code. It changes every few minutes: read it on the panel at the door.",
        "Это не код комнаты. Он меняется каждые несколько минут: посмотрите его на экране у двери.",
    ),
    "check_in_link_invalid": (
        "This link to check in is not valid, or the meeting is over.",
        "Эта ссылка недействительна, или встреча уже закончилась.",
    ),
    "check_in_link_late": (
        "The meeting is not in this room any more: it was moved, called off, or the room was given to others.",
        "Встреча больше не в этой комнате: её перенесли или отменили, либо комната отдана другим.",
    ),
    "no_shows_too_wide": (
        "Figures of at most {days} days can be asked for at once.",
        "За один раз можно запросить данные не более чем за {days} дней.",
    ),
    # The page behind the link in a mail.
    "check_in_page_title": ("Check in", "Отметиться"),
    "check_in_page_button": ("We are here", "Мы здесь"),
    "check_in_page_until": (
        "If nobody checks in, the room is given to others.",
        "Если никто не отметится, комнату отдадут.",
    ),
    "check_in_page_done": ("You are checked in. The room is yours.", "Вы отметились. Комната ваша."),
}
