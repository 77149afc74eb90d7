"""Who signs for an Ethereum account (figures of Lotus' eth_1559_transactions_test.go)."""

import pytest

from papyrus.crypto.delegated import account_address, recover_account
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError

MESSAGE = bytes.fromhex(
    "02f1030185012a05f2008504a817c800825208942b87d1cb599bc2a606db9a0169fcec96af04ad3a"
    "880de0b6b3a764000080c0"
)
SIGNATURE = bytes.fromhex(
    "479ff7fa64cf8bf641eb81635d1e8a698530d2f219951d234539e6d074819529"
    "4b6146d27be50cdbb2853ba9a42f207af8d730272f1ebe9c9a78aeef1d6aa92400"
)
KEY = bytes.fromhex(
    "048362749392a0e192eff600d21155236c5a0648d300a8e0e44d8617712c7c9638"
    "4c75825dc5c7595df2a5005fd8a0f7c809119fb9ab36403ed712244fc329348e"
)
ACCOUNT = Address.from_ethereum(bytes.fromhex("3947D223fc5415f43ea099866AB62B1d4D33814D"))


def test_a_signature_gives_up_its_account() -> None:
    assert account_address(KEY) == ACCOUNT
    assert recover_account(SIGNATURE, MESSAGE) == ACCOUNT
    assert recover_account(SIGNATURE, MESSAGE + b"\x00") != ACCOUNT


@pytest.mark.parametrize("signature", [SIGNATURE[:-1], SIGNATURE[:-1] + b"\x04", bytes(65)])
def test_what_nobody_signed_has_no_account(signature: bytes) -> None:
    with pytest.raises(DecodeError):
        recover_account(signature, MESSAGE)
