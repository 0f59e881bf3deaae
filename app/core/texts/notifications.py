"""Errors about notifications."""

NOTIFICATIONS: dict[str, tuple[str, str]] = {
    "notification_not_found": (
        "You have no notification under this id.",
        "Уведомления с таким id у вас нет.",
    ),
}
