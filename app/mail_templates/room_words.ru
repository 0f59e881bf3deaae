{# Values, not macros: what a macro of a file without escaping returns would reach the HTML as it is. #}
{% set subject = {
    "requested": "Просят комнату " ~ room,
    "approved": "Комната ваша: " ~ room,
    "declined": "В комнате отказано: " ~ room,
    "expired": "Запрос на комнату остался без ответа: " ~ room,
    "check_in": "Отметьтесь в комнате " ~ room,
    "released": "Комната освобождена: " ~ room,
    "offered": "Комната свободна для вас: " ~ room,
    "moved": "Ваша встреча переезжает: " ~ (other_room or ""),
    "lost": "Ваша встреча осталась без комнаты: " ~ room,
}[why] %}
{% set sentence = {
    "requested": (sender or "") ~ " просит комнату " ~ room ~ ".",
    "approved": "Ваш запрос на комнату " ~ room ~ " одобрен.",
    "declined": "В вашем запросе на комнату " ~ room ~ " отказано. Встреча остаётся, но без комнаты.",
    "expired": "На ваш запрос о комнате " ~ room ~ " вовремя не ответили. Встреча остаётся, но без комнаты.",
    "check_in": "Скоро начнётся ваша встреча в комнате " ~ room ~ ". Отметьтесь, иначе комнату отдадут другим.",
    "released": "Никто не отметился, и комната " ~ room ~ " отдана другим. Встреча остаётся, но без комнаты.",
    "offered": "Комната " ~ room ~ ", которую вы ждёте, освободилась. Некоторое время она держится за вами.",
    "moved": "Комната " ~ room ~ " недоступна. Встреча пройдёт в комнате " ~ (other_room or "") ~ ".",
    "lost": "Комната " ~ room ~ " недоступна, а другой свободной нет. Время встречи прежнее, комнаты у неё нет.",
}[why] %}
{% set action = {"requested": "Решить", "check_in": "Отметиться", "offered": "Занять комнату"}.get(why, "Открыть") %}
{% set more = "Встреч серии: " ~ occurrences ~ "; первая:" if occurrences else "" %}
{% set said = "Комментарий: " ~ comment if comment else "" %}
{% set lasts = "Держится до " ~ (until | moment(time_zone, "ru")) ~ "." if until else "" %}
