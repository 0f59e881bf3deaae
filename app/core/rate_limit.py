"""Rate limits, kept in Redis and shared by every API process."""

import asyncio
import hashlib
import time
from functools import lru_cache
from typing import Literal

import structlog
from limits import RateLimitItem, parse_many
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from redis.asyncio.connection import ConnectionPool

from app.core.config import get_settings
from app.core.errors import TooManyRequests

LimitName = Literal["default", "login"]
# How long Redis may take, and how long it is left alone after it failed.
REDIS_PATIENCE_SECONDS = 0.25
REDIS_PAUSE_SECONDS = 5.0
# One for each request that is being counted at this moment; more than that at once count in the process.
REDIS_CONNECTIONS = 1000

log = structlog.get_logger(__name__)


class RateLimits:
    """The limits of this process. Each check costs one round trip to Redis.

    While Redis does not answer, this process counts for itself: limits then hold per process, and nobody is turned
    away because of the outage.
    """

    def __init__(self, redis_url: str, limits: dict[LimitName, str]) -> None:
        self._rules: dict[LimitName, list[RateLimitItem]] = {name: parse_many(text) for name, text in limits.items()}
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._pool = _redis_pool(redis_url) if redis_url else None
        self._shared = SlidingWindowCounterRateLimiter(_redis_storage(redis_url, self._pool)) if self._pool else None
        self._shared_from = 0.0

    async def check(self, name: LimitName, *keys: str) -> None:
        """Count one request for each key.

        Raises:
            TooManyRequests: a limit is reached; Retry-After says in how many seconds it opens again.
        """
        rules = [(rule, key) for rule in self._rules[name] for key in keys]
        if self._shared is not None and time.monotonic() >= self._shared_from:
            try:
                await self._check(self._shared, name, rules)
            except (TimeoutError, StorageError, OSError) as error:
                self._shared_from = time.monotonic() + REDIS_PAUSE_SECONDS
                log.warning("rate_limits_without_redis", error=type(error).__name__, pause=REDIS_PAUSE_SECONDS)
            else:
                return
        await self._check(self._local, name, rules)

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._pool is not None:
            await self._pool.disconnect()

    async def _check(
        self, limiter: SlidingWindowCounterRateLimiter, name: str, rules: list[tuple[RateLimitItem, str]]
    ) -> None:
        if len(rules) == 1:
            passed = [await limiter.hit(rules[0][0], name, rules[0][1])]
        else:
            passed = await asyncio.gather(*(limiter.hit(rule, name, key) for rule, key in rules))
        if all(passed):
            return
        rule, key = rules[passed.index(False)]
        window = await limiter.get_window_stats(rule, name, key)
        raise TooManyRequests("too_many_requests", retry_after=max(1, round(window.reset_time - time.time())))


def _redis_pool(redis_url: str) -> ConnectionPool:
    return ConnectionPool.from_url(
        redis_url,
        max_connections=REDIS_CONNECTIONS,
        socket_timeout=REDIS_PATIENCE_SECONDS,
        socket_connect_timeout=REDIS_PATIENCE_SECONDS,
    )


def _redis_storage(redis_url: str, pool: ConnectionPool) -> Storage:
    return RedisStorage(
        f"async+{redis_url}",
        connection_pool=pool,  # type: ignore[arg-type]
        implementation="redispy",
        wrap_exceptions=True,
        key_prefix="planner:limits",
    )


@lru_cache(maxsize=1)
def get_rate_limits() -> RateLimits:
    """The limits of this process, made on first use inside the running event loop."""
    settings = get_settings()
    return RateLimits(settings.REDIS_URL, {"default": settings.RATE_LIMIT_DEFAULT, "login": settings.RATE_LIMIT_LOGIN})


def account_key(email: str) -> str:
    """The key of an account in the limits: not the address itself, which is personal."""
    return "account:" + hashlib.sha256(email.encode()).hexdigest()[:32]


async def close_rate_limits() -> None:
    """Close what `get_rate_limits` opened."""
    if get_rate_limits.cache_info().currsize:
        await get_rate_limits().close()
        get_rate_limits.cache_clear()
