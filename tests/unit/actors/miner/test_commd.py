import pytest
from miner_sectors import sealed_cid

from papyrus.actors.miner.commd import full_unsealed_cid, is_unsealed_sector
from papyrus.actors.miner.proof_policy import (
    can_pre_commit_seal_proof,
    can_prove_commit_non_interactive,
    is_sealed_sector,
    max_deals_in_sector,
    max_partitions_loaded,
    max_prove_commit_duration,
    sector_maximum_lifetime,
)
from papyrus.primitives.errors import ActorError
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import EPOCHS_IN_DAY, EPOCHS_IN_YEAR, MAINNET_POLICY


@pytest.mark.parametrize(
    ("seal_proof", "digest"),
    [
        (0, "fc7e928296e516faade986b28f92d44a4f24b935485223376a799027bc18f833"),
        (8, "077e5fde35c50a9303a55009e3498a4ebedff39c42b710b730d8ec7ac7afa63e"),
        (14, "e64005a6bfe3777953b8ad6ef93f0fca1049b2041654f2a411f7702799cece02"),
        (16, "65f29e5d98d246c38b388cfc06db1f6b021303c5a289000bdce832a9c3ec421c"),
    ],
)
def test_zeros_have_a_commitment_by_sector_size(seal_proof, digest):
    found = full_unsealed_cid(None, seal_proof)
    assert found.digest.hex() == digest
    assert is_unsealed_sector(found)
    assert not is_sealed_sector(found)


def test_full_form_stays_and_unknown_proofs_abort():
    assert full_unsealed_cid(sealed_cid(1), -1) == sealed_cid(1)
    with pytest.raises(ActorError) as aborted:
        full_unsealed_cid(None, 20)
    assert aborted.value.exit_code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_sealed_commitments_are_told_by_their_form():
    assert is_sealed_sector(sealed_cid(1))
    assert not is_unsealed_sector(sealed_cid(1))


@pytest.mark.parametrize(
    ("seal_proof", "duration", "lifetime"),
    [
        (3, EPOCHS_IN_DAY + 150, 540 * EPOCHS_IN_DAY),
        (8, 30 * EPOCHS_IN_DAY + 150, 5 * EPOCHS_IN_YEAR),
        (13, 30 * EPOCHS_IN_DAY + 150, 5 * EPOCHS_IN_YEAR),
        (18, None, 5 * EPOCHS_IN_YEAR),
        (20, None, None),
        (-1, None, None),
    ],
)
def test_windows_of_seal_proofs(seal_proof, duration, lifetime):
    assert max_prove_commit_duration(MAINNET_POLICY, seal_proof) == duration
    assert sector_maximum_lifetime(seal_proof) == lifetime


def test_mainnet_takes_large_sectors_only():
    proofs = range(20)
    assert [p for p in proofs if can_pre_commit_seal_proof(MAINNET_POLICY, p)] == [8, 9, 13, 14]
    assert [p for p in proofs if can_prove_commit_non_interactive(MAINNET_POLICY, p)] == [18, 19]


def test_limits_by_size():
    assert max_partitions_loaded(MAINNET_POLICY, 2_349) == 10
    assert max_partitions_loaded(MAINNET_POLICY, 2) == 3_000
    assert max_deals_in_sector(MAINNET_POLICY, 2 << 10) == 256
    assert max_deals_in_sector(MAINNET_POLICY, 64 << 30) == 512
