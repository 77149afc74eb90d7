"""Accounts say what they have signed."""

import pytest
from people import people

from papyrus.actors.account.params import AUTHENTICATE_MESSAGE, AuthenticateMessageParams
from papyrus.actors.multisig.params import ProposeParams
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode

TRUE = b"\xf5"


@pytest.mark.parametrize("place", [0, 1])
def test_an_account_authenticates_messages_by_their_signatures(vm, make_accounts, place):
    account = make_accounts(2)[place]
    signer = people(2)[place]
    message = ProposeParams(Address.from_id(account), 0, 0, b"").to_cbor()

    good = AuthenticateMessageParams(signer.sign(message).data, message)
    assert vm.ok(account, account, AUTHENTICATE_MESSAGE, good) == TRUE

    bad = AuthenticateMessageParams(b"", message)
    refused = vm.send(account, account, AUTHENTICATE_MESSAGE, bad)
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT
