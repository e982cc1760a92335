"""Run execution: `python -m services.execution [--config FILE] [--set section.key=value]`."""

import sys

from common.routes import EXECUTION
from common.service_main import run_service
from services.execution.service import build

if __name__ == "__main__":
    sys.exit(run_service(EXECUTION, build))
