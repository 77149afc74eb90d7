"""What actors tell in events, as values: who tells it, and the keys with what they hold."""

from papyrus.actors.singletons import STORAGE_MARKET, VERIFIED_REGISTRY
from papyrus.ipld.dag_cbor import decode


def events(outcome):
    """Return an outcome's events in order."""
    return [
        (each.emitter, *((entry.key, decode(entry.value)) for entry in each.event.entries))
        for each in outcome.events
    ]


def sector_event(miner, what, number):
    """Return the event of a sector without more to be told of it."""
    return miner, ("$type", what), ("sector", number)


def content_event(miner, what, number, unsealed_cid=None, pieces=()):
    """Return the event of a sector with its content: CommD and pieces, given as manifests."""
    told = [("unsealed-cid", unsealed_cid)]
    for piece in pieces:
        told += [("piece-cid", piece.cid), ("piece-size", piece.size)]
    return *sector_event(miner, what, number), *told


def deal_event(what, deal_id, client, provider):
    """Return the event of a deal between actors by ID."""
    told = ("id", deal_id), ("client", client), ("provider", provider)
    return STORAGE_MARKET.id, ("$type", what), *told


def claim_event(what, claim_id, claim):
    """Return the event of a claim."""
    return (
        VERIFIED_REGISTRY.id,
        ("$type", what),
        ("id", claim_id),
        ("client", claim.client),
        ("provider", claim.provider),
        ("piece-cid", claim.data),
        ("piece-size", claim.size),
        ("term-min", claim.term_min),
        ("term-max", claim.term_max),
        ("term-start", claim.term_start),
        ("sector", claim.sector),
    )
