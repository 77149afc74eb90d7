"""Random messages to tokens, for engines to agree on.

Everything follows from a seed. There are three DataCap actors: the network's own, whose governor is
the registry, and two under an account and a multisig, whose hooks accept whatever comes.
"""

from collections import Counter
from dataclasses import replace
from random import Random

from multisigs import put_multisig
from mutations import mangled
from people import people, put_people
from verified import BYTE, piece

from papyrus.actors.common.findings import Findings
from papyrus.actors.datacap import params as methods
from papyrus.actors.datacap.invariants import check_state_invariants
from papyrus.actors.datacap.params import (
    BurnFromParams,
    BurnParams,
    DecreaseAllowanceParams,
    DestroyParams,
    GetAllowanceParams,
    IncreaseAllowanceParams,
    MintParams,
    RevokeAllowanceParams,
    TransferFromParams,
    TransferParams,
)
from papyrus.actors.datacap.state import State, empty
from papyrus.actors.datacap.token import allowances_shape, balances_shape
from papyrus.actors.verifreg import state as verifreg_state
from papyrus.actors.verifreg.params import AllocationRequest, AllocationRequests
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.rules.policy import TESTING_FAKE_PROOFS_POLICY as POLICY
from papyrus.types.message import METHOD_CONSTRUCTOR
from papyrus.vm.payloads import cbor_block

PEOPLE = people(5)
MINER, MULTISIG, CONTRACT = 110, 200, 300
GOVERNORS = {7: 6, 70: 100, 71: MULTISIG}
"""Who governs which token."""
WIDE = 71
"""The token whose maps are as wide as mainnet's."""
UNBUILT = range(80, 100)
"""Tokens that have no state yet."""
MOST = 2**1016 - 1
"""The greatest amount that fits into 128 bytes."""
HUGE = BYTE * (MOST // BYTE // 2)

QUESTIONS = (methods.NAME, methods.SYMBOL, methods.GRANULARITY, methods.TOTAL_SUPPLY)


class DatacapTraffic:
    """A machine with some tokens, and one random message after another."""

    def __init__(self, vm, seed):
        """Fill a machine, and let some people have tokens of each kind."""
        self.vm = vm
        self.random = Random(seed)  # noqa: S311 - the same messages every time
        self.codes = Counter()
        """How often each (method, exit code) was seen."""
        self.unbuilt = list(UNBUILT)
        vm.each(self._fill)
        vm.each(lambda one: one.change(epoch=1000))
        for token, governor in GOVERNORS.items():
            for person in PEOPLE[1:3]:
                params = MintParams(person.address, TokenAmount(10**6 * BYTE), ())
                vm.ok(governor, token, methods.MINT, params)

    def _fill(self, one):
        put_people(one, PEOPLE)
        put_multisig(one, MULTISIG, [100, 101])
        one.put_actor(MINER, "storageminer")
        one.put_actor(CONTRACT, "evm")
        registry = verifreg_state.empty(one.base, Address.from_id(100))
        one.put_actor(6, "verifiedregistry", registry)
        for actor_id, governor in GOVERNORS.items():
            state = empty(one.base, Address.from_id(governor))
            if actor_id == WIDE:
                state = replace(state, token=replace(state.token, bit_width=5))
            one.put_actor(actor_id, "datacap", state)
        for actor_id in UNBUILT:
            one.put_actor(actor_id, "datacap")

    def step(self):
        """Send one message."""
        random = self.random
        self.token = random.choice([7, 7, 70, 70, 71])
        sender, to, method, params = random.choices(
            [
                self._mint,
                self._destroy,
                self._transfer,
                self._transfer_from,
                self._change_allowance,
                self._burn,
                self._burn_from,
                self._question,
                self._other,
            ],
            [20, 6, 18, 18, 14, 8, 10, 6, 6],
        )[0]()
        if random.random() < 0.04:
            block = cbor_block(params)
            params = mangled(random, b"" if block is None else block.data)
        outcome = self.vm.send(sender, to, method, params)
        self.codes[method, outcome.code] += 1

    def check(self):
        """Check the invariants of all tokens; an account may let itself spend its own."""
        for actor_id in GOVERNORS:
            findings = Findings()
            one = self.vm.one
            check_state_invariants(one.machine.store, one.state(actor_id, State), findings)
            wrong = [found for found in findings.sentences if "allowance for self" not in found]
            assert wrong == [], actor_id

    # Messages.

    def _mint(self):
        random = self.random
        operators = tuple(self._address() for _ in range(random.choice([0, 0, 1, 1, 2])))
        amount = TokenAmount(HUGE) if random.random() < 0.04 else self._amount(10**6 * BYTE)
        params = MintParams(self._address(), amount, operators)
        return self._governor(), self.token, methods.MINT, params

    def _destroy(self):
        owner = self._owner()
        amount = self._amount(self._balance(owner))
        return (
            self._governor(),
            self.token,
            methods.DESTROY,
            DestroyParams(self._name(owner), amount),
        )

    def _transfer(self):
        random = self.random
        governor = GOVERNORS[self.token]
        if random.random() < 0.4:
            owner, to = governor, self._address()
        else:
            owner = self._owner()
            to = self._address() if random.random() < 0.2 else self._name(governor)
        amount = self._amount(self._balance(owner))
        params = TransferParams(to, amount, self._operator_data(amount))
        return owner, self.token, methods.TRANSFER, params

    def _transfer_from(self):
        random = self.random
        owner, operator, allowance = self._granted()
        to = self._address() if random.random() < 0.1 else self._name(GOVERNORS[self.token])
        amount = self._amount(min(allowance, self._balance(owner)))
        name = self._address() if random.random() < 0.1 else self._name(owner)
        params = TransferFromParams(name, to, amount, self._operator_data(amount))
        return operator, self.token, methods.TRANSFER_FROM, params

    def _change_allowance(self):
        random = self.random
        owner, operator, allowance = self._granted()
        name = self._address() if random.random() < 0.3 else self._name(operator)
        match random.randrange(3):
            case 0:
                amount = TokenAmount(MOST) if random.random() < 0.1 else self._parts(10**20)
                params = IncreaseAllowanceParams(name, amount)
                return owner, self.token, methods.INCREASE_ALLOWANCE, params
            case 1:
                params = DecreaseAllowanceParams(name, self._parts(allowance))
                return owner, self.token, methods.DECREASE_ALLOWANCE, params
        return owner, self.token, methods.REVOKE_ALLOWANCE, RevokeAllowanceParams(name)

    def _burn(self):
        owner = self._owner()
        return owner, self.token, methods.BURN, BurnParams(self._amount(self._balance(owner)))

    def _burn_from(self):
        owner, operator, allowance = self._granted()
        amount = self._amount(min(allowance, self._balance(owner)))
        name = self._address() if self.random.random() < 0.1 else self._name(owner)
        return operator, self.token, methods.BURN_FROM, BurnFromParams(name, amount)

    def _question(self):
        random = self.random
        sender = random.choice(PEOPLE).id
        match random.randrange(3):
            case 0:
                return sender, self.token, methods.BALANCE, self._address()
            case 1:
                params = GetAllowanceParams(self._address(), self._address())
                return sender, self.token, methods.ALLOWANCE, params
        return sender, self.token, random.choice(QUESTIONS), None

    def _other(self):
        random = self.random
        sender = random.choice([0, 0, 0, 100, CONTRACT])
        match random.randrange(3):
            case 0:
                number = random.choice([2, 10, 21, 2**24 - 1, 2**24, 2**64 - 1])
                return sender, self.token, number, random.choice([b"", b"\x80"])
            case 1:
                return sender, self.token, METHOD_CONSTRUCTOR, self._address()
        to = random.choice(self.unbuilt)
        return sender, to, METHOD_CONSTRUCTOR, self._address()

    # What messages are made of.

    def _governor(self):
        if self.random.random() < 0.04:
            return self.random.choice(PEOPLE).id
        return GOVERNORS[self.token]

    def _balances(self):
        one = self.vm.one
        state = one.state(self.token, State).token
        kept = balances_shape(state.bit_width).open(one.machine.store, state.balances)
        return dict(kept.items())

    def _balance(self, owner):
        return self._balances().get(owner, ZERO)

    def _owner(self):
        """Return who has tokens, mostly."""
        found = list(self._balances())
        if found and self.random.random() < 0.9:
            return self.random.choice(found)
        return self.random.choice(PEOPLE).id

    def _granted(self):
        """Return an owner, an operator and the allowance between them, which may be nothing."""
        random = self.random
        one = self.vm.one
        state = one.state(self.token, State).token
        store = one.machine.store
        shape = allowances_shape(state.bit_width)
        roots = dict(shape.roots.open(store, state.allowances).items())
        if not roots or random.random() < 0.15:
            return random.choice(PEOPLE).id, random.choice(PEOPLE).id, ZERO
        owner = random.choice(list(roots))
        granted = dict(shape.inner.open(store, roots[owner]).items())
        operator = random.choice(list(granted))
        return owner, operator, granted[operator]

    def _amount(self, most):
        """Return an amount of whole tokens around what there is, mostly."""
        random = self.random
        if random.random() < 0.06:
            return TokenAmount(random.choice([1, BYTE - 1, BYTE // 2, -BYTE, -1]))
        if self.token == 7 and random.random() < 0.4:
            # As much as allocations are made of.
            return TokenAmount(random.choice([256, 300, 4096]) * BYTE)
        whole = most // BYTE
        edges = [0, 1, whole // 3, whole // 2, whole - 1, whole, whole, whole + 1]
        return TokenAmount(min(max(0, random.choice(edges)), MOST // BYTE) * BYTE)

    def _parts(self, most):
        """Return an amount around what there is, which may be a part of a token."""
        edges = [0, 1, most // 2, most - 1, most, most, most + 1, most * 3, -1]
        return TokenAmount(min(self.random.choice(edges), MOST))

    def _operator_data(self, amount):
        random = self.random
        if random.random() < 0.3:
            return random.choice([b"", b"\x80", b"\x82\x80\x80", random.randbytes(6)])
        requests = []
        for size in self._sizes(amount // BYTE):
            request = AllocationRequest(
                provider=MINER,
                data=piece(random.randrange(100)),
                size=size,
                term_min=POLICY.minimum_verified_allocation_term,
                term_max=POLICY.maximum_verified_allocation_term,
                expiration=2000,
            )
            requests.append(request)
        return AllocationRequests(tuple(requests), ()).to_cbor()

    def _sizes(self, total):
        if not 0 < total < 2**64:
            return []
        if total > 2048 and self.random.random() < 0.5:
            return [total - 1024, 1024]
        return [total]

    def _name(self, actor_id):
        for person in PEOPLE:
            if person.id == actor_id and self.random.random() < 0.3:
                return person.key
        return Address.from_id(actor_id)

    def _address(self):
        """Return who a message may be about, by any kind of address."""
        random = self.random
        kind = random.randrange(20)
        if kind < 12:
            return self._name(random.choice(PEOPLE).id)
        if kind < 15:
            return Address.from_id(random.choice([6, 7, MULTISIG, MINER]))
        match kind:
            case 15:
                return Address.from_id(random.choice([999, 2**63, 2**64 - 1]))
            case 16:
                return random.choice([Address.actor(b"nobody"), Address.delegated(555, b"x")])
            case 17:
                return Address.delegated(10, bytes([random.randrange(30)]) * 20)
            case 18:
                return Address.secp256k1(bytes([4, random.randrange(30)]) + bytes(63))
        return Address.from_id(CONTRACT)
