"""Actors' records as Lotus' JSON: every method of every actor, every state, and Go's names."""

import typing
from dataclasses import fields

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lotus_chains import lotus_chain
from record_strategies import values_of

from papyrus.actors.common.batches import BatchReturn, FailCode
from papyrus.actors.init.params import ExecParams
from papyrus.actors.market.deals import ClientDealProposal
from papyrus.actors.multisig.params import ProposeParams
from papyrus.actors.paych.params import UpdateChannelStateParams
from papyrus.actors.registry import BUILTIN_NAMES
from papyrus.actors.verifreg.params import SectorClaimSummary
from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Record
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError
from papyrus.rpc.errors import RpcError
from papyrus.rpc.views.actor_methods import method_types, methods_of, state_of
from papyrus.rpc.views.go_names import EVERYWHERE, IN_RECORD, UNWRAPPED
from papyrus.rpc.views.record_forms import form_of
from papyrus.rpc.views.records import (
    actor_record,
    decode_params,
    decode_return,
    decoded,
    encode_params,
)
from papyrus.rpc.views.state_at import StateAt
from papyrus.rules.actor_codes import actor_codes
from papyrus.vm.payloads import codec_of

METHODS = [
    (actor, number)
    for actor in BUILTIN_NAMES
    for number, types in methods_of(actor).items()
    if types.params is not type(None)
]
KINDS = [
    kind
    for actor in BUILTIN_NAMES
    for kind in (
        state_of(actor),
        *(types.params for types in methods_of(actor).values()),
        *(types.returns for types in methods_of(actor).values()),
    )
    if kind is not None and kind is not type(None)
]


def records_in(kind, seen):
    """Add every record that a kind leads to."""
    for inner in typing.get_args(kind):
        records_in(inner, seen)
    if isinstance(kind, type) and issubclass(kind, Record) and kind not in seen:
        seen.add(kind)
        for hint in typing.get_type_hints(kind, include_extras=True).values():
            records_in(hint, seen)


def all_records():
    seen = set()
    for kind in KINDS:
        records_in(kind, seen)
    return seen


@pytest.mark.parametrize(("actor", "method"), METHODS)
@settings(max_examples=3, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_params_of_every_method_cross_to_json_and_back(actor, method, data):
    kind = method_types(actor, method).params
    value = data.draw(values_of(kind))
    cbor = dag_cbor.encode(codec_of(kind).to_ipld(value))
    told = decoded(kind, cbor, "t")
    again = form_of(kind).read(told)
    assert dag_cbor.encode(codec_of(kind).to_ipld(again)) == cbor
    assert form_of(kind).write(again, "t") == told


@pytest.mark.parametrize("actor", BUILTIN_NAMES)
@settings(max_examples=2, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_state_and_answers_of_every_actor_cross_to_json(actor, data):
    kinds = [types.returns for types in methods_of(actor).values()]
    for kind in {state_of(actor), *kinds} - {None, type(None)}:
        value = data.draw(values_of(kind))
        cbor = dag_cbor.encode(codec_of(kind).to_ipld(value))
        told = decoded(kind, cbor, "f")
        assert form_of(kind).write(form_of(kind).read(told), "f") == told


def test_every_exception_of_spelling_is_of_a_field_that_is_there():
    records = all_records()
    names = {field.name for record in records for field in fields(record)}
    assert EVERYWHERE.keys() <= names
    for record, own in IN_RECORD.items():
        assert record in records
        assert own.keys() <= {field.name for field in fields(record)}
    for record in UNWRAPPED:
        assert len(fields(record)) == 1


@settings(max_examples=2, deadline=None)
@given(data=st.data())
def test_records_that_are_arrays_in_cbor_are_objects_in_json(data):
    for record in all_records():
        value = data.draw(values_of(record))
        is_array = len(fields(record)) == 1 and not isinstance(
            form_of(record).write(value, "f"), dict
        )
        assert is_array == (record in UNWRAPPED)


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        (
            state_of("storagepower"),
            (
                "TotalRawBytePower TotalBytesCommitted TotalQualityAdjPower TotalQABytesCommitted "
                "TotalPledgeCollateral ThisEpochRawBytePower ThisEpochQualityAdjPower "
                "ThisEpochPledgeCollateral ThisEpochQAPowerSmoothed MinerCount "
                "MinerAboveMinPowerCount "
                "RampStartEpoch RampDurationEpochs CronEventQueue FirstCronEpoch Claims "
                "ProofValidationBatch"
            ),
        ),
        (
            state_of("storageminer"),
            (
                "Info PreCommitDeposits LockedFunds VestingFunds FeeDebt InitialPledge "
                "PreCommittedSectors PreCommittedSectorsCleanUp AllocatedSectors Sectors "
                "ProvingPeriodStart CurrentDeadline Deadlines EarlyTerminations DeadlineCronActive"
            ),
        ),
        (
            state_of("multisig"),
            (
                "Signers NumApprovalsThreshold NextTxnID InitialBalance StartEpoch UnlockDuration "
                "PendingTxns"
            ),
        ),
        (state_of("paymentchannel"), "From To ToSend SettlingAt MinSettleHeight LaneStates"),
        (
            state_of("verifiedregistry"),
            "RootKey Verifiers RemoveDataCapProposalIDs Allocations NextAllocationId Claims",
        ),
        (state_of("datacap"), "Governor Token"),
        (
            state_of("evm"),
            "Bytecode BytecodeHash ContractState TransientData Nonce Tombstone",
        ),
        (
            state_of("reward"),
            (
                "CumsumBaseline CumsumRealized EffectiveNetworkTime EffectiveBaselinePower "
                "ThisEpochReward ThisEpochRewardSmoothed ThisEpochBaselinePower Epoch "
                "TotalStoragePowerReward SimpleTotal BaselineTotal"
            ),
        ),
        (
            state_of("storagemarket"),
            (
                "Proposals States PendingProposals EscrowTable LockedTable NextID DealOpsByEpoch "
                "LastCron TotalClientLockedCollateral TotalProviderLockedCollateral "
                "TotalClientStorageFee PendingDealAllocationIds ProviderSectors"
            ),
        ),
        (
            method_types("storageminer", 1).params,
            "OwnerAddr WorkerAddr ControlAddrs WindowPoStProofType PeerId Multiaddrs",
        ),
        (
            method_types("storagepower", 2).params,
            "Owner Worker WindowPoStProofType Peer Multiaddrs",
        ),
        (
            method_types("storageminer", 6).params,
            (
                "SealProof SectorNumber SealedCID SealRandEpoch DealIDs Expiration ReplaceCapacity "
                "ReplaceSectorDeadline ReplaceSectorPartition ReplaceSectorNumber"
            ),
        ),
        (
            method_types("storageminer", 5).params,
            "Deadline Partitions Proofs ChainCommitEpoch ChainCommitRand",
        ),
        (
            method_types("storageminer", 36).params,
            (
                "Sectors AggregateProof SealProofType AggregateProofType ProvingDeadline "
                "RequireActivationSuccess"
            ),
        ),
        (method_types("multisig", 3).params, "ID ProposalHash"),
        (method_types("multisig", 2).returns, "TxnID Applied Code Ret"),
        (method_types("multisig", 7).params, "From To"),
        (method_types("multisig", 8).params, "NewThreshold"),
        (method_types("init", 3).params, "CodeCID ConstructorParams SubAddress"),
        (method_types("eam", 3).returns, "ActorID RobustAddress EthAddress"),
        (
            method_types("verifiedregistry", 7).params,
            "VerifiedClientToRemove DataCapAmountToRemove VerifierRequest1 VerifierRequest2",
        ),
        (method_types("reward", 3).returns, "ThisEpochRewardSmoothed ThisEpochBaselinePower"),
        (BatchReturn, "SuccessCount FailCodes"),
        (FailCode, "Idx Code"),
    ],
)
@settings(max_examples=1, deadline=None)
@given(data=st.data())
def test_keys_are_those_of_lotus(kind, keys, data):
    value = data.draw(values_of(kind))
    assert list(form_of(kind).write(value, "f")) == keys.split()


CODE = actor_codes(18, "mainnet")["account"]


def test_values_are_spelt_as_go_spells_them():
    written = form_of(ExecParams).write(ExecParams(CODE, b""), "f")
    assert written == {"CodeCID": {"/": str(CODE)}, "ConstructorParams": None}
    send = {"To": "f0100", "Value": "1000000000000000000000", "Method": 0, "Params": "AAE="}
    params = ProposeParams(Address.from_id(100), 10**21, 0, b"\x00\x01")
    assert form_of(ProposeParams).write(params, "f") == send
    assert form_of(ProposeParams).read({**send, "value": "7", "Other": 1}).value == 7
    small = {key.lower(): value for key, value in send.items()}
    assert form_of(ProposeParams).read(small) == params
    word = form_of(method_types("eam", 3).params)
    assert word.write(word.read({"Initcode": "/w==", "Salt": list(range(32))}), "f") == {
        "Initcode": "/w==",
        "Salt": list(range(32)),
    }


def test_absent_members_are_what_go_takes_for_them():
    read = form_of(ProposeParams).read({"To": "f0100"})
    assert (read.value, read.method, read.params) == (0, 0, b"")
    with pytest.raises(DecodeError, match="expected an object with a field 'To'"):
        form_of(ProposeParams).read({"Value": "1"})
    voucher = {"ChannelAddr": "f0100", "Extra": None, "Merges": None, "Signature": None}
    read = form_of(UpdateChannelStateParams).read({"Sv": voucher}).voucher
    assert (read.lane, read.extra, read.merges, read.signature, read.amount) == (
        0,
        None,
        (),
        None,
        0,
    )


def test_labels_and_signatures_of_deals():
    deal = {
        "Proposal": {
            "PieceCID": {"/": str(CODE)},
            "PieceSize": 2048,
            "VerifiedDeal": True,
            "Client": "f0100",
            "Provider": "f0101",
            "Label": "a label",
            "StartEpoch": 1,
            "EndEpoch": 2,
            "StoragePricePerEpoch": "3",
            "ProviderCollateral": "4",
            "ClientCollateral": "5",
        },
        "ClientSignature": {"Type": 1, "Data": "AQI="},
    }
    read = form_of(ClientDealProposal).read(deal)
    assert read.proposal.label == "a label"
    assert form_of(ClientDealProposal).write(read, "f") == deal
    with pytest.raises(DecodeError, match="signature type"):
        form_of(ClientDealProposal).read({**deal, "ClientSignature": {"Type": 300}})
    label = form_of(str | bytes)
    assert label.write(b"\xff", "f") == ""


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        (tuple[int, int], [1], "list of 2 items"),
        (tuple[int, ...], 5, "a list or null"),
        (ProposeParams, [], "an object"),
        (method_types("evm", 5).params, {"StorageKey": [256] * 32}, "32 bytes as numbers"),
        (method_types("evm", 5).params, {"StorageKey": [1]}, "32 bytes as numbers"),
        (method_types("storageminer", 4127382196).params, {"Power": 5}, "Power: "),
        (SectorClaimSummary, "x", "decimal text"),
    ],
)
def test_what_is_not_of_the_kind_is_refused(kind, value, why):
    with pytest.raises(DecodeError, match=why):
        form_of(kind).read(value)


def test_a_sector_status_is_a_number():
    status = method_types("storageminer", 1321604665).returns
    read = form_of(status).read({"Status": 2, "AuxData": None})
    assert form_of(status).write(read, "f") == {"Status": 2, "AuxData": None}
    with pytest.raises(DecodeError):
        form_of(status).read({"Status": 9})


def test_types_without_a_form_are_refused():
    with pytest.raises(TypeError, match="has no JSON form"):
        form_of(object)


@pytest.fixture
def ledger(shared):
    """Return the state that Lotus' ledger chain ends on."""
    chain = lotus_chain(shared, "ledger")
    return StateAt.before(chain.tipsets[-1], chain.file.car, chain.network), chain


def test_every_actor_of_a_chain_can_be_read(ledger):
    state, _ = ledger
    names = set()
    for actor_id, actor in state.tree.items():
        found = actor_record(state, Address.from_id(actor_id))
        name = state.kind_of(actor)
        names.add(name)
        assert (found.balance, found.code) == (actor.balance, actor.code)
        assert (found.state is None) == (state_of(name) is None)
    assert {"multisig", "paymentchannel", "storageminer", "account", "datacap"} <= names
    assert actor_record(state, Address.from_id(1)).state["NetworkName"] == "testing"


def test_params_and_answers_are_read_by_the_actor_they_were_for(ledger):
    state, chain = ledger
    multisig = next(
        Address.from_id(actor_id)
        for actor_id, actor in state.tree.items()
        if state.kind_of(actor) == "multisig"
    )
    params = dag_cbor.encode([bytes(Address.from_id(100)), b"\x00\x07", 0, b""])
    told = {"To": "f0100", "Value": "7", "Method": 0, "Params": None}
    letter = chain.network.address_prefix
    told["To"] = Address.from_id(100).to_string(letter)
    assert decode_params(state, multisig, 2, params) == told
    code = state.actor(multisig).code
    assert encode_params(state, code, 2, told) == params
    assert encode_params(state, code, 0, {}) == b""
    assert decode_params(state, multisig, 0, b"") == {}
    answer = dag_cbor.encode([3, True, 0, b""])
    assert decode_return(state, multisig, 2, answer) == {
        "TxnID": 3,
        "Applied": True,
        "Code": 0,
        "Ret": None,
    }
    assert decode_return(state, multisig, 987654321, b"\x01\x02") == "AQI="


def test_what_no_actor_has_is_said_so(ledger):
    state, _ = ledger
    power = Address.from_id(4)
    code = state.actor(power).code
    unknown = f"unknown method 99 for actor {code}: actor metadata not found"
    with pytest.raises(RpcError, match=unknown):
        decode_params(state, power, 99, b"")
    with pytest.raises(RpcError, match=unknown):
        encode_params(state, code, 99, {})
    with pytest.raises(RpcError, match="actor metadata not found"):
        encode_params(state, Cid.of(b"nothing"), 2, {})
    with pytest.raises(RpcError, match="the parameters cannot be read"):
        decode_params(state, power, 2, b"\xff")
    with pytest.raises(RpcError, match="the answer cannot be read"):
        decode_return(state, power, 2, b"\xff")
    with pytest.raises(RpcError, match="json unmarshal: Owner"):
        encode_params(state, code, 2, {"Owner": 7})
    with pytest.raises(RpcError, match="json unmarshal"):
        encode_params(state, code, 3, {"RawByteDelta": str(1 << 2000)})
    other = actor_codes(17, "mainnet")["storagepower"]
    assert encode_params(state, other, 6, "5") == b"\x42\x00\x05"
    with pytest.raises(RpcError, match="actor not found"):
        actor_record(state, Address.from_id(987654))
