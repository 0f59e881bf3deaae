"""Appointments: what is offered, what is booked, and the public pages."""

APPOINTMENTS: dict[str, tuple[str, str]] = {
    "slots_not_allowed": (
        "You may offer no appointments; an administrator can allow it.",
        "Вам нельзя предлагать запись; это может разрешить администратор.",
    ),
    "appointment_kind_not_found": ("There is no such kind of appointment.", "Такого вида записи нет."),
    "appointment_kind_not_yours": (
        "Only whoever offers it and administrators change it.",
        "Изменить это может тот, кто предлагает запись, или администратор.",
    ),
    "too_many_appointment_kinds": (
        "One person offers at most {limit} kinds of appointment.",
        "Один человек предлагает не более {limit} видов записи.",
    ),
    "host_twice": ("Somebody is named twice.", "Кто-то указан дважды."),
    "host_offers_no_slots": (
        "One of the hosts may offer no appointments; an administrator can allow it.",
        "Одному из ведущих нельзя предлагать запись; это может разрешить администратор.",
    ),
    "appointment_with_one": ("In this mode there is one host.", "В этом режиме ведущий один."),
    "appointment_duration": (
        "It is offered for {durations} minutes.",
        "Возможная продолжительность в минутах: {durations}.",
    ),
    "appointment_not_found": ("There is no such appointment.", "Такой записи нет."),
    "appointment_not_yours": ("The hosts decide about it.", "Решают ведущие."),
    "appointment_waits_for_nobody": ("This appointment waits for no decision.", "Эта запись не ждёт решения."),
    "appointment_is_over": (
        "This appointment is cancelled, or not that far yet.",
        "Эта запись отменена или ещё не оформлена.",
    ),
    "appointment_too_near": (
        "It can be changed until {minutes} minutes before it begins.",
        "Изменить запись можно не позднее чем за {minutes} минут до начала.",
    ),
    "appointment_moved_often": (
        "It can be moved at most {limit} times.",
        "Перенести запись можно не более {limit} раз.",
    ),
    "slot_taken": (
        "This time cannot be booked, or somebody was faster. Please choose another one.",
        "На это время записаться нельзя, или его только что заняли. Выберите другое.",
    ),
    "slot_hold_expired": (
        "The time was kept only for some minutes. Please choose it again.",
        "Время держалось лишь несколько минут. Выберите его снова.",
    ),
    "too_many_slot_holds": (
        "Too many times were chosen from here. Please try again later.",
        "Слишком много попыток записи с этого адреса. Попробуйте позже.",
    ),
    "too_many_appointments": (
        "This address has {limit} appointments already.",
        "На этот адрес уже оформлено {limit} записей.",
    ),
    "answer_missing": ("Please answer: {question}", "Ответьте, пожалуйста: {question}"),
    "answer_wrong": ("This is no answer to: {question}", "Это не ответ на вопрос: {question}"),
    "answer_to_no_question": ("There is an answer to no question.", "Есть ответ, к которому нет вопроса."),
    "booking_name_wrong": ("Please give your name, at most 200 letters.", "Укажите имя, не более 200 знаков."),
    "booking_email_wrong": ("Please give an e-mail address.", "Укажите адрес электронной почты."),
    "booking_reason_wrong": ("Please tell the reason in at most 500 letters.", "Укажите причину, не более 500 знаков."),
    # the public pages
    "booking_minutes": ("{minutes} min", "{minutes} мин"),
    "booking_zone": ("Times are shown in", "Время показано в часовом поясе"),
    "booking_show": ("Show", "Показать"),
    "booking_earlier": ("Earlier", "Раньше"),
    "booking_later": ("Later", "Позже"),
    "booking_nothing": ("Nothing is free in these days.", "В эти дни ничего не свободно."),
    "booking_seats": ("{seats} seats", "мест: {seats}"),
    "booking_kept_until": (
        "The time is kept for you for {minutes} minutes.",
        "Время держится за вами {minutes} минут.",
    ),
    "booking_name": ("Name", "Имя"),
    "booking_email": ("E-mail", "Электронная почта"),
    "booking_leave_empty": ("Leave this empty", "Не заполняйте это поле"),
    "booking_yes": ("Yes", "Да"),
    "booking_no": ("No", "Нет"),
    "booking_submit": ("Continue", "Продолжить"),
    "booking_look_at_mail": (
        "Almost done: we have sent a mail to {email}. It is booked when you follow the link in it.",
        "Почти готово: мы отправили письмо на {email}. Запись состоится, когда вы перейдёте по ссылке из него.",
    ),
    "booking_confirm": ("Confirm", "Подтвердить"),
    "booking_is_unconfirmed": ("Is it you who books this?", "Это вы записываетесь?"),
    "booking_is_pending": (
        "Your request was passed on. You get a mail when it is decided.",
        "Запрос передан. О решении придёт письмо.",
    ),
    "booking_is_confirmed": ("It is booked.", "Вы записаны."),
    "booking_is_cancelled": ("It does not take place.", "Встреча не состоится."),
    "booking_is_refused": ("It cannot take place at that time.", "В это время встреча невозможна."),
    "booking_move": ("Choose another time", "Выбрать другое время"),
    "booking_cancel": ("Cancel it", "Отменить запись"),
    "booking_reason": ("Reason, if you like", "Причина, если хотите"),
    "booking_calendar": ("For your calendar (.ics)", "Для календаря (.ics)"),
    "booking_back": ("Back to the page", "Вернуться на страницу"),
    "booking_again": ("See other times", "Посмотреть другое время"),
    "booking_place": ("Where: {place}", "Где: {place}"),
    "booking_with": ("With: {hosts}", "С кем: {hosts}"),
    "booking_required": ("required", "обязательно"),
}
