"""What may be wrong with sectors and data on their way to a miner, at random."""

from dataclasses import replace

from sealing import commd, together
from upkeep import CLIENT, OWNER, POLICY, PROOF, piece, sealed_cid

from papyrus.actors.miner.params.onboarding import VerifiedAllocationKey
from papyrus.ipld.cid import Cid
from papyrus.rules.policy import EPOCHS_IN_DAY, MAX_SECTOR_NUMBER

ODD_NUMBERS = [MAX_SECTOR_NUMBER, MAX_SECTOR_NUMBER + 1, 2**64 - 2, 2**64 - 1]
ODD_CIDS = [Cid.of(b"odd"), sealed_cid(1, 1), commd([piece(1)])]


def oddity(random, epoch):
    """Return something that may be wrong with a sector that is announced."""
    lookback = POLICY.max_pre_commit_randomness_lookback
    least = 30 * EPOCHS_IN_DAY + 10 + POLICY.min_sector_expiration
    return random.choice(
        [
            {"seal_proof": random.randrange(-1, 21)},
            {"sector_number": random.choice([*ODD_NUMBERS, random.randrange(50)])},
            {"sealed_cid": random.choice(ODD_CIDS)},
            {"unsealed_cid": random.choice([None, *ODD_CIDS])},
            {"seal_randomness_epoch": epoch - random.choice([0, 1, lookback, lookback + 1])},
            {"seal_randomness_epoch": random.choice([-1, -(2**63), 2**63 - 1])},
            {"expiration": epoch + least + random.choice([-1, 0])},
            {"expiration": epoch + POLICY.max_sector_expiration_extension + random.choice([0, 1])},
            {"expiration": random.choice([-1, epoch, 2**63 - 1, -(2**63)])},
            {"deal_ids": tuple(random.choices(range(40), k=random.choice([1, 2, 257])))},
        ]
    )


def oddity_at_once(random, epoch):
    """Return something that may be wrong with a sector that is not announced."""
    lookback = POLICY.max_non_interactive_randomness_lookback
    number = random.choice([*ODD_NUMBERS, random.randrange(60)])
    return random.choice(
        [
            {"sector_number": number},
            {"sector_number": number, "sealing_number": number},
            {"sealing_number": number},
            {"sealer_id": random.choice([0, 999, 2**64 - 1])},
            {"sealed_cid": random.choice(ODD_CIDS)},
            {"seal_randomness_epoch": epoch - random.choice([0, 1, lookback, lookback + 1])},
            {"seal_randomness_epoch": random.choice([-1, -(2**63), 2**63 - 1])},
            {"expiration": epoch + POLICY.min_sector_expiration + random.choice([-1, 0])},
            {"expiration": epoch + POLICY.max_sector_expiration_extension + random.choice([0, 1])},
            {"expiration": random.choice([-1, epoch, 2**63 - 1, -(2**63)])},
        ]
    )


def odd_proofs(random, count):
    """Return proofs that are wrong in number, kind or length."""
    return random.choice(
        [
            {"sector_proofs": ()},
            {"sector_proofs": (PROOF,) * (count + 1)},
            {"sector_proofs": (bytes(193),) * count},
            {"sector_proofs": (bytes(4097),) * count},
            {"aggregate_proof": PROOF},
            {"aggregate_proof_type": 1},
            together(aggregate_proof_type=None),
            together(aggregate_proof_type=random.choice([0, 2, -1])),
            together(aggregate_proof=bytes(81_961)),
        ]
    )


def odd_update(random, one):
    """Return something that may be wrong with an update."""
    return random.choice(
        [
            {"sector": random.choice([*ODD_NUMBERS, random.randrange(100)])},
            {"deadline": random.choice([random.randrange(48), 48, 2**64 - 1])},
            {"partition": random.choice([0, 1, 2, 2**63, 2**64 - 1])},
            {"new_sealed_cid": random.choice(ODD_CIDS)},
            {"pieces": tuple(spoilt(random, list(one.pieces)))},
        ]
    )


def spoilt(random, pieces):
    """Return other pieces than those announced, or with other claims."""
    if not pieces:
        return [piece(1)]
    at = random.randrange(len(pieces))
    one = pieces[at]
    key = VerifiedAllocationKey(
        random.choice([CLIENT.id, CLIENT.id, OWNER.id, 2**64 - 1]),
        random.choice([random.randint(0, 40), 2**64 - 1]),
    )
    changed = random.choice(
        [
            replace(one, verified_allocation_key=key),
            replace(one, verified_allocation_key=key),
            replace(one, verified_allocation_key=None),
            replace(one, size=random.choice([0, 1, 100, 2048, 4096, 2**63])),
            replace(one, cid=random.choice(ODD_CIDS)),
            *([] if len(pieces) > 1 else [None]),
        ]
    )
    return [*pieces[:at], *([] if changed is None else [changed]), *pieces[at + 1 :]]
