"""A button may be pressed twice: what a form says then is done once."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime


def press_id(told: Mapping[str, str], now: datetime) -> str:
    """An id of what a form says, alike for the same within a minute."""
    return hashlib.sha256(json.dumps([f"{now:%Y%m%d%H%M}", told], sort_keys=True).encode()).hexdigest()[:32]
