"""People in meetings."""

GUESTS: dict[str, tuple[str, str]] = {
    "already_participant": ("This person already takes part.", "Этот человек уже участвует."),
    "participant_not_found": (
        "This person does not take part in the event.",
        "Этот человек не участвует в событии.",
    ),
    "too_many_participants": (
        "An event has at most {limit} participants, the people of departments included.",
        "У события не более {limit} участников, считая людей из отделов.",
    ),
    "not_participant": (
        "You do not take part in this event, so there is nothing to answer.",
        "Вы не участвуете в этом событии, отвечать не на что.",
    ),
    "guests_cannot_invite": (
        "The organizer does not let guests invite others.",
        "Организатор не разрешил участникам приглашать других.",
    ),
    "guests_change_content_only": (
        "Guests may change what this event is, when and where. Status, calendar, visibility, rights and people are its "
        "organizer's.",
        "Участники могут менять содержание, время и место. Статус, календарь, видимость, права и состав участников "
        "меняет организатор.",
    ),
    "invited_with_department": (
        "This person is invited with a department, which stays. They can decline.",
        "Этот человек приглашён вместе с отделом, который остаётся. Он может отклонить приглашение.",
    ),
    "proposal_not_found": (
        "This participant proposes no other time.",
        "Этот участник не предлагает другого времени.",
    ),
}
