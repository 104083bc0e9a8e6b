"""What is wrong with the rows that a symptom in the data is about: each kind that it was found with."""

from collections.abc import Iterable
from dataclasses import replace

from triage.symptom import Symptom

PAIR_KINDS = ("disagree", "absent")
OPEN = "open"


def kinds_of(symptom: Symptom) -> tuple[str, ...]:
    """All kinds that a symptom of `inventory` was found with; none of any other, whatever its labels are called."""
    if "connector" not in symptom.subject:
        return ()
    return tuple(symptom.labels.get("kinds", symptom.labels.get("kind", "")).split())


def with_kinds(symptom: Symptom, kinds: Iterable[str]) -> Symptom:
    """The symptom, found with these kinds. The label `kind` names the leading one, `kinds` all where there are more."""
    told = sorted({*kinds})
    return replace(symptom, labels={**symptom.labels, "kinds": " ".join(told)}) if len(told) > 1 else symptom


def told_again(before: Symptom, symptom: Symptom) -> Symptom:
    """The same symptom as it stands now, with the kinds that it was found with before.

    Where two systems disagree it is as it is told now: with the kind, the tables may be others.
    """
    kinds = {*kinds_of(before), *kinds_of(symptom)}
    return symptom if kinds & {*PAIR_KINDS} else with_kinds(symptom, kinds)
