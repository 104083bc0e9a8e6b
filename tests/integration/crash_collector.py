"""The whole way in as a program, to be killed: python -m tests.integration.crash_collector DATA PORT."""

import asyncio
import signal
import sys
from pathlib import Path

import uvicorn

from collectors import otlp_http
from collectors.kept import Kept
from collectors.loader import Loader
from collectors.otlp_intake import Intake
from collectors.quarantine import Quarantine
from collectors.segments import Limits, SegmentLog
from queries import schema
from queries.store import Store


def main() -> None:
    """Serves until SIGTERM; then loads what it has accepted."""
    data, port = Path(sys.argv[1]), int(sys.argv[2])
    log = SegmentLog(data / "segments", Limits(segment_age_s=0.2))
    store = Store.open(f"chdb://{data}/clickhouse")
    schema.apply(store)
    loader = Loader(log, store, Kept(data / "kept", log.disk), Quarantine(data / "quarantine"))
    app = otlp_http.app(Intake(log.append, log.metrics.count))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="off"))
    signal.signal(signal.SIGTERM, lambda *_: setattr(server, "should_exit", True))
    asyncio.run(server.serve())
    log.stop()
    assert loader.stop(400), "not all is loaded"
    store.close()
    log.close()


if __name__ == "__main__":
    main()
