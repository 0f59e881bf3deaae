"""What all schemas share: strict input, safe text, e-mail, pages, and the PATCH twin of a PUT schema."""

import re
from copy import copy
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar

import email_validator
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    create_model,
)
from pydantic_core import PydanticCustomError

from app.calendaring.zones import UnknownZone, get_zone


class Input(BaseModel):
    """A request body: unknown fields are refused, text is stripped."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def example(**values: Any) -> ConfigDict:
    """The configuration that shows `values` as a request body's example in the documentation."""
    return ConfigDict(json_schema_extra={"examples": [values]})


class Output(BaseModel):
    """A response body, read from rows."""

    model_config = ConfigDict(from_attributes=True)


def _without_control_characters(value: str) -> str:
    for character in value:
        if character < " " and character not in "\n\r\t":
            raise PydanticCustomError("control_character", "Control characters are not allowed")
    return value


_Printable = AfterValidator(_without_control_characters)
Line = Annotated[str, StringConstraints(min_length=1, max_length=200), _Printable]
LongLine = Annotated[str, StringConstraints(min_length=1, max_length=500), _Printable]
Address = Annotated[str, StringConstraints(min_length=1, max_length=2000), _Printable]
Remark = Annotated[str, StringConstraints(min_length=1, max_length=1000), _Printable]
Text = Annotated[str, StringConstraints(max_length=5000), _Printable]
LongText = Annotated[str, StringConstraints(max_length=10_000), _Printable]
Color = Annotated[str, StringConstraints(pattern=r"^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$")]


# Companies have addresses such as anna@firm.local: any well-formed domain is good.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


def _normal_email(value: str) -> str:
    try:
        checked = email_validator.validate_email(value, check_deliverability=False, globally_deliverable=False)
    except email_validator.EmailNotValidError as error:
        raise PydanticCustomError("email", "This is not an e-mail address") from error
    return checked.normalized.lower()


Email = Annotated[str, StringConstraints(max_length=254), _Printable, AfterValidator(_normal_email)]
# bcrypt and argon2 would take more; a bound keeps one login's cost known.
Password = Annotated[str, StringConstraints(min_length=8, max_length=128, strip_whitespace=False), _Printable]


def _known_zone(value: str) -> str:
    try:
        get_zone(value)
    except UnknownZone as error:
        raise PydanticCustomError("unknown_zone", '"{zone}" is not an IANA time zone', {"zone": value[:64]}) from error
    return value


ZoneName = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_known_zone)]


def _text_only(value: Any) -> Any:
    # Pydantic would read 12 as twelve seconds after 1970; no client means that.
    if isinstance(value, int | float):
        raise PydanticCustomError("iso_8601", "Dates and times are ISO 8601 text")
    if isinstance(value, str) and value.strip().lstrip("+-").replace(".", "", 1).isdigit():
        raise PydanticCustomError("iso_8601", "Dates and times are ISO 8601 text")
    # In an address a bare + before the offset arrives as a space.
    if isinstance(value, str) and "T" in value and value.count(" ") == 1:
        return value.replace(" ", "+")
    return value


_DATE_ONLY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _date_stays_date(value: Any) -> Any:
    # Pydantic would read a date as its midnight, and nobody could tell "that day" from "at 00:00" any more.
    if isinstance(value, str) and _DATE_ONLY.fullmatch(value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            return value
    return value


def _in_range(value: date) -> date:
    if not FIRST_YEAR < value.year < LAST_YEAR:
        raise PydanticCustomError(
            "time_out_of_range",
            "Dates from {first} to {last} are accepted",
            {"first": f"{FIRST_YEAR + 1}-01-01", "last": f"{LAST_YEAR - 1}-12-31"},
        )
    return value


# Far enough from years 1 and 9999 that no zone, duration or rule can leave what Python and PostgreSQL hold.
FIRST_YEAR, LAST_YEAR = 1900, 2200

Date = Annotated[date, BeforeValidator(_text_only), AfterValidator(_in_range)]
# A moment as people send it: with an offset, or wall time (naive) that a zone in the same request explains.
Moment = Annotated[datetime, BeforeValidator(_text_only), AfterValidator(_in_range)]
# An instant that names its offset from UTC.
AwareMoment = Annotated[AwareDatetime, BeforeValidator(_text_only), AfterValidator(_in_range)]
DateOrMoment = Annotated[
    datetime | date, BeforeValidator(_date_stays_date), BeforeValidator(_text_only), AfterValidator(_in_range)
]


def _as_utc(value: datetime | date) -> str:
    if not isinstance(value, datetime):
        return value.isoformat()
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


Instant = Annotated[datetime, PlainSerializer(_as_utc, return_type=str, when_used="json")]
DateOrInstant = Annotated[datetime | date, PlainSerializer(_as_utc, return_type=str, when_used="json")]

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """One page of a list. `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None = None


def partial_of(model: type[BaseModel], name: str) -> type[BaseModel]:
    """The PATCH twin of a PUT schema: the same fields and rules, none required, only what was sent counts.

    A field keeps its type, so null is refused where PUT refuses it. Rules between fields are for the service,
    which sees the stored values too.
    """
    fields: dict[str, Any] = {}
    for field_name, field in model.model_fields.items():
        optional = copy(field)
        optional.default, optional.default_factory = None, None
        fields[field_name] = (optional.annotation, optional)
    return create_model(name, __base__=Input, __doc__=f"Any of the fields of {model.__name__}.", **fields)
