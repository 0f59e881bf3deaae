"""What the demo company meets for, as data. Times are wall time in the zone that stands beside them."""

from typing import NamedTuple

from app.demo.company import BERLIN, LISBON, LONDON, MOSCOW
from app.models.event import EventStatus

WORKDAYS = "MO,TU,WE,TH,FR"


class Recurring(NamedTuple):
    """A series. `guests` names people, and departments by their key."""

    title: str
    organizer: str
    guests: tuple[str, ...]
    rule: str
    at: str
    minutes: int
    zone: str = MOSCOW
    in_room: bool = True
    calendar: str | None = None
    description: str | None = None
    status: EventStatus = EventStatus.CONFIRMED
    guests_optional: bool = False
    # It ends with the three months of the demo; the others go on.
    ends: bool = False
    # It is made to run over the change of clocks that is nearest to today.
    over_clock_change: bool = False


WEEKLY = "FREQ=WEEKLY;BYDAY="
BIWEEKLY = "FREQ=WEEKLY;INTERVAL=2;BYDAY="
EVERYBODY = ("management", "engineering", "platform", "product", "sales", "europe", "office")

RECURRING = (
    Recurring(
        "Quiet Harbour Europe: weekly",
        "Jürgen Weiß",
        ("europe", "Роман Шевцов"),
        f"{WEEKLY}TU",
        "11:00",
        60,
        BERLIN,
        calendar="Quiet Harbour Europe",
        description="Always 11:00 in Berlin. For Moscow it moves by an hour when the clocks in Berlin change.",
        over_clock_change=True,
    ),
    Recurring(
        "Общее собрание · All-hands",
        "Анна Соколова",
        EVERYBODY,
        "FREQ=MONTHLY;BYDAY=1TH",
        "16:00",
        60,
        calendar="Компания · Whole company",
        description="Итоги месяца, планы, вопросы. Numbers, plans, questions and answers.",
    ),
    Recurring(
        "Совет руководителей · Leadership sync",
        "Анна Соколова",
        ("Павел Громов", "Дмитрий Орлов", "Ксения Фёдорова", "Роман Шевцов", "Jürgen Weiß", "Татьяна Никитина"),
        f"{WEEKLY}MO",
        "11:00",
        60,
    ),
    Recurring(
        "Планёрка разработки",
        "Дмитрий Орлов",
        ("engineering", "platform"),
        f"{WEEKLY}MO",
        "12:00",
        45,
        calendar="Разработка · Engineering",
    ),
    Recurring(
        "Планирование спринта · Sprint planning",
        "Сергей Ковалёв",
        ("engineering", "Михаил Зайцев"),
        f"{BIWEEKLY}MO",
        "14:30",
        90,
        description="Берём в спринт только то, что описано и оценено.",
    ),
    Recurring(
        "Демо спринта · Sprint demo",
        "Дмитрий Орлов",
        ("engineering", "platform", "product"),
        f"{BIWEEKLY}FR",
        "15:00",
        60,
        calendar="Разработка · Engineering",
    ),
    Recurring("Ретроспектива разработки", "Юлия Жукова", ("engineering",), "FREQ=MONTHLY;BYDAY=3WE", "16:00", 60),
    Recurring(
        "Стендап платформы · Platform stand-up",
        "Наталья Воронцова",
        ("platform",),
        f"{WEEKLY}{WORKDAYS}",
        "13:00",
        15,
        in_room=False,
        calendar="Платформа · Platform",
    ),
    Recurring(
        "Разбор инцидентов · Incident review",
        "Наталья Воронцова",
        ("platform", "Сергей Ковалёв"),
        f"{WEEKLY}TH",
        "12:00",
        45,
        calendar="Платформа · Platform",
    ),
    Recurring(
        "Security review",
        "Emily Clarke",
        ("platform", "Марина Власова"),
        "FREQ=MONTHLY;BYDAY=2TU",
        "12:00",
        45,
        LONDON,
        in_room=False,
        description="Open findings, access that nobody uses any more, the next exercise.",
    ),
    Recurring(
        "Приоритеты продукта · Product priorities",
        "Ксения Фёдорова",
        ("Михаил Зайцев", "Hannah Fischer", "Дмитрий Орлов", "Дарья Соловьёва"),
        f"{WEEKLY}TU",
        "14:30",
        60,
        calendar="Продукт · Product",
    ),
    Recurring(
        "Ревью дизайна · Design review",
        "Дарья Соловьёва",
        ("product", "Юлия Жукова"),
        f"{WEEKLY}WE",
        "14:00",
        60,
    ),
    Recurring("Воронка продаж", "Роман Шевцов", ("sales",), f"{WEEKLY}TU", "10:00", 60),
    Recurring("Контент-план", "Алина Галиева", ("Елена Морозова", "Полина Кузнецова"), f"{WEEKLY}WE", "11:00", 45),
    Recurring("Планёрка офиса", "Татьяна Никитина", ("office", "Екатерина Белова"), f"{WEEKLY}WE", "10:00", 45),
    Recurring(
        "Закрытие месяца",
        "Людмила Андреева",
        ("Татьяна Никитина", "Павел Громов"),
        f"FREQ=MONTHLY;BYDAY={WORKDAYS};BYSETPOS=-1",
        "17:00",
        60,
        description="Последний рабочий день месяца: акты, счета, зарплата.",
    ),
    Recurring(
        "Nordhafen: project status",
        "Sophie Lang",
        ("Tomáš Dvořák", "Hannah Fischer", "Ольга Щербакова"),
        f"{WEEKLY}TH",
        "10:00",
        45,
        BERLIN,
        description="With the customer's team: what went live, what is next, what is in the way.",
        ends=True,
    ),
    Recurring(
        "Английский клуб · English club",
        "Екатерина Белова",
        ("Иван Чернышёв", "Никита Рябов", "Светлана Романова", "Emily Clarke", "Олег Юдин"),
        f"{WEEKLY}TH",
        "17:30",
        60,
        guests_optional=True,
    ),
    Recurring(
        "Йога · Office yoga",
        "Светлана Романова",
        ("Алина Галиева", "Мария Ёлкина", "Андрей Фомин"),
        f"{WEEKLY}WE",
        "18:30",
        60,
        status=EventStatus.TENTATIVE,
        guests_optional=True,
        ends=True,
    ),
    Recurring(
        "Статус проектов (теперь письмом)",
        "Павел Громов",
        ("Сергей Ковалёв", "Михаил Зайцев", "Елена Морозова"),
        f"{WEEKLY}FR",
        "11:00",
        30,
        description="Отменено: статус приходит письмом по пятницам.",
        status=EventStatus.CANCELLED,
        ends=True,
    ),
    Recurring("Фокус: код без звонков", "Ольга Щербакова", (), f"{WEEKLY}WE", "09:00", 180, in_room=False),
    Recurring("Focus time", "Lucas Martins", (), f"{WEEKLY}FR", "14:00", 150, LISBON, in_room=False),
)

ONE_TO_ONE = "Один на один · 1:1"


class Occasion(NamedTuple):
    """A meeting that takes place once. Who comes is drawn from the departments; `guests` counts them."""

    title: str
    departments: tuple[str, ...]
    guests: int
    minutes: int
    # Where it is, if neither in a room of ours nor by video.
    location: str | None = None
    in_room: bool = True


OCCASIONS = (
    Occasion("Собеседование: разработчик бэкенда", ("engineering", "office"), 2, 60),
    Occasion("Собеседование: аналитик", ("product", "office"), 2, 60),
    Occasion("Interview: customer success manager", ("europe",), 2, 60),
    Occasion("Обзор архитектуры: поиск", ("engineering", "platform"), 4, 90),
    Occasion("Architecture review: notifications", ("engineering", "platform"), 4, 90, in_room=False),
    Occasion("Разбор медленных запросов", ("platform", "engineering"), 3, 60),
    Occasion("Учения: восстановление из копии", ("platform",), 4, 120),
    Occasion("Upgrade of the database cluster", ("platform",), 3, 60, in_room=False),
    Occasion("Интервью с пользователем", ("product",), 1, 45, in_room=False),
    Occasion("Карта пути клиента", ("product", "sales"), 4, 90),
    Occasion("Prototype walkthrough", ("product", "engineering"), 3, 60, in_room=False),
    Occasion("Оценка задач", ("engineering", "product"), 4, 60),
    Occasion("Демонстрация для «Балтийского причала»", ("sales", "product"), 3, 60),
    Occasion("Переговоры с «Южным портом»", ("sales", "management"), 2, 90),
    Occasion("Customer demo: Nordhafen", ("europe",), 2, 60),
    Occasion("Contract review: Marina Lagos", ("europe", "sales"), 3, 45, in_room=False),
    Occasion("Обед с партнёрами", ("sales", "management"), 2, 90, "Ресторан «Причал»"),
    Occasion("Team lunch", ("europe",), 3, 60, "Café am Kanal, Berlin"),
    Occasion("Подготовка выставки", ("sales", "product"), 4, 60),
    Occasion("Новость на сайт: согласование", ("sales", "management"), 2, 30),
    Occasion("Знакомство с новым сотрудником", ("office", "management"), 2, 30),
    Occasion("Бюджет следующего квартала", ("management", "office"), 3, 90),
    Occasion("Budget: Berlin office", ("europe", "office"), 2, 60, in_room=False),
    Occasion("Инвентаризация техники", ("office",), 2, 60),
    Occasion("Обучение: первая помощь", ("office", "sales", "product"), 8, 120),
    Occasion("Workshop: writing for users", ("product", "europe"), 5, 90, in_room=False),
)

# Somebody asks for the hall, which is lent by approvers only.
OPEN_DAY = Occasion("День открытых дверей · Open day", ("sales", "product"), 6, 120)
OPEN_DAY_HOST = "Алина Галиева"

# In people's own calendars, where nobody else sees them.
PRIVATE_OCCASIONS = (
    ("Стоматолог", 60),
    ("Родительское собрание", 90),
    ("Забрать посылку", 30),
    ("Курс английского", 60),
    ("Врач", 60),
    ("Сервис: машина", 30),
)
PRIVATE_OCCASIONS_ABROAD = (("Dentist", 60), ("School play", 90), ("Parcel pick-up", 30), ("Bike repair", 30))


class Vacation(NamedTuple):
    """Days off from a Monday, `weeks` after that of the current week."""

    name: str
    weeks: int
    days: int
    status: EventStatus = EventStatus.CONFIRMED


VACATIONS = (
    Vacation("Дмитрий Орлов", -3, 7),
    Vacation("Алина Галиева", -2, 14),
    Vacation("Chloé Martin", -1, 5),
    Vacation("Виктор Саблин", -1, 7),
    Vacation("Никита Рябов", 0, 7),
    Vacation("Елена Морозова", 1, 14),
    Vacation("Jürgen Weiß", 2, 7),
    Vacation("Priya Nair", 3, 10),
    Vacation("Роман Шевцов", 4, 7),
    Vacation("Дарья Соловьёва", 5, 14),
    Vacation("Андрей Фомин", 6, 7, EventStatus.TENTATIVE),
    Vacation("Людмила Андреева", 7, 14, EventStatus.TENTATIVE),
)


class Holiday(NamedTuple):
    """A day, or several, of every year. `off_in` says in which zones nobody works."""

    title: str
    month: int
    day: int
    days: int = 1
    off_in: tuple[str, ...] = ()


HOLIDAYS = (
    Holiday("Новогодние каникулы", 1, 1, 8, (MOSCOW,)),
    Holiday("Neujahr", 1, 1, 1, (BERLIN,)),
    Holiday("День защитника Отечества", 2, 23, 1, (MOSCOW,)),
    Holiday("Международный женский день", 3, 8, 1, (MOSCOW, BERLIN)),
    Holiday("Праздник Весны и Труда · Tag der Arbeit", 5, 1, 1, (MOSCOW, BERLIN)),
    Holiday("День Победы", 5, 9, 1, (MOSCOW,)),
    Holiday("День России", 6, 12, 1, (MOSCOW,)),
    Holiday("Летний праздник компании · Summer party", 7, 10),
    Holiday("День рождения компании · Company birthday", 9, 14),
    Holiday("Tag der Deutschen Einheit", 10, 3, 1, (BERLIN,)),
    Holiday("День народного единства", 11, 4, 1, (MOSCOW,)),
    Holiday("Weihnachten", 12, 25, 2, (BERLIN,)),
)
PAYDAY, PAYDAY_RULE = "День зарплаты · Payday", "FREQ=MONTHLY;BYMONTHDAY=10"
