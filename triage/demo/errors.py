"""Why the shop can't be run, or can't be heard.

ShopError
├── UnknownScenario        no scenario has this name
├── BadEndpoint            the address of the collector can't be used
├── BadOption              a rate, a duration or a file can't be used
├── CollectorRefused       the collector says that the data is bad: sending it again is wrong
└── CollectorAway          the collector could not be reached, or was overloaded, for too long (retryable)
"""


class ShopError(Exception):
    """Something that the person who runs the shop can put right; its text says how."""

    retryable = False


class UnknownScenario(ShopError):
    """No scenario has this name."""


class BadEndpoint(ShopError):
    """The address of the collector can't be used."""


class BadOption(ShopError):
    """A rate, a duration or a file can't be used."""


class CollectorRefused(ShopError):
    """The collector says that the data is bad: sending it again is wrong."""


class CollectorAway(ShopError):
    """The collector could not be reached, or was overloaded, for longer than the sender waits."""

    retryable = True
