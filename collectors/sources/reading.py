"""A body from strangers: JSON that the engine can read again, and what is wrong with it, by field.

BadBody                no valid payload of its kind: each fault with its field
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Annotated, NoReturn, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
NO_TIME = "must be a time such as 2026-11-22T10:00:00Z"
LATEST_NS = (1 << 63) - 1
MOST_FAULTS = 20
DEEPEST = 100
"""Levels of arrays and objects in a field, as many as MongoDB takes: what is kept can be told again."""
SENTENCES = {
    "missing": "is missing",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "list_type": "must be an array",
    "extra_forbidden": "is unknown here",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field, as a sentence's end."""

    field: str
    detail: str


class BadBody(Exception):
    """No valid payload of its kind."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(
            "; ".join(f"{fault.field}: {fault.detail}" if fault.field else fault.detail for fault in faults)
        )


class Payload(BaseModel):
    """What the payloads of others share: whatever else they say is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


def _or_empty(value: object) -> object:
    return "" if value is None else value


def _named(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _moment(value: object) -> int:
    if not isinstance(value, str):  # a number could be seconds, or thousandths of them
        raise ValueError(NO_TIME)
    return from_rfc3339(value)


Text = Annotated[str, BeforeValidator(_or_empty)]
"""A text; null is an empty one."""
Name = Annotated[str, BeforeValidator(_named)]
"""A text or a whole number that names something."""
Moment = Annotated[int, BeforeValidator(_moment)]
"""RFC 3339, as nanoseconds since 1970."""


def from_rfc3339(text: str) -> int:
    """Nanoseconds since 1970. Raises ValueError with a sentence's end; years before 1970 are negative."""
    found = RFC3339.fullmatch(text)
    if not found:
        raise ValueError(NO_TIME)
    day, clock, fraction, zone = found.groups()
    is_leap = clock.endswith(":60")  # computers count it as the second after
    clock = f"{clock[:-2]}59" if is_leap else clock
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{zone.upper().replace('Z', '+00:00')}")
        seconds = int(moment.timestamp()) + is_leap
    except (ValueError, OverflowError):
        raise ValueError("is a time that no calendar has") from None
    ns = seconds * 10**9 + int((fraction or "").ljust(9, "0"))
    if ns > LATEST_NS:
        raise ValueError("lies after the year 2262")
    return ns


def parse(body: bytes, read_object: Callable[[dict[str, Json]], Json] | None = None) -> Json:
    """The JSON of a body, without what could not be read again: half characters, infinities, endless nesting.

    `read_object` says what each object stands for, where that is not itself. Raises BadBody.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise BadBody([Fault("", f"the body is not UTF-8 at byte {error.start}")]) from None
    try:
        value: Json = json.loads(text, object_hook=read_object, parse_constant=_no_number, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise BadBody([Fault("", f"the body is no JSON at character {error.pos}: {error.msg}")]) from None
    except RecursionError:
        raise BadBody([Fault("", "the body is nested too deeply")]) from None
    except ValueError as error:
        raise BadBody([Fault("", f"the body is no JSON: {error}"[:200])]) from None
    if text.count("[") + text.count("{") > DEEPEST and (faults := _too_deep(value)):
        raise BadBody(faults)
    return whole(value, text)


def whole(value: Json, text: str) -> Json:
    """What was read from a JSON text, each half of a character replaced."""
    if not SURROGATE.search(text):
        return value
    whole_characters: Json = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    return whole_characters


def _too_deep(body: Json) -> list[Fault]:
    said = f"is nested more than {DEEPEST} levels deep"
    found = (Fault(where[:200], said) for where, field in _fields(body) if _is_deeper(field, DEEPEST))
    return [*islice(found, MOST_FAULTS)]


def _fields(body: Json) -> Iterator[tuple[str, Json]]:
    """Each field, of one or of each of several, with where it stands; what has no fields is one."""
    for number, one in enumerate(body if isinstance(body, list) else [body]):
        where = f"[{number}]" if isinstance(body, list) else ""
        if isinstance(one, dict):
            yield from ((f"{where}.{name}" if where else name, field) for name, field in one.items())
        else:
            yield where, one


def _is_deeper(value: Json, levels: int) -> bool:
    """Whether more arrays and objects than that stand in one another."""
    level = _nested([value])
    for _ in range(levels):
        level = [inner for outer in level for inner in _nested(outer.values() if isinstance(outer, dict) else outer)]
    return bool(level)


def _nested(values: Iterable[Json]) -> list[list[Json] | dict[str, Json]]:
    return [value for value in values if isinstance(value, list | dict)]


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], value: Json, where: str = "") -> Model:
    """The value as the model; `where` it stands, if it is a part of something. Raises BadBody."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[:MOST_FAULTS]
        raise BadBody([fault(detail, where) for detail in found]) from None


def fault(detail: ErrorDetails, where: str = "") -> Fault:
    """What pydantic found wrong, in our words; its path as `alerts[0].startsAt`."""
    path = where
    for part in detail["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return Fault(path[:200], SENTENCES.get(detail["type"], _sentence(detail["msg"])))


def _sentence(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return (message[:1].lower() + message[1:])[:300]


def canonical(value: Json) -> str:
    """JSON that is alike for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def compact(value: Json) -> str:
    """JSON without spaces, in the value's own order; "" for nothing."""
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
