"""The texts of errors for people, in English and Russian, by constant code."""

from collections.abc import Mapping
from typing import Any, Literal

Language = Literal["en", "ru"]

MESSAGES: dict[str, tuple[str, str]] = {
    # signing in
    "not_authenticated": (
        "Sign in first: send the header Authorization: Bearer <access token>.",
        "Сначала войдите: пришлите заголовок Authorization: Bearer <токен доступа>.",
    ),
    "invalid_token": ("The token is not valid or has expired.", "Токен неверен или истёк."),
    "session_ended": ("This session has ended. Sign in again.", "Сеанс завершён. Войдите снова."),
    "invalid_credentials": ("The e-mail or the password is wrong.", "Неверный e-mail или пароль."),
    "wrong_password": ("The current password is wrong.", "Текущий пароль указан неверно."),
    "refresh_token_reused": (
        "This refresh token was used before, so the session was ended. Sign in again.",
        "Этот токен обновления уже использован, поэтому сеанс завершён. Войдите снова.",
    ),
    "registration_closed": (
        "Registration is closed here. Ask an administrator for an account.",
        "Регистрация закрыта. Попросите администратора создать учётную запись.",
    ),
    "email_taken": (
        "There is already a user with the e-mail {email}.",
        "Пользователь с e-mail {email} уже есть.",
    ),
    "login_busy": (
        "Too many people are signing in at this moment. Try again in {seconds} s.",
        "Сейчас входит слишком много людей. Повторите через {seconds} с.",
    ),
    # companies, registration and invitations
    "registration_by_domain": (
        "Only e-mail addresses of companies that work here can be registered. Or ask an administrator to invite you.",
        "Зарегистрировать можно только e-mail компаний, которые здесь работают. Или попросите вас пригласить.",
    ),
    "registration_by_invitation": (
        "Registration is by invitation only. Ask an administrator to invite you.",
        "Регистрация только по приглашению. Попросите администратора пригласить вас.",
    ),
    "registration_mail_sent": (
        "A letter is on its way to this address. Follow the link in it to register.",
        "На этот адрес отправлено письмо. Чтобы зарегистрироваться, перейдите по ссылке в нём.",
    ),
    "invitation_invalid": (
        "This invitation is not valid: it was used, withdrawn or replaced by a newer one. Ask for another.",
        "Приглашение недействительно: его использовали, отозвали или заменили новым. Попросите другое.",
    ),
    "invitation_expired": (
        "This invitation has expired. Ask for another one.",
        "Срок приглашения истёк. Попросите новое.",
    ),
    "invitation_other_email": (
        "The invitation is for another e-mail address.",
        "Приглашение отправлено на другой e-mail.",
    ),
    "invitation_not_found": ("There is no such invitation.", "Такого приглашения нет."),
    "invitation_not_open": (
        "This invitation was accepted or withdrawn already.",
        "Это приглашение уже принято или отозвано.",
    ),
    "invitations_closed": (
        "Registration is closed here, so nobody could accept an invitation. Create the account instead.",
        "Регистрация закрыта, и принять приглашение никто не сможет. Создайте учётную запись сами.",
    ),
    "too_many_invitations": (
        "{limit} invitations of this company wait for an answer, which is the limit. Withdraw some first.",
        "Ответа ждут уже {limit} приглашений этой компании — это предел. Сначала отзовите лишние.",
    ),
    "installation_admin_only": (
        "Only an administrator of the installation may do this.",
        "Это может делать только администратор установки.",
    ),
    "organization_delete_unconfirmed": (
        "Deleting a company removes everything of it for good. Repeat the request with ?confirm= and its exact name.",
        "Удаление компании безвозвратно стирает всё в ней. Повторите запрос с ?confirm= и её точным названием.",
    ),
    "domain_taken": (
        "The domain {domain} belongs to another company already.",
        "Домен {domain} уже принадлежит другой компании.",
    ),
    "domain_public": (
        "{domain} serves everybody's mail, so no company can claim it.",
        "{domain} — общедоступная почта, поэтому компания не может его занять.",
    ),
    "too_many_domains": (
        "A company has at most {limit} e-mail domains.",
        "У компании не более {limit} почтовых доменов.",
    ),
    "workday_order": (
        "The working day must start before it ends.",
        "Рабочий день должен начинаться раньше, чем заканчивается.",
    ),
    # rights
    "admin_only": ("Only an administrator may do this.", "Это может делать только администратор."),
    "admin_or_it_only": (
        "Only an administrator or the IT desk may do this.",
        "Это может делать только администратор или ИТ-служба.",
    ),
    "admin_only_fields": (
        "Only an administrator may change: {fields}.",
        "Только администратор может менять: {fields}.",
    ),
    "company_required": (
        "An installation administrator belongs to no company and has no calendars, events or rooms.",
        "Администратор установки не состоит в компании: у него нет календарей, событий и комнат.",
    ),
    "organization_not_yours": (
        "Only an installation administrator may choose the company.",
        "Компанию может выбирать только администратор установки.",
    ),
    "last_admin": (
        "This is the last active administrator. Appoint another one first.",
        "Это последний действующий администратор. Сначала назначьте другого.",
    ),
    "not_calendar_owner": (
        "Only the owner of the calendar may do this.",
        "Это может делать только владелец календаря.",
    ),
    "not_organizer": (
        "Only the organizer of the event may change it.",
        "Менять событие может только его организатор.",
    ),
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
    "participant_not_found": (
        "This person does not take part in the event.",
        "Этот человек не участвует в событии.",
    ),
    # versions
    "version_mismatch": (
        "Somebody changed this since you read it. Read it again (version {version} now) and repeat.",
        "Это изменили после того, как вы его прочли. Прочтите заново (сейчас версия {version}) и повторите.",
    ),
    "bad_if_match": (
        'If-Match must be "*" or ETags in double quotes, as the answers\' ETag header gives them.',
        "If-Match — это «*» или ETag в двойных кавычках, как в заголовке ETag ответов.",
    ),
    # bookings
    "room_taken": (
        'The room "{room}" is taken at that time: {count} of {total} occurrences clash. See clashes and free_rooms.',
        "Комната «{room}» в это время занята: пересечений {count} из {total}. Смотрите clashes и free_rooms.",
    ),
    "room_inactive": ('The room "{room}" is not in use.', "Комната «{room}» не используется."),
    "room_has_bookings": (
        'The room "{room}" still has {count} bookings ahead. Move them first.',
        "У комнаты «{room}» ещё есть бронирования: {count}. Сначала перенесите их.",
    ),
    "room_name_taken": ('There is already a room named "{name}".', "Комната с названием «{name}» уже есть."),
    "room_beyond_horizon": (
        "A room can be booked at most {days} days ahead.",
        "Комнату можно забронировать не более чем за {days} дней.",
    ),
    "try_again": (
        "Somebody else is changing the same thing at this moment. Try again.",
        "Кто-то другой сейчас меняет то же самое. Повторите попытку.",
    ),
    "already_participant": ("This person already takes part.", "Этот человек уже участвует."),
    "too_many_calendars": (
        "You have {limit} calendars already, which is the limit.",
        "У вас уже {limit} календарей — это предел.",
    ),
    "company_required_for_user": (
        "organization_id is needed: only administrators can be without a company.",
        "Нужен organization_id: без компании могут быть только администраторы.",
    ),
    "series_overlaps_itself": (
        "The occurrences of this series overlap each other, so they cannot share one room.",
        "Экземпляры этой серии пересекаются между собой и не могут занять одну комнату.",
    ),
    "no_occurrence_left": (
        "The exdates take out every occurrence. Delete the event instead.",
        "exdates исключают все экземпляры. Удалите событие целиком.",
    ),
    "room_needs_duration": (
        "An event that books a room must last longer than zero minutes.",
        "Событие с комнатой должно длиться дольше нуля минут.",
    ),
    "calendar_is_last": (
        "This is your only calendar. Create another one first.",
        "Это ваш единственный календарь. Сначала создайте другой.",
    ),
    "still_in_use": (
        "Other things still refer to this, or it refers to something that is gone.",
        "На это ещё ссылаются другие записи, или оно ссылается на то, чего уже нет.",
    ),
    # departments and the chart
    "org_structure_off": (
        "The structure of the company is switched off for you. Ask an administrator.",
        "Структура компании для вас отключена. Обратитесь к администратору.",
    ),
    "department_name_taken": (
        'There is already a department named "{name}" in that place.',
        "В этом месте уже есть отдел «{name}».",
    ),
    "department_circle": (
        "A department cannot lie below itself.",
        "Отдел не может подчиняться самому себе.",
    ),
    "department_too_deep": (
        "Departments may lie at most {limit} levels deep.",
        "Вложенность отделов — не более {limit} уровней.",
    ),
    "too_many_departments": (
        "The company has {limit} departments already, which is the limit.",
        "В компании уже {limit} отделов — это предел.",
    ),
    "department_not_empty": (
        "People here: {members}, departments below: {children}. Say where they go: move_to=<department id> or none.",
        "Людей здесь: {members}, отделов ниже: {children}. Укажите, куда их перевести: move_to=<id отдела> или none.",
    ),
    "too_many_members": (
        "At most {limit} people can be moved at once.",
        "За один раз можно перевести не более {limit} человек.",
    ),
    "org_chart_too_large": (
        "The chart has more than {limit} people. Ask for a part of it.",
        "В схеме больше {limit} человек. Запросите её часть.",
    ),
    # leaving
    "leaving_needs_successor": (
        "Name a successor: there are {count} things to hand over. To deactivate without it, use DELETE /users/(id).",
        "Назовите преемника: передать нужно {count}. Чтобы отключить без передачи, есть DELETE /users/(id).",
    ),
    "handover_too_large": (
        "There are {count} things to hand over; {limit} at once is the limit.",
        "Передать нужно {count}; за один раз — не более {limit}.",
    ),
    "handover_not_found": (
        "There is no handover that could be undone.",
        "Нет передачи, которую можно отменить.",
    ),
    "handover_changed": (
        "Of what was handed over, {count} were changed since, so it cannot be undone. See changed.",
        "Из переданного с тех пор изменили {count}, поэтому отменить нельзя. Смотрите changed.",
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
    "rule_skip_unsupported": (
        "recurrence_rule: SKIP (RFC 7529) is not supported.",
        "recurrence_rule: SKIP (RFC 7529) не поддерживается.",
    ),
    "rule_rscale_unsupported": (
        "recurrence_rule: RSCALE (RFC 7529) is not supported.",
        "recurrence_rule: RSCALE (RFC 7529) не поддерживается.",
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
    "too_many_participants": (
        "An event has at most {limit} participants.",
        "У события не более {limit} участников.",
    ),
    "too_many_exdates": ("A series has at most {limit} exdates.", "У серии не более {limit} exdates."),
    # people
    "avatar_too_large": (
        "A picture may have at most {limit} bytes.",
        "Картинка может быть не больше {limit} байт.",
    ),
    "avatar_too_many_pixels": (
        "A picture may have at most {limit} pixels.",
        "В картинке может быть не больше {limit} пикселей.",
    ),
    "avatar_no_image": (
        "This is no picture, or a broken one. JPEG, PNG, WebP and GIF are accepted.",
        "Это не картинка, или она повреждена. Принимаются JPEG, PNG, WebP и GIF.",
    ),
    "unsupported_media_type": (
        "The Content-Type must be one of: {accepted}.",
        "Content-Type должен быть одним из: {accepted}.",
    ),
    "phone_invalid": (
        '"{phone}" cannot be a phone number. Examples: +7 495 123-45-67, 8 495 123-45-67 ext. 12, 1234.',
        "«{phone}» не может быть номером телефона. Примеры: +7 495 123-45-67, 8 495 123-45-67 доб. 12, 1234.",
    ),
    "manager_circle": (
        "This person is already above the manager you chose, so the chain of managers would become a circle.",
        "Этот человек уже стоит выше выбранного руководителя: цепочка руководителей замкнулась бы в круг.",
    ),
    "too_many_days": ("At most {limit} days are possible.", "Возможно не более {limit} дней."),
    # import and export of people
    "import_encoding": (
        "The file is not in the encoding that was expected. Save it as CSV in UTF-8.",
        "Кодировка файла не та, что ожидалась. Сохраните его как CSV в UTF-8.",
    ),
    "import_unreadable": (
        "The file is no CSV from line {line} on: a quoted cell does not end there.",
        "Начиная со строки {line} файл — не CSV: ячейка в кавычках не закрыта.",
    ),
    "import_no_email": (
        "The first line must name the columns, and one of them must be email.",
        "Первая строка должна называть столбцы, и среди них должен быть email.",
    ),
    "import_unknown_column": (
        "There is no column {column}. Possible: {known}.",
        "Столбца {column} нет. Возможны: {known}.",
    ),
    "import_repeated_column": (
        "The column {column} is there twice.",
        "Столбец {column} указан дважды.",
    ),
    "import_too_many_rows": (
        "A file may have at most {limit} lines of people. Send the rest in another one.",
        "В файле может быть не более {limit} строк с людьми. Остальное пришлите отдельно.",
    ),
    "import_has_errors": (
        "Nothing was imported: {count} lines have errors. See lines.",
        "Ничего не импортировано: строк с ошибками — {count}. Смотрите lines.",
    ),
    "import_cells": (
        "The line has {count} cells instead of {expected}.",
        "В строке ячеек: {count}, а нужно {expected}.",
    ),
    "import_repeated_email": (
        "Line {line} is about the same person.",
        "Об этом же человеке — строка {line}.",
    ),
    "email_invalid": ('"{email}" is not an e-mail address.', "«{email}» — не адрес электронной почты."),
    "text_invalid": (
        "At most {limit} characters on a line, none of them a control character.",
        "Не более {limit} символов, без управляющих.",
    ),
    "birthday_invalid": (
        '"{date}" is not a date. Examples: 1990-05-17, 17.05.1990.',
        "«{date}» — не дата. Примеры: 1990-05-17, 17.05.1990.",
    ),
    "role_invalid": (
        '"{value}" is not a role. Possible: admin, it, employee.',
        "Роли «{value}» нет. Возможны: admin, it, employee.",
    ),
    "flag_invalid": (
        '"{value}" is neither true nor false.',
        "«{value}» — не true и не false (да, нет).",
    ),
    "manager_unknown": (
        "Nobody in the company or in this file has the e-mail {email}.",
        "Ни в компании, ни в этом файле нет никого с e-mail {email}.",
    ),
    "manager_chain_too_long": (
        "More than {limit} managers would stand above this person.",
        "Над этим человеком оказалось бы больше {limit} руководителей.",
    ),
    "department_unknown": (
        'There is no department "{name}". Create it, or repeat with create_departments=true.',
        "Отдела «{name}» нет. Создайте его или повторите с create_departments=true.",
    ),
    "department_ambiguous": (
        'There are several departments "{name}". Write the whole path: Head office / Sales.',
        "Отделов «{name}» несколько. Напишите весь путь: Главный офис / Продажи.",
    ),
    "export_too_large": (
        "A table may have at most {limit} rows. Narrow the filters.",
        "В таблице может быть не более {limit} строк. Сузьте фильтры.",
    ),
    # statistics
    "statistics_not_yours": (
        "You may see the figures of yourself and of the departments that you head.",
        "Вам доступны показатели: ваши и отделов, которыми вы руководите.",
    ),
    "statistics_one_of": (
        "Send department_id or user_id, not both.",
        "Пришлите department_id или user_id, но не оба.",
    ),
    "statistics_beyond_horizon": (
        "Statistics reach at most {days} days ahead.",
        "Статистика охватывает не более {days} дней вперёд.",
    ),
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


def message(code: str, language: Language, params: Mapping[str, Any] | None = None) -> str:
    """The text of `code` in `language`, with `params` filled in; the code itself when it has no text."""
    texts = MESSAGES.get(code)
    if texts is None:
        return code
    return texts[1 if language == "ru" else 0].format_map(params or {})


def language_of(accept_language: str | None) -> Language:
    """The language to answer in: the first of ru and en that an Accept-Language header (RFC 9110) prefers."""
    best: Language = "en"
    best_weight = 0.0
    for part in (accept_language or "")[:200].split(","):
        tag, _, weight_text = part.strip().partition(";q=")
        try:
            weight = float(weight_text) if weight_text else 1.0
        except ValueError:
            continue
        primary = tag.split("-")[0].lower()
        if primary in ("ru", "en") and weight > best_weight:
            best, best_weight = ("ru" if primary == "ru" else "en"), weight
    return best
