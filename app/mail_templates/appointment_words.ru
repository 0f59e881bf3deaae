{# Values, not macros: what a macro of a file without escaping returns would reach the HTML as it is. #}
{% set subject = {
    "confirm": "Подтвердите запись: " ~ kind,
    "pending": "Запрос отправлен: " ~ kind,
    "confirmed": "Вы записаны: " ~ kind,
    "moved": "Другое время: " ~ kind,
    "cancelled": "Отменено: " ~ kind,
    "refused": "Отказано: " ~ kind,
    "reminder": "Скоро: " ~ kind,
}[what] %}
{% set sentence = {
    "confirm": "Кто-то, вероятно вы, записывается с вашим адресом. Запись состоится, когда вы её подтвердите; до этого время несколько минут держится за вами. Если это не вы, ничего не делайте.",
    "pending": "Запрос передан. О решении придёт письмо.",
    "confirmed": "Вы записаны.",
    "moved": "Встреча состоится в другое время.",
    "cancelled": "Встреча не состоится.",
    "refused": "К сожалению, в это время встреча невозможна. Возможно, свободно другое.",
    "reminder": "Встреча скоро состоится.",
}[what] %}
{% set lines = [] %}
{% if hosts %}{% set _ = lines.append("С кем: " ~ hosts) %}{% endif %}
{% if place %}{% set _ = lines.append("Где: " ~ place) %}{% endif %}
{% if reason %}{% set _ = lines.append("Причина: " ~ reason) %}{% endif %}
{% set label = "Подтвердить" if what == "confirm" else "Другое время" if what in ("refused", "cancelled") else "Перенести или отменить" %}
