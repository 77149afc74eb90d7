"""The storage market: clients and miners agree on deals, and their funds back what they agreed on.

Both put funds into escrow (`escrow`). A miner publishes deals that clients have signed
(`publishing`); they begin when their data is in a proven sector (`activation`), are paid for as
epochs pass, and end with their term or with the sector (`ending`, `settlement`). Anyone may ask
about a deal (`queries`).
"""

from papyrus.actors.dispatch import ActorCode, method
from papyrus.actors.market import activation, ending, escrow, publishing, queries
from papyrus.actors.market.state import State, empty
from papyrus.actors.singletons import SYSTEM
from papyrus.types.message import METHOD_CONSTRUCTOR
from papyrus.vm.runtime import Runtime


@method(METHOD_CONSTRUCTOR)
def constructor(rt: Runtime, _: None) -> None:
    """Begin without deals or funds."""
    rt.require_caller(SYSTEM)
    rt.create(empty(rt.store))


MARKET_ACTOR = ActorCode(
    name="storagemarket",
    state=State,
    methods=(
        constructor,
        escrow.add_balance,
        escrow.withdraw_balance,
        publishing.publish_storage_deals,
        activation.verify_deals_for_activation,
        activation.batch_activate_deals,
        ending.on_miner_sectors_terminate,
        # 8 was ComputeDataCommitment.
        ending.cron_tick,
        escrow.get_balance,
        queries.get_deal_data_commitment,
        queries.get_deal_client,
        queries.get_deal_provider,
        queries.get_deal_label,
        queries.get_deal_term,
        queries.get_deal_total_price,
        queries.get_deal_client_collateral,
        queries.get_deal_provider_collateral,
        queries.get_deal_verified,
        queries.get_deal_activation,
        queries.get_deal_sector,
        ending.settle_deal_payments,
        activation.sector_content_changed,
    ),
)
