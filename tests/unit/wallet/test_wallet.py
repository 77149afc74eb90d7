import pytest

from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError
from papyrus.types.ethereum_transaction import METHOD_INVOKE_CONTRACT, transaction_of
from papyrus.types.message import Message
from papyrus.wallet.errors import KeyExists, NoDefaultAddress, UnknownAddress, WalletLocked
from papyrus.wallet.hd import account_path, derive_key
from papyrus.wallet.keys import Key, new_key
from papyrus.wallet.keystore import FileKeystore
from papyrus.wallet.mnemonic import seed_of
from papyrus.wallet.wallet import Signer, Wallet, is_signed, memory_wallet

SECP256K1, BLS, DELEGATED = SignatureType
CHAIN = 31_415_926
SEED = seed_of("test test test test test test test test test test test junk")


def account(kind: SignatureType, index: int = 0) -> Key:
    return derive_key(kind, SEED, account_path(kind, index))


def message(sender: Address, method: int = 0, to: Address | None = None) -> Message:
    return Message(
        0, to or Address.from_id(1000), sender, 7, TokenAmount(10**18), 1_000_000,
        TokenAmount(200), TokenAmount(100), method, b"",
    )  # fmt: skip


@pytest.fixture
def wallet(store: FileKeystore) -> Wallet:
    return Wallet(store, CHAIN)


def test_first_new_key_becomes_the_default(wallet: Wallet) -> None:
    with pytest.raises(NoDefaultAddress, match="set-default ADDRESS"):
        wallet.default()
    wallet.import_(new_key(SECP256K1))
    with pytest.raises(NoDefaultAddress):
        wallet.default()
    first = wallet.new(BLS)
    second = wallet.new()
    assert (first.protocol, second.protocol) == (3, 1)
    assert wallet.default() == first
    wallet.set_default(second)
    assert wallet.default() == second
    with pytest.raises(UnknownAddress):
        wallet.set_default(new_key(BLS).address)
    assert wallet.default() == second


def test_deleting_the_default_leaves_none(wallet: Wallet) -> None:
    first, second = wallet.new(), wallet.new()
    assert wallet.delete(first)
    assert not wallet.delete(first)
    assert (wallet.list(), wallet.has(first)) == ([second], False)
    with pytest.raises(NoDefaultAddress):
        wallet.default()
    wallet.keys.restore(first)
    assert wallet.has(first)


def test_key_goes_out_and_into_another_wallet(wallet: Wallet) -> None:
    address = wallet.new(DELEGATED)
    key = wallet.export(address)
    other = memory_wallet([], CHAIN)
    assert other.import_(key) == address
    assert other.sign(address, b"data") == wallet.sign(address, b"data")
    with pytest.raises(KeyExists):
        wallet.import_(key)
    with pytest.raises(UnknownAddress):
        wallet.export(new_key(BLS).address)


def test_locked_wallet_signs_nothing(wallet: Wallet, store: FileKeystore) -> None:
    address = wallet.new()
    store.lock()
    for use in (
        lambda: wallet.sign(address, b"data"),
        lambda: wallet.sign_message(message(address)),
        lambda: wallet.export(address),
        wallet.new,
        lambda: wallet.import_(new_key(BLS)),
    ):
        with pytest.raises(WalletLocked):
            use()
    assert wallet.list() == [address]


@pytest.mark.parametrize("kind", SignatureType)
def test_data_is_signed_by_its_signer_alone(kind: SignatureType) -> None:
    mine, other = account(kind), account(kind, 1)
    wallet: Signer = memory_wallet([mine, other], CHAIN)
    signature = wallet.sign(mine.address, b"data")
    assert is_signed(mine.address, b"data", signature)
    assert not is_signed(other.address, b"data", signature)
    assert not is_signed(mine.address, b"date", signature)
    assert not is_signed(mine.address, b"data", Signature(kind, b""))


# What iso-filecoin 7.4.7 makes of the same message and the same words.
@pytest.mark.parametrize(
    ("kind", "signature"),
    [
        (SECP256K1,
         ("f576884cdb654b5ae720a5256702c3394faca1a7ddca92f848bbc08f48ad77e0"
         "21775be8762101bb8dbd901b2cdac39de38a60aaaaebf0436e7cadc250df91d501")),
        (BLS,
         ("9663a144f6be66dbcfaea31c73374333a4f80ff26733dc942fb1cc2e7d6345d3"
         "fdaeeab45bba1718c4d7a13bca5e78771839765056ab36fb9b607dc7b4366506"
         "06dd4c72bafc2f22762c0df934e1358e6405bdd429c5468cc660b09ed147b47e")),
    ],
)  # fmt: skip
def test_message_is_signed_as_iso_filecoin_signs_it(kind, signature: str) -> None:
    key = account(kind)
    signed = memory_wallet([key], CHAIN).sign_message(message(key.address))
    assert signed.message == message(key.address)
    assert signed.signature == Signature(kind, bytes.fromhex(signature))


def test_message_of_iso_filecoin_s_own_test_is_signed_as_there() -> None:
    """packages/iso-filecoin/test/wallet.test.js, "should sign"."""
    from papyrus.wallet.forms import key_from_info  # noqa: PLC0415 - of this test alone

    key = key_from_info(
        {"Type": "secp256k1", "PrivateKey": "tI1wF8uJseC1QdNj3CbpBAVC8G9/pfgtSYt4yXlJ+UY="}
    )
    to = Address.from_string("f1ypi542zmmgaltijzw4byonei5c267ev5iif2liy")
    sent = Message(
        0, to, key.address, 20_101, TokenAmount(87_316), 20_982, TokenAmount(42_908),
        TokenAmount(28_871), 65_360, b"",
    )  # fmt: skip
    assert str(key.address) == "f17dyptywvmnldq2fsm6j226txnltf4aiwsi3vlka"
    signed = memory_wallet([key], 314).sign_message(sent)
    assert signed.signature.data.hex() == (
        "8f383efc7da61d77b36d4040b500186e3dccaf0567f76997151c3a157d8d44ad"
        "7e65f85adaf48fdb71951242471d7c7201df888208f31b62f8e347c825b75f4a00"
    )


def test_ethereum_account_signs_the_transaction() -> None:
    key = account(DELEGATED)
    to = Address.from_ethereum(bytes(range(20)))
    sent = message(key.address, METHOD_INVOKE_CONTRACT, to)
    signed = memory_wallet([key], CHAIN).sign_message(sent)
    transaction = transaction_of(signed, CHAIN)
    assert (transaction.chain_id, transaction.nonce, transaction.to) == (CHAIN, 7, bytes(range(20)))
    assert is_signed(key.address, transaction.signing_bytes, signed.signature)
    assert not is_signed(key.address, bytes(sent.cid), signed.signature)


def test_message_that_ethereum_has_no_form_for_is_refused() -> None:
    key = account(DELEGATED)
    with pytest.raises(DecodeError):
        memory_wallet([key], CHAIN).sign_message(message(key.address, 2))


def test_signer_of_a_sender_s_id_can_be_named() -> None:
    key = account(SECP256K1)
    sent = message(Address.from_id(1234))
    wallet = memory_wallet([key], CHAIN)
    with pytest.raises(UnknownAddress, match="f01234"):
        wallet.sign_message(sent)
    signed = wallet.sign_message(sent, key.address)
    assert signed.message == sent
    assert is_signed(key.address, bytes(sent.cid), signed.signature)


def test_wallet_in_memory_has_its_first_key_as_default() -> None:
    keys = [account(SECP256K1, index) for index in range(3)]
    wallet = memory_wallet(iter(keys), CHAIN)
    assert wallet.default() == keys[0].address
    assert set(wallet.list()) == {key.address for key in keys}
    with pytest.raises(NoDefaultAddress):
        memory_wallet([], CHAIN).default()
