"""Names, positions, departments and phones as they are met in companies. They are put together, nobody is meant."""

from collections.abc import Sequence
from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_STEMS = _words("""
    Абрам Авдот Агап Агаф Аким Аксён Алексан Алёш Анан Андрон Аникан Анис Антип Антон Антош Аристарх Арсен Артам Архип
    Астах Афанас Балабан Баран Барсук Бахмет Беляк Берез Бирюк Блин Бобр Богат Богдан Бойк Болдыр Борис Бород Брат
    Бугай Булат Булгак Бурлак Быстр Вавил Варлам Василь Вахруш Верещаг Ветр Викул Вишн Власен Вод Волк Ворон Воробь
    Востр Галак Галкин Гаврил Герас Глад Глеб Глуш Голован Голуб Гончар Горбат Горбун Гордей Горш Грач Гребен Григор
    Гриш Гром Гурь Гус Давыд Данил Дегтяр Демент Демид Демьян Денис Дерг Дмитр Доброн Долг Домн Дорон Дорофе Дрозд
    Друж Дубр Дудар Дьяк Евдоким Евсе Евстигне Егор Елагин Елис Емель Епиф Ерем Ермак Ерм Ерофе Ерш Ефим Ефрем Жарк
    Жданк Жилин Жук Журавл Завьял Зайц Замят Захар Звер Зверь Зелен Зим Зин Золот Зот Зуб Зуй Зыр Иванк Иванц Игнат
    Измайл Ил Иль Исак Исай Ишут Кабан Казак Казанц Калаш Калин Калмык Камен Каплун Карас Карп Карташ Касат Катасон
    Кир Кирил Кисел Клим Климент Князь Кобз Ковал Кожевник Козин Козл Колес Колобк Колос Комар Кондрат Конон Коныш
    Копыл Корен Корнил Короб Коровк Королек Корот Корчаг Косар Костромц Котельник Котк Кочет Кошел Кравц Красил Крылат
    Кудр Кудрявц Кузь Кулак Кулаг Кулик Куприян Курбат Курган Куроч Лавр Лагут Лазар Лапш Ларион Лебед Леонть Лесник
    Лихач Лобан Логин Лопат Лосик Лукьян Лыткар Любим Ляпун Май Мазур Макар Макс Малах Малыш Мамонт Маркел Март Масл
    Матве Медвед Мелех Мельник Меркул Минай Миронец Митроф Михе Моисе Молчан Морозик Мосал Муром Мухан Мясник Назар
    Нарыш Наум Нестер Нефёд Никандр Никит Никифор Николь Никон Новик Носик Овчар Огород Озерц Окун Олейник Онуфр
    Орех Осип Остап Остроух Павл Панас Панкрат Панф Парамон Парфён Пастух Пахом Перевоз Пестр Петрак Петрух Пим
    Пирож Платон Плот Погод Покров Поликарп Полян Понома Потап Прокоп Прокофь Прох Пряник Пугач Пчель Рад Разин Рогоз
    Родион Рожк Роман Рубц Рудак Руднец Русак Рыбак Рыж Рябин Рябц Сав Савель Савосьт Садовник Самойл Сафон Светлик
    Свирид Севастьян Селезн Селиван Семён Сера Серебряк Серёг Сидор Силант Симон Ситник Скворц Скоробог Слепц Смирн
    Снегир Собол Соколик Солнц Соловь Сомик Сорок Софрон Стар Степан Столяр Стрел Строган Суббот Судар Сурик Сухан Сыр
    Тарас Терент Тимо Тит Тихомир Ткач Токар Толмач Третьяк Трифон Трофим Туман Тюлен Угр Ульян Устин Уткин Фадей
    Федос Федот Феокт Фил Филат Филимон Филипп Фирс Флег Фок Фоминых Фрол Хабар Харит Харлам Хлеб Ходак Холод Хомяк
    Хруст Худяк Царь Цыган Чай Чебот Чекмар Черемис Черк Черныш Чистяк Чугун Чул Шабан Шадр Шалам Шап Шатал Шах Шевч
    Шелест Шерш Шилан Шир Шишк Шмел Шорник Шубин Шульг Шум Щавел Щегл Щек Щерб Щук Юдан Юр Юрас Юшк Яким Якуш Янков
    Ярём Ярош Ястреб Яхонт Яш
""")
# With how rare they are.
_ENDINGS = {"ов": 1, "ин": 2, "енко": 3, "овский": 4, "ук": 5, "ян": 6, "евич": 6}
_FEMININE = {"ов": "ова", "ин": "ина", "овский": "овская"}
_MEN = _words("""
    Александр Дмитрий Сергей Андрей Алексей Максим Иван Михаил Артём Никита Павел Егор Владимир Николай Роман Денис
    Евгений Илья Антон Кирилл Константин Виктор Олег Юрий Игорь Тимур Вадим Руслан Станислав Григорий Фёдор Глеб Марат
    Пётр Василий Степан Арсений Матвей Тимофей Борис Виталий Леонид Геннадий Анатолий Валерий Эдуард Ринат Данияр Захар
    Семён Лев Ярослав Богдан Филипп Герман Альберт Рустам Азат Эльдар Савелий
""")
_WOMEN = _words("""
    Анна Елена Мария Ольга Наталья Екатерина Татьяна Ирина Светлана Юлия Анастасия Дарья Ксения Алина Виктория Полина
    Марина Людмила Галина Валентина Надежда Любовь Вера Евгения Александра Кристина Вероника Софья Елизавета Алёна
    Диана Оксана Лариса Яна Жанна Маргарита Инна Карина Арина Варвара Василиса Ульяна Айгуль Гульнара Эльвира Лилия
    Регина Динара Мадина Камилла Тамара Нина Лидия Раиса Зоя Антонина Снежана Злата Кира Милана
""")
_FATHERS = _words("""
    Александров Дмитриев Сергеев Андреев Алексеев Иванов Михайлов Владимиров Николаев Викторов Олегов Юрьев Павлов
    Игорев Анатольев Борисов Геннадьев Валерьев Петров Васильев Степанов Константинов Романов Денисов Маратов Рустамов
""")
_GIVEN = _words("""
    Anna Peter Julia Thomas Maria Lucas Sophie Daniel Laura Martin Emma David Sarah Michael Clara Felix Hannah Paul
    Emily James Olivia William Priya Arjun Chloé Hugo Inês João Lucía Mateo Giulia Marco Zuzana Tomáš Agnieszka Łukasz
    Astrid Bjørn Freja Søren Eilidh Callum Aoife Conor Elif Emre Noor Karim Mei Wei Yuki Kenji Jürgen Björn Käthe Zoë
""")
_FAMILY = _words("""
    Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder
    Neumann Schwarz Zimmermann Braun Krüger Hofmann Lange Weiß Smith Jones Taylor Brown Williams Wilson Johnson Davies
    Robinson Wright Thompson Evans Walker White Roberts Green Hall Wood Jackson Clarke Martin Bernard Dubois Thomas
    Robert Petit Durand Leroy Moreau Simon Laurent Lefèvre Michel Garcia David Bertrand Roux Vincent Fournier Silva
    Santos Ferreira Pereira Oliveira Costa Rodrigues Martins Sousa Fernandes Gonçalves Rossi Russo Ferrari Esposito
    Bianchi Romano Colombo Ricci Marino Greco Bruno Novák Svoboda Novotný Dvořák Černý Procházka Kučera Nowak Kowalski
    Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Hansen Johansen Olsen Larsen Andersen Pedersen Nilsen Eriksson
    Karlsson Lindqvist Nyström Yılmaz Kaya Demir Nair Sharma Patel Singh Gupta Tanaka Suzuki Chen Zhang Nguyen
""")
_LEVELS = ("", "", "", "Младший ", "Старший ", "Ведущий ", "Главный ")
_JOBS = (
    *("бухгалтер", "экономист", "юрист", "инженер", "программист", "аналитик", "тестировщик", "дизайнер", "технолог"),
    *("менеджер по продажам", "менеджер проектов", "менеджер по закупкам", "специалист по кадрам", "маркетолог"),
    *("администратор баз данных", "системный администратор", "инженер по охране труда", "логист", "редактор"),
    *("специалист поддержки", "архитектор", "конструктор", "метролог", "переводчик", "сметчик", "делопроизводитель"),
    *("диспетчер", "лаборант", "механик", "электромонтёр", "энергетик", "кладовщик", "оператор станка", "врач"),
)
_ENGLISH_LEVELS = ("", "", "Junior ", "Senior ", "Lead ")
_ENGLISH_JOBS = (
    *("Software Engineer", "Product Manager", "Data Analyst", "Account Manager", "Solutions Engineer", "UX Designer"),
    *("Security Engineer", "Customer Success Manager", "Technical Writer", "Controller", "Recruiter", "Researcher"),
)
_UNITS = ("Дирекция", "Департамент", "Управление", "Отдел", "Сектор", "Группа")
_SUBJECTS = (
    *(
        "разработки",
        "тестирования",
        "продаж",
        "маркетинга",
        "закупок",
        "логистики",
        "персонала",
        "бухгалтерского учёта",
    ),
    *("информационной безопасности", "инфраструктуры", "аналитики", "качества", "проектирования", "эксплуатации"),
    *("поддержки клиентов", "договорной работы", "планирования", "охраны труда", "связей с общественностью", "ремонта"),
    *("энергоснабжения", "транспорта", "складского хозяйства", "международных проектов", "обучения", "контроля"),
)
# Of mobile networks and of cities.
_CODES = ("916", "903", "925", "926", "985", "999", "495", "499", "812", "343", "383", "843")


def surnames() -> list[str]:
    """Surnames in the form for a man, more frequent ones rather first, always in the same order."""
    made = {stem + ending: rarity for stem in _STEMS for ending, rarity in _ENDINGS.items()}
    return sorted(made, key=lambda surname: made[surname] * Random(surname).random())


def feminine(surname: str) -> str:
    """The form for a woman."""
    for ending, other in _FEMININE.items():
        if surname.endswith(ending):
            return surname.removesuffix(ending) + other
    return surname


class Names:
    """Draws from the lists; a few names are frequent and most are rare, as everywhere."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._surnames = surnames()

    def person(self) -> tuple[str, str, bool]:
        """Full name, surname as it stands in it, and whether it is written in Latin letters."""
        if self._random.random() < 0.15:
            surname = self._often(_FAMILY)
            return f"{self._often(_GIVEN)} {surname}", surname, True
        is_woman = self._random.random() < 0.5
        surname = self._often(self._surnames)
        if is_woman:
            surname = feminine(surname)
        given = self._often(_WOMEN if is_woman else _MEN)
        if self._random.random() < 0.6:
            return f"{given} {surname}", surname, False
        father = self._often(_FATHERS) + ("на" if is_woman else "ич")
        return f"{surname} {given} {father}", surname, False

    def position(self, *, is_latin: bool) -> str:
        if is_latin:
            return self._random.choice(_ENGLISH_LEVELS) + self._random.choice(_ENGLISH_JOBS)
        position = self._random.choice(_LEVELS) + self._often(_JOBS)
        return position[0].upper() + position[1:]

    def department(self, depth: int) -> str:
        """At the top a directorate, at the bottom groups."""
        return f"{_UNITS[min(depth, len(_UNITS) - 1)]} {self._random.choice(_SUBJECTS)}"

    def phone(self) -> str | None:
        """E.164; one in ten has none."""
        if self._random.random() < 0.1:
            return None
        return f"+7{self._random.choice(_CODES)}{self._random.randrange(10_000_000):07}"

    def _often(self, values: Sequence[str]) -> str:
        return values[int(len(values) * self._random.random() ** 2)]
