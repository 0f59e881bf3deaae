"""When a process that died is started again."""

import pytest

from app.supervisor.backoff import RestartPolicy, restart_delay


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 0), (2, 1), (3, 2), (4, 4), (5, 8), (6, 16), (7, 30), (8, 30), (1000, 30)]
)
def test_the_pauses_grow_up_to_half_a_minute(failures: int, seconds: float) -> None:
    assert restart_delay(failures) == seconds


def test_a_minute_of_health_is_a_new_beginning() -> None:
    clock = Clock()
    policy = RestartPolicy(clock)
    for expected in (0, 1, 2):
        policy.started()
        clock.now += 59
        assert policy.died() == expected
    policy.started()
    clock.now += 60
    assert policy.died() == 0
    assert policy.failures == 1
