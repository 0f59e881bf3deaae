"""iCalendar in and out: imports and their reports, feeds, and fetching from elsewhere."""

INTERCHANGE: dict[str, tuple[str, str]] = {
    # import
    "ics_import_not_found": ("There is no such import.", "Такого импорта нет."),
    "ics_too_many_imports": (
        "{limit} of your imports are not through yet, which is the limit. Wait for them.",
        "Ещё не завершены {limit} ваших импортов — это предел. Дождитесь их.",
    ),
    "ics_given_up": (
        "The import was begun several times and never came any further.",
        "Импорт начинали несколько раз, но он не продвинулся.",
    ),
    "ics_no_right": (
        "Whoever sent the file may not write in this calendar any more.",
        "Отправивший файл больше не может изменять этот календарь.",
    ),
    # lines of a report
    "ics_older": (
        "What is stored is newer than this.",
        "Сохранённое событие новее.",
    ),
    "ics_not_storable": ("This event cannot be stored.", "Это событие не удалось сохранить."),
    "ics_too_many_components": (
        "The calendar keeps at most {limit} parts that are no events.",
        "Календарь хранит не более {limit} частей, которые не являются событиями.",
    ),
    "ics_not_a_calendar": ("This is not an iCalendar file.", "Это не файл iCalendar."),
    "ics_uid_missing": ("UID is missing; one was made.", "UID отсутствует; создан новый."),
    "ics_uid_unusable": ("UID cannot be used; another one was made.", "UID непригоден; создан другой."),
    "ics_uid_twice": (
        "This UID is there twice; the newer version counts.",
        "Этот UID встречается дважды; взята более новая версия.",
    ),
    "ics_text_shortened": (
        "{property} is longer than {maximum} characters and was cut.",
        "{property} длиннее {maximum} символов, текст обрезан.",
    ),
    "ics_sequence_unreadable": ("SEQUENCE cannot be read: {value}", "Не удалось прочесть SEQUENCE: {value}"),
    "ics_attendee_without_address": (
        "An ATTENDEE has no e-mail address: {value}",
        "У участника (ATTENDEE) нет адреса: {value}",
    ),
    "ics_too_many_attendees": (
        "Only the first {maximum} attendees were taken.",
        "Взяты только первые {maximum} участников.",
    ),
    "ics_zone_unknown": (
        "Nothing says what the time zone {zone} is; {used} was taken.",
        "Часовой пояс {zone} нигде не описан; взят {used}.",
    ),
    "ics_zone_not_iana": (
        "The time zone {zone} is like no known one; the times were kept as instants.",
        "Часовой пояс {zone} не похож ни на один известный; моменты времени сохранены точно.",
    ),
    "ics_too_many_overrides": (
        "Only the first {maximum} changed occurrences were taken.",
        "Взяты только первые {maximum} изменённых экземпляров.",
    ),
    "ics_override_recurs": (
        "A changed occurrence has a rule of its own, which was left out.",
        "У изменённого экземпляра было собственное правило; оно опущено.",
    ),
    "ics_range_cut": (
        "A change of this and following occurrences reaches only {maximum} of them.",
        "Изменение «этого и следующих» применено только к {maximum} экземплярам.",
    ),
    "ics_recurrence_id_unreadable": (
        "RECURRENCE-ID cannot be read: {value}",
        "Не удалось прочесть RECURRENCE-ID: {value}",
    ),
    "ics_time_out_of_range": ("The date is too far away.", "Дата слишком далека."),
    "ics_line_too_long": (
        "A line is longer than {maximum} bytes and was left out.",
        "Строка длиннее {maximum} байт и пропущена.",
    ),
    "ics_line_unreadable": ("A line cannot be read: {value}", "Не удалось прочесть строку: {value}"),
    "ics_start_missing": ("DTSTART is missing.", "Нет DTSTART."),
    "ics_start_unreadable": ("DTSTART cannot be read: {value}", "Не удалось прочесть DTSTART: {value}"),
    "ics_end_unreadable": ("The end cannot be read: {value}", "Не удалось прочесть окончание: {value}"),
    "ics_end_before_start": (
        "The end was before the start; the event ends when it starts.",
        "Окончание было раньше начала; событие кончается тогда же, когда начинается.",
    ),
    "ics_more_than_one_rule": ("Only the first RRULE was taken.", "Взято только первое RRULE."),
    "ics_exrule_unsupported": ("EXRULE was left out.", "EXRULE опущено."),
    "ics_value_out_of_range": ("{part}={value} is out of range.", "{part}={value} вне допустимых пределов."),
    "ics_too_many_exdates": ("Only the first {maximum} EXDATEs were taken.", "Взяты только первые {maximum} EXDATE."),
    "ics_too_many_rdates": ("Only the first {maximum} RDATEs were taken.", "Взяты только первые {maximum} RDATE."),
    "ics_date_unreadable": ("{property} cannot be read: {value}", "Не удалось прочесть {property}: {value}"),
    "ics_rule_expanded": (
        "Planner does not know this rule in this zone: it became at most {maximum} single dates of {days} days.",
        "Такое правило в этом поясе не поддерживается: вместо него — до {maximum} отдельных дат за {days} дн.",
    ),
    # feeds
    "feed_not_found": ("There is no such feed.", "Такой ленты нет."),
    "too_many_feeds": ("You have {limit} feeds already, which is the limit.", "У вас уже {limit} лент — это предел."),
    "feed_not_for_delegates": (
        "Who acts for somebody cannot make a secret address for them.",
        "Действуя от имени другого человека, нельзя создать для него секретный адрес.",
    ),
    "outside_feed_not_found": (
        "This calendar does not show a feed from elsewhere.",
        "Этот календарь не показывает внешнюю ленту.",
    ),
    "too_many_outside_feeds": (
        "You have {limit} calendars that show feeds from elsewhere already, which is the limit.",
        "У вас уже {limit} календарей с внешними лентами — это предел.",
    ),
    "refresh_too_soon": (
        "This feed was fetched a moment ago. Try again in {seconds} s.",
        "Эту ленту только что загружали. Повторите через {seconds} с.",
    ),
    "refresh_too_often": (
        "A feed can be fetched every {minutes} minutes at most.",
        "Ленту можно обновлять не чаще, чем раз в {minutes} мин.",
    ),
    "feed_status": ("The server answered with status {status}.", "Сервер ответил статусом {status}."),
    "feed_not_a_calendar": ("What is there is not an iCalendar feed.", "По этому адресу нет ленты iCalendar."),
    # fetching
    "outbound_bad_url": (
        "This is not an address of http, https or webcal.",
        "Это не адрес http, https или webcal.",
    ),
    "outbound_name_unknown": ("There is no server {host}.", "Сервера {host} нет."),
    "outbound_address_refused": (
        "{host} leads into an inner network, from which Planner does not fetch.",
        "{host} ведёт во внутреннюю сеть; оттуда Planner ничего не загружает.",
    ),
    "outbound_plain_http": (
        "The address must begin with https: what is sent there is not for everybody to read.",
        "Адрес должен начинаться с https: то, что туда отправляется, не для чужих глаз.",
    ),
    "outbound_port_refused": (
        "Planner fetches from ports 80 and 443 only, not {port}.",
        "Planner загружает только с портов 80 и 443, а не {port}.",
    ),
    "outbound_unreachable": ("The server {host} does not answer.", "Сервер {host} не отвечает."),
    "outbound_tls": ("The server {host} has no good certificate.", "У сервера {host} негодный сертификат."),
    "outbound_timeout": ("The server took longer than {seconds} s.", "Сервер отвечал дольше {seconds} с."),
    "outbound_protocol": ("The answer of {host} is no HTTP.", "Ответ {host} — не HTTP."),
    "outbound_too_large": ("The answer is larger than {limit} bytes.", "Ответ больше {limit} байт."),
    "outbound_too_many_redirects": ("There are more than {limit} redirects.", "Больше {limit} перенаправлений."),
    "outbound_encoding": (
        "The answer cannot be unpacked ({encoding}).",
        "Ответ не удалось распаковать ({encoding}).",
    ),
}
