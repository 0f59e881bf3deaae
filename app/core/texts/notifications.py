"""Errors about notifications."""

NOTIFICATIONS: dict[str, tuple[str, str]] = {
    "notification_not_found": (
        "You have no notification under this id.",
        "Уведомления с таким id у вас нет.",
    ),
    "too_many_choices": ("There are at most {limit} choices.", "Можно сделать не больше {limit} выборов."),
    "dead_letter_not_found": (
        "No message that was given up has this id.",
        "Среди недоставленных сообщений такого id нет.",
    ),
    "dead_letter_has_secret": (
        "This mail held a link for signing in and is forgotten. Invite the person once more.",
        "В этом письме была ссылка для входа, оно стёрто. Пригласите человека ещё раз.",
    ),
    "bad_push_keys": ("These are no keys of a browser.", "Это не ключи браузера."),
    "push_subscription_not_found": (
        "You have no subscribed browser under this id.",
        "Подписанного браузера с таким id у вас нет.",
    ),
    "subscribed_just_now": ("The browser was subscribed a moment ago.", "Браузер только что был подписан."),
    "too_many_reminders": (
        "There are at most {limit} reminders for one event.",
        "Для одного события можно задать не больше {limit} напоминаний.",
    ),
    "too_many_reminder_settings": (
        "You have reminders of your own for {limit} events and calendars already.",
        "У вас уже есть свои напоминания для {limit} событий и календарей.",
    ),
    "reminder_twice": (
        "The same time and channel is named twice.",
        "Одно и то же время и способ названы дважды.",
    ),
    "reminder_too_early": (
        "Of an event with a time, reminders come at its start or before.",
        "О событии со временем можно напомнить не позже его начала.",
    ),
    "chosen_twice": (
        "The same type, channel and calendar is chosen twice.",
        "Один и тот же вид, способ и календарь выбран дважды.",
    ),
}
