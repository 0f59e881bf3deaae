"""The state of the installation."""

from typing import Literal

from pydantic import Field

from app.schemas.common import Output

State = Literal["ok", "degraded", "down"]


class Part(Output):
    status: State
    detail: str | None = None


class Backlog(Part):
    """What waits. `degraded` once the oldest has been due for BACKLOG_LATE_SECONDS."""

    waiting: dict[str, int] | None = Field(None, description="How many, by channel or by queue")
    oldest_seconds: float | None = Field(None, description="For how long the oldest has been due")


class Health(Output):
    """`ok`: all is well; `degraded`: the API serves but something is missing; `down`: it cannot serve."""

    status: State
    version: str
    database: Part
    redis: Part
    migrations: Part
    worker: Part = Field(description="Celery workers that gave a sign of life in the last 30 s")

    outbox: Backlog = Field(description="Mails, pushes and deliveries to webhooks")
    reminders: Backlog
    queues: Backlog = Field(description="Tasks; unknown where the broker is neither Redis nor Valkey")

    @property
    def is_serving(self) -> bool:
        return self.status != "down"
