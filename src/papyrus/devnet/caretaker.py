"""Who looks after the miners of a devnet: it knows them, and proves their sectors in time.

They are those of its genesis, and any that it has sealed a sector for. Who signs for one is read
from the state before each tipset, since its owner may name another worker. Where a worker's key is
not in the wallet, the devnet says so once, and goes on with the other miners.
"""

from papyrus.actors.miner.params.numbers import SUBMIT_WINDOWED_POST
from papyrus.devnet.miners import DevnetMiner, MissingKey, find_miner, simulated_miners
from papyrus.mining.post_scheduler import ChainView, WindowPoStProver, due_proofs, proof_message
from papyrus.node.logging import part
from papyrus.node.node import Node
from papyrus.node.sending import Sending
from papyrus.primitives.address import Address
from papyrus.primitives.errors import LocalFault, PapyrusError
from papyrus.types.message import SignedMessage

FIRST_MINER = 1000

_LATE = 10
"""Epochs before a window closes at which its proof should have been sent."""

_log = part("devnet")


class Caretaker:
    """Who looks after the miners."""

    def __init__(
        self, node: Node, sending: Sending, prover: WindowPoStProver, of_genesis: int
    ) -> None:
        """Look after so many miners of the genesis, and those that the state names besides."""
        self._node, self._sending, self._prover = node, sending, prover
        self._first = tuple(Address.from_id(FIRST_MINER + place) for place in range(of_genesis))
        self._later: tuple[Address, ...] = ()
        self._later_known_at = -1
        """The count of travels at which the later miners were looked for."""
        self._told: dict[Address, str] = {}

    @property
    def miners(self) -> tuple[Address, ...]:
        """The miners, by ID."""
        return (*self._first, *self._later)

    async def look(self, view: ChainView, travels: int) -> None:
        """Find the miners that it sealed for, once after each beginning and each travel."""
        if self._later_known_at == travels:
            return
        found = await self._node.thread.run(simulated_miners, view)
        if self._later_known_at != travels:  # or someone else was faster
            self._later_known_at = travels
            self._later = tuple(miner for miner in found if miner not in self._first)

    async def take_on(self, view: ChainView, address: Address) -> DevnetMiner:
        """Look after a miner from here on, and return it.

        LocalFault where there is no such miner; MissingKey.
        """
        found = await self._find(view, address)
        if found.address not in self.miners:
            self._later = (*self._later, found.address)
        return found

    async def prove_windows(self, view: ChainView) -> None:
        """Send the proofs that are due for sectors of the miners, which nobody else would."""
        for address in self.miners:
            try:
                miner = await self._find(view, address)
            except MissingKey as missing:
                self.tell(address, missing)
                continue
            await self._prove(view, miner)

    def tell(self, miner: Address, why: LocalFault) -> None:
        """Tell why a miner is left alone, once."""
        if self._told.get(miner) != str(why):
            self._told[miner] = str(why)
            _log.warning("a miner is left alone", miner=miner, why=why)

    async def _find(self, view: ChainView, address: Address) -> DevnetMiner:
        return await self._node.thread.run(find_miner, view, address, self._node.wallet.has)

    async def _prove(self, view: ChainView, miner: DevnetMiner) -> None:
        node, address = self._node, miner.address
        if any(_is_proof(one, address) for one in node.pool.pending_of(miner.worker)):
            return
        for due in await node.thread.run(due_proofs, view, address.id, self._prover):
            message = proof_message(address.id, miner.worker, due)
            try:
                await self._sending.send(message)
            except PapyrusError as error:
                # At first the trial still sees the window before; it is tried every epoch.
                if due.closes - view.head.height < _LATE:
                    _log.warning("a window is not proven", miner=address, why=error)


def _is_proof(signed: SignedMessage, miner: Address) -> bool:
    message = signed.message
    return message.to == miner and message.method == SUBMIT_WINDOWED_POST
