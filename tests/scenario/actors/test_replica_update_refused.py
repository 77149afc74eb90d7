"""Sectors that cannot be made to hold data: where they are, and in what condition."""

import pytest
from passage import (
    active_sectors,
    end_sectors,
    is_active,
    is_faulty,
    pass_to,
    pass_until,
    put_miner,
)
from sealing import deal_pieces, prove_updates, publish_deals, update
from upkeep import POLICY, SECTOR_SIZE, sector

from papyrus.primitives.exit_codes import ExitCode

NUMBER = 100


@pytest.fixture
def miner(network):
    """Return a miner."""
    return put_miner(network)


@pytest.fixture
def index(network, miner):
    """Return the deadline of a sector of zeros that is proven, and whose window is over."""
    expiration = network.one.epoch + POLICY.max_sector_expiration_extension
    (found,) = active_sectors(network, miner, [NUMBER], expiration)
    return found


@pytest.fixture
def pieces(network, miner, index):  # noqa: ARG001 - the sector is there before the deal
    """Return a deal to be put into the sector."""
    return deal_pieces(network, publish_deals(network, miner, SECTOR_SIZE))


def refused(network, miner, pieces, *, at=None, times=1):
    """Try to put the deal into the sector and return the exit code; the sector must not change."""
    before = sector(network, miner, NUMBER)
    change = update(network, miner, NUMBER, pieces, at=at)
    required = {"require_activation_success": True, "require_notification_success": True}
    code = prove_updates(network, miner, *[change] * times, **required).code
    assert sector(network, miner, NUMBER) == before
    return code


def test_no_sector_is_updated_while_its_window_is_open(network, miner, index, pieces):
    pass_to(network, miner, index)
    assert refused(network, miner, pieces) == ExitCode.USR_ILLEGAL_ARGUMENT


def test_no_faulty_sector_is_updated(network, miner, pieces):
    pass_until(network, miner, network.one.epoch + 2 * POLICY.proving_period)
    assert is_faulty(network, miner, NUMBER)
    assert not is_active(network, miner, NUMBER)
    assert refused(network, miner, pieces) == ExitCode.USR_ILLEGAL_ARGUMENT


def test_no_terminated_sector_is_updated(network, miner, index, pieces):
    assert end_sectors(network, miner, index, NUMBER).code == ExitCode.OK
    assert refused(network, miner, pieces, at=(index, 0)) == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize("times", [1, 257])
def test_no_sector_is_updated_in_another_deadline(network, miner, index, pieces, times):
    code = refused(network, miner, pieces, at=(index + 1, 0), times=times)
    assert code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize("times", [1, 257])
def test_no_sector_is_updated_in_another_partition(network, miner, index, pieces, times):
    code = refused(network, miner, pieces, at=(index, 1), times=times)
    assert code == ExitCode.USR_NOT_FOUND
