"""Messages that announce, prove and fill sectors, good ones unless told otherwise.

The world is that of `upkeep`, with actors beside it that can be told what comes into sectors.
"""

from markets import proposal, published, signed
from multisigs import put_multisig
from upkeep import (
    CLIENT,
    LIFETIME,
    PROOF,
    SEAL_2KIB,
    SECTOR_SIZE,
    WORKER,
    place,
    put_world,
    sealed_cid,
    window,
)

from papyrus.actors.common.batches import BatchReturn
from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.actors.market.params import ADD_BALANCE
from papyrus.actors.market.state import PENDING_ALLOCATIONS
from papyrus.actors.market.state import State as MarketState
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.onboarding import (
    DataActivationNotification,
    InternalSectorSetupForPresealParams,
    PieceActivationManifest,
    PreCommitSectorBatch2Params,
    ProveCommitSectors3Params,
    ProveCommitSectorsNonInteractiveParams,
    ProveReplicaUpdates3Params,
    SectorActivationManifest,
    SectorNonInteractiveActivation,
    SectorUpdateManifest,
    VerifiedAllocationKey,
)
from papyrus.actors.miner.sectors import SectorPreCommitInfo
from papyrus.actors.power.state import State as PowerState
from papyrus.actors.singletons import STORAGE_MARKET, STORAGE_POWER, SYSTEM
from papyrus.crypto.hashing import keccak_256
from papyrus.ipld.blockstore import put_cbor
from papyrus.ipld.cid import CBOR, RAW, Cid
from papyrus.ipld.dag_cbor import encode
from papyrus.ipld.kamt import Kamt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.proofs.commitments import unsealed_sector_cid
from papyrus.proofs.statements import PieceInfo

SEAL_NI_2KIB = 15
SNARK_PACK_V2 = 1

MULTISIG, PLACEHOLDER, NOBODY_AT_ALL = 301, 302, 999
ACCEPTING, REFUSING, SILENT, MUMBLING, RAMBLING, FAILING, REVERTING = range(310, 317)
"""Contracts, by what they answer when they are told of one piece."""


# The world.


def put_sealing_world(one):
    """Put the world into a state, and actors to be told of pieces; they need the Wasm evm."""
    put_world(one)
    put_multisig(one, MULTISIG, [WORKER.id])
    name = Address.delegated(10, bytes(range(20)))
    one.put_actor(PLACEHOLDER, "placeholder", delegated=name)
    put_contract(one, ACCEPTING, answering([[True]]))
    put_contract(one, REFUSING, answering([[False]]))
    put_contract(one, SILENT, returning(b""))
    put_contract(one, MUMBLING, answering([[1]]))
    put_contract(one, RAMBLING, answering([[True, True]]))
    put_contract(one, FAILING, answering([[True]], exit_code=77))
    put_contract(one, REVERTING, b"\x60\x00\x60\x00\xfd")


def sealing_world(vm):
    """Fill a machine, and return it."""
    vm.each(put_sealing_world)
    return vm


def put_contract(one, actor_id, code):
    """Put a contract into a state."""
    bytecode = Cid.of(code, codec=RAW)
    one.base.put(bytecode, code)
    slots = Kamt(one.base).flush()
    head = put_cbor(one.base, [bytecode, keccak_256(code), slots, None, 1, None])
    one.put_actor(actor_id, "evm", head=head)


def returning(data):
    """Return the code of a contract that returns some bytes, whatever it is sent."""
    size = len(data).to_bytes(2, "big")
    # PUSH2 size PUSH1 start PUSH1 0 CODECOPY PUSH2 size PUSH1 0 RETURN
    code = b"\x61" + size + b"\x60\x0e\x60\x00\x39" + b"\x61" + size + b"\x60\x00\xf3"
    return code.ljust(14, b"\x00") + data


def answering(value, exit_code=0):
    """Return the code of a contract that answers a method with CBOR, or fails with it."""
    data = encode(value)
    words = (exit_code, CBOR, 96, len(data))
    return returning(b"".join(word.to_bytes(32, "big") for word in words) + data)


# Data.


def told(piece, *receivers, payload=b"payload"):
    """Return a piece of which actors are to be told, given by ID or address."""
    return PieceActivationManifest(
        piece.cid,
        piece.size,
        piece.verified_allocation_key,
        tuple(
            DataActivationNotification(
                Address.from_id(each) if isinstance(each, int) else each, payload
            )
            for each in receivers
        ),
    )


def publish_deals(vm, miner, *sizes, number=0, verified=False, **fields):
    """Have the client's deals published, with what they need in escrow, and return their terms."""
    amount = TokenAmount(10**18)
    for owner in (CLIENT.id, miner):
        vm.ok(CLIENT.id, STORAGE_MARKET, ADD_BALANCE, Address.from_id(owner), value=amount)
    given = {"start_epoch": vm.one.epoch + 5000, "verified_deal": verified, **fields}
    terms = [
        proposal(miner, number + place, CLIENT, piece_size=size, **given)
        for place, size in enumerate(sizes)
    ]
    ids = published(vm, *(signed(each, CLIENT) for each in terms), sender=WORKER)
    return dict(zip(ids, terms, strict=True))


def deal_pieces(vm, deals):
    """Return deals as pieces that claim their allocations and of which the market is told."""
    one = vm.one
    state = one.state(STORAGE_MARKET.id, MarketState)
    waiting = PENDING_ALLOCATIONS.open(one.machine.store, state.pending_deal_allocation_ids)
    pieces = []
    for deal_id, terms in deals.items():
        allocation = waiting.get(deal_id)
        key = None if allocation is None else VerifiedAllocationKey(CLIENT.id, allocation)
        piece = PieceActivationManifest(terms.piece_cid, terms.piece_size, key, ())
        pieces.append(told(piece, STORAGE_MARKET, payload=encode(deal_id)))
    return pieces


def commd(pieces):
    """Return the CommD of pieces, None for none."""
    if not pieces:
        return None
    return unsealed_sector_cid(SECTOR_SIZE, [PieceInfo(each.size, each.cid) for each in pieces])


# Messages.


def announcement(vm, miner, number, pieces=(), **fields):
    """Return a sector to announce."""
    epoch = vm.one.epoch
    given = {
        "seal_proof": SEAL_2KIB,
        "sector_number": number,
        "sealed_cid": sealed_cid(miner, number),
        "seal_randomness_epoch": epoch - 1,
        "deal_ids": (),
        "expiration": epoch + LIFETIME,
        "unsealed_cid": commd(pieces),
    }
    return SectorPreCommitInfo(**{**given, **fields})


def pre_commit(vm, miner, *sectors, sender=WORKER):
    """Announce sectors and return the outcome."""
    params = PreCommitSectorBatch2Params(sectors)
    return vm.send(sender.id, miner, numbers.PRE_COMMIT_SECTOR_BATCH_2, params)


def prove_commit(vm, miner, sectors, sender=WORKER, **fields):
    """Prove sectors, given with their pieces, and return the outcome."""
    activations = tuple(
        SectorActivationManifest(number, tuple(pieces)) for number, pieces in sectors.items()
    )
    given = {
        "sector_activations": activations,
        "sector_proofs": (PROOF,) * len(activations),
        "aggregate_proof": b"",
        "aggregate_proof_type": None,
        "require_activation_success": False,
        "require_notification_success": False,
    }
    params = ProveCommitSectors3Params(**{**given, **fields})
    return vm.send(sender.id, miner, numbers.PROVE_COMMIT_SECTORS_3, params)


def together(**fields):
    """Return the fields of one proof for all sectors."""
    return {
        "sector_proofs": (),
        "aggregate_proof": PROOF,
        "aggregate_proof_type": SNARK_PACK_V2,
        **fields,
    }


def at_once(vm, miner, number, **fields):
    """Return a sector to be committed without an announcement."""
    epoch = vm.one.epoch
    given = {
        "sealing_number": number,
        "sealer_id": miner,
        "sealed_cid": sealed_cid(miner, number),
        "sector_number": number,
        "seal_randomness_epoch": epoch - 1,
        "expiration": epoch + LIFETIME,
    }
    return SectorNonInteractiveActivation(**{**given, **fields})


def far_deadline(vm, miner):
    """Return a deadline whose window is half a day away."""
    return (window(vm, miner).index + 24) % 48


def commit_at_once(vm, miner, *sectors, sender=WORKER, **fields):
    """Commit sectors without an announcement and return the outcome."""
    given = {
        "sectors": sectors,
        "aggregate_proof": PROOF,
        "seal_proof_type": SEAL_NI_2KIB,
        "aggregate_proof_type": SNARK_PACK_V2,
        "proving_deadline": far_deadline(vm, miner),
        "require_activation_success": False,
    }
    params = ProveCommitSectorsNonInteractiveParams(**{**given, **fields})
    return vm.send(sender.id, miner, numbers.PROVE_COMMIT_SECTORS_NI, params)


def update(vm, miner, number, pieces=(), **fields):
    """Return a sector that is to hold pieces."""
    deadline, partition = fields.pop("at", None) or place(vm, miner, number)
    given = {
        "sector": number,
        "deadline": deadline,
        "partition": partition,
        "new_sealed_cid": sealed_cid(miner, 10**6 + number),
        "pieces": tuple(pieces),
    }
    return SectorUpdateManifest(**{**given, **fields})


def prove_updates(vm, miner, *updates, sender=WORKER, **fields):
    """Prove that sectors hold other data and return the outcome."""
    given = {
        "sector_updates": updates,
        "sector_proofs": (PROOF,) * len(updates),
        "aggregate_proof": b"",
        "update_proofs_type": 0,
        "aggregate_proof_type": None,
        "require_activation_success": False,
        "require_notification_success": False,
    }
    params = ProveReplicaUpdates3Params(**{**given, **fields})
    return vm.send(sender.id, miner, numbers.PROVE_REPLICA_UPDATES_3, params)


def set_up_preseals(vm, miner, *sectors, sender=SYSTEM.id):
    """Set announced sectors up as those of a genesis, and return the outcome."""
    params = InternalSectorSetupForPresealParams(
        sectors, FilterEstimate(0, 0), 0, FilterEstimate(0, 0)
    )
    return vm.send(sender, miner, numbers.INTERNAL_SECTOR_SETUP_FOR_PRESEAL, params)


def network_pledge(vm):
    """Return what all miners together have pledged, as the power actor knows it."""
    return vm.one.state(STORAGE_POWER.id, PowerState).total_pledge_collateral


def codes(outcome):
    """Return the exit codes of the sectors of a batch that did not fail as a whole."""
    assert outcome.code == 0, outcome.failure
    return BatchReturn.from_cbor(outcome.value).codes()
