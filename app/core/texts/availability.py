"""Absences, holidays, working hours, and where people work."""

AVAILABILITY: dict[str, tuple[str, str]] = {
    "absence_not_found": ("There is no such absence.", "Такого отсутствия нет."),
    "absence_not_yours": (
        "Only administrators change the absences of others.",
        "Чужие отсутствия меняют только администраторы.",
    ),
    "absence_order": ("An absence ends on its first day or after it.", "Отсутствие не кончается раньше, чем началось."),
    "absence_too_long": ("An absence lasts at most {limit} days.", "Отсутствие длится не более {limit} дней."),
    "substitute_is_another": ("Nobody stands in for themselves.", "Замещать самого себя нельзя."),
    "too_many_absences": ("A person has at most {limit} absences.", "У одного человека не более {limit} отсутствий."),
    "company_day_not_found": (
        "The company keeps this day as its country does.",
        "Этот день компания отмечает так же, как страна.",
    ),
    "too_many_company_days": (
        "A company keeps at most {limit} days of its own.",
        "У компании не более {limit} собственных дней.",
    ),
    "absence_without_length": (
        "An absence of one day has at least one half of it.",
        "Отсутствие в один день длится хотя бы половину дня.",
    ),
    "absence_waits_for_nobody": ("This absence waits for no decision.", "Об этом отсутствии уже решено."),
    "not_absence_approver": (
        "The person's manager or an administrator decides about it.",
        "Решает руководитель сотрудника или администратор.",
    ),
    "absence_kind_not_found": ("There is no such kind of absence.", "Такого вида отсутствия нет."),
    "absence_kind_name_taken": (
        "Another kind of absence has this name.",
        "Другой вид отсутствия уже называется так.",
    ),
    "absence_kind_in_use": (
        "There are absences of this kind. It can be switched off instead.",
        "Есть отсутствия этого вида. Его можно выключить.",
    ),
    "too_many_absence_kinds": (
        "A company has at most {limit} kinds of absence of its own.",
        "У компании не более {limit} собственных видов отсутствия.",
    ),
    "too_many_absences_to_export": (
        "A calendar shows at most {limit} absences; ask for fewer days or people.",
        "В календаре не более {limit} отсутствий; выберите меньше дней или людей.",
    ),
    # the comment to an answer
    "absence_comment": ("Away until {last}", "Отсутствую, последний день: {last}"),
    # what the calendar of absences says
    "absence_calendar_name": ("Absences, {company}", "Отсутствия, {company}"),
    "absence_away": ("away", "отсутствует"),
    "absence_kind_vacation": ("vacation", "отпуск"),
    "absence_kind_sick": ("sick leave", "больничный"),
    "absence_kind_trip": ("business trip", "командировка"),
    "absence_kind_other": ("other", "другое"),
    # working hours and places
    "hours_not_found": ("There are no such working hours.", "Таких рабочих часов нет."),
    "hours_not_yours": (
        "Hours are changed by whose they are, a department's by its head, and all by administrators.",
        "Часы меняет тот, чьи они, часы отдела — его руководитель, любые — администраторы.",
    ),
    "hours_order": ("Hours end on their first day or after it.", "Часы не кончаются раньше, чем начались."),
    "hours_of_one": (
        "Hours are of a person or of a department.",
        "Часы принадлежат либо человеку, либо отделу.",
    ),
    "hours_begin_already": (
        "Others with this priority begin on that day.",
        "С этого дня уже действуют часы с таким же приоритетом.",
    ),
    "too_many_hours": (
        "A person or a department has at most {limit} hours of its own.",
        "У человека или отдела не более {limit} наборов часов.",
    ),
    "place_not_found": ("Nothing was said about that day.", "Об этом дне ничего не сказано."),
    "too_many_places": (
        "A person says of at most {limit} days where they work.",
        "Место работы указывается не более чем для {limit} дней.",
    ),
}
