"""Errors about notifications."""

NOTIFICATIONS: dict[str, tuple[str, str]] = {
    "notification_not_found": (
        "You have no notification under this id.",
        "Уведомления с таким id у вас нет.",
    ),
    "too_many_choices": ("There are at most {limit} choices.", "Можно сделать не больше {limit} выборов."),
    "chosen_twice": (
        "The same type, channel and calendar is chosen twice.",
        "Один и тот же вид, способ и календарь выбран дважды.",
    ),
}
