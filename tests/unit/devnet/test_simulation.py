"""A devnet's life in memory: every block judged and executed, and the state sound afterwards."""

import pytest
from mined_chain import FEE_CAP, GAS_LIMIT, MINER, PREMIUM, SETTINGS, MinedChain, genesis

from papyrus.actors.init.params import EXEC, ExecParams, ExecReturn
from papyrus.actors.multisig import params as multisig
from papyrus.actors.singletons import INIT, VERIFIED_REGISTRY
from papyrus.actors.verifreg.params import ADD_VERIFIER, VerifierParams
from papyrus.consensus.power_table import PowerTable
from papyrus.genesis.initial_state import ROOT_ID
from papyrus.ipld.blockstore import get_cbor, load
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.types.ethereum_transaction import METHOD_INVOKE_CONTRACT, unsigned_transaction
from papyrus.types.message import Message, SignedMessage
from papyrus.vm.manifest import manifest_of

MINERS = (MINER, Address.from_id(1001))

NULL_ROUNDS = {4: 1, 11: 3, 19: 2, 30: 30, 31: 60, 45: 7}
"""After which of the blocks so many epochs stay without one, the window of f01001 among them."""


def codes(mined):
    return [receipt.exit_code for receipt in mined.receipts]


def ethereum_message(chain, account, to, value):
    """Return a payment as a wallet of Ethereum signs it."""
    sender = account.ethereum.address
    message = Message(
        0, to, sender, chain.nonce(sender), value, GAS_LIMIT, FEE_CAP, PREMIUM,
        METHOD_INVOKE_CONTRACT, b"",
    )  # fmt: skip
    transaction = unsigned_transaction(message, chain.network.ethereum_chain_id)
    return SignedMessage(message, account.ethereum.sign(transaction.signing_bytes))


def new_multisig(chain, key, signers):
    """Return a message that makes a multisig of two of its signers."""
    code = code_of(chain, "multisig")
    params = multisig.ConstructorParams(signers, 2, 0, 0)
    return chain.message(
        key, INIT, TokenAmount(1000), EXEC, ExecParams(code, params.to_cbor()).to_cbor()
    )


def code_of(chain, name):
    system = chain.tree.get(0)
    manifest = manifest_of(load(chain.store, get_cbor(chain.store, system.head)[0]))
    return manifest.codes[name]


def live(chain, epochs):
    """Make blocks with payments, a multisig and the proofs of windows; return the exit codes."""
    alice, bob, carol = chain.people.accounts
    seen = []
    shared = None
    for number in range(epochs):
        messages = [
            chain.message(alice.key, bob.ethereum.address, TokenAmount(number)),
            chain.message(chain.people.bls, carol.key.address, TokenAmount(2)),
            chain.message(chain.people.bls, bob.key.address, TokenAmount(3), later=1),
        ]
        if number % 3 == 0:
            messages.append(ethereum_message(chain, bob, carol.ethereum.address, TokenAmount(1)))
        if number == 5:
            signers = (bob.key.address, carol.key.address)
            messages.append(new_multisig(chain, carol.key, signers))
        if number == 7:
            payment = multisig.ProposeParams(alice.key.address, TokenAmount(400), 0, b"")
            messages.append(
                chain.message(bob.key, shared, ZERO, multisig.PROPOSE, payment.to_cbor())
            )
        if number == 9:
            approval = multisig.TransactionIDParams(0, b"")
            messages.append(
                chain.message(carol.key, shared, ZERO, multisig.APPROVE, approval.to_cbor())
            )
        messages += [*chain.proofs(0), *chain.proofs(1)]
        mined = chain.mine(*messages, null_rounds=NULL_ROUNDS.get(number, 0), miners=MINERS)
        seen.append(codes(mined))
        if number == 5:
            shared = ExecReturn.from_cbor(mined.receipts[-1].return_data).robust_address
    return seen, shared


@pytest.fixture(scope="module")
def lived():
    chain = MinedChain(genesis(miners=2))
    seen, shared = live(chain, 50)
    return chain, seen, shared


def test_every_message_succeeds(lived):
    _, seen, _ = lived
    assert [sum(map(bool, codes)) for codes in seen] == [0] * 50
    assert [len(codes) for codes in seen[:6]] == [4, 3, 3, 4, 3, 4]


def test_state_is_sound_afterwards(lived):
    """Every actor's invariants, those between actors, and the sum of all balances."""
    chain, _, _ = lived
    assert chain.head.height > 150
    assert chain.findings() == ()


def test_payments_have_arrived(lived):
    chain, _, shared = lived
    alice, bob, carol = chain.people.accounts
    start = SETTINGS.balance
    assert chain.balance(carol.ethereum.address) == start + len(range(0, 50, 3))
    assert chain.balance(shared) == 1000 - 400
    assert chain.nonce(bob.ethereum.address) == len(range(0, 50, 3))
    assert chain.nonce(alice.key.address) == 50


def test_ethereum_account_is_one_once_it_has_sent(lived):
    chain, _, _ = lived
    alice, bob, _ = chain.people.accounts
    codes = [chain.tree.get(chain.tree.resolve(one.ethereum.address)).code for one in (alice, bob)]
    assert codes == [code_of(chain, "placeholder"), code_of(chain, "ethaccount")]


def test_miners_have_kept_their_power(lived):
    """The window of f01001 lies within these epochs, and its proof was sent."""
    chain, _, _ = lived
    table = PowerTable.of(chain.tree)
    assert [table.claim(miner.id).raw_byte_power for miner in MINERS] == [2 * 2048] * 2


def test_base_fee_falls_where_nothing_is_congested(lived):
    chain, _, _ = lived
    assert chain.head.parent_base_fee < 10**8


def test_life_is_the_same_each_time(lived):
    chain, _, _ = lived
    again = MinedChain(chain.devnet)
    live(again, 12)
    below = chain.head
    while below.height > again.head.height:
        below = chain.source.tipset(below.parents)
    assert below.key == again.head.key


def test_root_multisig_appoints_a_verifier():
    """What `papyrus devnet` calls the root key: f080, whose one signer is in the wallet."""
    chain = MinedChain()
    alice = chain.people.accounts[0].key
    inner = VerifierParams(alice.address, 1 << 40).to_cbor()
    proposal = multisig.ProposeParams(VERIFIED_REGISTRY, ZERO, ADD_VERIFIER, inner)
    message = chain.message(
        chain.people.root, Address.from_id(ROOT_ID), ZERO, multisig.PROPOSE, proposal.to_cbor()
    )
    (receipt,) = chain.mine(message).receipts
    answer = multisig.ProposeReturn.from_cbor(receipt.return_data)
    assert (receipt.exit_code, answer.applied, answer.exit_code) == (0, True, 0)
    assert chain.findings() == ()
