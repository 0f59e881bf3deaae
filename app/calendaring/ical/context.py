"""What reading one component needs to know, and where it says what it repaired."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.calendaring.ical.content_lines import ContentLine
from app.calendaring.ical.foreign_zones import ForeignZones, Zone
from app.calendaring.ical.model import Problem, ReadingLimits

Properties = Mapping[str, Sequence[ContentLine]]


class Refused(ValueError):
    """A component that cannot be taken; `code` is a constant for programs, `line` where the reason stands."""

    def __init__(self, code: str, line: int | None = None, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.line = line
        self.params = params


@dataclass(slots=True)
class Context:
    """The calendar that a component stands in, and the problems found in it; `line` is where it begins."""

    zones: ForeignZones
    limits: ReadingLimits
    line: int
    uid: str | None = None
    problems: list[Problem] = field(default_factory=list)
    # The zone of the component's start, in which its other times are when they name none.
    start_zone: Zone | None = None

    def report(self, code: str, line: int | None = None, **params: object) -> None:
        """Notes a repair; the same one twice in a component is noted once."""
        if not any(problem.code == code and problem.params == params for problem in self.problems):
            self.problems.append(Problem(line=line or self.line, uid=self.uid, code=code, params=params))
