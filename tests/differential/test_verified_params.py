"""The parameters of token and registry, written loosely: both engines take the same of them."""

from random import Random

import pytest
from actor_vm import TwinVm
from mutations import loosened, mangled
from verified import (
    BYTE,
    CLIENT,
    MINER,
    NOBODY,
    OTHER_VERIFIER,
    ROOT,
    TERM_MAX,
    VERIFIER,
    allocate,
    give,
    params_for,
    piece,
    put_verified,
    removal,
    request,
)

from papyrus.actors.common.receiver import RECEIVE, UniversalReceiverParams
from papyrus.actors.datacap import params as datacap
from papyrus.actors.datacap.params import (
    FRC46_TOKEN_TYPE,
    BurnFromParams,
    BurnParams,
    DecreaseAllowanceParams,
    DestroyParams,
    GetAllowanceParams,
    IncreaseAllowanceParams,
    MintParams,
    RevokeAllowanceParams,
    TokensReceived,
    TransferFromParams,
    TransferParams,
)
from papyrus.actors.verifreg import params as verifreg
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
)
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.vm.payloads import cbor_block

pytestmark = pytest.mark.bundle("v18/testing-fake-proofs")

REGISTRY, TOKEN, MARKET = 6, 7, 5
ONE = TokenAmount(BYTE)
TO, OWNER = Address.from_id(NOBODY), Address.from_id(CLIENT)
DATA = AllocationRequests((request(9),), (ClaimExtensionRequest(MINER, 3, TERM_MAX),)).to_cbor()
RECEIVED = TokensReceived(CLIENT, REGISTRY, CLIENT, ONE, DATA, b"").to_cbor()
CLAIM = AllocationClaim(CLIENT, 1, piece(1), 1024)

MESSAGES = {
    "constructor": (0, TOKEN, 1, OWNER),
    "mint": (REGISTRY, TOKEN, datacap.MINT, MintParams(TO, ONE, (OWNER,))),
    "destroy": (REGISTRY, TOKEN, datacap.DESTROY, DestroyParams(OWNER, ONE)),
    "balance": (NOBODY, TOKEN, datacap.BALANCE, OWNER),
    "allowance": (NOBODY, TOKEN, datacap.ALLOWANCE, GetAllowanceParams(OWNER, TO)),
    "transfer": (
        CLIENT,
        TOKEN,
        datacap.TRANSFER,
        TransferParams(Address.from_id(REGISTRY), TokenAmount(1024 * BYTE), DATA),
    ),
    "transfer from": (
        MARKET,
        TOKEN,
        datacap.TRANSFER_FROM,
        TransferFromParams(OWNER, Address.from_id(REGISTRY), ONE, DATA),
    ),
    "increase": (CLIENT, TOKEN, datacap.INCREASE_ALLOWANCE, IncreaseAllowanceParams(TO, ONE)),
    "decrease": (CLIENT, TOKEN, datacap.DECREASE_ALLOWANCE, DecreaseAllowanceParams(TO, ONE)),
    "revoke": (CLIENT, TOKEN, datacap.REVOKE_ALLOWANCE, RevokeAllowanceParams(TO)),
    "burn": (CLIENT, TOKEN, datacap.BURN, BurnParams(ONE)),
    "burn from": (MARKET, TOKEN, datacap.BURN_FROM, BurnFromParams(OWNER, ONE)),
    "add verifier": (ROOT, REGISTRY, verifreg.ADD_VERIFIER, params_for(OTHER_VERIFIER, 1024)),
    "remove verifier": (
        ROOT,
        REGISTRY,
        verifreg.REMOVE_VERIFIER,
        Address.from_id(OTHER_VERIFIER),
    ),
    "add client": (VERIFIER, REGISTRY, verifreg.ADD_VERIFIED_CLIENT, params_for(CLIENT, 256)),
    "remove datacap": (
        ROOT,
        REGISTRY,
        verifreg.REMOVE_VERIFIED_CLIENT_DATACAP,
        RemoveDataCapParams(
            OWNER, 5, removal(VERIFIER, CLIENT, 5), removal(OTHER_VERIFIER, CLIENT, 5)
        ),
    ),
    "remove allocations": (
        NOBODY,
        REGISTRY,
        verifreg.REMOVE_EXPIRED_ALLOCATIONS,
        RemoveExpiredAllocationsParams(CLIENT, (1, 300)),
    ),
    "claim": (
        MINER,
        REGISTRY,
        verifreg.CLAIM_ALLOCATIONS,
        ClaimAllocationsParams((SectorAllocationClaims(1, 600_000, (CLAIM,)),), True),
    ),
    "get claims": (NOBODY, REGISTRY, verifreg.GET_CLAIMS, GetClaimsParams(MINER, (1, 300))),
    "extend": (
        CLIENT,
        REGISTRY,
        verifreg.EXTEND_CLAIM_TERMS,
        ExtendClaimTermsParams((ClaimTerm(MINER, 1, TERM_MAX),)),
    ),
    "remove claims": (
        NOBODY,
        REGISTRY,
        verifreg.REMOVE_EXPIRED_CLAIMS,
        RemoveExpiredClaimsParams(MINER, (1, 300)),
    ),
    "receive": (TOKEN, REGISTRY, RECEIVE, UniversalReceiverParams(FRC46_TOKEN_TYPE, RECEIVED)),
}


@pytest.fixture
def vm():
    """Return machines with two verifiers, a client and an allocation."""
    machine = TwinVm()
    machine.each(put_verified)
    give(machine, CLIENT, 10**6)
    allocate(machine, CLIENT, request(1))
    for verifier in (VERIFIER, OTHER_VERIFIER):
        params = params_for(verifier, 10**6)
        machine.ok(ROOT, REGISTRY, verifreg.ADD_VERIFIER, params)
    return machine


@pytest.mark.parametrize("name", MESSAGES)
def test_engines_take_the_same_parameters(vm, name):
    sender, to, method, params = MESSAGES[name]
    data = cbor_block(params).data
    random = Random(name)  # noqa: S311 - the same bytes every time
    for place in random.sample(range(len(data)), min(len(data), 12)):
        for variant in loosened(data, place):
            vm.send(sender, to, method, variant)
        vm.send(sender, to, method, mangled(random, data))
    assert vm.sent > 16
