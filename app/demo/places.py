"""The demo's buildings and rooms, what stands in them, and the rules for booking them."""

from typing import NamedTuple

from app.demo.company import BERLIN, MOSCOW
from app.models.room import AccessibilityFeature
from app.schemas.room_policy import OpeningSpan


class Building(NamedTuple):
    name: str
    address: str
    zone: str


MOSCOW_OFFICE, BERLIN_OFFICE = "Тихая набережная", "Haus am Hafen"
# Who sits in an office, by their time zone; all others join by video.
OFFICES = {MOSCOW: MOSCOW_OFFICE, BERLIN: BERLIN_OFFICE}

BUILDINGS = (
    Building(MOSCOW_OFFICE, "Москва, Тихая набережная, 4", MOSCOW),
    Building(BERLIN_OFFICE, "Am Stillen Hafen 7, Berlin", BERLIN),
)


class Equipment(NamedTuple):
    name: str
    quantity: int = 1
    out_of_order: int = 0
    note: str | None = None


TV, VIDEO, PROJECTOR, WHITEBOARD = (Equipment(name) for name in ("tv", "video", "projector", "whiteboard"))


class Room(NamedTuple):
    """A room; `office` is the name of its building."""

    name: str
    capacity: int
    office: str
    floor: int
    zone: str
    equipment: tuple[Equipment, ...]
    accessibility: tuple[AccessibilityFeature, ...] = (AccessibilityFeature.STEP_FREE,)
    location: str | None = None
    description: str | None = None


_STEP_FREE, _WIDE_DOOR = AccessibilityFeature.STEP_FREE, AccessibilityFeature.WIDE_DOOR
_LOOP, _TOILET = AccessibilityFeature.HEARING_LOOP, AccessibilityFeature.ACCESSIBLE_TOILET

ROOMS = (
    Room(
        "Севан",
        2,
        MOSCOW_OFFICE,
        3,
        "Северное крыло",
        (Equipment("phone"),),
        location="У окна, за кухней",
        description="Будка для звонков и разговоров вдвоём.",
    ),
    Room("Селигер", 4, MOSCOW_OFFICE, 3, "Северное крыло", (TV, WHITEBOARD)),
    Room("Онега", 8, MOSCOW_OFFICE, 3, "Южное крыло", (TV, VIDEO, Equipment("whiteboard", 2))),
    Room(
        "Ладога",
        12,
        MOSCOW_OFFICE,
        4,
        "Северное крыло",
        (PROJECTOR, VIDEO, WHITEBOARD, Equipment("microphone", 2)),
        (_STEP_FREE, _WIDE_DOOR),
    ),
    Room(
        "Каспий",
        20,
        MOSCOW_OFFICE,
        4,
        "Южное крыло",
        (
            PROJECTOR,
            VIDEO,
            Equipment("microphone", 4, 1, "Один микрофон в ремонте, вернётся через неделю"),
            Equipment("whiteboard", 3),
        ),
        (_STEP_FREE, _WIDE_DOOR, _LOOP),
    ),
    Room(
        "Байкал",
        40,
        MOSCOW_OFFICE,
        1,
        "Атриум",
        (Equipment("projector", 2), VIDEO, Equipment("microphone", 6), Equipment("stage")),
        (_STEP_FREE, _WIDE_DOOR, _TOILET, _LOOP),
        "Сразу за стойкой",
        "Зал для общих собраний; стулья расставлять не нужно.",
    ),
    Room("Havel", 4, BERLIN_OFFICE, 2, "Hofseite", (TV, WHITEBOARD)),
    Room(
        "Spree",
        10,
        BERLIN_OFFICE,
        2,
        "Straßenseite",
        (PROJECTOR, Equipment("video", 1, 1, "The camera is being replaced"), Equipment("whiteboard", 2)),
        (_STEP_FREE, _WIDE_DOOR),
        description="Key at the front desk.",
    ),
)


class Rules(NamedTuple):
    """Of a room or of a building, by its name: what differs from how every room is booked."""

    place: str
    # None says nothing of hours.
    open: OpeningSpan | None = None
    # Whether somebody must approve, who does that, and who need not ask.
    needs_approval: bool = False
    approvers: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()


HALL = "Байкал"
RULES = (
    Rules(
        HALL,
        needs_approval=True,
        approvers=("Татьяна Никитина", "Марина Власова"),
        exempt=("Анна Соколова", "Павел Громов", "Екатерина Белова"),
    ),
    Rules(BERLIN_OFFICE, open=OpeningSpan(weekdays=[1, 2, 3, 4, 5], start="07:00", end="20:00")),
)
