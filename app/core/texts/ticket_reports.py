"""The words of charts of tickets."""

from typing import Any, Literal

# What keys of a report are called that are no names of their own.
KEYS: dict[str, tuple[str, str]] = {
    "new": ("New", "Новые"),
    "open": ("Open", "В работе"),
    "pending": ("Pending", "В ожидании"),
    "resolved": ("Resolved", "Решённые"),
    "closed": ("Closed", "Закрытые"),
    "low": ("Low", "Низкий"),
    "normal": ("Normal", "Обычный"),
    "high": ("High", "Высокий"),
    "urgent": ("Urgent", "Срочный"),
    "none": ("None", "Нет"),
    "kept": ("Kept", "Выполнено"),
    "broken": ("Not kept", "Нарушено"),
    "running": ("Not due yet", "Срок не наступил"),
    "1_hour": ("Under an hour", "До часа"),
    "4_hours": ("1 to 4 hours", "1–4 часа"),
    "1_day": ("Under a day", "До суток"),
    "3_days": ("1 to 3 days", "1–3 дня"),
    "7_days": ("3 to 7 days", "3–7 дней"),
    "30_days": ("7 to 30 days", "7–30 дней"),
    "older": ("Longer", "Дольше"),
}
_WORDS: dict[str, tuple[str, str]] = {
    "by_state": ("Tickets by state", "Заявки по состояниям"),
    "by_queue": ("Tickets by queue", "Заявки по очередям"),
    "by_category": ("Tickets by category", "Заявки по категориям"),
    "by_priority": ("Tickets by priority", "Заявки по приоритетам"),
    "by_age": ("Open tickets by age", "Открытые заявки по возрасту"),
    "by_sla": ("Promises on resolution", "Соблюдение сроков решения"),
    "by_first_answer": ("Time until the first answer", "Время до первого ответа"),
    "by_person": ("Tickets by person", "Заявки по сотрудникам"),
    "state": ("State", "Состояние"),
    "queue": ("Queue", "Очередь"),
    "category": ("Category", "Категория"),
    "priority": ("Priority", "Приоритет"),
    "age": ("Age", "Возраст"),
    "sla": ("Promise", "Срок"),
    "first_answer": ("First answer", "Первый ответ"),
    "person": ("Person", "Сотрудник"),
    "tickets": ("Tickets", "Заявки"),
    "period": ("Made {start} to {end}, {zone}", "Созданы {start} — {end}, {zone}"),
    "nothing": ("There is nothing to show for this period.", "За этот период показать нечего."),
    "shown": ("The first {shown} of {total}; all of them: format=csv", "Первые {shown} из {total}; все: format=csv"),
    "bar": ("{count}, open: {open}", "{count}, открытых: {open}"),
    "kept_share": ("in time: {share} %", "в срок: {share} %"),
}


def words(name: str, language: Literal["en", "ru"], **values: Any) -> str:
    """A text of the charts with its values filled in."""
    return _WORDS[name][1 if language == "ru" else 0].format_map(values)
