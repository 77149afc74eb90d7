"""The chain's records, from canonical bytes, from the bytes actors accept, and from Lotus' JSON."""

import json
from collections.abc import Iterator

from fuzz.harness import Parser, fuzz, one_of
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Reading, Record
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError
from papyrus.types.actor import ActorState, StateInfo0, StateRoot
from papyrus.types.block import BlockHeader, BlockMessage, MsgMeta
from papyrus.types.event import ActorEvent, EventEntry, StampedEvent
from papyrus.types.json import from_json, to_json
from papyrus.types.message import Message, SignedMessage
from papyrus.types.receipt import Receipt
from papyrus.types.ticket import BeaconEntry, ElectionProof, PoStProof, Ticket

CID = Cid.of(b"seed")
FIL = TokenAmount.from_fil(1)
ALICE = Address.from_ethereum(bytes(range(20)))
SIGNATURE = Signature(SignatureType.SECP256K1, bytes(65))
TICKET = Ticket(bytes(96))
PROOF = ElectionProof(1, bytes(96))
ENTRY = BeaconEntry(7, bytes(48))
POST = PoStProof(5, bytes(192))
MESSAGE = Message(0, ALICE, Address.from_id(100), 3, FIL, 10**7, FIL, FIL, 2, b"\x82\x01\x02")
META = MsgMeta(CID, CID)
EVENT = ActorEvent((EventEntry(3, "key", 0x55, b"value"),))
HEADER = BlockHeader(
    miner=Address.from_id(1000),
    ticket=TICKET,
    election_proof=PROOF,
    beacon_entries=(ENTRY,),
    win_post_proof=(POST,),
    parents=(CID, CID),
    parent_weight=10**20,
    height=12,
    parent_state_root=CID,
    parent_message_receipts=CID,
    messages=META.cid,
    bls_aggregate=None,
    timestamp=1_700_000_000,
    block_sig=SIGNATURE,
    fork_signaling=0,
    parent_base_fee=TokenAmount(100),
)
SAMPLES: tuple[Record, ...] = (
    EVENT,
    ENTRY,
    HEADER,
    BlockMessage(HEADER, (CID,), (CID,)),
    PROOF,
    MESSAGE,
    META,
    POST,
    SignedMessage(MESSAGE, SIGNATURE),
    StampedEvent(1001, EVENT),
    StateInfo0(),
    StateRoot(5, CID, CID),
    TICKET,
)
IN_TWO_FORMS = (ActorState(CID, CID, 1, FIL, ALICE), Receipt(0, b"return", 10**6, CID))
IN_JSON = (*IN_TWO_FORMS, HEADER, MESSAGE, SignedMessage(MESSAGE, SIGNATURE), SAMPLES[9])


def strict(cls: type[Record]) -> Parser:
    """Return a parser that also checks that what was read is read again from what is written.

    The bytes may differ: the reference reads an amount with leading zeros, and so must we.
    """

    def parse(data: bytes) -> None:
        record = cls.from_cbor(data)
        if cls.from_cbor(record.to_cbor()) != record:
            raise ValueError(f"{data.hex()} as {cls.__name__} is not what is written for it")

    return parse


def lenient(cls: type[Record]) -> Parser:
    """Return a parser of what the actors' own decoder accepts."""
    return lambda data: cls.from_cbor(data, reading=Reading.LENIENT).to_cbor()


def lotus_json(cls: type) -> Parser:
    """Return a parser of a record in Lotus' JSON."""

    def parse(data: bytes) -> object:
        try:
            value = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise DecodeError("not JSON") from error
        return from_json(cls, value)

    return parse


def cases() -> Iterator[tuple[Parser, bytes]]:
    """Yield each parser with an input that it accepts."""
    for record in SAMPLES:
        yield strict(type(record)), record.to_cbor()
        yield lenient(type(record)), record.to_cbor()
    for state in IN_TWO_FORMS:
        yield type(state).from_cbor, state.to_cbor()
    for value in IN_JSON:
        yield lotus_json(type(value)), json.dumps(to_json(value)).encode()


if __name__ == "__main__":
    CASES = tuple(cases())
    fuzz(
        one_of(tuple(parse for parse, _ in CASES)),
        [bytes([number]) + sample for number, (_, sample) in enumerate(CASES)],
    )
