"""Run the signal service: `python -m services.signal [--config FILE] [--set section.key=value]`."""

import sys

from common.routes import SIGNAL
from common.service_main import run_service
from services.signal.service import build

if __name__ == "__main__":
    sys.exit(run_service(SIGNAL, build))
