"""A text by its plain letters, whichever way they are written: small or large, with accents or without."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

BLANKS = str.maketrans(dict.fromkeys("\t\n\v\f\r\x1c\x1d\x1e\x1f", " "))
"""ASCII's white space."""


@dataclass(frozen=True)
class Plain:
    """A text by its letters alone. `places`: where each of them stands in the text, and last the text's length."""

    text: str
    places: Sequence[int]

    def place(self, match: re.Match[str]) -> tuple[int, int]:
        """From where to where that stands in the text itself, whole characters with their accents."""
        start, end = match.span()
        return self.places[start], max(self.places[end], self.places[end - 1] + 1)


def plain(text: str) -> Plain:
    """The text's letters: those that Unicode calls caseless matches (D145) are alike, and so are i and ı.

    Accents on letters are left out, and white space is a space. Letters may be more than the text has, as ß is ss.
    """
    if text.isascii():
        return Plain(text.lower().translate(BLANKS), range(len(text) + 1))
    letters: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        some = _letters(char)
        if unicodedata.combining(some[0]) and letters and letters[-1].isalnum():
            continue  # an accent on the letter before
        letters.append(some)
        places.extend([place] * len(some))
    return Plain("".join(letters), [*places, len(text)])


@lru_cache(maxsize=10_000)
def _letters(char: str) -> str:
    if char.isspace():
        return " "
    letters = unicodedata.normalize("NFD", unicodedata.normalize("NFD", char).casefold()).replace("ı", "i")
    return letters[0] + "".join(
        each for each in letters[1:] if not (letters[0].isalnum() and unicodedata.combining(each))
    )
