{# Values, not macros: what a macro of a file without escaping returns would reach the HTML as it is. #}
{% set answers = {"accepted": "придёт", "tentative": "возможно, придёт", "declined": "не придёт", "needs_action": "ещё не решил(а)"} %}
{% set subject = {
    "invited": "Приглашение: " ~ title,
    "cancelled": "Отменено: " ~ title,
    "answered": sender ~ ": " ~ answers[response or "needs_action"] ~ ": " ~ title,
    "proposal_declined": "Время прежнее: " ~ title,
    "changed": "Изменено: " ~ title,
}[why] %}
{% set sentence = {
    "invited": sender ~ " приглашает вас на встречу.",
    "cancelled": sender ~ ": встреча отменена, или вас больше нет среди участников.",
    "answered": sender ~ ": " ~ answers[response or "needs_action"] ~ ".",
    "proposal_declined": sender ~ ": время встречи, для которой вы предложили другое, остаётся прежним.",
    "changed": sender ~ ": встреча с вашим участием изменилась.",
}[why] %}
{% if rest_from %}
{% set sentence = "Серия встреч с вашим участием закончится раньше: с " ~ (rest_from | when(all_day, time_zone, "ru")) ~ " это отдельная серия, о ней будет отдельное письмо." %}
{% endif %}
{% set time = start | when(all_day, time_zone, "ru") %}
{% set lines = [] %}
{% if old_start and (old_start | when(old_all_day, time_zone, "ru")) != time %}{% set _ = lines.append("Было: " ~ (old_start | when(old_all_day, time_zone, "ru"))) %}{% endif %}
{% if old_title and old_title != title %}{% set _ = lines.append("Прежнее название: " ~ old_title) %}{% endif %}
{% if reason == "time_zone" %}{% set _ = lines.append("Изменились правила часового пояса. На местных часах время встречи прежнее.") %}{% endif %}
{% if repeats %}{% set _ = lines.append("Повторяется: " ~ (rule | repeats("ru")) if rule and (rule | repeats("ru")) else "Встреча повторяется.") %}{% endif %}
{% if location %}{% set _ = lines.append("Где: " ~ location) %}{% endif %}
{% if old_start and old_location and old_location != location %}{% set _ = lines.append("Прежнее место: " ~ old_location) %}{% endif %}
{% if room %}{% set _ = lines.append("Комната: " ~ room) %}{% endif %}
{% if old_start and old_room and old_room != room %}{% set _ = lines.append("Прежняя комната: " ~ old_room) %}{% endif %}
{% if organizer and organizer != sender %}{% set _ = lines.append("Организатор: " ~ organizer) %}{% endif %}
{% if comment %}{% set _ = lines.append("Комментарий: " ~ comment) %}{% endif %}
{% if proposed_start %}{% set _ = lines.append("Предложенное время: " ~ (proposed_start | when(all_day, time_zone, "ru"))) %}{% endif %}
{% set buttons = [("accepted", "Приду"), ("tentative", "Возможно"), ("declined", "Не приду")] %}
{% set answer = "Ответить без входа:" %}
