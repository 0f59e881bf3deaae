"""What people are told in the application and on their lock screens: one line each, and why they are told."""

NOTICES: dict[str, tuple[str, str]] = {
    "invited": ("{sender} invites you: {title}, {when}", "{sender} приглашает вас: {title}, {when}"),
    "changed": ("Changed by {sender}: {title}, {when}", "Изменено ({sender}): {title}, {when}"),
    "changed_by_time_zone": (
        "The rules of a time zone have changed: {title}, {when}",
        "Изменились правила часового пояса: {title}, {when}",
    ),
    "cancelled": ("Cancelled by {sender}: {title}, {when}", "Отменено ({sender}): {title}, {when}"),
    "answered_accepted": ("{sender} will come: {title}, {when}", "{sender}: участие подтверждено: {title}, {when}"),
    "answered_tentative": ("{sender} may come: {title}, {when}", "{sender}: участие под вопросом: {title}, {when}"),
    "answered_declined": ("{sender} will not come: {title}, {when}", "{sender}: отказ от участия: {title}, {when}"),
    "answered_needs_action": (
        "{sender} has not decided: {title}, {when}",
        "{sender}: решения ещё нет: {title}, {when}",
    ),
    "proposed": (
        "{sender} proposes another time, {proposed}: {title}, {when}",
        "{sender} предлагает другое время, {proposed}: {title}, {when}",
    ),
    "proposal_declined": (
        "{sender} keeps the time: {title}, {when}",
        "{sender} оставляет прежнее время: {title}, {when}",
    ),
    "commented": ("{sender} on “{title}”: {text}", "{sender} о встрече «{title}»: {text}"),
    "mentioned": ("{sender} mentions you in “{title}”: {text}", "{sender} упоминает вас в «{title}»: {text}"),
    "reminder": ("{title}, {when}", "{title}, {when}"),
    "reminder_at": ("{title}, {when}, {place}", "{title}, {when}, {place}"),
    "message": ("{text}", "{text}"),
    "webhook_disabled": (
        "The webhook “{name}” was switched off: nothing has come through for a day ({error})",
        "Вебхук «{name}» отключён: за сутки ничего не дошло ({error})",
    ),
    "room_requested": ("{sender} asks for the room {room}, {when}", "{sender} просит комнату {room}, {when}"),
    "room_approved": ("The room is yours: {room}, {when}", "Комната ваша: {room}, {when}"),
    "room_declined": ("The room was refused: {room}, {when}", "В комнате отказано: {room}, {when}"),
    "room_expired": (
        "Nobody decided in time about the room: {room}, {when}",
        "О комнате никто не решил вовремя: {room}, {when}",
    ),
    "room_check_in": ("Check in: {room}, {when}", "Отметьтесь: {room}, {when}"),
    "room_released": (
        "Given to others, since nobody checked in: {room}, {when}",
        "Отдана другим, никто не отметился: {room}, {when}",
    ),
    "room_offered": (
        "A room you wait for is free: {room}, {when}",
        "Освободилась комната, которую вы ждёте: {room}, {when}",
    ),
    "room_moved": (
        "Another room: {other_room} instead of {room}, {when}",
        "Другая комната: {other_room} вместо {room}, {when}",
    ),
    "room_lost": ("There is no room any more: {room}, {when}", "Комнаты больше нет: {room}, {when}"),
}
# Why somebody is told, by NotificationReason.
REASONS: dict[str, tuple[str, str]] = {
    "participant": ("You take part in this meeting.", "Вы участник этой встречи."),
    "organizer": ("You organize this meeting.", "Вы организатор этой встречи."),
    "mentioned": ("Somebody mentions you.", "Вас упомянули."),
    "commented": ("You take part in this discussion.", "Вы участник этого обсуждения."),
    "booked": ("You booked this room.", "Вы бронировали эту комнату."),
    "approver": ("You decide about this room.", "Вы решаете об этой комнате."),
    "waiting": ("You wait for this room.", "Вы ждёте эту комнату."),
    "addressed": ("This is addressed to you.", "Это адресовано вам."),
    "asked": ("You asked to be reminded.", "Вы просили напомнить."),
    "administrator": ("You administer this company.", "Вы администратор этой компании."),
}
