"""What became of a mail that was handed in."""

from typing import Literal

from pydantic import Field

from app.schemas.common import Output


class InboundMailRead(Output):
    outcome: Literal["accepted", "ignored"]
    reason: str | None = Field(description="Why it was ignored, a constant for programs")
