"""How a command ends: its exit status, and the sentence that goes with a failure."""

from enum import IntEnum


class Status(IntEnum):
    """The exit statuses that other programs rely on."""

    DONE = 0
    NO = 1  # the answer is "no": a check that fails
    WRONG = 2  # wrong usage or settings
    UNREACHABLE = 3  # the service or the store could not be reached
    INTERRUPTED = 130  # what shells say of a program that Ctrl-C has ended


class Failure(Exception):
    """A command can't go on: its exit status, and one sentence that says why and what to do."""

    def __init__(self, status: Status, sentence: str) -> None:
        super().__init__(status, sentence)
        self.status = status
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence
