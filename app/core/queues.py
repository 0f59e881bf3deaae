"""The queues of background work, and which task stands in which: what takes long must not hold up what is urgent."""

MAIL, NOTIFICATIONS, HOUSEKEEPING = "mail", "notifications", "housekeeping"
QUEUES = (MAIL, NOTIFICATIONS, HOUSEKEEPING)
# By the beginning of a task's name. What stands nowhere is housekeeping.
ROUTES = {
    "app.tasks.email_tasks.send_event_reminder": NOTIFICATIONS,
    "app.tasks.email_tasks.send_daily_digests": NOTIFICATIONS,
    "app.tasks.email_tasks.": MAIL,
    "app.tasks.inbound_tasks.": MAIL,
    "app.tasks.notification_tasks.": NOTIFICATIONS,
    "app.tasks.absence_tasks.": NOTIFICATIONS,
    "app.tasks.appointment_tasks.": NOTIFICATIONS,
    "app.tasks.change_tasks.": NOTIFICATIONS,
    "app.tasks.reminder_tasks.": NOTIFICATIONS,
    "app.tasks.webhook_tasks.": NOTIFICATIONS,
    "app.tasks.room_tasks.": NOTIFICATIONS,
    "app.tasks.ticket_tasks.": NOTIFICATIONS,
}


def queue_of(task: str) -> str:
    """The queue in which a task waits, by its full name."""
    return next((queue for beginning, queue in ROUTES.items() if task.startswith(beginning)), HOUSEKEEPING)
