"""Places: buildings, photos of rooms, and what stands in them."""

PLACES: dict[str, tuple[str, str]] = {
    "building_not_found": ("There is no such building.", "Такого здания нет."),
    "building_name_taken": ('There is already a building named "{name}".', "Здание с названием «{name}» уже есть."),
    "building_has_rooms": (
        'There are {count} rooms in the building "{building}", those out of use included. Move them first.',
        "В здании «{building}» ещё есть комнаты: {count}, включая неиспользуемые. Сначала перенесите их.",
    ),
    "too_many_buildings": (
        "The company has {limit} buildings already, which is the limit.",
        "В компании уже {limit} зданий — это предел.",
    ),
    "photo_too_large": (
        "A photo may have at most {limit} bytes.",
        "Фотография может быть не больше {limit} байт.",
    ),
    "photo_too_many_pixels": (
        "A photo may have at most {limit} pixels.",
        "В фотографии может быть не больше {limit} пикселей.",
    ),
    "photo_no_image": (
        "This is no picture, or a broken one. JPEG, PNG, WebP and GIF are accepted.",
        "Это не картинка, или она повреждена. Принимаются JPEG, PNG, WebP и GIF.",
    ),
    "equipment_not_found": ("The room has nothing like that.", "Такого оборудования в комнате нет."),
    "equipment_out_of_order": (
        'Of "{name}" there are {quantity}; more than that cannot be out of order.',
        "«{name}» в комнате: {quantity}; неисправных не может быть больше.",
    ),
}
