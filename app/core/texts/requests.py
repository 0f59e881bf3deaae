"""What any request can meet: nothing there, versions, values, limits, the server."""

REQUESTS: dict[str, tuple[str, str]] = {
    # not there
    "not_found": ("There is no such page.", "Такой страницы нет."),
    "method_not_allowed": (
        "This address does not accept that method.",
        "Этот адрес не принимает такой метод.",
    ),
    "user_not_found": ("There is no such user.", "Такого пользователя нет."),
    "organization_not_found": ("There is no such company.", "Такой компании нет."),
    "department_not_found": ("There is no such department.", "Такого отдела нет."),
    "calendar_not_found": ("There is no such calendar.", "Такого календаря нет."),
    "event_not_found": ("There is no such event.", "Такого события нет."),
    "room_not_found": ("There is no such room.", "Такой комнаты нет."),
    # versions
    "version_mismatch": (
        "Somebody changed this since you read it. Read it again (version {version} now) and repeat.",
        "Это изменили после того, как вы его прочли. Прочтите заново (сейчас версия {version}) и повторите.",
    ),
    "bad_if_match": (
        'If-Match must be "*" or ETags in double quotes, as the answers\' ETag header gives them.',
        "If-Match — это «*» или ETag в двойных кавычках, как в заголовке ETag ответов.",
    ),
    # values
    "invalid_request": (
        "The request is not acceptable: {problems}",
        "Запрос не принят: {problems}",
    ),
    "bad_request": ("The request could not be read.", "Запрос не удалось прочитать."),
    "body_too_large": (
        "The request is larger than {limit} bytes.",
        "Запрос больше {limit} байт.",
    ),
    "bad_cursor": (
        "The cursor is not one that this list gave. Start again without it.",
        "Такого курсора этот список не выдавал. Начните без него.",
    ),
    "unknown_zone": (
        '"{zone}" is not an IANA time zone. Examples: Europe/Moscow, Asia/Almaty, UTC.',
        "«{zone}» — не часовой пояс IANA. Примеры: Europe/Moscow, Asia/Almaty, UTC.",
    ),
    "end_before_start": ("The end is before the start.", "Окончание раньше начала."),
    "event_too_long": (
        "An event may last at most {days} days.",
        "Событие может длиться не более {days} дней.",
    ),
    "time_out_of_range": (
        "Dates from {first} to {last} are accepted.",
        "Принимаются даты с {first} по {last}.",
    ),
    "all_day_needs_dates": (
        "An all-day event has dates (2026-03-23), not times. The end date is the day after the last one.",
        "У события на весь день — даты (2026-03-23), а не время. Дата окончания — день после последнего.",
    ),
    "timed_needs_times": (
        "start_time and end_time need a time of day unless is_all_day is true.",
        "В start_time и end_time нужно время, если is_all_day не равно true.",
    ),
    "end_required": ("A timed event needs end_time.", "Событию со временем нужно end_time."),
    "window_needs_order": ("from must be before to.", "from должно быть раньше to."),
    "window_too_wide": (
        "A list of events spans at most {days} days. Ask for less at once.",
        "Список событий охватывает не более {days} дней. Запросите меньший промежуток.",
    ),
    "too_many_occurrences_in_window": (
        "More than {limit} occurrences lie beyond the stored horizon in this window. Narrow it.",
        "За пределами сохранённого горизонта больше {limit} экземпляров. Сузьте промежуток.",
    ),
    "rule_syntax": (
        "recurrence_rule: {part} cannot be read: {value}",
        "recurrence_rule: не удалось прочесть {part}: {value}",
    ),
    "rule_too_long": (
        "recurrence_rule is longer than {maximum} characters.",
        "recurrence_rule длиннее {maximum} символов.",
    ),
    "rule_duplicate_part": (
        "recurrence_rule: {part} is given twice.",
        "recurrence_rule: {part} указано дважды.",
    ),
    "rule_unknown_part": (
        "recurrence_rule: there is no part {part} in RFC 5545.",
        "recurrence_rule: в RFC 5545 нет части {part}.",
    ),
    "rule_skip_without_rscale": (
        "recurrence_rule: SKIP needs RSCALE=GREGORIAN beside it (RFC 7529).",
        "recurrence_rule: вместе со SKIP нужен RSCALE=GREGORIAN (RFC 7529).",
    ),
    "rule_rscale_unsupported": (
        "recurrence_rule: RSCALE={value} is not supported; GREGORIAN is.",
        "recurrence_rule: RSCALE={value} не поддерживается; поддерживается GREGORIAN.",
    ),
    "rule_frequency_missing": ("recurrence_rule: FREQ is missing.", "recurrence_rule: нет FREQ."),
    "rule_frequency_too_high": (
        "recurrence_rule: FREQ={frequency} is too often. DAILY, WEEKLY, MONTHLY and YEARLY are possible.",
        "recurrence_rule: FREQ={frequency} — слишком часто. Возможны DAILY, WEEKLY, MONTHLY и YEARLY.",
    ),
    "rule_interval_zero": (
        "recurrence_rule: INTERVAL must be at least 1.",
        "recurrence_rule: INTERVAL не может быть меньше 1.",
    ),
    "rule_interval_too_large": (
        "recurrence_rule: INTERVAL is at most {maximum}.",
        "recurrence_rule: INTERVAL не больше {maximum}.",
    ),
    "rule_value_out_of_range": (
        "recurrence_rule: {part}={value} is out of range.",
        "recurrence_rule: {part}={value} вне допустимых пределов.",
    ),
    "rule_until_and_count": (
        "recurrence_rule: UNTIL and COUNT exclude each other.",
        "recurrence_rule: UNTIL и COUNT исключают друг друга.",
    ),
    "rule_until_before_start": (
        "recurrence_rule: UNTIL is before the first occurrence.",
        "recurrence_rule: UNTIL раньше первого экземпляра.",
    ),
    "rule_count_zero": (
        "recurrence_rule: COUNT must be at least 1.",
        "recurrence_rule: COUNT не может быть меньше 1.",
    ),
    "rule_part_not_allowed": (
        "recurrence_rule: {part} is not allowed with FREQ={frequency}.",
        "recurrence_rule: {part} нельзя сочетать с FREQ={frequency}.",
    ),
    "rule_ordinal_not_allowed": (
        "recurrence_rule: numbered weekdays in BYDAY need FREQ=MONTHLY, or YEARLY without BYWEEKNO.",
        "recurrence_rule: номера дней недели в BYDAY возможны при FREQ=MONTHLY или YEARLY без BYWEEKNO.",
    ),
    "rule_set_position_alone": (
        "recurrence_rule: BYSETPOS needs another BY part.",
        "recurrence_rule: BYSETPOS требует ещё одной части BY.",
    ),
    "rule_never_matches": (
        "recurrence_rule: no day ever matches ({part}).",
        "recurrence_rule: ни один день не подходит ({part}).",
    ),
    "rule_start_not_in_rule": (
        "The first occurrence, {start}, is not one that recurrence_rule makes. Change start_time or the rule.",
        "Первый экземпляр, {start}, не подходит под recurrence_rule. Измените start_time или правило.",
    ),
    "rule_too_many_occurrences": (
        "recurrence_rule makes more than {limit} occurrences. Let it end sooner or repeat less often.",
        "recurrence_rule даёт больше {limit} экземпляров. Пусть серия кончится раньше или повторяется реже.",
    ),
    "invalid_admin_email": ("This is not an e-mail address.", "Это не адрес электронной почты."),
    "invalid_admin_password": (
        "A password has 8 to 128 characters.",
        "В пароле от 8 до 128 символов.",
    ),
    "exdates_need_rule": (
        "exdates make sense only with recurrence_rule.",
        "exdates имеют смысл только вместе с recurrence_rule.",
    ),
    "rule_cannot_move": (
        "The pattern of this rule cannot move along. Send recurrence_rule too.",
        "Рисунок этого правила не может переместиться вместе с событием. Пришлите и recurrence_rule.",
    ),
    "occurrence_required": (
        "Say which occurrence: scope this and following need occurrence, its original start.",
        "Укажите экземпляр: для scope this и following нужен occurrence — его исходное начало.",
    ),
    "occurrence_does_not_recur": (
        "One occurrence has no rule, exdates or rdates of its own. Change the series: scope all or following.",
        "У одного экземпляра нет своих правила, exdates и rdates. Меняйте серию: scope all или following.",
    ),
    "occurrence_stays_in_calendar": (
        "One occurrence stays in the calendar of its series.",
        "Один экземпляр остаётся в календаре своей серии.",
    ),
    "rdate_not_after_start": (
        "rdates lie after the start of the series.",
        "rdates должны быть позже начала серии.",
    ),
    "too_many_rdates": ("A series has at most {limit} rdates.", "У серии не более {limit} rdates."),
    "too_many_exdates": ("A series has at most {limit} exdates.", "У серии не более {limit} exdates."),
    # limits
    "too_many_requests": (
        "Too many requests. Try again in {seconds} s.",
        "Слишком много запросов. Повторите через {seconds} с.",
    ),
    # server
    "internal_error": (
        "Something went wrong on our side. Tell an administrator the request id {request_id}.",
        "Ошибка на нашей стороне. Сообщите администратору номер запроса {request_id}.",
    ),
    "unavailable": (
        "A part of the system is not reachable at this moment. Try again soon.",
        "Часть системы сейчас недоступна. Повторите попытку чуть позже.",
    ),
}
