"""Payment channels as the chain has them: the actor's state, with what it holds."""

from collections.abc import Mapping
from dataclasses import dataclass

from papyrus.actors.paych.state import LANES, Lane, State
from papyrus.consensus.senders import key_address, manifest_in
from papyrus.ipld.blockstore import load
from papyrus.ipld.cid import Cid
from papyrus.paychan.refusals import ChannelRefusal
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.primitives.sentences import sentence
from papyrus.vm.state_tree import StateTree

_NAME = "paymentchannel"


@dataclass(frozen=True, slots=True)
class ChannelOnChain:
    """A payment channel in a state."""

    state: State
    lanes: Mapping[int, Lane]
    balance: TokenAmount


@dataclass(frozen=True, slots=True)
class ChainState:
    """The state that the next messages are executed on."""

    tree: StateTree
    epoch: ChainEpoch
    """The first one in which they can be."""

    @property
    def code(self) -> Cid:
        """The code of payment channels."""
        return manifest_in(self.tree).codes[_NAME]

    def channel(self, address: Address) -> ChannelOnChain:
        """Return a channel; ChannelRefusal where there is none at the address."""
        actor_id = self.tree.resolve(address)
        actor = None if actor_id is None else self.tree.get(actor_id)
        if actor is None:
            raise ChannelRefusal(
                sentence(
                    "there is no actor {}: the payment channel was collected, or is not made",
                    address,
                )
            )
        if actor.code != self.code:
            raise ChannelRefusal(sentence("{} is no payment channel", address))
        store = self.tree.store
        try:
            state = State.from_cbor(load(store, actor.head))
            lanes = dict(LANES.open(store, state.lanes).items())
        except DecodeError as error:
            raise LocalFault(
                sentence("the state of {} cannot be read: {}", address, error)
            ) from error
        return ChannelOnChain(state, lanes, actor.balance)

    def key_of(self, address: Address) -> Address:
        """Return the address whose key signs for an address; LookupError where there is none."""
        return key_address(self.tree, address)
