"""The parameters, answers and state of the actors that only run as Wasm: contracts and their maker.

There are no Python actors of these, so that their records are here for those who read them
(builtin-actors actors/evm and actors/eam). Hashes and Ethereum addresses are arrays in Go, which
JSON has number by number.
"""

from typing import Annotated, TypeAlias

from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64, ActorID, Length
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rpc.views.record_forms import Numbers

_WORD, _ADDRESS = 32, 20

Word: TypeAlias = Annotated[bytes, Length(_WORD), Numbers(_WORD)]
"""A hash or a number of the Ethereum machine."""
EthereumAddress: TypeAlias = Annotated[bytes, Length(_ADDRESS), Numbers(_ADDRESS)]


@cbor_tuple
class TransientDataLifespan(Record):
    """The message in which transient storage holds."""

    origin: ActorID
    nonce: U64


@cbor_tuple
class TransientData(Record):
    """What a contract stored for one message (EIP-1153)."""

    transient_data_state: Cid
    transient_data_lifespan: TransientDataLifespan


@cbor_tuple
class Tombstone(Record):
    """The message in which a contract destroyed itself."""

    origin: ActorID
    nonce: U64


@cbor_tuple
class ContractState(Record):
    """What a contract keeps."""

    bytecode: Cid
    bytecode_hash: Word
    contract_state: Cid
    transient_data: TransientData | None
    nonce: U64
    tombstone: Tombstone | None


@cbor_tuple
class ContractConstructorParams(Record):
    """How a contract begins."""

    creator: EthereumAddress
    initcode: bytes


@cbor_tuple
class GetStorageAtParams(Record):
    """A slot of a contract's storage."""

    storage_key: Word


@cbor_tuple
class DelegateCallParams(Record):
    """Code to run as if it were the contract's own."""

    code: Cid
    input: bytes
    caller: EthereumAddress
    value: TokenAmount


@cbor_tuple
class CreateParams(Record):
    """A contract to make, by its creator's nonce."""

    initcode: bytes
    nonce: U64


@cbor_tuple
class Create2Params(Record):
    """A contract to make, by a salt."""

    initcode: bytes
    salt: Word


@cbor_tuple
class CreateReturn(Record):
    """A contract made."""

    actor_id: ActorID
    robust_address: Address | None
    eth_address: EthereumAddress
