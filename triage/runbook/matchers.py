"""Alertmanager's matchers: `alertname="inventory"`, `!=`, and `=~`, `!~` with a regular expression of the whole value.

A label that is absent has the empty value, as there. Several stand between commas, with braces around or without.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

NAME = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^\s=!~{},"]+)\s*')
OPERATOR = re.compile(r"(=~|!~|!=|=)\s*")
VALUE = re.compile(r'("(?:[^"\\\n]|\\.)*"|[^\s{},"]*)\s*')
ESCAPED = re.compile(r'\\(["\\n])')


@dataclass(frozen=True)
class Matcher:
    """One condition on one label."""

    name: str
    operator: str
    value: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels meet it."""
        value = labels.get(self.name, "")
        met = bool(self._expression.fullmatch(value)) if "~" in self.operator else value == self.value
        return met != self.operator.startswith("!")

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        return re.compile(self.value)

    def __str__(self) -> str:
        value = self.value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
        return f'{self.name}{self.operator}"{value}"'


def all_match(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether these labels meet all of them; none are met by everything."""
    return all(matcher.matches(labels) for matcher in matchers)


def read_matchers(text: str) -> tuple[Matcher, ...]:
    """The matchers that stand in a text. Raises ValueError with a sentence."""
    inner = text.strip()
    if inner.startswith("{") and inner.endswith("}"):
        inner = inner[1:-1].strip()
    return tuple(_read(inner, text))


def _read(inner: str, text: str) -> Iterator[Matcher]:
    place = 0
    while place < len(inner):
        name = NAME.match(inner, place)
        operator = OPERATOR.match(inner, name.end()) if name else None
        value = VALUE.match(inner, operator.end()) if operator else None
        if not name or not operator or not value:
            raise ValueError(f'{text!r} is no matcher: write one such as alertname="gateway_errors" or severity=~"a|b"')
        yield _matcher(_plain(name[1]), operator[1], _plain(value[1]))
        place = value.end()
        if place < len(inner) and inner[place] != ",":
            raise ValueError(f"{text!r} is no list of matchers: put a comma between two, and quotes around values")
        place += 1


def _matcher(name: str, operator: str, value: str) -> Matcher:
    if "~" in operator:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"{value!r} is no regular expression: {error}") from None
    return Matcher(name, operator, value)


def _plain(text: str) -> str:
    if not text.startswith('"'):
        return text
    return ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], text[1:-1])
