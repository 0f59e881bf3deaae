"""The demo company as data: departments, people, calendars. Nobody and nothing here is real.

A person is named by their full name everywhere in the demo. A manager who is not given is the head of the department,
and for a head that of the department above.
"""

from typing import NamedTuple

from app.models.user import Role

MOSCOW = "Europe/Moscow"
BERLIN = "Europe/Berlin"
LONDON = "Europe/London"
LISBON = "Europe/Lisbon"
PRAGUE = "Europe/Prague"
PARIS = "Europe/Paris"
YEKATERINBURG = "Asia/Yekaterinburg"
ALMATY = "Asia/Almaty"

COMPANY = "Тихая гавань · Quiet Harbour"
DOMAIN = "demo.example"
# Known to everybody who reads this file: the demo refuses to run in production.
PASSWORD = "quiet-harbour"


class Department(NamedTuple):
    key: str
    name: str
    parent: str | None
    head: str
    color: str


DEPARTMENTS = (
    Department("management", "Руководство", None, "Анна Соколова", "#8e24aa"),
    Department("engineering", "Разработка", "management", "Дмитрий Орлов", "#1e88e5"),
    Department("platform", "Платформа", "engineering", "Наталья Воронцова", "#00897b"),
    Department("product", "Продукт и дизайн", "management", "Ксения Фёдорова", "#f4511e"),
    Department("sales", "Продажи и маркетинг", "management", "Роман Шевцов", "#e53935"),
    Department("europe", "Quiet Harbour Europe", "sales", "Jürgen Weiß", "#6d4c41"),
    Department("office", "Офис и поддержка", "management", "Татьяна Никитина", "#7cb342"),
)


class Person(NamedTuple):
    name: str
    department: str
    position: str
    birthday: str
    zone: str = MOSCOW
    manager: str | None = None
    role: Role = Role.EMPLOYEE


PEOPLE = (
    Person("Анна Соколова", "management", "Генеральный директор", "1975-04-18"),
    Person("Павел Громов", "management", "Операционный директор", "1979-11-02"),
    Person("Екатерина Белова", "management", "Помощник руководителя", "1994-06-27"),
    Person("Дмитрий Орлов", "engineering", "Технический директор", "1981-01-30"),
    Person("Сергей Ковалёв", "engineering", "Руководитель группы бэкенда", "1986-09-09"),
    Person("Юлия Жукова", "engineering", "Руководитель группы фронтенда", "1988-12-21"),
    Person("Ольга Щербакова", "engineering", "Старший разработчик", "1990-02-14", manager="Сергей Ковалёв"),
    Person("Иван Чернышёв", "engineering", "Разработчик", "1997-07-03", manager="Сергей Ковалёв"),
    Person("Priya Nair", "engineering", "Senior Developer", "1989-10-25", LONDON, "Сергей Ковалёв"),
    Person("Тимур Ахметов", "engineering", "Разработчик", "1995-03-08", ALMATY, "Сергей Ковалёв"),
    Person("Артём Цветков", "engineering", "Разработчик интерфейсов", "1998-05-16", YEKATERINBURG, "Юлия Жукова"),
    Person("Lucas Martins", "engineering", "Frontend Developer", "1993-08-11", LISBON, "Юлия Жукова"),
    Person("Мария Ёлкина", "engineering", "Инженер по тестированию", "1996-02-29", manager="Юлия Жукова"),
    Person("Наталья Воронцова", "platform", "Руководитель платформы", "1984-06-05"),
    Person("Алексей Лебедев", "platform", "Инженер инфраструктуры", "1991-01-19"),
    Person("Айгерим Сапарова", "platform", "Инженер надёжности", "1992-09-28", ALMATY),
    Person("Григорий Мельник", "platform", "Администратор баз данных", "1977-12-07"),
    Person("Emily Clarke", "platform", "Security Engineer", "1987-04-01", LONDON),
    Person("Виктор Саблин", "platform", "Инженер инфраструктуры", "1999-10-13", YEKATERINBURG),
    Person("Ксения Фёдорова", "product", "Директор по продукту", "1983-03-22"),
    Person("Михаил Зайцев", "product", "Менеджер продукта", "1990-08-30"),
    Person("Hannah Fischer", "product", "Product Manager", "1991-05-05", BERLIN),
    Person("Дарья Соловьёва", "product", "Ведущий дизайнер", "1989-11-17"),
    Person("Никита Рябов", "product", "Дизайнер интерфейсов", "2000-01-06", manager="Дарья Соловьёва"),
    Person("Полина Кузнецова", "product", "Исследователь", "1995-07-24", manager="Дарья Соловьёва"),
    Person("Роман Шевцов", "sales", "Коммерческий директор", "1980-10-10"),
    Person("Елена Морозова", "sales", "Менеджер по продажам", "1988-02-03"),
    Person("Кирилл Быков", "sales", "Менеджер по продажам", "1993-12-15", YEKATERINBURG),
    Person("Алина Галиева", "sales", "Маркетолог", "1994-09-01"),
    Person("Данияр Исмаилов", "sales", "Менеджер по работе с клиентами", "1990-06-19", ALMATY),
    Person("Jürgen Weiß", "europe", "Managing Director Europe", "1972-07-07", BERLIN),
    Person("Sophie Lang", "europe", "Account Manager", "1992-03-12", BERLIN),
    Person("Tomáš Dvořák", "europe", "Solutions Engineer", "1985-11-26", PRAGUE),
    Person("Chloé Martin", "europe", "Customer Success Manager", "1996-08-04", PARIS),
    Person("Татьяна Никитина", "office", "Директор по персоналу и финансам", "1976-05-29"),
    Person("Людмила Андреева", "office", "Главный бухгалтер", "1970-01-12"),
    Person("Светлана Романова", "office", "Менеджер по персоналу", "1993-04-09"),
    Person("Марина Власова", "office", "Руководитель поддержки", "1987-10-20", role=Role.ADMIN),
    Person("Андрей Фомин", "office", "Системный администратор", "1991-12-30", manager="Марина Власова", role=Role.IT),
    Person("Олег Юдин", "office", "Инженер поддержки", "1998-03-17", manager="Марина Власова", role=Role.IT),
)

# Number blocks that are assigned to nobody; in Germany, Britain and France they are kept for films.
PHONES = {
    MOSCOW: "+7 495 000-00-{:02}",
    YEKATERINBURG: "+7 343 000-00-{:02}",
    ALMATY: "+7 727 000-00-{:02}",
    BERLIN: "+49 30 231251{:02}",
    LONDON: "+44 20 7946 01{:02}",
    PARIS: "+33 1 99 00 01 {:02}",
    PRAGUE: "+420 200 000 0{:02}",
    LISBON: "+351 210 000 0{:02}",
}


class PublicCalendar(NamedTuple):
    name: str
    owner: str
    color: str
    description: str


HOLIDAYS_CALENDAR = "Праздники и события · Company days"
VACATIONS_CALENDAR = "Отпуска · Vacations"

PUBLIC_CALENDARS = (
    PublicCalendar(HOLIDAYS_CALENDAR, "Екатерина Белова", "#c0ca33", "Выходные и дни, общие для всей компании."),
    PublicCalendar(VACATIONS_CALENDAR, "Татьяна Никитина", "#ffb300", "Кто и когда отсутствует."),
    PublicCalendar("Компания · Whole company", "Анна Соколова", "#8e24aa", "Общие собрания."),
    PublicCalendar("Разработка · Engineering", "Дмитрий Орлов", "#1e88e5", "Встречи всей разработки."),
    PublicCalendar("Платформа · Platform", "Наталья Воронцова", "#00897b", "Встречи команды платформы."),
    PublicCalendar("Продукт · Product", "Ксения Фёдорова", "#f4511e", "Приоритеты, исследования, ревью дизайна."),
    PublicCalendar("Quiet Harbour Europe", "Jürgen Weiß", "#6d4c41", "The Berlin team and its customers."),
)
