"""How many people are in how many companies, for the figures about people."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CompanyShape:
    """A company: its people, and its departments, which lie below each other."""

    people: int
    departments: int


@dataclass(frozen=True)
class PeopleShape:
    """The companies of one database."""

    companies: tuple[CompanyShape, ...]
    seed: int = 20260201

    @property
    def people(self) -> int:
        return sum(company.people for company in self.companies)


@dataclass(frozen=True)
class PeopleShapes:
    """`many` companies against `few` of the same size; and a `crowd`: a huge company, and a large one beside it."""

    many: PeopleShape
    few: PeopleShape
    crowd: PeopleShape


USUAL = CompanyShape(people=100, departments=8)
PEOPLE_FULL = PeopleShapes(
    many=PeopleShape((USUAL,) * 500),
    few=PeopleShape((USUAL,) * 10),
    crowd=PeopleShape((CompanyShape(50_000, 2_000), CompanyShape(5_000, 400))),
)
PEOPLE_QUICK = PeopleShapes(
    many=PeopleShape((USUAL,) * 50),
    few=PeopleShape((USUAL,) * 10),
    crowd=PeopleShape((CompanyShape(5_000, 200), CompanyShape(1_000, 80))),
)
