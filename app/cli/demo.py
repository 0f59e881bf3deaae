"""`planner demo`."""

import time
from datetime import UTC, date, datetime, timedelta

from app.calendaring.zones import get_zone
from app.cli.common import say
from app.core.config import Settings, get_settings
from app.core.migrations import pending, upgrade
from app.db import SessionLocal
from app.demo.company import PASSWORD
from app.demo.days import monday_of
from app.demo.fill import Filled, fill
from app.demo.model import Plan
from app.demo.plan import plan_company
from app.models.user import Role
from app.services import bootstrap_service
from app.supervisor.errors import SupervisorError
from app.supervisor.probe import api_answers, base_url
from app.supervisor.running import running_servers

EXAMPLES = ("Анна Соколова", "Priya Nair", "Jürgen Weiß")


class RefusedInProduction(SupervisorError):
    """The demo has a password that everybody knows."""


def demo() -> None:
    """Fill in a believable company to look at: 40 people, 8 rooms, three months of meetings.

    Not in production: everybody in it has the same, known password. Called again, it changes nothing.
    """
    settings = get_settings()
    if settings.is_production:
        raise RefusedInProduction(
            "ENVIRONMENT=production: the demo is not filled in here, because its people, one of them an"
            " administrator, share a password that everybody knows. Try it in another installation."
        )
    with running_servers(settings, command="demo", say=say) as settings:
        if pending(settings.owner_url):
            upgrade(settings.owner_url, application_url=settings.DATABASE_URL)
        started = time.perf_counter()
        with SessionLocal.begin() as session:
            # Before the demo's own administrator, who would else keep the first start from making one.
            admin = bootstrap_service.ensure_first_admin(session, settings)
            organization = bootstrap_service.first_organization(session)
            today = datetime.now(UTC).astimezone(get_zone(organization.time_zone)).date()
            plan = plan_company(today)
            filled = fill(session, organization, plan)
        seconds = time.perf_counter() - started
        print(report(settings, plan, filled, today, seconds, is_running=api_answers(settings)))
    if admin is not None:
        email, generated = admin
        print(f"\nThe installation's own administrator was created: {email}")
        if generated:
            print(f"Password: {generated}   (shown only now)")


def report(
    settings: Settings, plan: Plan, filled: Filled | None, today: date, seconds: float, *, is_running: bool
) -> str:
    """What was done, how to sign in, and what to try next."""
    if filled is None:
        first = "The demo company is there already; nothing was changed."
    else:
        first = (
            f"{plan.company} is filled in: {filled.departments} departments, {filled.people} people,"
            f" {filled.rooms} rooms, {filled.events} events with {filled.occurrences} occurrences,"
            f" {filled.tickets} tickets ({seconds:.1f} s)."
        )
    monday = monday_of(today)
    url = base_url(settings)
    where = f"{url}/docs" if is_running else f"{url}/docs, once Planner runs: make run"
    people = {employee.name: employee for employee in plan.employees}
    shown = [*EXAMPLES, *(employee.name for employee in plan.employees if employee.role is Role.ADMIN)]
    lines = [
        first,
        "",
        f"Everybody's password: {PASSWORD}",
        *(f"  {people[name].email:<36} {people[name].position}, {people[name].zone}" for name in shown),
        "",
        f"Try it: {where}",
        f"  TOKEN=$(curl -s {url}/api/v1/auth/login -H 'Content-Type: application/json' \\",
        f'    -d \'{{"email": "{people[EXAMPLES[0]].email}", "password": "{PASSWORD}"}}\' \\',
        "    | python3 -c 'import json, sys; print(json.load(sys.stdin)[\"access_token\"])')",
        f"  curl -s '{url}/api/v1/events?from={monday}&to={monday + timedelta(weeks=1)}' \\",
        '    -H "Authorization: Bearer $TOKEN" | python3 -m json.tool --no-ensure-ascii',
    ]
    return "\n".join(lines)
