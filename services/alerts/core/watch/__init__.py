"""Every alert there is, each a row of the table of its area."""

from typing import Final

from services.alerts.core.alert import Alert
from services.alerts.core.watch import account, market, orders, runners, services

ALERTS: Final[tuple[Alert, ...]] = (
    *account.ALERTS,
    *orders.ALERTS,
    *runners.ALERTS,
    *market.ALERTS,
    *services.ALERTS,
)
"""In the order of the documentation."""

BY_KIND: Final = {alert.kind: alert for alert in ALERTS}
