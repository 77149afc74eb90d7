"""Papyrus: what a devnet alone does for whoever tests on it. Nothing here exists elsewhere.

Time goes on when asked to, and back. The state is changed by hand, which no message could do: that
is SIMULATED, as the sealing and the proofs of the sectors are. Each change of the state is followed
by a tipset that stands on it, so that whoever asks at the head sees it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, Protocol

from papyrus.actors.singletons import VERIFIED_REGISTRY
from papyrus.actors.verifreg.params import ADD_VERIFIED_CLIENT, VerifierParams
from papyrus.devnet import interventions, sectors
from papyrus.devnet.devnet import Devnet
from papyrus.devnet.dump import DevnetDump, dump_state, load_state
from papyrus.devnet.interventions import Intervention
from papyrus.devnet.time_travel import Moments
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64
from papyrus.node.execution import ExecutionMeans
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import LocalFault
from papyrus.rpc.declarations import ADMIN, Context, method
from papyrus.storage.chain_notes import StateAfter
from papyrus.types.actor import ActorState
from papyrus.types.message import Message, draft
from papyrus.types.receipt import Receipt
from papyrus.types.tipset import Tipset
from papyrus.wallet.keys import Key

P = ParamSpec("P")


class DevnetNode(Protocol):
    """What the group needs of the node."""

    @property
    def devnet(self) -> Devnet:
        """The devnet that is served."""
        ...

    @property
    def moments(self) -> Moments:
        """The moments to go back to."""
        ...


@dataclass(frozen=True, slots=True)
class ActorSetting:
    """An actor as it is to be, its state by its root."""

    code: Cid
    head: Cid
    nonce: int
    balance: TokenAmount
    delegated_address: Address | None = None


@dataclass(frozen=True, slots=True)
class Impersonated:
    """What a message did that was run as somebody's."""

    receipt: Receipt
    error: str
    """Why it failed; empty where it did not."""
    head: Tipset
    """The head from which on everybody sees what it did."""


@dataclass(frozen=True, slots=True)
class DevnetAccount:
    """Someone whose key everybody knows."""

    role: str
    """account, bls, verifier, client, root, remainder, verifier-of-genesis or worker."""
    address: Address
    ethereum: str
    """The same for Ethereum; empty where there is none."""
    private_key: str
    """In hex."""
    balance: TokenAmount


@method("Papyrus.MineTipset", ADMIN, waits=True)
async def mine_tipset(context: Context[DevnetNode], count: int = 1, null_rounds: int = 0) -> Tipset:
    """Make tipsets, the first after some epochs without any; return the head."""
    return await context.node.devnet.mine(count, null_rounds)


@method("Papyrus.AdvanceEpochs", ADMIN, waits=True)
async def advance_epochs(context: Context[DevnetNode], epochs: int) -> Tipset:
    """Let so many epochs pass, or a few more; every window is proven. Return the head."""
    return await context.node.devnet.advance(epochs)


@method("Papyrus.SetBalance", ADMIN)
async def set_balance(
    context: Context[DevnetNode], address: Address, balance: TokenAmount
) -> Tipset:
    """Give an address a balance, which the reserve f090 pays for or takes; return the head."""
    devnet = context.node.devnet
    _, head = await _intervene(devnet, interventions.set_balance, address, balance)
    return head


@method("Papyrus.SetActor", ADMIN)
async def set_actor(context: Context[DevnetNode], address: Address, actor: ActorSetting) -> Tipset:
    """Put an actor at an address; ChainPutObj puts its state into the store. Return the head."""
    devnet = context.node.devnet
    state = ActorState(actor.code, actor.head, actor.nonce, actor.balance, actor.delegated_address)
    _, head = await _intervene(devnet, interventions.set_actor, address, state)
    return head


@method("Papyrus.SetExpiration", ADMIN)
async def set_expiration(
    context: Context[DevnetNode],
    miner: Address,
    sector_numbers: list[U64],
    expiration: ChainEpoch,
) -> Tipset:
    """Let sectors without data expire at an epoch, sooner than any message could; return the head.

    It is rounded up to the last epoch of a window of theirs, as every expiration is.
    """
    devnet = context.node.devnet
    _, head = await _intervene(
        devnet, interventions.set_expiration, miner, sector_numbers, expiration
    )
    return head


@method("Papyrus.Impersonate", ADMIN)
async def impersonate(context: Context[DevnetNode], message: Message) -> Impersonated:
    """Run a message as its sender's, whoever that is: no signature, nonce or gas is asked for."""
    devnet = context.node.devnet
    found, head = await _intervene(devnet, interventions.impersonate, message)
    if found.receipt is None:
        raise LocalFault("the message left no receipt")
    return Impersonated(found.receipt, found.failure or "", head)


@method("Papyrus.Snapshot", ADMIN)
async def snapshot(context: Context[DevnetNode]) -> int:
    """Note the head, the state after it and what waits; return a number to go back by."""
    return await context.node.moments.note()


@method("Papyrus.Revert", ADMIN)
async def revert(context: Context[DevnetNode], number: int) -> Tipset:
    """Go back to what was noted, which is then forgotten with all noted since; return the head."""
    return await context.node.moments.go_back(number)


@method("Papyrus.AddSector", ADMIN, waits=True)
async def add_sector(
    context: Context[DevnetNode], miner: Address, count: int = 1, deals: list[U64] | None = None
) -> list[int]:
    """Let a miner have more sectors, sealed by SIMULATION; return their numbers.

    One sector may hold the data of deals that the miner has published. The devnet proves the
    sectors of that miner from then on, and makes blocks for it.
    """
    return await sectors.add_sectors(context.node.devnet, miner, count, deals or ())


@method("Papyrus.Fault", ADMIN, waits=True)
async def fault(context: Context[DevnetNode], miner: Address, sector_numbers: list[int]) -> Cid:
    """Let a miner declare sectors faulty; return the message, which is executed."""
    return await sectors.declare_faults(context.node.devnet, miner, sector_numbers)


@method("Papyrus.Recover", ADMIN, waits=True)
async def recover(context: Context[DevnetNode], miner: Address, sector_numbers: list[int]) -> Cid:
    """Let a miner declare that faulty sectors are to be proven again; return the message."""
    return await sectors.declare_recovered(context.node.devnet, miner, sector_numbers)


@method("Papyrus.GrantDatacap", ADMIN, waits=True)
async def grant_datacap(context: Context[DevnetNode], client: Address, size: TokenAmount) -> Cid:
    """Let the devnet's verifier give a client so many bytes of DataCap; return the message."""
    devnet = context.node.devnet
    params = VerifierParams(client, size).to_cbor()
    verifier = devnet.people.verifier.address
    message = draft(verifier, VERIFIED_REGISTRY, ZERO, ADD_VERIFIED_CLIENT, params)
    cid, _ = await sectors.run_message(devnet, message)
    return cid


@method("Papyrus.Accounts", ADMIN)
async def accounts(context: Context[DevnetNode]) -> list[DevnetAccount]:
    """Return everybody whose keys the devnet holds, with what they have after the head."""
    devnet = context.node.devnet
    people = devnet.people
    found = []
    for account in people.accounts:
        found.append(_account(devnet, "account", account.key))
        found.append(_account(devnet, "account", account.ethereum))
    roles = {
        "bls": people.bls,
        "verifier": people.verifier,
        "client": people.client,
        "root": people.root,
        "remainder": people.remainder,
        "verifier-of-genesis": people.first_verifier,
    }
    found += [_account(devnet, role, key) for role, key in roles.items()]
    return found + [_account(devnet, "worker", key) for key in people.workers]


@method("Papyrus.DumpState", ADMIN, waits=True)
async def dump(context: Context[DevnetNode]) -> DevnetDump:
    """Return the devnet in one piece: settings, chain, and what waits."""
    return await dump_state(context.node.devnet)


@method("Papyrus.LoadState", ADMIN, waits=True)
async def load(context: Context[DevnetNode], state: DevnetDump) -> Tipset:
    """Go on from where another run of the same devnet was; return the head."""
    return await load_state(context.node.devnet, state)


async def _intervene(
    devnet: Devnet,
    change: "Callable[Concatenate[ExecutionMeans, Tipset, Cid, P], Intervention]",
    *args: P.args,
    **kwargs: P.kwargs,
) -> tuple[Intervention, Tipset]:
    """Change the state after the head, and make a tipset on it; return both."""
    node = devnet.node
    async with devnet.turn:
        head = node.chain.head
        outcome = await node.states.after(head)
        await node.executed.catch_up()
        found = await node.workers.run(change, head, outcome.state_root, *args, **kwargs)
        node.states.override(head, StateAfter(found.state_root, outcome.receipts_root))
        node.pool.forget_accounts()
        return found, await devnet.make_tipset()


def _account(devnet: Devnet, role: str, key: Key) -> DevnetAccount:
    account = devnet.node.pool.account(key.address)
    ethereum = key.address.to_ethereum()
    return DevnetAccount(
        role=role,
        address=key.address,
        ethereum="" if ethereum is None else "0x" + ethereum.hex(),
        private_key=key.secret.hex(),
        balance=ZERO if account is None else account.balance,
    )


class PapyrusMethods:
    """The group, as a server registers and a client has it."""

    mine_tipset = mine_tipset
    advance_epochs = advance_epochs
    set_balance = set_balance
    set_actor = set_actor
    set_expiration = set_expiration
    impersonate = impersonate
    snapshot = snapshot
    revert = revert
    add_sector = add_sector
    fault = fault
    recover = recover
    grant_datacap = grant_datacap
    accounts = accounts
    dump_state = dump
    load_state = load
