"""What the market announces of deals, each by deal, client and provider (FIP-0083)."""

from papyrus.actors.common.event_builder import event_type, indexed
from papyrus.actors.market.deals import DealID, DealProposal
from papyrus.ipld.schema import ActorID
from papyrus.vm.runtime import Runtime

PUBLISHED = "deal-published"
ACTIVATED = "deal-activated"
TERMINATED = "deal-terminated"
COMPLETED = "deal-completed"


def emit_deal(rt: Runtime, what: str, deal_id: int, proposal: DealProposal) -> None:
    """Announce what has become of a deal."""
    rt.emit(
        (
            event_type(what),
            indexed("id", DealID, deal_id),
            indexed("client", ActorID, proposal.client.id),
            indexed("provider", ActorID, proposal.provider.id),
        )
    )
