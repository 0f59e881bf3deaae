"""Live streams."""

from pydantic import Field

from app.schemas.common import Output


class StreamTicket(Output):
    ticket: str = Field(description="For `?ticket=` of a stream")
    expires_in: int = Field(description="Seconds in which a stream can be begun with it")
