"""The change feed, and requests that are sent twice."""

CHANGES: dict[str, tuple[str, str]] = {
    "cursor_expired": (
        "This cursor is too old, or was given to somebody else. Start again without a cursor: forget what you hold,"
        " and you get everything that you see now.",
        "Этот курсор устарел или выдан не вам. Начните без курсора: забудьте полученное раньше — придёт всё, что вам"
        " видно сейчас.",
    ),
    "idempotency_key_reused": (
        "This Idempotency-Key was used for another request. A new request needs a new key.",
        "Этот Idempotency-Key уже использован для другого запроса. Новому запросу нужен новый ключ.",
    ),
    "idempotency_key_twice": (
        "Send one Idempotency-Key, not several.",
        "Пришлите один Idempotency-Key, а не несколько.",
    ),
    "idempotency_answer_not_kept": (
        "This request was carried out already; its answer was too large to keep. Read what it made: {location}",
        "Этот запрос уже выполнен; его ответ слишком велик, чтобы его хранить. Прочтите созданное: {location}",
    ),
}
