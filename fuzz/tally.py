"""What came back in the fuzz run."""

from collections import Counter
from typing import Any


class Tally:
    """The answers of the run, and what was wrong with them."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.operations: Counter[str] = Counter()
        self.succeeded: Counter[str] = Counter()
        self.phases: Counter[str] = Counter()
        self.failures: dict[str, str] = {}
        self.errors: list[str] = []

    def note(self, scenario: Any) -> None:
        """Count the answers to what one scenario sent, and keep the first of each kind of failure."""
        recorder = scenario.recorder
        for case_id, interaction in recorder.interactions.items():
            if interaction.response is None:
                continue
            label = recorder.cases[case_id].value.operation.label
            status = interaction.response.status_code
            self.statuses[status] += 1
            self.operations[label] += 1
            self.succeeded[label] += 200 <= status < 300
            self.phases[scenario.phase.value] += 1
        for case_id, checks in recorder.checks.items():
            label = recorder.cases[case_id].value.operation.label
            for check in checks:
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    text = f"{label}: {failure.title}: {failure.message}\n{check.failure_info.code_sample}"
                    self.failures.setdefault(f"{label} {check.name} {failure.title}", text)

    @property
    def cases(self) -> int:
        return self.statuses.total()

    def answers_of_class(self, first_digit: int) -> int:
        """How many answers had a status such as 2xx."""
        return sum(count for status, count in self.statuses.items() if status // 100 == first_digit)

    def summary(self) -> str:
        """The run in one paragraph."""
        classes = ", ".join(f"{self.answers_of_class(digit)} {digit}xx" for digit in range(1, 6))
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        phases = ", ".join(f"{name} {count}" for name, count in self.phases.items())
        never = sorted(self.operations.keys() - (+self.succeeded).keys())
        return (
            f"{self.cases} cases ({phases}) for {len(self.operations)} operations, "
            f"{len(self.operations) - len(never)} of them with a 2xx (without: {', '.join(never) or 'none'}); "
            f"answers: {classes} ({statuses}); {len(self.failures)} kinds of failures."
        )
