"""Browsers that take pushes, as tests make them."""

from typing import Any

from app.core.ids import new_id


def subscription() -> dict[str, Any]:
    """What a browser sends to subscribe, with the keys of RFC 8291's example; nothing is sent there."""
    return {
        "endpoint": f"https://push.example/{new_id()}",
        "keys": {
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg",
        },
    }
