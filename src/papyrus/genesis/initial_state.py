"""The state before any miner: the singletons, the accounts, and who has the rest.

Everything is given its place here, since no actor can yet be asked to make anything. IDs go to key
addresses in the order of the template, those of multisigs' signers among them, then to the signers
of the root and of the remainder; multisigs come after all keys (Lotus chain/gen/genesis).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from papyrus.actors.account.state import State as AccountState
from papyrus.actors.cron.state import Entry
from papyrus.actors.cron.state import State as CronState
from papyrus.actors.datacap import state as datacap
from papyrus.actors.init import state as init
from papyrus.actors.market import state as market
from papyrus.actors.market.params import CRON_TICK
from papyrus.actors.multisig.state import PENDING
from papyrus.actors.multisig.state import State as MultisigState
from papyrus.actors.power import state as power
from papyrus.actors.power.params import ON_EPOCH_TICK_END
from papyrus.actors.reward import state as reward
from papyrus.actors.singletons import BURNT_FUNDS, STORAGE_MARKET, STORAGE_POWER, VERIFIED_REGISTRY
from papyrus.actors.system.state import State as SystemState
from papyrus.actors.verifreg import state as verifreg
from papyrus.genesis.template import (
    FIRST_ACCOUNT_ID,
    FIRST_MINER_ID,
    Account,
    Holder,
    Multisig,
    Template,
    signers_of,
)
from papyrus.ipld.blockstore import Blockstore, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt import Hamt
from papyrus.ipld.tuples import Record
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import LocalFault
from papyrus.types.actor import EMPTY_STATE, ActorState, StateInfo0, StateRoot

ROOT_ID = 80
FIRST_VERIFIER_ID = 81
REMAINDER_ID = 90

TOTAL_SUPPLY = TokenAmount.from_fil(2_000_000_000)
REWARD_BALANCE = TokenAmount.from_fil(1_100_000_000)
"""What the reward actor has to give away."""

_EMPTY_ARRAY = b"\x80"


@dataclass(frozen=True, slots=True)
class Numbering:
    """The IDs of a genesis."""

    registered: Mapping[Address, int]
    """Of every key address that the init actor knows."""
    next_multisig: int
    """The first ID that no key has."""


def number_keys(template: Template) -> Numbering:
    """Return the ID of each key address; LocalFault where there are more than IDs."""
    registered: dict[Address, int] = {}
    next_id = FIRST_ACCOUNT_ID
    later = [holder for holder in (template.root, template.remainder) if _is_multisig(holder)]
    for holder in (*template.accounts, *later):
        for address in signers_of(holder):
            if address not in registered:
                registered[address] = next_id
                next_id += 1
    multisigs = sum(map(_is_multisig, template.accounts))
    if next_id + multisigs > FIRST_MINER_ID:
        raise LocalFault(
            f"{next_id + multisigs - FIRST_ACCOUNT_ID} accounts, signers and multisigs are more "
            f"than the {FIRST_MINER_ID - FIRST_ACCOUNT_ID} IDs there are for them"
        )
    for holder, actor_id in ((template.root, ROOT_ID), (template.remainder, REMAINDER_ID)):
        if isinstance(holder, Account):
            registered[holder.address] = actor_id
    return Numbering(registered, next_id)


def initial_state(store: Blockstore, template: Template, codes: Mapping[str, Cid]) -> Cid:
    """Store the state without miners and return its root.

    `codes` is the code of each built-in actor by name, in the manifest's order. LocalFault where
    the template gives away more than there is.
    """
    store.put(EMPTY_STATE, _EMPTY_ARRAY)
    numbering = number_keys(template)
    actors = _Actors(store, codes)
    _put_singletons(actors, template, numbering)

    multisig_id = numbering.next_multisig
    for holder in template.accounts:
        if isinstance(holder, Account):
            actors.put_account(numbering.registered[holder.address], holder.address, holder.balance)
        else:
            actors.put_multisig(multisig_id, holder, numbering)
            multisig_id += 1
    actors.put_holder(ROOT_ID, template.root, numbering)
    actors.put_account(FIRST_VERIFIER_ID, template.first_verifier)

    remaining = TokenAmount(TOTAL_SUPPLY - sum(actor.balance for actor in actors.by_id.values()))
    if remaining < 0:
        raise LocalFault(f"the accounts have {TokenAmount(-remaining).to_fil()} more than there is")
    actors.put_holder(REMAINDER_ID, replace(template.remainder, balance=remaining), numbering)
    actors.put(10, "eam", EMPTY_STATE)
    return actors.flush()


class _Actors:
    """The actors of a state that is being made."""

    def __init__(self, store: Blockstore, codes: Mapping[str, Cid]) -> None:
        self.store = store
        self.codes = codes
        self.by_id: dict[int, ActorState] = {}

    def put(
        self, actor_id: int, name: str, state: Record | Cid, balance: TokenAmount = ZERO
    ) -> None:
        """Put an actor with its state, or the root of it."""
        head = put_cbor(self.store, state.to_ipld()) if isinstance(state, Record) else state
        self.by_id[actor_id] = ActorState(self.codes[name], head, 0, balance)

    def put_account(self, actor_id: int, address: Address, balance: TokenAmount = ZERO) -> None:
        self.put(actor_id, "account", AccountState(address), balance)

    def put_multisig(self, actor_id: int, multisig: Multisig, numbering: Numbering) -> None:
        """Put a multisig, and an account for each signer who has none."""
        signers = []
        for address in multisig.signers:
            signer = numbering.registered[address]
            if signer not in self.by_id:
                self.put_account(signer, address)
            signers.append(Address.from_id(signer))
        # Quirk: Lotus notes the balance as locked also where nothing is, which no constructor does.
        state = MultisigState(
            signers=tuple(signers),
            approvals_threshold=multisig.threshold,
            next_transaction_id=0,
            initial_balance=multisig.balance,
            start_epoch=multisig.vesting_start,
            unlock_duration=multisig.vesting_duration,
            pending=PENDING.empty_root(self.store),
        )
        self.put(actor_id, "multisig", state, multisig.balance)

    def put_holder(self, actor_id: int, holder: Holder, numbering: Numbering) -> None:
        if isinstance(holder, Account):
            self.put_account(actor_id, holder.address, holder.balance)
        else:
            self.put_multisig(actor_id, holder, numbering)

    def flush(self) -> Cid:
        """Store the state tree and return its root."""
        tree = Hamt(self.store)
        for actor_id, actor in self.by_id.items():
            tree.set(Address.from_id(actor_id), actor.to_ipld())
        info = put_cbor(self.store, StateInfo0().to_ipld())
        return put_cbor(self.store, StateRoot(5, tree.flush(), info).to_ipld())


def _put_singletons(actors: _Actors, template: Template, numbering: Numbering) -> None:
    store = actors.store
    manifest = put_cbor(store, [[name, code] for name, code in actors.codes.items()])
    actors.put(0, "system", SystemState(manifest))

    nobody = init.empty(store, template.network_name)
    addresses = init.ADDRESSES.open(store, nobody.address_map)
    for address, actor_id in numbering.registered.items():
        addresses.set(address, actor_id)
    known = replace(nobody, address_map=addresses.flush(), next_id=FIRST_MINER_ID)
    actors.put(1, "init", known)

    actors.put(2, "reward", reward.initial(0), REWARD_BALANCE)
    calls = (Entry(STORAGE_POWER, ON_EPOCH_TICK_END), Entry(STORAGE_MARKET, CRON_TICK))
    actors.put(3, "cron", CronState(calls))
    actors.put(4, "storagepower", power.empty(store))
    actors.put(5, "storagemarket", market.empty(store))
    actors.put(6, "verifiedregistry", verifreg.empty(store, Address.from_id(ROOT_ID)))
    actors.put(7, "datacap", datacap.empty(store, VERIFIED_REGISTRY))
    actors.put_account(BURNT_FUNDS.id, BURNT_FUNDS)


def _is_multisig(holder: Holder) -> bool:
    return isinstance(holder, Multisig)
