"""Requests for rooms, and holds."""

ROOM_REQUESTS: dict[str, tuple[str, str]] = {
    "room_request_not_found": ("There is no such request for a room.", "Такого запроса на комнату нет."),
    "room_request_decided": (
        "The request is no longer open: {state}.",
        "Этот запрос уже закрыт: {state}.",
    ),
    "room_request_too_late": (
        "All meetings of the request have begun already.",
        "Все встречи этого запроса уже начались.",
    ),
    "not_room_approver": (
        "Only those who approve bookings of this room decide about the request.",
        "Решать об этом запросе могут только те, кто согласует бронирования этой комнаты.",
    ),
    "room_hold_not_found": ("You hold no such room, or no longer.", "Вы не держите такую комнату или уже не держите."),
    "room_hold_is_past": (
        "The time for which the room is to be held has passed.",
        "Время, на которое нужно придержать комнату, уже прошло.",
    ),
    "room_hold_too_long": (
        "A room is held for at most {limit} minutes.",
        "Комнату можно придержать не более чем на {limit} минут.",
    ),
    "too_many_room_holds": (
        "You hold {limit} rooms already, which is the limit. Book or give one back first.",
        "Вы уже держите комнат: {limit} — это предел. Сначала забронируйте или отпустите одну из них.",
    ),
}
