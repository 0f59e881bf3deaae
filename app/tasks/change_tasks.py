"""Following the change feed of every company, right after something changed and now and then."""

from celery import shared_task

from app.tasks.absence_tasks import answer_invitations
from app.tasks.reminder_tasks import replan_reminders
from app.tasks.webhook_tasks import follow_webhooks


@shared_task(name="app.tasks.change_tasks.follow_changes")
def follow_changes() -> None:
    """Plan reminders anew, answer invitations in absences, and tell webhooks."""
    replan_reminders()
    answer_invitations()
    follow_webhooks()
