"""Run market data: `python -m services.market_data [--config FILE] [--set section.key=value]`."""

import sys

from common.routes import MARKET_DATA
from common.service_main import run_service
from services.market_data.service import build

if __name__ == "__main__":
    sys.exit(run_service(MARKET_DATA, build))
