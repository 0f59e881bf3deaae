"""The state of the installation."""

from typing import Literal

from pydantic import Field

from app.schemas.common import Output

State = Literal["ok", "degraded", "down"]


class Part(Output):
    status: State
    detail: str | None = None


class Health(Output):
    """`ok`: all is well; `degraded`: the API serves but something is missing; `down`: it cannot serve."""

    status: State
    version: str
    database: Part
    redis: Part
    migrations: Part
    worker: Part = Field(description="Celery workers that gave a sign of life in the last 30 s")

    @property
    def is_serving(self) -> bool:
        return self.status != "down"
