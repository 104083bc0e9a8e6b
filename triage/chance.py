"""How unlikely it is that as many as these failed by chance."""

from math import inf, log

SURE = 20.0
"""Nats: what is usual brings as many failures as these once in e^20 windows."""


def surprise(failures: float, requests: float, usual: float) -> float:
    """How unlikely so many failures are where `usual` is their share: nats, by Chernoff's bound on the binomial tail.

    The probability of as many or more is at most e^-surprise; 0 where there are no more than usual.
    """
    if not requests or failures <= usual * requests:
        return 0.0
    share = min(failures / requests, 1.0)
    passed = (1 - share) * log((1 - share) / (1 - usual)) if share < 1 and usual < 1 else 0.0
    return requests * (share * log(share / usual) + passed) if usual > 0 else inf
