"""Every block that Lotus made is valid, by all rules, on the chain before it (chains/README.md).

Proofs of storage are mocks, and are held to be what Lotus' tests make them. What executing the
parents gave is Lotus' own word in its traces, not the block's; that Papyrus executes them alike is
tested beside this.
"""

import base64
from dataclasses import dataclass

import pytest

from papyrus.consensus.block_validity import BlockWorld, TipsetState, validate_block
from papyrus.consensus.fork_choice import formable_tipsets
from papyrus.consensus.tipset_validity import check_tipset
from papyrus.consensus.winning_sectors import AcceptAllWinningProofs
from papyrus.ipld.amt import amt_root
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.cid import Cid
from papyrus.proofs.statements import WinningPoStStatement
from papyrus.types.receipt import Receipt
from papyrus.types.tipset import Tipset

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
REAL_PROOFS = "real-proofs-pledge"


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

    def __call__(self, tipset: Tipset) -> TipsetState:
        """Return the state and the receipts after a tipset."""
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


def world_of(chain, verifier) -> BlockWorld:
    head = chain.tipsets[0]
    return BlockWorld(
        network=chain.network,
        source=chain.source,
        store=chain.store,
        verifier=verifier,
        state_after=Told(chain.traces),
        now=head.min_timestamp,
    )


def check(chain, verifier) -> None:
    world = world_of(chain, verifier)
    blocks = 0
    for tipset in reversed(chain.tipsets[:-1]):
        assert check_tipset(tipset.blocks) == tipset
        assert formable_tipsets(tipset.blocks) == (tipset,)
        for block in tipset.blocks:
            validate_block(block, world)
            blocks += 1
    assert blocks >= len(chain.tipsets) - 1


@pytest.mark.parametrize("lotus_chain", QUICK, indirect=True)
def test_every_block_of_a_chain_is_valid(lotus_chain):
    check(lotus_chain, LotusTestProofs())


@pytest.mark.full
@pytest.mark.parametrize("lotus_chain", OTHERS, indirect=True)
def test_every_block_of_every_other_chain_is_valid(lotus_chain, request):
    real = REAL_PROOFS in request.node.name
    check(lotus_chain, AcceptAllWinningProofs() if real else LotusTestProofs())
