"""Errors about webhooks."""

WEBHOOKS: dict[str, tuple[str, str]] = {
    "webhook_not_found": ("There is no webhook under this id.", "Вебхука с таким id нет."),
    "delivery_not_found": (
        "The webhook was told nothing under this id, or it is forgotten.",
        "Под таким id вебхуку ничего не отправлялось, или запись уже удалена.",
    ),
    "too_many_webhooks": (
        "A company has at most {limit} webhooks.",
        "У компании может быть не больше {limit} вебхуков.",
    ),
    "webhook_is_off": ("The webhook is switched off.", "Вебхук отключён."),
}
