"""People: departments, leaving, profiles, import, statistics."""

PEOPLE: dict[str, tuple[str, str]] = {
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
}
