"""Who controls a miner, and how it is reached: methods 1 to 4, 18, 21, 23, 30, 31 and getters.

Owner and controlling addresses travel bare: `ChangeOwnerAddress` and `IsControllingAddress` take an
`Address`, `IsControllingAddress` returns a `bool`, `GetSectorSize` a `U64` of bytes.
"""

from papyrus.actors.miner.info import BeneficiaryTerm, PendingBeneficiaryChange
from papyrus.ipld.schema import I64, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount


@cbor_tuple
class MinerConstructorParams(Record):
    """What the power actor has the init actor make a miner with."""

    owner: Address
    worker: Address
    control_addresses: tuple[Address, ...]
    window_post_proof_type: I64
    peer_id: bytes
    multiaddrs: tuple[bytes, ...]


@cbor_tuple
class GetControlAddressesReturn(Record):
    """All who may act for a miner."""

    owner: Address
    worker: Address
    control_addresses: tuple[Address, ...]


@cbor_tuple
class ChangeWorkerAddressParams(Record):
    """The worker to change to, and the control addresses that replace those there are."""

    new_worker: Address
    new_control_addresses: tuple[Address, ...]


@cbor_tuple
class ChangePeerIDParams(Record):
    """A new libp2p identity."""

    new_id: bytes


@cbor_tuple
class ChangeMultiaddrsParams(Record):
    """New network addresses."""

    new_multiaddrs: tuple[bytes, ...]


@cbor_tuple
class ChangeBeneficiaryParams(Record):
    """The beneficiary to change to, and the term it is to have."""

    new_beneficiary: Address
    new_quota: TokenAmount
    new_expiration: ChainEpoch


@cbor_tuple
class ActiveBeneficiary(Record):
    """The beneficiary there is."""

    beneficiary: Address
    term: BeneficiaryTerm


@cbor_tuple
class GetBeneficiaryReturn(Record):
    """The beneficiary there is and the one that is proposed, if any."""

    active: ActiveBeneficiary
    proposed: PendingBeneficiaryChange | None


@cbor_tuple
class GetOwnerReturn(Record):
    """The owner there is and the one that is proposed, if any."""

    owner: Address
    proposed: Address | None


@cbor_tuple
class GetPeerIDReturn(Record):
    """The libp2p identity."""

    peer_id: bytes


@cbor_tuple
class GetMultiaddrsReturn(Record):
    """The network addresses."""

    multiaddrs: tuple[bytes, ...]
