"""Telling webhooks what happens."""

from uuid import UUID

from celery import shared_task

from app.db import SessionLocal
from app.services import change_following, webhook_following
from app.services.webhook_sending import WebhookWay
from app.services.webhook_service import FOLLOWER
from app.tasks.deliveries import deliver_all
from app.tasks.rounds import each_of, in_company


@shared_task(name="app.tasks.webhook_tasks.follow_webhooks")
def follow_webhooks() -> int:
    """Make deliveries of what changed in companies with webhooks, and send them; how many companies."""
    with SessionLocal.begin() as session:
        companies = change_following.companies_with_changes(session, FOLLOWER)
    followed = sum(each_of(companies, _follow, "follow_webhooks"))
    if followed:
        send_webhooks()
    return followed


def _follow(company: UUID) -> int:
    more = True
    while more:
        with in_company(company, "follow_webhooks") as session:
            more = webhook_following.follow_next(session, company)
    return 1


@shared_task(name="app.tasks.webhook_tasks.send_webhooks")
def send_webhooks() -> int:
    """Send the deliveries that are due, the companies in turns; how many arrived."""
    return deliver_all(WebhookWay())
