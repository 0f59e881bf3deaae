"""The demo's requests to the desk, as data. People, rooms and things are named as elsewhere in the demo."""

from typing import NamedTuple

from app.models.ticket import TicketPriority, TicketState, TicketType

QUEUE = "ИТ-поддержка"
CATEGORIES = (
    ("Оборудование переговорных", TicketType.INCIDENT),
    ("Рабочее место", TicketType.REQUEST),
    ("Доступ и пароли", TicketType.QUESTION),
)
# Approved by the requester's manager.
LAPTOPS = "Новый ноутбук"
# Minutes of service hours until the first answer and the solution.
PROMISES = {
    TicketPriority.URGENT: (30, 240),
    TicketPriority.HIGH: (60, 480),
    TicketPriority.NORMAL: (120, 960),
    TicketPriority.LOW: (480, 2400),
}
AGENTS = ("Андрей Фомин", "Олег Юдин")


class DemoTicket(NamedTuple):
    """`answer` is the desk's, `reply` the requester's, `note` what only the desk reads."""

    requester: str
    title: str
    body: str
    category: str
    priority: TicketPriority = TicketPriority.NORMAL
    state: TicketState = TicketState.NEW
    # What is out of order in some room.
    thing: str | None = None
    answer: str | None = None
    reply: str | None = None
    note: str | None = None


TICKETS = (
    DemoTicket(
        *("Екатерина Белова", "Не включается проектор", "Лампа мигает красным, встреча в четыре."),
        *(CATEGORIES[0][0], TicketPriority.HIGH, TicketState.OPEN),
        thing="projector",
        answer="Посмотрим через десять минут.",
        note="Третий раз за месяц: пора менять лампу.",
    ),
    DemoTicket(
        *("Павел Громов", "Ноутбук для нового сотрудника", "Выходит первого числа, нужен обычный набор."),
        LAPTOPS,
    ),
    DemoTicket(
        *("Дмитрий Орлов", "VPN просит новый сертификат", "С утра не пускает, пишет про срок действия."),
        *(CATEGORIES[2][0], TicketPriority.URGENT, TicketState.RESOLVED),
        answer="Выпустили новый, установите из письма.",
        reply="Всё работает, спасибо!",
    ),
    DemoTicket(
        *("Сергей Ковалёв", "Второй монитор", "Хватит и того, что стоит на складе."),
        *(CATEGORIES[1][0], TicketPriority.LOW, TicketState.PENDING),
        answer="Привезут на следующей неделе.",
    ),
    DemoTicket(
        *("Наталья Воронцова", "Шумит система охлаждения", "В серверной слышно даже через дверь."),
        *(CATEGORIES[1][0], TicketPriority.NORMAL),
    ),
    DemoTicket(
        *("Роман Шевцов", "Как поделиться календарём с отделом?", "Нашёл только «поделиться с коллегой»."),
        *(CATEGORIES[2][0], TicketPriority.LOW, TicketState.CLOSED),
        answer="В списке можно выбрать и отдел целиком.",
    ),
    DemoTicket(
        *("Татьяна Никитина", "Заканчивается картридж", "Принтер у входа, второй этаж."),
        *(CATEGORIES[1][0], TicketPriority.NORMAL, TicketState.OPEN),
        answer="Заказали, поставим завтра.",
    ),
)
