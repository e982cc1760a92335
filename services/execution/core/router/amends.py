"""What becomes of an amend: done, refused, or not answered and then looked up, once nobody can do it any more."""

from common.messages import VenueRejectReason
from services.execution.core.asking import OrderView
from services.execution.core.router.state import Routed
from services.execution.core.router.work import Work
from services.execution.core.venue import VenueAmended, VenueAmendRejected


def amended(work: Work, routed: Routed, view: OrderView) -> None:
    """Take over what the venue has changed; where all of it has filled meanwhile, its end says the rest."""
    wanted, routed.amending, routed.is_amend_lost = routed.amending, None, False
    if wanted is None or view.quantity <= routed.filled:
        return
    routed.order = wanted.with_quantity(view.quantity)
    work.report(VenueAmended(wanted.with_quantity(view.quantity - routed.filled)))


def proven(work: Work, routed: Routed) -> None:
    """Take over an amend without an answer, where more fills than the order asked for without it."""
    wanted = routed.amending
    if wanted is None or wanted.quantity <= routed.order.quantity:
        return
    routed.amending, routed.is_amend_lost, routed.order = None, False, wanted
    work.report(VenueAmended(wanted.with_quantity(wanted.quantity - routed.filled)))


def not_amended(work: Work, routed: Routed | None, reason: VenueRejectReason, detail: str) -> None:
    """Tell that an order stays as it was."""
    if routed is None or routed.amending is None:
        return
    routed.amending, routed.is_amend_lost = None, False
    work.report(VenueAmendRejected(routed.order.id, reason, detail))


def judge_lost(work: Work, routed: Routed, view: OrderView, asked_ns: int) -> None:
    """See by how the order stands whether an amend that nobody answered was done; not before it can be done no more."""
    wanted = routed.amending
    if wanted is None or not routed.is_amend_lost or asked_ns <= routed.amend_until_ns:
        return
    trigger = None if wanted.terms is None else wanted.terms.trigger_price
    is_done = (
        view.quantity == wanted.quantity
        and wanted.limit_price in (None, view.limit_price)
        and trigger in (None, view.trigger_price)
    )
    if is_done:
        amended(work, routed, view)
    else:
        not_amended(work, routed, VenueRejectReason.NEVER_ARRIVED, "sent, not answered, and not done")
