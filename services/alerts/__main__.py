"""Run the alerts: `python -m services.alerts [--config FILE] [--set section.key=value]`."""

import sys

from common.routes import ALERTS
from common.service_main import run_service
from services.alerts.service import build

if __name__ == "__main__":
    sys.exit(run_service(ALERTS, build))
