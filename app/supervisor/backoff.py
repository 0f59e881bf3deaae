"""How long to wait before a process that died is started again."""

import time
from collections.abc import Callable

DELAYS_SECONDS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
HEALTHY_SECONDS = 60.0


def restart_delay(failures: int) -> float:
    """Seconds before the next start after `failures` deaths in a row: none the first time, at most 30."""
    return DELAYS_SECONDS[min(max(failures, 1), len(DELAYS_SECONDS)) - 1]


class RestartPolicy:
    """Counts the deaths of one process. A minute of running makes the earlier ones forgotten."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self.failures = 0

    def started(self) -> None:
        self._started = self._clock()

    def died(self) -> float:
        """Note a death and return the seconds to wait before the next start."""
        if self._clock() - self._started >= HEALTHY_SECONDS:
            self.failures = 0
        self.failures += 1
        return restart_delay(self.failures)
