"""Finding rooms."""

ROOM_FINDING: dict[str, tuple[str, str]] = {
    "to_or_duration_needed": (
        "Say until when (to), or for how many minutes (duration_minutes).",
        "Укажите, до какого времени (to) или на сколько минут (duration_minutes).",
    ),
    "room_or_building": (
        "Name a room (near_room_id) or a building (building_id), not both.",
        "Укажите комнату (near_room_id) или здание (building_id), но не оба сразу.",
    ),
}
