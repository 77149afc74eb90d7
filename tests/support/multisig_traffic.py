"""Random messages on random multisigs, for engines to agree on.

Everything follows from a seed. The generator looks at the state to hit what is there: it mostly
lets signers propose, approve and cancel what they can, and spends amounts around what is free.
"""

from collections import Counter
from random import Random

from multisigs import findings_of, new_multisig, pending, proposal, transaction
from mutations import mangled
from people import RICH, people

from papyrus.actors.common.receiver import RECEIVE, UniversalReceiverParams
from papyrus.actors.dispatch import FIRST_EXPORTED_METHOD
from papyrus.actors.multisig import params as methods
from papyrus.actors.multisig.params import (
    AddSignerParams,
    ApproveReturn,
    ChangeApprovalsThresholdParams,
    ConstructorParams,
    LockBalanceParams,
    ProposeReturn,
    RemoveSignerParams,
    SwapSignerParams,
    TransactionIDParams,
)
from papyrus.actors.multisig.state import MAX_SIGNERS, State, amount_locked, proposal_hash
from papyrus.crypto.hashing import blake2b_256
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode
from papyrus.types.message import METHOD_CONSTRUCTOR
from papyrus.vm.payloads import cbor_block

PEOPLE = people(5)
INIT = 1
MULTISIGS = range(200, 207)
UNBUILT = range(210, 240)
"""Multisigs that have no state yet."""
FULL = 207
"""A multisig with as many signers as there may be, and people who are not among them."""
LAST_NUMBER = 208
"""A multisig whose next transaction has the last number there is."""
CONTRACT = 300

GOVERNANCE = (
    methods.ADD_SIGNER,
    methods.REMOVE_SIGNER,
    methods.SWAP_SIGNER,
    methods.CHANGE_APPROVALS_THRESHOLD,
    methods.LOCK_BALANCE,
)
RETURNS = {methods.PROPOSE: ProposeReturn, methods.APPROVE: ApproveReturn}
DEPTH = 4


class MultisigTraffic:
    """A machine with some multisigs, and one random message after another."""

    def __init__(self, vm, seed):
        """Fill a machine as the seed says."""
        self.vm = vm
        self.random = Random(seed)  # noqa: S311 - the same messages every time
        self.codes = Counter()
        """How often each (method, exit code) was seen."""
        self.inner_codes = Counter()
        """How often each exit code was told of a message that a multisig sent."""
        self.new_accounts = 0
        self.epoch = self.random.randrange(0, 5000)
        plans = {actor_id: self._plan() for actor_id in MULTISIGS}
        vm.each(lambda one: self._fill(one, plans))
        vm.each(lambda one: one.change(epoch=self.epoch))

    def _plan(self):
        """Return signers, threshold, balance and lock of a multisig."""
        random = self.random
        others = [person.id for person in PEOPLE] + random.sample(MULTISIGS, 3)
        signers = random.sample(others, random.randint(1, 5))
        threshold = min(random.choice([1, 1, 2, 2, 3]), len(signers))
        if random.random() < 0.4:
            return signers, threshold, random.choice([0, 10, 1000, 10**9]), {}
        locked = random.choice([7, 999, 1000, 10**9 + 7])
        lock = {
            "initial_balance": TokenAmount(locked),
            "start_epoch": self.epoch + random.randint(-20, 20),
            "unlock_duration": random.choice([1, 3, 7, 60, 1000]),
        }
        return signers, threshold, locked + random.choice([-3, 0, 10, 1000]), lock

    def _fill(self, one, plans):
        for person in PEOPLE:
            one.put_account(person.id, person.key, RICH)
        names = {person.key: person.id for person in PEOPLE}
        names |= {robust(actor_id): actor_id for actor_id in MULTISIGS}
        one.put_addresses(names)
        one.put_actor(INIT, "init", head=one.actors[INIT].head, balance=RICH)
        one.put_actor(CONTRACT, "evm")
        for actor_id, (signers, threshold, balance, lock) in plans.items():
            state = new_multisig(one, signers, threshold, **lock)
            one.put_actor(actor_id, "multisig", state, balance=balance)
        for actor_id in UNBUILT:
            one.put_actor(actor_id, "multisig")
        one.put_actor(FULL, "multisig", new_multisig(one, range(102, 102 + MAX_SIGNERS)))
        last = new_multisig(one, [PEOPLE[0].id], next_transaction_id=2**63 - 1)
        one.put_actor(LAST_NUMBER, "multisig", last)

    # One message.

    def step(self):
        """Send one message, in this epoch or a later one."""
        random = self.random
        if random.random() < 0.4:
            self.epoch += random.choice([1, 1, 1, 2, 5, 30])
            self.vm.each(lambda one: one.change(epoch=self.epoch))
        sender, to, method, params, value = random.choices(
            [self._proposal, self._approval, self._cancellation, self._self_call, self._other],
            [40, 25, 8, 12, 15],
        )[0]()
        if random.random() < 0.03:
            block = cbor_block(params)
            params = mangled(random, b"" if block is None else block.data)
        outcome = self.vm.send(sender, to, method, params, value)
        self.codes[method if method < FIRST_EXPORTED_METHOD else RECEIVE, outcome.code] += 1
        returned = RETURNS.get(method)
        if returned is not None and outcome.code == ExitCode.OK and outcome.value:
            answer = returned.from_cbor(outcome.value)
            if answer.applied:
                self.inner_codes[answer.exit_code] += 1

    def check(self):
        """Check the invariants of all multisigs that have a state."""
        for actor_id in (*MULTISIGS, FULL, LAST_NUMBER, *UNBUILT):
            if actor_id not in UNBUILT or self._is_built(actor_id):
                assert findings_of(self.vm.one, actor_id) == [], actor_id

    def _proposal(self):
        multisig = self._multisig()
        return (
            self._signer(multisig),
            self._name(multisig),
            methods.PROPOSE,
            self._message_of(multisig),
            self._sent_along(),
        )

    def _approval(self):
        multisig = self._multisig(with_pending=True)
        number, params = self._transaction_of(multisig)
        approver = self._signer(multisig)
        found = pending(self.vm, multisig).get(number)
        if found is not None and self.random.random() < 0.7:
            missing = [s.id for s in self._state(multisig).signers if s not in found.approved]
            approver = self.random.choice(missing) if missing else approver
        return approver, self._name(multisig), methods.APPROVE, params, self._sent_along()

    def _cancellation(self):
        multisig = self._multisig(with_pending=True)
        number, params = self._transaction_of(multisig)
        canceller = self._signer(multisig)
        found = pending(self.vm, multisig).get(number)
        if found is not None and self.random.random() < 0.6:
            canceller = found.approved[0].id
        return canceller, multisig, methods.CANCEL, params, 0

    def _self_call(self):
        multisig = self._multisig()
        method = self.random.choice(GOVERNANCE)
        params = self._governance(multisig, method)
        sender = self._person() if self.random.random() < 0.1 else multisig
        return sender, multisig, method, params, 0

    def _other(self):
        random = self.random
        sender, multisig = self._person(), self._multisig()
        match random.randrange(6):
            case 0:
                return sender, self._name(multisig), 0, None, self._amount(10**9)
            case 1:
                told = UniversalReceiverParams(random.getrandbits(32), random.randbytes(5))
                return sender, multisig, RECEIVE, told, 1
            case 2:
                number = FIRST_EXPORTED_METHOD + random.getrandbits(40)
                return sender, multisig, number, random.randbytes(3), 1
            case 3:
                number = random.choice([10, 11, FIRST_EXPORTED_METHOD - 1])
                return sender, multisig, number, random.choice([b"", b"\x80"]), 0
            case 4:
                return CONTRACT, multisig, methods.PROPOSE, proposal(sender), 0
        return self._construction()

    def _construction(self):
        random = self.random
        signers = [self._address() for _ in range(random.randint(0, 4))]
        if random.random() < 0.02:
            signers = [Address.from_id(100)] * (MAX_SIGNERS + 1)
        params = ConstructorParams(
            tuple(signers),
            random.choice([0, 1, 1, 1, 2, 3, 5, 2**64 - 1]),
            random.choice([-1, 0, 0, 1, 50, 2**63 - 1]),
            random.choice([-(2**63), 0, self.epoch, 2**63 - 1]),
        )
        sender = self._person() if random.random() < 0.05 else INIT
        value = self._amount(10**6)
        return sender, random.choice(UNBUILT), METHOD_CONSTRUCTOR, params, value

    # What messages are made of.

    def _message_of(self, multisig, depth=0):
        """Return a proposal of a multisig: mostly one that can work."""
        random = self.random
        kind = random.randrange(12)
        if kind < 3:
            return proposal(self._address(), 0, b"", self._spendable(multisig))
        if kind < 6:
            method = random.choice(GOVERNANCE)
            value = random.choice([0, 0, 0, 1])
            to = multisig if random.random() < 0.9 else self._multisig()
            return proposal(self._name(to), method, self._governance(multisig, method), value)
        if kind < 8 and depth < DEPTH:
            # A proposal to another multisig that this one signs for, or to itself.
            other = self._signed_for_by(multisig)
            inner = self._message_of(other, depth + 1)
            return proposal(self._name(other), methods.PROPOSE, inner, self._sent_along())
        if kind < 10:
            other = self._signed_for_by(multisig)
            method = random.choice([methods.APPROVE, methods.APPROVE, methods.CANCEL])
            _, params = self._transaction_of(other)
            return proposal(self._name(other), method, params)
        if kind == 10:
            method = random.choice([2, 3, 7, FIRST_EXPORTED_METHOD, RECEIVE, 2**64 - 1])
            params = random.choice([b"", b"\x80", b"\xff", random.randbytes(9)])
            return proposal(self._address(), method, params, self._sent_along())
        negative = random.random() < 0.2
        value = -1 if negative else random.choice([2**64, 2**127, 2**128, 2**1000])
        return proposal(self._address(), value=value)

    def _governance(self, multisig, method):
        random = self.random
        match method:
            case methods.ADD_SIGNER:
                return AddSignerParams(self._address(), random.random() < 0.3)
            case methods.REMOVE_SIGNER:
                return RemoveSignerParams(self._address_of_signer(multisig), random.random() < 0.5)
            case methods.SWAP_SIGNER:
                return SwapSignerParams(self._address_of_signer(multisig), self._address())
            case methods.CHANGE_APPROVALS_THRESHOLD:
                signers = len(self._state(multisig).signers)
                threshold = random.choice([0, 1, 1, 1, 2, 2, 3, signers, signers + 1, 2**64 - 1])
                return ChangeApprovalsThresholdParams(threshold)
        start = random.choice([self.epoch + random.randint(-50, 50)] * 3 + [-(2**63), 2**63 - 1])
        duration = random.choice([-1, 0, 1, 10, 100, 10**6, 2**63 - 1])
        amount = random.choice([-1, 0, 1, 1000, 10**9, 2**900])
        return LockBalanceParams(start, duration, TokenAmount(amount))

    def _transaction_of(self, multisig):
        """Return a transaction's number and parameters that name it, by its hash or without."""
        random = self.random
        found = pending(self.vm, multisig) if self._is_built(multisig) else {}
        if not found or random.random() < 0.1:
            number = random.choice([0, 1, 5, -1, 2**63 - 1, -(2**63)])
            return number, TransactionIDParams(number, b"")
        number = random.choice(list(found))
        claimed = proposal_hash(found[number], blake2b_256)
        if random.random() < 0.1:
            wrong = transaction([100], 103, value=random.getrandbits(8))
            claimed = random.choice([claimed[:31], proposal_hash(wrong, blake2b_256)])
        if random.random() < 0.6:
            claimed = b""
        return number, TransactionIDParams(number, claimed)

    def _spendable(self, multisig):
        """Return an amount near what is free of a multisig's balance."""
        random = self.random
        balance = self.vm.one.balance(multisig)
        state = self._state(multisig)
        elapsed = self.epoch - state.start_epoch
        free = balance - (amount_locked(state, elapsed) if elapsed < 2**63 else 0)
        edges = [0, 1, free - 1, free, free, free + 1, free + 1, balance, balance + 1, free // 2]
        return max(0, random.choice(edges))

    def _address(self):
        """Return who a message may be about, by any kind of address."""
        random = self.random
        kind = random.randrange(20)
        if kind < 9:
            person = random.choice(PEOPLE)
            return random.choice([person.address, person.key])
        if kind < 16:
            return self._name(self._multisig())
        match kind:
            case 16:
                return Address.from_id(random.choice([999, 2**63, 2**64 - 1]))
            case 17:
                return random.choice([Address.actor(b"nobody"), Address.delegated(555, b"x")])
            case 18:
                return Address.delegated(10, bytes([random.randrange(30)]) * 20)
        key = bytes([4, random.randrange(30)]) + bytes(63)
        return random.choice([Address.secp256k1(key), Address.bls(key[:48])])

    def _address_of_signer(self, multisig):
        signers = self._state(multisig).signers
        return self.random.choice(signers) if self.random.random() < 0.85 else self._address()

    def _signed_for_by(self, multisig):
        """Return a multisig that a multisig signs for, if there is one."""
        me = Address.from_id(multisig)
        found = [other for other in MULTISIGS if me in self._state(other).signers]
        return self.random.choice(found) if found else multisig

    def _multisig(self, *, with_pending=False):
        random = self.random
        if with_pending and random.random() < 0.9:
            busy = [actor_id for actor_id in MULTISIGS if pending(self.vm, actor_id)]
            if busy:
                return random.choice(busy)
        chance = random.random()
        if chance < 0.04:
            return random.choice([FULL, FULL, FULL, LAST_NUMBER])
        if chance < 0.1:
            built = [actor_id for actor_id in UNBUILT if self._is_built(actor_id)]
            if built:
                return random.choice(built)
        return random.choice(MULTISIGS)

    def _signer(self, multisig):
        """Return a signer of a multisig; now and then anyone."""
        if self.random.random() < 0.05:
            return self._person()
        return self.random.choice(self._state(multisig).signers).id

    def _name(self, multisig):
        if multisig in MULTISIGS and self.random.random() < 0.2:
            return robust(multisig)
        return Address.from_id(multisig)

    def _person(self):
        return self.random.choice(PEOPLE).id

    def _amount(self, most):
        return self.random.choice([0, 1, 1000, most])

    def _sent_along(self):
        return self.random.choice([0, 0, 0, 0, 0, 1, 50])

    def _state(self, multisig):
        return self.vm.one.state(multisig, State)

    def _is_built(self, multisig):
        return self.vm.one.actor(multisig).head != self.vm.one.actors[UNBUILT[-1]].head


def robust(multisig):
    """Return the robust address of a multisig."""
    return Address.actor(f"multisig {multisig}".encode())
