"""The panel at a room's door."""

ROOM_PANELS: dict[str, tuple[str, str]] = {
    "panel_not_found": (
        "This address of a panel is wrong, or was revoked. Administrators and the IT desk can make a new one.",
        "Этот адрес панели неверен или отозван. Новый могут выдать администраторы и ИТ-служба.",
    ),
    "room_needs_approver": (
        'The room "{room}" is lent only by an approver, and cannot be booked at its door.',
        "Комнату «{room}» выдают только по согласованию, у двери её не занять.",
    ),
    "too_many_streams_of_user": (
        "You have {limit} live streams open already.",
        "У вас уже открыто {limit} потоков обновлений.",
    ),
    "too_many_streams": (
        "This server serves as many live streams as it can. Try again a little later.",
        "Сервер уже ведёт столько живых потоков, сколько может. Попробуйте немного позже.",
    ),
}
