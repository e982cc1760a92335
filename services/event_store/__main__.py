"""Run the event store: `python -m services.event_store [--config FILE] [--set section.key=value]`."""

import sys

from common.routes import EVENT_STORE
from common.service_main import run_service
from services.event_store.service import build

if __name__ == "__main__":
    sys.exit(run_service(EVENT_STORE, build))
