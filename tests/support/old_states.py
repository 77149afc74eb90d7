"""Small state trees as they stood before an upgrade, made of plain arrays.

What is in them comes from a seed, so that the same tree can be made again. They hold what the
migrations treat apart: miners with and without sectors, replaced sectors, snapshots that lag
behind, several partitions, vesting funds of none, one and many; deals in sectors, ended, slashed
and lost; contracts, one destroyed; a reserve; and enough accounts for a tree of several levels.
"""

from dataclasses import dataclass, field
from random import Random

from papyrus.actors.registry import BUILTIN_NAMES
from papyrus.ipld import dag_cbor
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.cid import RAW, Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount, encode_bigint
from papyrus.primitives.bitfield import BitField
from papyrus.types.actor import EMPTY_STATE, ActorState

HEIGHT = 1_000
"""Where the upgrade lies."""

MINERS = (1000, 1001, 1002)
CONTRACTS = (2000, 2001)
NO_BITS = b""


@dataclass
class OldState:
    """A state tree before an upgrade, and the manifest of the upgrade."""

    version: int
    """The network version that the upgrade begins."""
    random: Random
    store: MemoryBlockstore = field(default_factory=MemoryBlockstore)
    actors: dict[int, ActorState] = field(default_factory=dict)
    deals: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Where each deal lies: the miner and the sector."""

    def put(self, value) -> Cid:
        return put_cbor(self.store, value)

    def manifest(self, generation: str) -> Cid:
        return self.put([[name, code(name, generation)] for name in BUILTIN_NAMES])

    @property
    def new_manifest(self) -> Cid:
        return self.manifest("new")

    @property
    def tree(self) -> Cid:
        tree = Hamt(self.store)
        for actor_id, actor in self.actors.items():
            tree.set(Address.from_id(actor_id), actor.to_ipld())
        return tree.flush()

    @property
    def root(self) -> Cid:
        return self.put([5, self.tree, self.put([])])

    def add(self, actor_id: int, name: str, head: Cid = EMPTY_STATE, address=None) -> None:
        balance = TokenAmount(self.random.randrange(10**24))
        nonce = self.random.randrange(100)
        self.actors[actor_id] = ActorState(code(name, "old"), head, nonce, balance, address)

    def amt(self, values: dict[int, object], bit_width: int) -> Cid:
        array = Amt(self.store, bit_width=bit_width)
        for index, value in values.items():
            array.set(index, value)
        return array.flush()


def code(name: str, generation: str) -> Cid:
    return Cid.of(f"{generation} {name}".encode(), RAW)


def build(version: int, seed: int = 1, sectors: int = 150) -> OldState:
    """Return a state to upgrade to a network version; its first miner has so many sectors."""
    state = OldState(version, Random(seed))  # noqa: S311 - the same each time, on purpose
    state.put(b"")  # what stands for blocks that nobody follows
    state.add(0, "system", state.put([state.manifest("old")]))
    state.add(1, "init")
    state.add(4, "storagepower", _power(state))
    state.add(90, "multisig", state.put([[Address.from_id(100)], 1, 0, 0, 0, 0, _some(state)]))
    state.add(91, "multisig", state.put([[Address.from_id(101)], 1, 0, 0, 0, 0, _some(state)]))
    for actor_id in range(100, 260):
        state.add(actor_id, "account", state.put([Address.from_id(actor_id)]))
    for miner_id, count in zip(MINERS, (sectors, 3, 0), strict=True):
        state.add(miner_id, "storageminer", _miner(state, miner_id, count))
    state.add(5, "storagemarket", _market(state))
    for contract_id in CONTRACTS:
        destroyed = [contract_id, 7] if contract_id == CONTRACTS[1] else None
        head = [_some(state), bytes(range(32)), _some(state), 3, destroyed]
        address = Address.delegated(10, contract_id.to_bytes(20, "big"))
        state.add(contract_id, "evm", state.put(head), address)
    return state


def _some(state: OldState) -> Cid:
    """Return the CID of some state that no migration reads."""
    return state.put([state.random.randrange(1000)])


def _amount(state: OldState, least: int = 0) -> bytes:
    return encode_bigint(state.random.choice((least, state.random.randrange(10**20))))


def _power(state: OldState) -> Cid:
    totals = [_amount(state) for _ in range(8)]
    queue, claims = _some(state), _some(state)
    return state.put([*totals, [_amount(state), _amount(state, -5)], 3, 2, queue, -4, claims, None])


def _sector(state: OldState, miner_id: int, number: int) -> list[object]:
    random = state.random
    activation = random.randrange(1, 900)
    deals = []
    for _ in range(random.choice((0, 0, 1, 3))):
        deal = random.randrange(20_000)
        if deal not in state.deals:
            state.deals[deal] = (miner_id, number)
            deals.append(deal)
    is_replaced = random.random() < 0.4
    key = Cid.of(b"%d" % number, RAW) if is_replaced else None
    age = random.randrange(activation) if random.random() < 0.6 else 0
    is_simple = random.random() < 0.5
    return [
        number,
        random.randrange(10),
        Cid.of(b"sealed %d" % number, RAW),
        deals,
        activation,
        random.choice((HEIGHT - 1, HEIGHT, random.randrange(500, 5000))),
        _amount(state),
        _amount(state),
        _amount(state),
        _amount(state),
        _amount(state),
        age,
        _amount(state),
        key,
        is_simple if state.version == 21 else int(is_simple),
    ]


def _miner(state: OldState, miner_id: int, count: int) -> Cid:
    random = state.random
    numbers = sorted(random.sample(range(4 * count + 1), count))
    sectors = {number: _sector(state, miner_id, number) for number in numbers}
    kept = state.amt(sectors, 5)
    lagging = {number: sector for number, sector in sectors.items() if random.random() < 0.95}
    snapshot = state.amt(lagging, 5)
    due = []
    for deadline in range(48):
        partitions = {
            index: _partition(state) for index in range((deadline * 5) % 11 if count else 0)
        }
        due.append(
            state.put(
                [
                    state.amt(partitions, 3),
                    state.amt({}, 5),
                    BitField.from_bits(range(deadline % 3)).to_bytes(),
                    NO_BITS,
                    count,
                    count,
                    [_amount(state), _amount(state)],
                    state.amt({}, 2),
                    snapshot if deadline % 2 else kept,
                    state.amt({}, 3),
                    state.amt({}, 2),
                ]
            )
        )
    funds = [[epoch, _amount(state, 1)] for epoch in range(miner_id - MINERS[0])]
    return state.put(
        [
            _some(state),
            _amount(state),
            _amount(state),
            state.put([funds]),
            _amount(state),
            _amount(state),
            _some(state),
            _some(state),
            _some(state),
            kept,
            random.randrange(-10, 2000),
            random.randrange(48),
            state.put([due]),
            BitField.from_bits([3, 4, 5]).to_bytes(),
            count > 0,
        ]
    )


def _partition(state: OldState) -> list[object]:
    powers = [[_amount(state), _amount(state)] for _ in range(4)]
    return [NO_BITS, NO_BITS, NO_BITS, NO_BITS, NO_BITS, _some(state), _some(state), *powers]


def _market(state: OldState) -> Cid:
    random = state.random
    proposals: dict[int, object] = {}
    states: dict[int, object] = {}
    lost = dict.fromkeys(random.sample(range(20000, 21000), 20), (MINERS[0], 0))
    for deal, (miner_id, _) in {**state.deals, **lost}.items():
        end = random.choice((HEIGHT - 1, HEIGHT, 9_000))
        proposals[deal] = [
            Cid.of(b"piece", RAW),
            2048,
            False,
            Address.from_id(100),
            Address.from_id(miner_id),
            random.choice(("label", b"label")),
            10,
            end,
            _amount(state),
            _amount(state),
            _amount(state),
        ]
        if random.random() < 0.8:
            states[deal] = [20, -1, random.choice((-1, -1, 600)), random.randrange(5)]
    if state.version > 22:
        states = {deal: [0, *value[:3]] for deal, value in states.items()}
    tables = [_some(state) for _ in range(3)]
    late = [] if state.version <= 22 else [Hamt(state.store).flush()]
    return state.put(
        [
            state.amt(proposals, 5),
            state.amt(states, 6),
            *tables,
            21_000,
            _some(state),
            HEIGHT - 1,
            _amount(state),
            _amount(state),
            _amount(state),
            _some(state),
            *late,
        ]
    )


def encoded(value) -> bytes:
    return dag_cbor.encode(value)
