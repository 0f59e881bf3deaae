"""Free/busy, finding a time."""

FREE_TIME: dict[str, tuple[str, str]] = {
    "too_many_subjects": (
        "At most {limit} people and rooms can be asked for at once.",
        "За один раз можно спросить не более чем о {limit} людях и комнатах.",
    ),
    "too_many_starts": (
        "The window has more than {limit} possible starts. Make it shorter, or the steps longer.",
        "В этом промежутке больше {limit} возможных начал. Сократите его или увеличьте шаг.",
    ),
    "no_start_in_window": (
        "The window is over, too far ahead, or shorter than the meeting.",
        "Этот промежуток уже прошёл, слишком далеко или короче встречи.",
    ),
    "nobody_asked_for": (
        "Name at least one person, department or room.",
        "Назовите хотя бы одного человека, отдел или комнату.",
    ),
}
