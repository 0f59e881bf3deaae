"""The whole demo company as a plan: a pure function of the day and the e-mail domain."""

from datetime import date

from app.demo.company import COMPANY, DEPARTMENTS, DOMAIN, PUBLIC_CALENDARS
from app.demo.desk import Desk
from app.demo.model import Plan
from app.demo.people import plan_employees
from app.demo.places import BUILDINGS, ROOMS, RULES
from app.demo.series import plan_one_to_ones, plan_recurring
from app.demo.single import plan_company_days, plan_occasions, plan_open_day, plan_private, plan_vacations


def plan_company(today: date, domain: str = DOMAIN) -> Plan:
    """Everything there is in the demo, the same for the same day.

    Args:
        today: the meetings reach from about a month before it to two months after it.
        domain: of the e-mail addresses.
    """
    employees = plan_employees(domain)
    desk = Desk(today, employees, ROOMS)
    video = f"https://meet.{domain}"
    # What has a fixed time comes first; the rest finds its time in between.
    meetings = (
        *plan_company_days(desk),
        *plan_vacations(desk),
        *plan_recurring(desk, video),
        *plan_one_to_ones(desk, video),
        *plan_occasions(desk, video),
        *plan_private(desk),
        *plan_open_day(desk),
    )
    return Plan(COMPANY, DEPARTMENTS, employees, BUILDINGS, ROOMS, RULES, PUBLIC_CALENDARS, meetings)
