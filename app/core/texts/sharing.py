"""Shared calendars, transfers, and delegates."""

SHARING: dict[str, tuple[str, str]] = {
    "share_not_found": ("There is no such share of this calendar.", "Такого доступа к этому календарю нет."),
    "share_with_owner": (
        "The calendar is this person's own: there is nothing to share.",
        "Это собственный календарь этого человека: открывать доступ не нужно.",
    ),
    "share_needs_one": (
        "Name either a person (user_id) or a department (department_id).",
        "Укажите либо человека (user_id), либо отдел (department_id).",
    ),
    "already_shared": (
        "The calendar is shared with them already. Change that share instead.",
        "Календарь им уже открыт. Измените существующий доступ.",
    ),
    "too_many_shares": (
        "The calendar is shared {limit} times already, which is the limit. Share with a department instead.",
        "Календарь открыт уже {limit} раз — это предел. Откройте его отделу.",
    ),
    "not_share_manager": (
        "You may remove this share, which is yours, but only those who manage the calendar change it.",
        "Этот доступ — ваш, и вы можете от него отказаться, но менять его могут только управляющие календарём.",
    ),
    "too_many_calendars_of_owner": (
        "The new owner has {limit} calendars already, which is the limit.",
        "У нового владельца уже {limit} календарей — это предел.",
    ),
    "delegation_not_found": ("There is no such delegation.", "Такого замещения нет."),
    "delegate_is_oneself": ("Nobody is their own delegate.", "Нельзя назначить заместителем самого себя."),
    "already_delegate": ("This person may act for you already.", "Этот человек уже может действовать за вас."),
    "too_many_delegates": (
        "You have {limit} delegates already, which is the limit.",
        "У вас уже {limit} заместителей — это предел.",
    ),
    "not_principal": (
        "Only the person who gave the delegation changes it. You may give it up.",
        "Менять замещение может только тот, кто его дал. Вы можете от него отказаться.",
    ),
    "not_delegate": (
        "This person has not made you their delegate.",
        "Этот человек не назначал вас своим заместителем.",
    ),
    "principal_inactive": (
        "This person's account is not active, so nobody acts for them.",
        "Учётная запись этого человека отключена, и действовать за него нельзя.",
    ),
    "not_for_delegates": (
        "A delegate may not do this: only the person themselves.",
        "Заместитель этого не может: только сам человек.",
    ),
}
