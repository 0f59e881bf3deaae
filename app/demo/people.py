"""The demo's people: addresses from names, telephone numbers, managers."""

import unicodedata
from collections.abc import Iterable
from datetime import date

from app.demo.company import DEPARTMENTS, PEOPLE, PHONES, Department, Person
from app.demo.model import Employee

# Letters with one Latin letter each, and those with several or none.
_SINGLE = str.maketrans("абвгдеёзийклмнопрстуфыэ", "abvgdeeziyklmnoprstufye")
_OTHERS = str.maketrans(
    {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "", "ю": "yu", "я": "ya"}
    | {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}
)


def transliterate(text: str) -> str:
    """Lower-case ASCII for Russian, German and other Latin letters; what has no such form is left out."""
    latin = unicodedata.normalize("NFC", text.lower()).translate(_SINGLE).translate(_OTHERS)
    return unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()


def email_of(name: str, domain: str) -> str:
    """first.last@domain."""
    return f"{'.'.join(transliterate(name).split())}@{domain}"


def plan_employees(
    domain: str, people: Iterable[Person] = PEOPLE, departments: Iterable[Department] = DEPARTMENTS
) -> tuple[Employee, ...]:
    """Everybody, managers before those whom they manage."""
    by_key = {department.key: department for department in departments}
    return tuple(_employee(number, person, by_key, domain) for number, person in enumerate(people, start=1))


def _employee(number: int, person: Person, departments: dict[str, Department], domain: str) -> Employee:
    return Employee(
        name=person.name,
        email=email_of(person.name, domain),
        phone=PHONES[person.zone].format(number),
        position=person.position,
        department=person.department,
        manager=_manager(person, departments),
        birthday=date.fromisoformat(person.birthday),
        zone=person.zone,
        role=person.role,
        color=departments[person.department].color,
    )


def _manager(person: Person, departments: dict[str, Department]) -> str | None:
    department = departments[person.department]
    if person.manager is not None or department.head != person.name:
        return person.manager or department.head
    return departments[department.parent].head if department.parent is not None else None
