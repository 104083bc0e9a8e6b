"""What the telemetry lacks, as other programs get it."""

from typing import Self

from pydantic import Field

from triage.doctor.finding import Examination
from triage.wire import TextOrNull, Time, Wire


class FindingJson(Wire):
    """One finding, for `count` out of `of`."""

    check: str
    service: TextOrNull
    lacks: bool = Field(description="Whether something is missing; else it is only worth knowing.")
    sentence: str
    change: str
    count: int
    of: int
    example: TextOrNull = Field(description="A trace id.")


class SampleJson(Wire):
    """The traces that clocks and parents were judged by."""

    from_: Time = Field(alias="from")
    to: Time
    one_in: int


class DoctorJson(Wire):
    """What the telemetry of a window lacks for a good answer, and what to change."""

    from_: Time = Field(alias="from")
    to: Time
    services: int
    spans: int
    log_records: int
    data_points: int
    sample: SampleJson
    lacks: int
    findings: list[FindingJson]
    computed_at: Time
    took_ms: float

    @classmethod
    def of(cls, examination: Examination) -> Self:
        sample = examination.sample
        return cls(
            from_=examination.window.from_,
            to=examination.window.to,
            services=examination.services,
            spans=examination.spans,
            log_records=examination.log_records,
            data_points=examination.data_points,
            sample=SampleJson(from_=sample.window.from_, to=sample.window.to, one_in=sample.one_in),
            lacks=examination.lacks,
            findings=[FindingJson.model_validate(finding) for finding in examination.findings],
            computed_at=examination.computed_at,
            took_ms=examination.took_ms,
        )
