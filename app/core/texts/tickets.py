"""Tickets, queues, categories, views."""

# What a queue promises, as people are told of it.
PROMISES: dict[str, tuple[str, str]] = {
    "first_answer": ("first answer", "первый ответ"),
    "resolution": ("resolution", "решение"),
}

STATES: dict[str, tuple[str, str]] = {
    "new": ("new", "новая"),
    "open": ("open", "в работе"),
    "pending": ("pending", "ожидание"),
    "resolved": ("resolved", "решена"),
    "closed": ("closed", "закрыта"),
}

TICKETS: dict[str, tuple[str, str]] = {
    "tickets_off": ("Tickets are switched off for you.", "Заявки для вас отключены."),
    "ticket_not_found": ("There is no such ticket.", "Такой заявки нет."),
    "ticket_not_yours_to_work": (
        "Only those who work the queue of this ticket do that.",
        "Это делают только те, кто работает с очередью этой заявки.",
    ),
    "ticket_field_not_yours": (
        "Of your own ticket you change the state only; write the rest as an answer.",
        "В своей заявке вы меняете только состояние; остальное напишите в ответе.",
    ),
    "ticket_transition": (
        "A ticket that is {before} cannot become {after}.",
        "Заявка в состоянии «{before}» не может перейти в «{after}».",
    ),
    "ticket_closed_for_good": (
        "This ticket can be reopened no more. Make a new one.",
        "Эту заявку больше нельзя открыть снова. Создайте новую.",
    ),
    "ticket_waits_for_approval": (
        "This ticket waits for an approval.",
        "Эта заявка ждёт согласования.",
    ),
    "ticket_waits_for_nobody": ("This ticket waits for no approval.", "Эта заявка не ждёт согласования."),
    "not_ticket_approver": (
        "Only who was asked for the approval, or stands in for them, gives it.",
        "Согласует только тот, кого об этом попросили, или тот, кто его замещает.",
    ),
    "pending_says_why": (
        "A pending ticket needs pending_reason and pending_until, in the future and within {limit} days.",
        "Для ожидания нужны pending_reason и pending_until, в будущем и не дальше {limit} дней.",
    ),
    "pending_only": (
        "pending_reason and pending_until are for pending tickets only.",
        "pending_reason и pending_until бывают только у заявок в ожидании.",
    ),
    "too_many_open_tickets": (
        "You have {limit} open tickets already.",
        "У вас уже {limit} открытых заявок.",
    ),
    "requester_not_yours": (
        "Only those who work the queue make tickets for somebody else.",
        "Заявки за других создают только те, кто работает с очередью.",
    ),
    "assignee_cannot_work": (
        "This colleague does not work the queue.",
        "Этот сотрудник не работает с этой очередью.",
    ),
    "equipment_needs_room": ("Name the room of the equipment.", "Назовите комнату, где стоит оборудование."),
    "too_many_in_bulk": ("One request changes at most {limit} tickets.", "Один запрос меняет не более {limit} заявок."),
    "ticket_merged_already": (
        "One of the tickets was merged already.",
        "Одна из заявок уже объединена с другой.",
    ),
    "ticket_is_itself": ("A ticket is nothing to itself.", "Заявку нельзя связать с ней самой."),
    "ticket_link_exists": ("These tickets are linked so already.", "Эти заявки уже так связаны."),
    "ticket_link_circle": ("Links of one kind make no circle.", "Связи одного вида не образуют круга."),
    "ticket_link_not_found": ("There is no such link.", "Такой связи нет."),
    "too_many_ticket_links": ("A ticket has at most {limit} links.", "У заявки не более {limit} связей."),
    "too_many_watchers": ("A ticket has at most {limit} watchers.", "За заявкой следят не более {limit} человек."),
    "watcher_not_found": ("They do not watch this ticket.", "Этот сотрудник не следит за заявкой."),
    "watcher_has_no_tickets": (
        "This colleague has no access to tickets.",
        "У этого сотрудника нет доступа к заявкам.",
    ),
    "too_many_entries": (
        "A ticket has at most {limit} answers and notes. Make a new one.",
        "У заявки не более {limit} ответов и заметок. Создайте новую.",
    ),
    "too_many_ticket_changes": (
        "This ticket was changed {limit} times; it takes no more.",
        "Эту заявку меняли {limit} раз; больше нельзя.",
    ),
    "ticket_files_too_large": (
        "The files of one answer have at most {limit} bytes together.",
        "Файлы одного ответа — не более {limit} байт вместе.",
    ),
    "too_many_ticket_files": ("A ticket has at most {limit} files.", "У заявки не более {limit} файлов."),
    "ticket_mention_not_reader": (
        "Only colleagues who see it can be mentioned. These do not: {people}.",
        "Упомянуть можно только тех, кто это видит. Не видят: {people}.",
    ),
    "not_ticket_uploader": (
        "A file is deleted by who attached it, or by those who work the ticket.",
        "Удалить файл может тот, кто его прикрепил, или тот, кто работает с заявкой.",
    ),
    "ticket_note_not_yours": (
        "Notes are for those who work the ticket.",
        "Заметки — для тех, кто работает с заявкой.",
    ),
    # queues, categories, views
    "ticket_queue_not_found": ("There is no such queue.", "Такой очереди нет."),
    "ticket_queue_off": ("This queue takes no new tickets.", "Эта очередь не принимает новых заявок."),
    "ticket_queue_name_taken": ("Another queue has this name.", "Такое имя уже есть у другой очереди."),
    "ticket_queue_email_taken": (
        "Another queue has this address.",
        "Этот адрес уже у другой очереди.",
    ),
    "ticket_queue_default_taken": ("Another queue is the default one.", "Основная очередь уже есть."),
    "ticket_queue_in_use": (
        "There are tickets or categories in this queue. Switch it off instead.",
        "В этой очереди есть заявки или категории. Отключите её, а не удаляйте.",
    ),
    "not_queue_manager": (
        "Only administrators and those who manage the queue do that.",
        "Это делают только администраторы и те, кто ведёт очередь.",
    ),
    "too_many_queues": ("A company has at most {limit} queues.", "У компании не более {limit} очередей."),
    "too_many_members": ("A queue has at most {limit} members.", "В очереди не более {limit} участников."),
    "member_twice": ("A member is named twice.", "Участник назван дважды."),
    "ticket_category_not_found": ("There is no such category.", "Такой категории нет."),
    "ticket_category_name_taken": ("Another category has this name.", "Такое имя уже есть у другой категории."),
    "ticket_category_in_use": (
        "There are tickets of this category. Switch it off instead.",
        "Есть заявки этой категории. Отключите её, а не удаляйте.",
    ),
    "approver_missing": ("Name who approves.", "Назовите, кто согласует."),
    "too_many_categories": ("A company has at most {limit} categories.", "У компании не более {limit} категорий."),
    "ticket_view_not_found": ("There is no such view.", "Такого представления нет."),
    "ticket_view_name_taken": ("You have a view of this name already.", "У вас уже есть представление с таким именем."),
    "ticket_view_not_yours": ("Only who made a view changes it.", "Представление меняет только тот, кто его создал."),
    "too_many_views": ("A person has at most {limit} views.", "У одного человека не более {limit} представлений."),
    "views_shared_by_workers": (
        "Only those who work tickets share views.",
        "Представлениями делятся только те, кто работает с заявками.",
    ),
    "reports_for_workers": (
        "Reports are for those who work tickets.",
        "Отчёты — для тех, кто работает с заявками.",
    ),
}
