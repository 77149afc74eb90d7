"""Running official vectors of whole tipsets (Lotus `conformance/driver.go`).

A tipset in a vector is not made of block headers: it names producers and lists messages, which are
applied as they stand, each once. What happens around them is as in the state transition: cron in
the epochs between, an award after each block, cron at the end. The supply is zero, the base fee
the tipset's own, the randomness the vector's. The recorded receipts are those of all messages, the
protocol's own included; the receipts root is that of the others.
"""

from dataclasses import dataclass, field

from papyrus.conformance.environment import Environment
from papyrus.conformance.outcomes import call_of, receipt_differences
from papyrus.conformance.report import Call, CaseResult, Status
from papyrus.conformance.states import state_difference
from papyrus.conformance.vector_externs import VectorExterns
from papyrus.conformance.vector_files import Variant, Vector, VectorBlock, VectorTipset
from papyrus.consensus.transition import AwardBlockRewardParams
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld.amt import amt_root
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.epochs import EPOCH_SECONDS, ChainEpoch
from papyrus.rules.networks import MAINNET
from papyrus.rules.versions import Rules
from papyrus.types.message import MESSAGE_VERSION, Message, SignedMessage
from papyrus.vm.executor import ApplyResult, execute_explicit, execute_implicit
from papyrus.vm.machine import Machine, NetworkContext
from papyrus.vm.state_tree import REWARD_ACTOR, SYSTEM_ACTOR

_CRON_ACTOR = 3
_AWARD_BLOCK_REWARD = 2
_EPOCH_TICK = 2
_IMPLICIT_GAS_LIMIT = (2**63 - 1) // 2
"""What Lotus gives every message of the protocol itself."""

_NO_SIGNATURE = Signature(SignatureType.SECP256K1, bytes(65))
"""Stands for the signature that a vector leaves out; only its length counts."""


@dataclass(slots=True)
class _Run:
    """One vector's execution so far."""

    vector: Vector
    rules: Rules
    store: Blockstore
    environment: Environment
    root: Cid
    results: list[ApplyResult] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    receipts_roots: list[Cid] = field(default_factory=list)

    def tipset(self, tipset: VectorTipset, parent: ChainEpoch, epoch: ChainEpoch) -> None:
        """Apply a tipset and the null rounds before it."""
        for null_round in range(parent + 1, epoch):
            machine = self._machine(null_round, tipset.base_fee)
            self._implicit(machine, _CRON_ACTOR, _EPOCH_TICK, b"")
            self.root = machine.flush()
        machine = self._machine(epoch, tipset.base_fee)
        seen: set[Cid] = set()
        receipts: list[object] = []
        for block in tipset.blocks:
            penalty = tips = ZERO
            for message, length in _in_order(block):
                if message.cid in seen:
                    continue
                seen.add(message.cid)
                result = execute_explicit(machine, message, length)
                self._note(machine, message, result)
                receipts.append(result.receipt.to_ipld())
                penalty += result.penalty
                tips += result.miner_tip
            award = AwardBlockRewardParams(block.miner, penalty, tips, block.win_count)
            self._implicit(machine, REWARD_ACTOR, _AWARD_BLOCK_REWARD, award.to_cbor())
        self._implicit(machine, _CRON_ACTOR, _EPOCH_TICK, b"")
        self.root = machine.flush()
        self.receipts_roots.append(amt_root(self.store, receipts))

    def _machine(self, epoch: ChainEpoch, base_fee: TokenAmount) -> Machine:
        context = NetworkContext(
            epoch=epoch,
            timestamp=epoch * EPOCH_SECONDS,
            base_fee=base_fee,
            circulating_supply=ZERO,
            rules=self.rules,
            chain_id=MAINNET.ethereum_chain_id,
        )
        externs = VectorExterns(self.vector.randomness)
        environment = self.environment
        return Machine(
            self.store, self.root, context, externs, environment.verifier, environment.engine
        )

    def _implicit(self, machine: Machine, actor: int, method: int, params: bytes) -> None:
        message = Message(
            version=MESSAGE_VERSION,
            to=Address.from_id(actor),
            sender=Address.from_id(SYSTEM_ACTOR),
            nonce=machine.context.epoch,
            value=ZERO,
            gas_limit=_IMPLICIT_GAS_LIMIT,
            gas_fee_cap=ZERO,
            gas_premium=ZERO,
            method=method,
            params=params,
        )
        self._note(machine, message, execute_implicit(machine, message))

    def _note(self, machine: Machine, message: Message, result: ApplyResult) -> None:
        self.results.append(result)
        self.calls.append(call_of(machine.tree, machine.manifest.names, message, result))


def run_tipset_vector(
    vector: Vector,
    variant: Variant,
    rules: Rules,
    store: Blockstore,
    environment: Environment,
    case_id: str,
) -> CaseResult:
    """Return the result of a vector of tipsets; what they write goes to the store."""
    run = _Run(vector, rules, environment.over(store), environment, vector.pre_root)
    parent = variant.epoch
    for tipset in vector.tipsets:
        epoch = variant.epoch + tipset.epoch_offset
        run.tipset(tipset, parent, epoch)
        parent = epoch
    found: list[str] = []
    if len(vector.receipts) != len(run.results):
        found.append(f"receipts: expected {len(vector.receipts)}, got {len(run.results)}")
    for index, (expected, got) in enumerate(zip(vector.receipts, run.results, strict=False)):
        # The protocol's own messages use gas that no one pays, and are recorded with none.
        found += receipt_differences(f"message {index}", expected, got)
    for index, root in enumerate(run.receipts_roots):
        recorded = vector.receipts_roots[index] if index < len(vector.receipts_roots) else None
        if root != recorded:
            found.append(f"tipset {index}: receipts root: expected {recorded}, got {root}")
    details: tuple[str, ...] = ()
    if run.root != vector.post_root:
        found.append(f"state root: expected {vector.post_root}, got {run.root}")
        details = state_difference(store, vector.post_root, run.root)
    return CaseResult(
        case_id,
        Status.FAILED if found else Status.PASSED,
        found[0] if found else "",
        (*found[1:], *details),
        sum(result.receipt.gas_used for result in run.results),
        tuple(run.calls),
    )


def _in_order(block: VectorBlock) -> list[tuple[Message, int]]:
    """Return a block's messages with their lengths on chain, BLS before secp256k1.

    Quirk: a message from any other kind of sender counts as both, so that it is applied once, and
    first, as upstream's driver has it.
    """
    bls: list[tuple[Message, int]] = []
    secp: list[tuple[Message, int]] = []
    for data in block.messages:
        message = Message.from_cbor(data)
        if message.sender.protocol is Protocol.SECP256K1:
            secp.append((message, SignedMessage(message, _NO_SIGNATURE).chain_length))
        else:
            bls.append((message, message.chain_length))
    return bls + secp
