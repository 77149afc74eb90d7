"""Whatever a template gives to whom, its genesis gives it back."""

from genesis import build, devnet, key
from hypothesis import given, settings
from hypothesis import strategies as st

from papyrus.genesis.reading import GenesisState
from papyrus.genesis.recovery import recover_template
from papyrus.genesis.template import Account, Multisig
from papyrus.primitives.amounts import TokenAmount

PEOPLE = tuple(key(name).address for name in ("Ann", "Bob", "Cat", "Dan", "Eve"))

amounts = st.sampled_from((0, 0, 1, 10**18)).map(TokenAmount)


@st.composite
def multisigs(draw, balances=amounts):
    signers = draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True))
    return Multisig(
        signers=tuple(signers),
        threshold=draw(st.integers(1, len(signers))),
        balance=draw(balances),
        vesting_start=draw(st.integers(0, 3)),
        vesting_duration=draw(st.integers(0, 3)),
    )


@st.composite
def holders(draw):
    """Return accounts of different people with multisigs between them."""
    people = draw(st.lists(st.sampled_from(PEOPLE), max_size=4, unique=True))
    found = [Account(address, draw(amounts)) for address in people]
    for multisig in draw(st.lists(multisigs(), max_size=3)):
        found.insert(draw(st.integers(0, len(found))), multisig)
    return tuple(found)


@settings(max_examples=25)
@given(
    others=holders(),
    miner_first=st.booleans(),
    root=multisigs() | st.builds(Account, st.just(key("root").address), amounts),
    remainder=multisigs(st.just(TokenAmount(0))) | st.builds(Account, st.just(key("rest").address)),
)
def test_recovered_template_gives_the_same_genesis(others, miner_first, root, remainder):
    worker = devnet(1).accounts
    accounts = (*worker, *others) if miner_first else (*others, *worker)
    template = devnet(1, 1, accounts=accounts, root=root, remainder=remainder)
    genesis = build(template)
    recovered = recover_template(GenesisState.open(genesis.store, genesis.cid))
    assert build(recovered).cid == genesis.cid
