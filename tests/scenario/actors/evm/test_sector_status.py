"""A contract asks a miner how a sector is, and how long it is to last (actors v18)."""

from contracts import FORWARD, deploy, forwarded
from evm_assembly import initcode
from upkeep import CLIENT, WORKER, new_miner, onboard, sector

from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.status import (
    GenerateSectorLocationParams,
    GenerateSectorLocationReturn,
    SectorStatusCode,
    ValidateSectorStatusParams,
)
from papyrus.ipld.cid import CBOR
from papyrus.ipld.dag_cbor import decode, encode
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm.blocks import Block

SECTOR = 100


def test_a_contract_learns_how_a_sector_is(network):
    vm = network
    miner = new_miner(vm)
    onboard(vm, miner, [SECTOR])
    where = GenerateSectorLocationParams(SECTOR)
    answer = vm.ok(WORKER.id, miner, numbers.GENERATE_SECTOR_LOCATION, where)
    found = GenerateSectorLocationReturn.from_cbor(answer)
    assert found.status == SectorStatusCode.ACTIVE
    assert found.auxiliary_data

    contract = deploy(vm, WORKER.id, initcode(FORWARD))

    def ask(method, params):
        code, data = forwarded(vm, CLIENT.id, contract.id, miner, method, params, read_only=True)
        assert code == ExitCode.OK
        return decode(data)

    told = {
        status: ask(
            numbers.VALIDATE_SECTOR_STATUS,
            ValidateSectorStatusParams(SECTOR, status, found.auxiliary_data),
        )
        for status in SectorStatusCode
    }
    assert [status for status, valid in told.items() if valid] == [SectorStatusCode.ACTIVE]

    asked = Block(CBOR, encode(SECTOR))
    expiration = ask(numbers.GET_NOMINAL_SECTOR_EXPIRATION, asked)
    assert expiration == sector(vm, miner, SECTOR).expiration > vm.one.epoch
