"""Random messages to the verified registry, for engines to agree on.

Everything follows from a seed. The root is a multisig of two people, who may be both asked. The
generator looks at the state to claim, extend and remove what is there, and breaks one thing at a
time in what would be right. Time passes, by epochs or by months.
"""

from collections import Counter
from dataclasses import replace
from random import Random

from multisigs import proposal, put_multisig
from mutations import mangled
from verified import (
    BYTE,
    CLIENT,
    EXPIRATION_MAX,
    MINER,
    NOBODY,
    OTHER_CLIENT,
    OTHER_MINER,
    OTHER_VERIFIER,
    PEOPLE,
    SIZE_MIN,
    TERM_MAX,
    TERM_MIN,
    VERIFIER,
    allocations,
    balances,
    claims,
    findings_of,
    person,
    piece,
    put_verified,
    registry,
    removal,
    request,
    verifiers,
)

from papyrus.actors.common.receiver import RECEIVE, UniversalReceiverParams
from papyrus.actors.common.signatures import GivenSignature
from papyrus.actors.datacap import params as datacap
from papyrus.actors.datacap.params import (
    FRC46_TOKEN_TYPE,
    TokensReceived,
    TransferFromParams,
    TransferParams,
)
from papyrus.actors.multisig import params as multisig
from papyrus.actors.multisig.params import ProposeReturn, TransactionIDParams
from papyrus.actors.verifreg import params as methods
from papyrus.actors.verifreg.params import (
    AllocationClaim,
    AllocationRequests,
    ClaimAllocationsParams,
    ClaimExtensionRequest,
    ClaimTerm,
    ExtendClaimTermsParams,
    GetClaimsParams,
    RemoveDataCapParams,
    RemoveExpiredAllocationsParams,
    RemoveExpiredClaimsParams,
    SectorAllocationClaims,
    VerifierParams,
)
from papyrus.actors.verifreg.state import PROPOSAL_IDS, Allocation, RemoveDataCapProposalID
from papyrus.crypto.signatures import SignatureType
from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.types.message import METHOD_CONSTRUCTOR
from papyrus.vm.payloads import cbor_block

ROOT, HOLDER, CONTRACT = 200, 201, 300
"""The root, another multisig, and a contract."""
SIGNERS = (PEOPLE[0].id, NOBODY)
REGISTRY, TOKEN, MARKET, INIT = 6, 7, 5, 1
UNBUILT = range(60, 80)
"""Registries that have no state yet."""
MINERS = (MINER, OTHER_MINER)
VERIFIERS = (VERIFIER, OTHER_VERIFIER)
CLIENTS = (CLIENT, OTHER_CLIENT)

BOTH = {
    methods.ADD_VERIFIED_CLIENT: methods.ADD_VERIFIED_CLIENT_EXPORTED,
    methods.REMOVE_EXPIRED_ALLOCATIONS: methods.REMOVE_EXPIRED_ALLOCATIONS_EXPORTED,
    methods.GET_CLAIMS: methods.GET_CLAIMS_EXPORTED,
    methods.EXTEND_CLAIM_TERMS: methods.EXTEND_CLAIM_TERMS_EXPORTED,
    methods.REMOVE_EXPIRED_CLAIMS: methods.REMOVE_EXPIRED_CLAIMS_EXPORTED,
}
"""The methods that have two numbers."""


def end_of(made):
    """Return the epoch from which on an allocation or claim is over."""
    return made.expiration if isinstance(made, Allocation) else made.term_start + made.term_max


class VerifregTraffic:
    """A machine with a registry and all around it, and one random message after another."""

    def __init__(self, vm, seed):
        """Fill a machine and appoint two verifiers."""
        self.vm = vm
        self.random = Random(seed)  # noqa: S311 - the same messages every time
        self.codes = Counter()
        """How often each (method, exit code) was seen; of what the root was asked to send too."""
        self.results = Counter()
        """How often each (method, code in the results) was seen."""
        self.epoch = self.random.randrange(100_000)
        self.pieces = 0
        vm.each(self._fill)
        vm.each(lambda one: one.change(epoch=self.epoch))
        for verifier in VERIFIERS:
            params = VerifierParams(Address.from_id(verifier), 10**9)
            vm.ok(ROOT, REGISTRY, methods.ADD_VERIFIER, params)
        for verifier, client in zip(VERIFIERS, CLIENTS, strict=True):
            params = VerifierParams(Address.from_id(client), 10**6)
            vm.ok(verifier, REGISTRY, methods.ADD_VERIFIED_CLIENT, params)

    def _fill(self, one):
        put_verified(one, ROOT)
        put_multisig(one, ROOT, SIGNERS, 2)
        put_multisig(one, HOLDER, [CLIENT])
        one.put_actor(CONTRACT, "evm")
        for actor_id in UNBUILT:
            one.put_actor(actor_id, "verifiedregistry")

    def step(self):
        """Send one message, in this epoch or a later one."""
        random = self.random
        if random.random() < 0.1:
            self._pass_time()
        sender, to, method, params = random.choices(
            [
                self._add_verifier,
                self._remove_verifier,
                self._add_client,
                self._remove_datacap,
                self._spend,
                self._spend_as_market,
                self._hook,
                self._claim,
                self._extend,
                self._get_claims,
                self._remove_allocations,
                self._remove_claims,
                self._other,
            ],
            [5, 1, 9, 6, 22, 3, 4, 22, 8, 5, 8, 7, 4],
        )[0]()
        if random.random() < 0.03:
            block = cbor_block(params)
            params = mangled(random, b"" if block is None else block.data)
        if to == REGISTRY and method in BOTH and random.random() < 0.4:
            method = BOTH[method]
        if sender == ROOT and random.random() < 0.15:
            self._ask_root(to, method, params)
            return
        outcome = self.vm.send(sender, to, method, params)
        self._count(method, outcome.code)

    def check(self):
        """Check the invariants; who was a client may be a verifier and get its DataCap back."""
        wrong = findings_of(self.vm.one)
        assert [found for found in wrong if "is also a datacap token holder" not in found] == []

    def _count(self, method, code):
        for internal, exported in BOTH.items():
            method = internal if method == exported else method
        self.codes[method, code] += 1

    def _ask_root(self, to, method, params):
        """Let both signers of the root approve a message."""
        asked = proposal(to, method, params)
        value = self.vm.ok(SIGNERS[0], ROOT, multisig.PROPOSE, asked)
        number = ProposeReturn.from_cbor(value).transaction_id
        params = TransactionIDParams(number, b"")
        answer = self.vm.ok(SIGNERS[1], ROOT, multisig.APPROVE, params)
        self._count(method, multisig.ApproveReturn.from_cbor(answer).exit_code)

    def _pass_time(self):
        random = self.random
        if random.random() < 0.4:
            subjects = [*allocations(self.vm).values(), *claims(self.vm).values()]
            coming = [over for over in map(end_of, subjects) if over > self.epoch + 1]
            self.epoch = min(coming, default=self.epoch + 2) + random.choice([-1, 0, 0, 1])
        else:
            steps = [1, 60, 2880, 2880 * 30, EXPIRATION_MAX, TERM_MIN, TERM_MAX // 2]
            self.epoch += random.randint(1, random.choices(steps, [6, 6, 6, 4, 2, 1, 1])[0])
        self.vm.each(lambda one: one.change(epoch=self.epoch))

    # Verifiers and clients.

    def _add_verifier(self):
        random = self.random
        allowance = random.choice([0, -1, SIZE_MIN - 1, SIZE_MIN, 10**6, 10**9, 2**1000])
        if random.random() < 0.5:
            # So much that as tokens it no longer fits on the chain.
            allowance = random.choice([10**9, 10**9, 10**9, 2**1015])
        who = self._name(random.choice(VERIFIERS)) if random.random() < 0.6 else self._address()
        return self._root(), REGISTRY, methods.ADD_VERIFIER, VerifierParams(who, allowance)

    def _remove_verifier(self):
        who = self._address()
        if self.random.random() < 0.3:
            who = self._name(self.random.choice(VERIFIERS))
        return self._root(), REGISTRY, methods.REMOVE_VERIFIER, who

    def _add_client(self):
        random = self.random
        allowed = verifiers(self.vm)
        verifier = random.choice(list(allowed)) if allowed else VERIFIER
        if random.random() < 0.05:
            verifier = random.choice(PEOPLE).id
        most = allowed.get(verifier, 10**6)
        amounts = [SIZE_MIN, 10**5, 10**6, most // 2, most, most + 1, SIZE_MIN - 1, -1]
        allowance = random.choices(amounts, [10, 20, 10, 2, 1, 2, 1, 1])[0]
        client = self._name(random.choice(CLIENTS)) if random.random() < 0.5 else self._address()
        params = VerifierParams(client, allowance)
        return verifier, REGISTRY, methods.ADD_VERIFIED_CLIENT, params

    def _remove_datacap(self):
        random = self.random
        held = balances(self.vm)
        client = random.choice([*held, *CLIENTS])
        most = held.get(client, 1000)
        amount = random.choice([0, 1, most // 100, most // 2, most, most + 1, -1])
        known = [who for who in verifiers(self.vm) if who in VERIFIERS]
        if len(known) < 2 or random.random() < 0.1:
            known = [*VERIFIERS, random.choice(PEOPLE).id]
        pair = random.sample(known, 2)
        if random.random() < 0.05:
            pair = [pair[0], pair[0]]
        requests = [self._removal(verifier, client, amount) for verifier in pair]
        if random.random() < 0.03:
            # A verifier who cannot sign, but may be able to answer.
            others = [who for who in verifiers(self.vm) if who not in VERIFIERS]
            broken = Address.from_id(random.choice([HOLDER, MINER, 999, *others * 3]))
            requests[1] = replace(requests[1], verifier=broken)
        name = self._name(client) if random.random() < 0.95 else self._address()
        if random.random() < 0.02:
            amount += 1
        params = RemoveDataCapParams(name, amount, *requests)
        return self._root(), REGISTRY, methods.REMOVE_VERIFIED_CLIENT_DATACAP, params

    def _removal(self, verifier, client, amount):
        """Return a verifier's request, signed with the number that is next, mostly."""
        random = self.random
        one = self.vm.one
        counters = PROPOSAL_IDS.open(one.machine.store, registry(one).proposal_ids)
        pair = Address.from_id(verifier), Address.from_id(client)
        used = counters.get(pair) or RemoveDataCapProposalID(0)
        number = used.id + (random.random() < 0.05)
        made = removal(verifier, client, amount, number, address=self._name(verifier))
        if random.random() < 0.05:
            data = random.choice([b"", b"\x00" * 65, b"\x00" * 300, made.signature.data[:-1]])
            made = replace(made, signature=GivenSignature(SignatureType.BLS, data))
        return made

    # Allocations and claims.

    def _spend(self):
        """Return a transfer of DataCap for allocations and extensions."""
        random = self.random
        held = {who: most for who, most in balances(self.vm).items() if who != REGISTRY}
        client = random.choice(list(held)) if held and random.random() < 0.95 else NOBODY
        wanted, amount = self._wanted(held.get(client, 10**6))
        to = Address.from_id(REGISTRY) if random.random() < 0.98 else self._address()
        params = TransferParams(to, TokenAmount(amount * BYTE), wanted)
        return client, TOKEN, datacap.TRANSFER, params

    def _spend_as_market(self):
        random = self.random
        held = {who: most for who, most in balances(self.vm).items() if who != REGISTRY}
        client = random.choice(list(held)) if held else NOBODY
        wanted, amount = self._wanted(held.get(client, 10**6))
        params = TransferFromParams(
            self._name(client), Address.from_id(REGISTRY), TokenAmount(amount * BYTE), wanted
        )
        return MARKET, TOKEN, datacap.TRANSFER_FROM, params

    def _wanted(self, most):
        """Return operator data for at most so much DataCap, and how much it is."""
        random = self.random
        made = []
        amount = 0
        for _ in range(random.choice([0, 1, 1, 1, 2, 3, 8])):
            allocation = self._request()
            if amount + allocation.size <= most:
                made.append(allocation)
                amount += allocation.size
        extended = []
        found = claims(self.vm)
        for _ in range(random.choice([0, 0, 1, 1, 2]) if found else 0):
            number = random.choice(list(found))
            extended.append(self._extension(number, found[number]))
            amount += found[number].size
        data = AllocationRequests(tuple(made), tuple(extended)).to_cbor()
        chance = random.random()
        if chance < 0.03:
            amount += random.choice([1, -1, 1000])
        elif chance < 0.05:
            data = mangled(random, data)
        return data, amount

    def _request(self):
        random = self.random
        self.pieces += 1
        term_min = random.choice([TERM_MIN, TERM_MIN, TERM_MIN + 1000, TERM_MAX])
        good = request(
            self.pieces,
            provider=random.choice(MINERS),
            size=random.choice([SIZE_MIN, 1024, 2048, 4096, 1000]),
            term_min=term_min,
            term_max=random.choice([term_min, TERM_MIN * 2, TERM_MAX, TERM_MAX]),
            expiration=self.epoch + random.choice([0, 100, 2880, EXPIRATION_MAX]),
        )
        if good.term_max < good.term_min and random.random() < 0.9:
            good = replace(good, term_max=TERM_MAX)
        if random.random() > 0.06:
            return good
        wrong = random.choice(
            [
                {"provider": random.choice([CLIENT, 999, REGISTRY])},
                {"size": random.choice([0, SIZE_MIN - 1])},
                {"term_min": random.choice([TERM_MIN - 1, -1, 2**63 - 1])},
                {"term_max": random.choice([TERM_MAX + 1, 0, -(2**63)])},
                {"expiration": self.epoch + random.choice([-1, EXPIRATION_MAX + 1])},
                {"expiration": 2**63 - 1},
                {"data": Cid.of(b"nowhere", codec=random.choice([RAW, 0x71, 0x70, 0x90]))},
                {"data": Cid.of_digest(b"inline", RAW, 0)},
            ]
        )
        return replace(good, **wrong)

    def _extension(self, number, claim):
        random = self.random
        longest = self.epoch + TERM_MAX - claim.term_start
        terms = [longest, longest - 1000, claim.term_max + 1, longest + 1, claim.term_max]
        term = random.choices(terms, [10, 10, 5, 1, 1])[0]
        if random.random() < 0.02:
            number += 10**6
        return ClaimExtensionRequest(claim.provider, number, term)

    def _hook(self):
        """Return a word of tokens, often from who may say so, without the tokens."""
        random = self.random
        wanted, amount = self._wanted(10**6)
        received = TokensReceived(
            sender=random.choice(CLIENTS),
            to=REGISTRY if random.random() < 0.9 else TOKEN,
            operator=random.choice(CLIENTS),
            amount=TokenAmount(amount * BYTE + random.choice([0, 0, 0, 1, -1])),
            operator_data=wanted,
            token_data=b"",
        )
        payload = received.to_cbor()
        if random.random() < 0.1:
            payload = mangled(random, payload)
        kind = FRC46_TOKEN_TYPE if random.random() < 0.9 else 7
        params = UniversalReceiverParams(kind, payload)
        # From the token itself only in vain, or the registry would owe what it never had.
        good = kind == FRC46_TOKEN_TYPE and amount
        sender = CLIENT if good or random.random() < 0.2 else TOKEN
        return sender, REGISTRY, RECEIVE, params

    def _claim(self):
        random = self.random
        found = allocations(self.vm)
        miner = random.choice(MINERS)
        mine = {number: made for number, made in found.items() if made.provider == miner}
        sectors = []
        for _ in range(random.choice([1, 1, 2, 3, 5])):
            numbers = random.choices(list(mine), k=random.choice([1, 1, 2, 3])) if mine else []
            if random.random() > 0.03:
                numbers = list(dict.fromkeys(numbers))
            if found and random.random() < 0.05:
                numbers.append(random.choice(list(found)))
            sectors.append(self._sector({number: found[number] for number in numbers}, numbers))
        if random.random() < 0.01:
            sectors = []
        params = ClaimAllocationsParams(tuple(sectors), random.random() < 0.25)
        sender = CLIENT if random.random() < 0.03 else miner
        return sender, REGISTRY, methods.CLAIM_ALLOCATIONS, params

    def _sector(self, found, numbers):
        random = self.random
        terms = [term for made in found.values() for term in (made.term_min, made.term_max)]
        lifetime = random.choice([*terms, TERM_MIN])
        if random.random() < 0.08:
            lifetime += random.choice([-1, 1, 1000])
        expiry = self.epoch + lifetime
        if random.random() < 0.01:
            expiry = -(2**63)
        asked = []
        for number in numbers:
            made = found[number]
            claim = AllocationClaim(made.client, number, made.data, made.size)
            if random.random() < 0.04:
                wrong = [{"client": NOBODY}, {"size": 1}, {"data": piece(0)}]
                wrong.append({"allocation_id": number + 10**6})
                claim = replace(claim, **random.choice(wrong))
            asked.append(claim)
        return SectorAllocationClaims(random.randrange(100), expiry, tuple(asked))

    def _extend(self):
        random = self.random
        found = claims(self.vm)
        sender = random.choice(CLIENTS)
        terms = []
        for _ in range(random.choice([0, 1, 1, 2, 4])):
            if not found or random.random() < 0.1:
                terms.append(ClaimTerm(random.choice(MINERS), random.randrange(500), TERM_MAX))
                continue
            number = random.choice(list(found))
            claim = found[number]
            if random.random() < 0.4:
                sender = claim.client
            term = random.choice(
                [claim.term_max, claim.term_max + 1, claim.term_max - 1, TERM_MAX, TERM_MAX + 1]
            )
            terms.append(ClaimTerm(claim.provider, number, term))
        params = ExtendClaimTermsParams(tuple(terms))
        return sender, REGISTRY, methods.EXTEND_CLAIM_TERMS, params

    def _get_claims(self):
        random = self.random
        numbers = [*claims(self.vm), 0, 10**6]
        wanted = tuple(random.choices(numbers, k=random.randrange(5)))
        params = GetClaimsParams(random.choice([*MINERS, MINER, CLIENT]), wanted)
        return random.choice(PEOPLE).id, REGISTRY, methods.GET_CLAIMS, params

    def _remove_allocations(self):
        random = self.random
        found = allocations(self.vm)
        clients = [made.client for made in found.values()]
        client = random.choice([*clients, *CLIENTS])
        if random.random() < 0.04:
            client = random.choice([999, MINER, HOLDER, REGISTRY, TOKEN, ROOT])
        params = RemoveExpiredAllocationsParams(client, self._some_of(found))
        sender = random.choice(PEOPLE).id
        return sender, REGISTRY, methods.REMOVE_EXPIRED_ALLOCATIONS, params

    def _remove_claims(self):
        random = self.random
        params = RemoveExpiredClaimsParams(
            random.choice([*MINERS, *MINERS, CLIENT]), self._some_of(claims(self.vm))
        )
        return random.choice(PEOPLE).id, REGISTRY, methods.REMOVE_EXPIRED_CLAIMS, params

    def _some_of(self, found):
        """Return the numbers of some of what there is, or none, which asks for all."""
        random = self.random
        if not found or random.random() < 0.3:
            return ()
        over = [number for number, made in found.items() if self.epoch >= end_of(made)]
        numbers = random.choices(over or list(found), k=random.choice([1, 2, 4]))
        if random.random() < 0.3:
            numbers.append(random.choice([*found, 0, 10**6]))
        if random.random() < 0.9:
            numbers = dict.fromkeys(numbers)
        return tuple(numbers)

    # Anything else.

    def _other(self):
        random = self.random
        sender = random.choice([0, 0, 0, CLIENT, CONTRACT])
        match random.randrange(3):
            case 0:
                number = random.choice([5, 6, 13, 2**24 - 1, 2**24, 2**64 - 1])
                return sender, REGISTRY, number, random.choice([b"", b"\x80"])
            case 1:
                method = random.choice([METHOD_CONSTRUCTOR, methods.REMOVE_VERIFIER])
                return sender, REGISTRY, method, self._address()
        to = random.choice(UNBUILT)
        return sender, to, METHOD_CONSTRUCTOR, self._address()

    def _root(self):
        return ROOT if self.random.random() < 0.96 else self.random.choice(PEOPLE).id

    def _name(self, actor_id):
        if any(one.id == actor_id for one in PEOPLE) and self.random.random() < 0.3:
            return person(actor_id).key
        return Address.from_id(actor_id)

    def _address(self):
        """Return who a message may be about, by any kind of address."""
        random = self.random
        kind = random.randrange(20)
        if kind < 8:
            return self._name(random.choice(PEOPLE).id)
        if kind < 13:
            return Address.from_id(random.choice([REGISTRY, TOKEN, MINER, ROOT, HOLDER, HOLDER]))
        match kind:
            case 13:
                return Address.from_id(random.choice([999, 2**63, 2**64 - 1, CONTRACT]))
            case 14:
                return random.choice([Address.actor(b"nobody"), Address.delegated(555, b"x")])
            case 15:
                return Address.delegated(10, bytes([random.randrange(30)]) * 20)
        return Address.secp256k1(bytes([4, random.randrange(30)]) + bytes(63))
