from common.messages import RejectReason
from orrery.risk_page import page
from tests.architecture.sources import ROOT


def test_the_page_of_risk_is_up_to_date() -> None:
    assert (ROOT / "docs" / "risk.md").read_text() == page(), "python -m orrery.risk_page > docs/risk.md"


def test_every_reason_stands_on_it() -> None:
    assert [reason for reason in RejectReason if f"| `{reason.value}` |" not in page()] == []
