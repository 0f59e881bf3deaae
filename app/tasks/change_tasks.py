"""Following the change feed of every company, right after something changed and now and then."""

from celery import shared_task

from app.tasks.reminder_tasks import replan_reminders
from app.tasks.webhook_tasks import follow_webhooks


@shared_task(name="app.tasks.change_tasks.follow_changes")
def follow_changes() -> None:
    """Plan reminders anew, and tell webhooks."""
    replan_reminders()
    follow_webhooks()
