"""Every block that Lotus made is valid, by all rules, on the chain before it (chains/README.md).

Winning proofs are mocks, also where the proofs in messages are real, and are held to be what Lotus'
tests make them. What executing the parents gave is Lotus' own word in its traces, not the block's;
that Papyrus executes them alike is tested beside this. Of the longest chain not every tipset was
traced, and there it is what another block says, the first child's.
"""

import base64
from dataclasses import dataclass

import pytest

from papyrus.consensus.block_validity import BlockWorld, TipsetState, validate_block
from papyrus.consensus.fork_choice import formable_tipsets
from papyrus.consensus.tipset_validity import check_tipset
from papyrus.ipld.amt import amt_root
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.cid import Cid
from papyrus.proofs.statements import WinningPoStStatement
from papyrus.types.receipt import Receipt
from papyrus.types.tipset import Tipset, TipsetKey

QUICK = ("consensus-fault", "eth-contract-invocation", "ledger", "migration-nv22-nv23")
OTHERS = (
    "fevm",
    "fevm-basic",
    "fevm-bls",
    "fevm-recursive",
    "fevm-recursive-actor",
    "fevm-selfdestruct",
    "market",
    "migration-nv21-nv22",
    "migration-nv24-nv26",
    "miner",
    "multisig",
    "niporep-65",
    "onboard-piece",
    "paych-long",
    "paych-vouchers",
    "pledge",
    "pledge-100",
    "real-proofs-pledge",
    "remove-datacap",
)


class LotusTestProofs:
    """Takes what Lotus' integration tests put in the place of a winning proof."""

    name = "lotus-test (only the words 'valid proof' are asked for)"

    def verify_winning_post(self, statement: WinningPoStStatement, /) -> bool:
        """Return whether the proof says that it is valid, and one sector is challenged."""
        words = [proof.proof_bytes for proof in statement.proofs]
        return words == [b"valid proof"] and len(statement.challenged_sectors) == 1


@dataclass
class Told:
    """What executing each tipset gave, by Lotus' traces."""

    traces: dict
    children: dict[TipsetKey, Tipset]

    def __call__(self, tipset: Tipset) -> TipsetState:
        """Return the state and the receipts after a tipset."""
        if tipset.height not in self.traces:
            child = self.children[tipset.key]
            return TipsetState(child.parent_state_root, child.parent_message_receipts)
        out = self.traces[tipset.height]["out"]
        receipts = [
            receipt_of(applied["MsgRct"])
            for applied in out["Trace"] or []
            if applied["Msg"]["From"] not in ("f00", "t00")
        ]
        root = Cid.from_string(out["Root"]["/"])
        return TipsetState(root, amt_root(MemoryBlockstore(), receipts))


def receipt_of(fields: dict):
    """Return a traced receipt as a list of receipts holds it."""
    events = fields["EventsRoot"]
    return Receipt(
        fields["ExitCode"],
        base64.b64decode(fields["Return"] or ""),
        fields["GasUsed"],
        None if events is None else Cid.from_string(events["/"]),
    ).to_ipld()


def check(chain) -> None:
    world = BlockWorld(
        network=chain.network,
        source=chain.source,
        store=chain.store,
        verifier=LotusTestProofs(),
        state_after=Told(chain.traces, {tipset.parents: tipset for tipset in chain.tipsets}),
        now=chain.tipsets[0].min_timestamp,
    )
    for tipset in reversed(chain.tipsets[:-1]):
        assert check_tipset(tipset.blocks) == tipset
        assert formable_tipsets(tipset.blocks) == (tipset,)
        for block in tipset.blocks:
            validate_block(block, world)


@pytest.mark.parametrize("lotus_chain", QUICK, indirect=True)
def test_every_block_of_a_chain_is_valid(lotus_chain):
    check(lotus_chain)


@pytest.mark.full
@pytest.mark.parametrize("lotus_chain", OTHERS, indirect=True)
def test_every_block_of_every_other_chain_is_valid(lotus_chain):
    check(lotus_chain)
