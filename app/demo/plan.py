"""The whole demo company as a plan: a pure function of the day and the e-mail domain."""

from datetime import date, timedelta

from app.demo.company import COMPANY, DEPARTMENTS, DOMAIN, PUBLIC_CALENDARS
from app.demo.days import monday_of
from app.demo.desk import Desk
from app.demo.meetings import VACATIONS, Vacation
from app.demo.model import Away, Plan
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
    vacations = tuple(_away(vacation, today) for vacation in VACATIONS)
    return Plan(COMPANY, DEPARTMENTS, employees, BUILDINGS, ROOMS, RULES, PUBLIC_CALENDARS, meetings, vacations)


def _away(vacation: Vacation, today: date) -> Away:
    first = monday_of(today) + timedelta(weeks=vacation.weeks)
    return Away(vacation.name, first, first + timedelta(days=vacation.days - 1))
