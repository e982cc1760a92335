"""Run the risk manager: `python -m services.risk_manager [--config FILE] [--set section.key=value]`."""

import sys

from common.routes import RISK_MANAGER
from common.service_main import run_service
from services.risk_manager.service import build

if __name__ == "__main__":
    sys.exit(run_service(RISK_MANAGER, build))
