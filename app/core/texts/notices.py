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
    "ticket_created": ("Your request was taken in: #{number} {title}", "Заявка принята: №{number} {title}"),
    "ticket_new": ("New ticket #{number}: {title}", "Новая заявка №{number}: {title}"),
    "ticket_assigned": ("Ticket #{number} is yours: {title}", "Заявка №{number} теперь ваша: {title}"),
    "ticket_reply": ("{sender} on #{number} {title}: {text}", "{sender} по заявке №{number} {title}: {text}"),
    "ticket_note": (
        "{sender}, internally, on #{number} {title}: {text}",
        "{sender}, внутренняя заметка к №{number} {title}: {text}",
    ),
    "ticket_mentioned": (
        "{sender} mentions you on #{number} {title}: {text}",
        "{sender} упоминает вас в заявке №{number} {title}: {text}",
    ),
    "ticket_open": ("Work goes on: #{number} {title}", "Заявка снова в работе: №{number} {title}"),
    "ticket_pending": ("It waits for “{text}”: #{number} {title}", "Ожидание («{text}»): №{number} {title}"),
    "ticket_resolved": ("Resolved: #{number} {title}", "Решена: №{number} {title}"),
    "ticket_closed": ("Closed: #{number} {title}", "Закрыта: №{number} {title}"),
    "ticket_merged": ("#{number} goes on as #{other} {title}", "Заявка №{number} продолжается как №{other} {title}"),
    "ticket_before": ("Due {when}: #{number} {title} ({what})", "Срок {when}: №{number} {title} ({what})"),
    "ticket_breach": (
        "Late since {when}: #{number} {title} ({what})",
        "Просрочена с {when}: №{number} {title} ({what})",
    ),
    "ticket_after": (
        "Still late, since {when}: #{number} {title} ({what})",
        "Всё ещё просрочена, с {when}: №{number} {title} ({what})",
    ),
    "ticket_approval": (
        "{sender} asks for your approval: #{number} {title}",
        "{sender} просит вашего согласия: №{number} {title}",
    ),
    "ticket_approved": ("{sender} approved #{number} {title}", "{sender}: согласовано, №{number} {title}"),
    "ticket_refused": ("{sender} refused #{number} {title}: {text}", "{sender}: отказано, №{number} {title}: {text}"),
    "equipment_broken_for_more": (
        "Out of order in {room}: {what}. It concerns {title}, {when}, and {more} more of yours. Rooms that have one:"
        " {rooms}",
        "В комнате {room} не работает: {what}. Это касается встречи {title}, {when}, и ещё {more} ваших."
        " Где такое есть: {rooms}",
    ),
    "equipment_broken": (
        "Out of order in {room}: {what}. It concerns {title}, {when}. Rooms that have one: {rooms}",
        "В комнате {room} не работает: {what}. Это касается встречи {title}, {when}. Где есть такое: {rooms}",
    ),
    "appointment_booked": ("{visitor} has booked: {kind}, {when}", "Новая запись: {kind}, {when}, {visitor}"),
    "appointment_asked": (
        "{visitor} asks for: {kind}, {when}",
        "Запрос на запись: {kind}, {when}, {visitor}",
    ),
    "appointment_moved": ("{visitor} has moved: {kind}, now {when}", "Запись перенесена: {kind}, {when}, {visitor}"),
    "appointment_cancelled": ("{visitor} has cancelled: {kind}, {when}", "Запись отменена: {kind}, {when}, {visitor}"),
    "absence_requested": (
        "{sender} asks to be away: {first} – {last}",
        "{sender} просит согласовать отсутствие: {first} – {last}",
    ),
    "absence_approved": (
        "Your absence is approved: {first} – {last} {note}",
        "Отсутствие согласовано: {first} – {last} {note}",
    ),
    "absence_refused": (
        "Your absence is refused: {first} – {last} {note}",
        "В отсутствии отказано: {first} – {last} {note}",
    ),
    "absence_withdrawn": (
        "{sender} will be there after all: {first} – {last}",
        "{sender}: отсутствие отменено: {first} – {last}",
    ),
    "absence_substitute": (
        "You stand in for {sender}: {first} – {last}",
        "Вы замещаете: {sender}, {first} – {last}",
    ),
    "absence_organizer": ("{sender} is away: {title}, {when}", "{sender} отсутствует: {title}, {when}"),
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
    "requester": ("You asked for this.", "Это ваша заявка."),
    "watcher": ("You watch this ticket.", "Вы следите за этой заявкой."),
    "assignee": ("This ticket is yours.", "Эта заявка назначена вам."),
    "queue": ("You work this queue.", "Вы работаете с этой очередью."),
    "decides": ("This waits for your decision.", "Это ждёт вашего решения."),
    "substitute": ("You stand in for somebody.", "Вы замещаете коллегу."),
    "host": ("You offer this appointment.", "Вы ведёте эту запись."),
}
