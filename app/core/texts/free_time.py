"""Free/busy, finding a time."""

FREE_TIME: dict[str, tuple[str, str]] = {
    "too_many_subjects": (
        "At most {limit} people and rooms can be asked for at once.",
        "За один раз можно спросить не более чем о {limit} людях и комнатах.",
    ),
    "nobody_asked_for": (
        "Name at least one person, department or room.",
        "Назовите хотя бы одного человека, отдел или комнату.",
    ),
}
