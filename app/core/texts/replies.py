"""Answers of invited people by link and by mail."""

REPLIES: dict[str, tuple[str, str]] = {
    "link_page_failed": ("This did not work", "Не получилось"),
    "invitation_link_invalid": (
        "This link does not lead to an invitation any more. The meeting is gone, or you are not invited to it.",
        "По этой ссылке приглашения больше нет: встреча удалена, или вы больше не приглашены.",
    ),
    "invitation_cancelled": ("The meeting is cancelled.", "Встреча отменена."),
    "rsvp_page_repeats": ("Repeats: {rule}", "Повторяется: {rule}"),
    "rsvp_page_where": ("Where: {place}", "Где: {place}"),
    "rsvp_page_organizer": ("Organizer: {organizer}", "Организатор: {organizer}"),
    "rsvp_page_minutes": (", {minutes} minutes", ", {minutes} мин."),
    "rsvp_page_thanks": ("Thank you.", "Спасибо."),
    "rsvp_page_is_needs_action": ("You have not answered yet.", "Вы ещё не ответили."),
    "rsvp_page_is_accepted": ("You will come.", "Вы придёте."),
    "rsvp_page_is_tentative": ("You may come.", "Вы, возможно, придёте."),
    "rsvp_page_is_declined": ("You will not come.", "Вы не придёте."),
    "rsvp_page_button_accepted": ("I will come", "Приду"),
    "rsvp_page_button_tentative": ("Maybe", "Возможно"),
    "rsvp_page_button_declined": ("I will not come", "Не приду"),
    "rsvp_page_comment": ("Comment for the organizer", "Комментарий организатору"),
    "inbound_mail_secret": (
        "The secret of incoming mail is wrong.",
        "Неверный секрет приёма почты.",
    ),
    "inbound_mail_off": (
        "This installation takes no mail in.",
        "Эта установка не принимает почту.",
    ),
    "inbound_mail_kind": (
        "Send the message as it came, with Content-Type message/rfc822.",
        "Пришлите письмо как есть, с Content-Type message/rfc822.",
    ),
}
