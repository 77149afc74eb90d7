"""Which vectors are run, and what becomes of those that cannot be."""

import base64
import json
import re

import pytest

from papyrus.chain.upgrades import MissingActors
from papyrus.conformance.environment import Environment
from papyrus.conformance.report import Status
from papyrus.conformance.vector_externs import FALLBACK_DIGEST, VectorExterns
from papyrus.conformance.vector_files import VectorHeader, parse_body, parse_header
from papyrus.conformance.vectors import plan_vectors, raw_length, run_file
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.address import Address
from papyrus.primitives.errors import Fatal
from papyrus.storage.bundles import BundleStore
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import TipsetKey
from papyrus.vm.externs import AcceptAllProofs


class NoEngine:
    """Runs nothing: these tests end before any actor's code is called."""

    def invoke(self, _kernel, code, _params_id):
        raise Fatal(f"no engine runs {code}")


@pytest.fixture
def environment(tmp_path) -> Environment:
    """Hold code under the names that the small state has."""
    names = ("system", "init", "account", "placeholder", "eam", "ethaccount")
    code = MemoryBlockstore({Cid.of(name.encode(), RAW): name.encode() for name in names})
    return Environment(code, NoEngine(), AcceptAllProofs(), BundleStore(tmp_path))


def run(path, environment, name="small"):
    return run_file(path, name, environment)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"hints": ["incorrect", "negate"]}, "upstream marks it as incorrect"),
        ({"selector": {"chaos_actor": "true"}}, "it calls the chaos actor"),
        ({"selector": {"requires:consensus_fault_extern": "true"}}, "it needs block headers"),
        ({"_meta": {"id": "ext-0002-fil_10_storageminer-DisputeWindowedPoSt-Ok-1"}}, "upstream"),
    ],
)
def test_what_upstream_skips_is_skipped_with_the_reason(
    content, write, environment, change, reason
):
    (result,) = run(write(content | change), environment)
    assert result.status is Status.SKIPPED
    assert result.reason.startswith(reason)


def test_the_skipped_method_is_known_by_its_folder_too(content, write, environment):
    name = "fil_10_storageminer/DisputeWindowedPoSt/Ok/one"
    (result,) = run(write(content), environment, name)
    assert result.status is Status.SKIPPED
    (result,) = run(write(content), environment, name.replace("Ok", "16"))
    assert result.status is not Status.SKIPPED


@pytest.mark.parametrize("network_version", [0, 15, 17, 19, 20, 29])
def test_versions_without_rules_are_skipped(content, write, environment, network_version):
    content["preconditions"]["variants"][0]["nv"] = network_version
    content["randomness"] = [{"on": ["chain", 1, 2, ""], "ret": ""}]  # of older corpora
    (result,) = run(write(content), environment)
    assert result.status is Status.SKIPPED
    assert f"network version {network_version} is not supported" in result.reason


def test_each_variant_is_a_case(content, write, environment):
    content["preconditions"]["variants"] += [{"id": "tape", "epoch": 1, "nv": 5}]
    results = run(write(content), environment)
    assert [(result.id, result.status.value) for result in results] == [
        ("small | hygge", "failed"),
        ("small | tape", "skipped"),
    ]


def test_a_message_without_sender_fails_by_its_receipt(content, write, environment):
    (result,) = run(write(content), environment)
    assert result.status is Status.FAILED
    assert result.reason == (
        "message 0: exit code: expected OK(0), got SYS_SENDER_INVALID(1) (Sender invalid)"
    )
    assert result.details == (
        "message 0: return: expected 0x838082008040, got no bytes",
        "message 0: gas used: expected 63437443, got 0 (-63437443)",
    )
    assert [(call.actor, call.method, call.exit_code) for call in result.calls] == [
        ("(none)", 0, 1)
    ]


def test_a_state_root_that_differs_is_told_beside_the_receipt(content, write, environment):
    content["postconditions"]["receipts"] = [{"exit_code": 1, "return": "", "gas_used": 0}]
    (result,) = run(write(content), environment)
    assert result.status is Status.PASSED
    other = Cid.of(b"\x81\x01")
    content["postconditions"]["state_tree"]["root_cid"] = {"/": str(other)}
    (result,) = run(write(content), environment)
    assert result.reason.startswith(f"state root: expected {other}, got ")
    assert result.details == (
        f"the two states cannot be compared: block {other} is missing from the store",
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not a vector: not JSON"),
        ("[]", "not a vector: the vector is not an object"),
        ('{"class": "message"}', "not a vector: preconditions is not an object"),
    ],
)
def test_a_file_that_is_no_vector_is_a_failed_case(write, environment, text, reason):
    (result,) = run(write(text), environment)
    assert (result.id, result.status) == ("small", Status.FAILED)
    assert result.reason.startswith(reason)


def test_a_vector_with_a_fault_is_a_failed_case(content, write, environment):
    content["car"] = base64.b64encode(b"nothing").decode()
    (result,) = run(write(content), environment)
    assert result.status is Status.FAILED
    assert result.reason.startswith("not a vector: car is not gzip")


def test_a_car_without_the_state_is_a_failed_case(content, write, environment):
    other = Cid.of(b"\x81\x01")
    content["preconditions"]["state_tree"]["root_cid"] = {"/": str(other)}
    (result,) = run(write(content), environment)
    assert result.reason == (f"not a vector: the CAR does not hold the state {other} to begin with")


def test_a_message_that_is_none_is_a_failed_case(content, write, environment):
    content["apply_messages"][0]["bytes"] = "AAAA"
    (result,) = run(write(content), environment)
    assert result.status is Status.FAILED
    assert result.reason.startswith("it cannot be executed: message 0 cannot be decoded: ")


def test_receipts_must_be_as_many_as_messages(content, write, environment):
    content["postconditions"]["receipts"] = []
    (result,) = run(write(content), environment)
    assert result.reason == "the vector has 0 receipts for 1 messages"


def test_missing_code_names_the_command_to_run(content, write, tmp_path):
    nothing = Environment(MemoryBlockstore(), NoEngine(), AcceptAllProofs(), BundleStore(tmp_path))
    with pytest.raises(MissingActors, match=r"run `papyrus bundle import v10\.tar\.zst`"):
        run(write(content), nothing)


def test_a_folder_is_walked_by_name_and_filtered(content, write, tmp_path):
    for name in ("b/two.json", "a/one.json", "b/_left_out.json", "b/readme.md"):
        write(content, name)
    tasks = plan_vectors([tmp_path, tmp_path / "a" / "one.json"])
    assert [task.name for task in tasks] == ["a/one", "b/two"]
    assert [task.name for task in plan_vectors([tmp_path], re.compile("^b/"))] == ["b/two"]


def test_secp256k1_messages_count_their_signature(content):
    message = Message.from_cbor(parse_body(header_of(content)).messages[0])
    data = message.to_cbor()
    assert raw_length(message, data) == len(data)
    key = bytes(65)
    signed = Message.from_ipld(
        [*message.to_ipld()[:2], bytes(Address.secp256k1(key)), *message.to_ipld()[3:]]
    )
    data = signed.to_cbor()
    whole = SignedMessage(signed, Signature(SignatureType.SECP256K1, key)).to_cbor()
    assert raw_length(signed, data) == len(data) + 69 == len(whole)


def test_randomness_is_replayed_by_the_first_rule_that_fits(content):
    externs = VectorExterns(parse_body(header_of(content)).randomness)
    assert externs.chain_randomness(2798000) == bytes(32)
    assert externs.beacon_randomness(-1) == b"\2" * 32
    assert externs.beacon_randomness(2798000) == FALLBACK_DIGEST
    assert externs.chain_randomness(-1) == b"i_am_random_____i_am_random_____"


def test_a_vector_has_no_chain():
    externs = VectorExterns(())
    assert externs.tipset_cid(5) == TipsetKey(()).cid
    assert externs.verify_consensus_fault(b"", b"", b"") is None


def header_of(content) -> VectorHeader:
    return parse_header(json.dumps(content).encode())
