"""A report as it arrives."""

import msgspec

from common.messages import AnyMessage


def heard_at(report: AnyMessage, now_ns: int) -> AnyMessage:
    """Return the report, received at now_ns; when it happened stays."""
    return msgspec.structs.replace(report, received_ns=now_ns)
