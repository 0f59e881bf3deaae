"""Comments and files of events."""

DISCUSSION: dict[str, tuple[str, str]] = {
    "occurrence_not_found": (
        "The event has no occurrence with this original start.",
        "У события нет экземпляра с таким исходным началом.",
    ),
    # comments
    "comment_not_found": ("There is no such comment.", "Такого комментария нет."),
    "not_comment_author": (
        "Only who wrote a comment can change it.",
        "Изменить комментарий может только его автор.",
    ),
    "not_comment_author_or_host": (
        "A comment is deleted by who wrote it, or by whoever keeps the event.",
        "Удалить комментарий может его автор или тот, кто ведёт событие.",
    ),
    "too_many_comments": (
        "An event has at most {limit} comments, those of its occurrences included.",
        "У события не более {limit} комментариев, считая комментарии к его экземплярам.",
    ),
    "too_many_mentions": (
        "A comment mentions at most {limit} people.",
        "Комментарий может упоминать не более {limit} человек.",
    ),
    "mention_not_reader": (
        "Only colleagues who see this event can be mentioned. These do not: {people}.",
        "Упомянуть можно только коллег, которые видят это событие. Не видят: {people}.",
    ),
    # files
    "attachment_not_found": ("There is no such file.", "Такого файла нет."),
    "attachment_content_missing": (
        "The content of this file is lost. Tell an administrator.",
        "Содержимое этого файла утрачено. Сообщите администратору.",
    ),
    "not_participant": (
        "Only participants and whoever keeps the event attach files to it.",
        "Прикреплять файлы могут только участники и тот, кто ведёт событие.",
    ),
    "not_uploader_or_host": (
        "A file is deleted by who attached it, or by whoever keeps the event.",
        "Удалить файл может тот, кто его прикрепил, или тот, кто ведёт событие.",
    ),
    "attachment_empty": ("The file is empty.", "Файл пуст."),
    "attachment_too_large": ("A file has at most {limit} bytes.", "В файле не более {limit} байт."),
    "attachment_needs_name": (
        "The file needs a name: in ?name= or in the header Content-Disposition.",
        "Файлу нужно имя: в параметре ?name= или в заголовке Content-Disposition.",
    ),
    "too_many_attachments": (
        "An event has at most {limit} files, those of its occurrences included.",
        "У события не более {limit} файлов, считая файлы его экземпляров.",
    ),
    "attachments_full": (
        "The files of your company would exceed {limit} bytes. Delete some first.",
        "Файлы вашей компании превысят {limit} байт. Сначала удалите лишние.",
    ),
    "file_store_unavailable": (
        "Files cannot be stored or read at this moment. Try again soon.",
        "Сейчас файлы нельзя сохранить или прочитать. Повторите попытку чуть позже.",
    ),
}
