"""Settings as a few digits: equal ones have equal digits, however they are written."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel


def hash_settings(*settings: Any) -> str:
    """16 hexadecimal digits of settings, complete: whether a default is written or left out makes no difference.

    Args:
        settings: checked sections, or plain values that JSON knows.
    """
    plain = [part.model_dump(mode="json") if isinstance(part, BaseModel) else part for part in settings]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]
