"""Waiting for what announces itself to nobody."""

import time
from collections.abc import Callable

POLL_SECONDS = 0.02


def retry_until(ready: Callable[[], bool], seconds: float) -> bool:
    """Ask `ready` every 20 ms until it says yes; False when `seconds` have passed."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
