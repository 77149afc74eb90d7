"""Every key goes in by file, environment and command line, and what is wrong is told with place."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.node.config import Api, Chain, Config, Devnet, Fees, Logging, Mpool
from papyrus.node.config_file import config_text
from papyrus.node.config_keys import KEYS, SECTIONS, Key, value_of, value_text
from papyrus.node.config_load import Loaded, load, load_node
from papyrus.node.config_text import key_lines, toml_value
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import LocalFault
from papyrus.rpc.limits import Limits

OTHER_VALUES: dict[str, tuple[str, Any]] = {
    "api.listen_address": ("/ip6/::1/tcp/99/http", "/ip6/::1/tcp/99/http"),
    "api.cors_origins": ("https://a.example, *", ("https://a.example", "*")),
    "chain.network": ("calibnet", "calibnet"),
    "chain.genesis_file": ("genesis.car", "genesis.car"),
    "chain.engine": ("hybrid:evm=wasm", "hybrid:evm=wasm"),
    "mpool.priority_addresses": ("t01000,t01001", ("t01000", "t01001")),
    "mpool.size_limit_low": ("19999", 19_999),
    "logging.level": ("debug", "debug"),
    "logging.levels": ("rpc=debug, mpool=error", {"rpc": "debug", "mpool": "error"}),
    "logging.format": ("json", "json"),
    "logging.file": ("node.log", "node.log"),
    "fees.max_fee": ("1.5 FIL", TokenAmount.parse("1.5 FIL")),
    "devnet.balance": ("7 FIL", TokenAmount.from_fil(7)),
    "devnet.mnemonic": ("legal winner", "legal winner"),
}
"""Text for keys whose other value cannot be made from the default, and what it is read as."""


def other_value(key: Key) -> tuple[str, Any]:
    if key.path in OTHER_VALUES:
        return OTHER_VALUES[key.path]
    if isinstance(key.default, bool):
        return str(not key.default).lower(), not key.default
    return str(key.default + 1), key.default + 1


def refused(tmp_path: Path, text: str) -> str:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(LocalFault) as caught:
        load(path)
    return str(caught.value).replace(str(path), "FILE")


def test_default_file_says_nothing_and_holds_every_key() -> None:
    text = config_text()
    assert tomllib.loads(text) == {section.name: {} for section in SECTIONS}
    for key in KEYS.values():
        assert f"  #{key.name} = {value_text(key.default)}\n" in text
        assert f"# Environment: {key.variable}\n" in text
        assert key.sentence.endswith(".")


def test_default_file_with_every_line_in_force_is_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(re.sub(r"(?m)^  #(?=\w)", "  ", config_text()))
    loaded = load(path)
    assert loaded.config == Config()
    assert loaded.origins.keys() == KEYS.keys()


def test_interface_has_the_limits_that_its_server_has_by_itself() -> None:
    api, limits = Api(), Limits()
    assert (
        api.max_request_size, api.max_batch_length, api.max_calls, api.max_connections,
        api.max_subscriptions, api.requests_per_second, api.call_timeout, api.header_timeout,
        api.body_timeout,
    ) == (
        limits.body, limits.batch, limits.calls, limits.sockets, limits.channels,
        limits.requests_a_second, limits.call_seconds, limits.header_seconds, limits.body_seconds,
    )  # fmt: skip


def test_nothing_said_is_the_defaults(tmp_path: Path) -> None:
    assert load() == Loaded(Config(), {})
    assert load(tmp_path / "none.toml") == Loaded(Config(), {})


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_key_is_set_by_each_source_and_written_back(key: Key, tmp_path: Path) -> None:
    text, value = other_value(key)
    path = tmp_path / "config.toml"

    by_environment = load(path, {key.variable: text})
    assert value_of(by_environment.config, key) == value != key.default
    assert by_environment.origins == {key.path: f"${key.variable}"}
    assert by_environment == Loaded(load(path, {}, {key.path: text}).config, by_environment.origins)

    path.write_text(config_text(by_environment.config))
    by_file = load(path)
    assert by_file.config == by_environment.config
    written = value_text(value_of(by_file.config, key))
    line = path.read_text().splitlines().index(f"  {key.name} = {written}") + 1
    assert by_file.origins == {key.path: f"{path}, line {line}"}


def test_later_sources_come_first(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[api]\nmax_batch_length = 1\nmax_connections = 1\nmax_subscriptions = 1\n")
    environment = {"PAPYRUS_API_MAX_CONNECTIONS": "2", "PAPYRUS_API_MAX_SUBSCRIPTIONS": "2"}
    options = {"api.max_subscriptions": 3, "api.listen_address": None}
    assert load(path, environment, options).config == Config(
        api=Api(max_batch_length=1, max_connections=2, max_subscriptions=3)
    )


@given(
    st.builds(
        Config,
        api=st.builds(
            Api,
            cors_origins=st.lists(st.text(min_size=1), max_size=3).map(tuple),
            call_timeout=st.floats(0, 1e9),
            max_request_size=st.integers(1, 1 << 50),
        ),
        chain=st.builds(Chain, genesis_file=st.text()),
        mpool=st.builds(Mpool, size_limit_low=st.integers(0, 30_000)),
        logging=st.builds(
            Logging,
            levels=st.dictionaries(st.text(min_size=1), st.sampled_from(["debug", "error"])),
        ),
        fees=st.builds(Fees, max_fee=st.integers(0, 10**27).map(lambda n: f"{n} attoFIL")),
        devnet=st.builds(Devnet, mnemonic=st.text(max_size=90)),
    )
)
def test_any_configuration_goes_through_its_file(tmp_path_factory, config: Config) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(config_text(config), newline="")
    assert load(path).config == config


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[api]\nlisten_adress = 'x'\n",
         "FILE, line 2: there is no key 'listen_adress' in api; did you mean 'listen_address'?"),
        ("\n[apis]\n", "FILE, line 2: there is no section 'apis'; did you mean 'api'?"),
        ("api = 3\n", "FILE, line 1: api is a section: its keys stand below a line [api]"),
        ("level = 'info'\n", "FILE, line 1: there is no key outside of a section 'level'"),
        ("[api]\n\nmax_batch_length = 0\n",
         "FILE, line 3: api.max_batch_length = 0: it should be greater than or equal to 1"),
        ("[api]\nmax_batch_length = true\n",
         "FILE, line 2: api.max_batch_length = True: it should be a number"),
        ("[api]\nmax_batch_length = 'many'\n",
         ("FILE, line 2: api.max_batch_length = 'many': it should be a valid integer, unable to "
         "parse string as an integer")),
        ("[api]\ncall_timeout = inf\n",
         "FILE, line 2: api.call_timeout = inf: it should be a finite number"),
        ("[api]\nmax_request_size = '1 parsec'\n",
         "FILE, line 2: api.max_request_size = '1 parsec': could not interpret byte unit: parsec"),
        ("[api]\nlisten_address = '1234'\n",
         ("FILE, line 2: api.listen_address = '1234': it should be host:port, for instance "
         "127.0.0.1:1234, or a multiaddr such as /ip4/127.0.0.1/tcp/1234/http")),
        ("[chain]\nnetwork = 'maint'\n",
         ("FILE, line 2: chain.network = 'maint': unknown network 'maint': known are butterflynet, "
         "calibnet, devnet, lotus-itest, lotus-itest-daily-fees, mainnet")),
        ("[fees]\nmax_fee = 7\n",
         ("FILE, line 2: fees.max_fee = 7: it should be an amount in quotes, for instance "
         '"0.07 FIL"')),
        ("[fees]\nmax_fee = '-1 FIL'\n",
         "FILE, line 2: fees.max_fee = '-1 FIL': it should not be negative"),
        ("[logging.levels]\nrpc = 'loud'\n",
         ("FILE, line 1: logging.levels = {'rpc': 'loud'}: it should be 'debug', 'info', 'warning' "
         "or 'error', at rpc")),
        ("[mpool]\nsize_limit_low = 40000\n",
         "FILE, line 2: mpool: size_limit_low, 40000, is above size_limit_high, 30000"),
        ("[devnet]\nmnemonic = 7\n",
         "FILE, line 2: devnet.mnemonic: it should be a valid string"),
        ("[api\n", "FILE, line 1, column 5: expected ']' at the end of a table declaration"),
        ("[api]\n[api]\n", "FILE, line 2, column 5: cannot declare ('api',) twice"),
        ("[api]\nx = '''", "FILE, at its end: expected \"'''\""),
        ("x = " + "[" * 9000, "FILE: its lists or tables are nested too deeply"),
        ("#" * (1 << 20) + "#", "FILE is longer than 1048576 bytes: it is no configuration"),
    ],
)  # fmt: skip
def test_wrong_file_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    assert refused(tmp_path, text) == told


def test_file_that_is_no_text_or_no_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"[api]\n# \xff\n")
    with pytest.raises(LocalFault, match="line 2: this is no text in UTF-8"):
        load(path)
    with pytest.raises(LocalFault, match=r"cannot read .*: Is a directory"):
        load(tmp_path)


def test_all_that_is_wrong_is_told_up_to_ten(tmp_path: Path) -> None:
    text = "[api]\n" + "".join(f"a{number} = 1\n" for number in range(12))
    told = refused(tmp_path, text).splitlines()
    assert len(told) == 11
    assert told[-1] == "and 2 more"


def test_wrong_variable_and_option_are_named() -> None:
    with pytest.raises(LocalFault, match=r"^\$PAPYRUS_API_LISTEN: there is no key 'listen' in api"):
        load(None, {"PAPYRUS_API_LISTEN": "x"})
    with pytest.raises(LocalFault, match=r"^\$PAPYRUS_METRICS_ENABLED: metrics.enabled = 'perh"):
        load(None, {"PAPYRUS_METRICS_ENABLED": "perhaps"})
    with pytest.raises(LocalFault, match=r"^on the command line: chain.workers = -1: "):
        load(None, {}, {"chain.workers": -1})
    for engine, told in (
        ("foo", "'foo' is no engine: write native, wasm or hybrid:"),
        ("hybrid:x", "'x' does not say "),
        ("hybrid:baker=wasm", "baker"),
    ):
        with pytest.raises(LocalFault, match=rf"chain.engine = '{engine}': .*{told}"):
            load(None, {}, {"chain.engine": engine})
    with pytest.raises(LocalFault, match=r"logging.levels = 'rpc': it should be name=value"):
        load(None, {"PAPYRUS_LOGGING_LEVELS": "rpc"})


def test_secrets_are_not_in_errors(tmp_path: Path) -> None:
    for said in (
        refused(tmp_path, "[devnet]\nmnemonic = ['correct horse']\n"),
        refused(tmp_path, "[devnet]\nmnemonics = 'correct horse'\n"),
    ):
        assert "horse" not in said


def test_other_variables_of_papyrus_are_left_alone() -> None:
    environment = {"PAPYRUS_PATH": "/x", "PAPYRUS_WALLET_PASSWORD": "x", "API_LISTEN_ADDRESS": "x"}
    assert load(None, environment) == Loaded(Config(), {})


def test_node_file_lies_in_the_folder_of_its_network(tmp_path: Path) -> None:
    path = tmp_path / "calibnet" / "config.toml"
    path.parent.mkdir()
    path.write_text("[metrics]\nenabled = false\n")
    assert load_node(tmp_path, {}) == (Loaded(Config(), {}), tmp_path / "mainnet" / "config.toml")
    for loaded, found in (
        load_node(tmp_path, {"PAPYRUS_CHAIN_NETWORK": "calibnet"}),
        load_node(tmp_path, {}, {"chain.network": "calibnet"}),
    ):
        assert found == path
        assert (loaded.config.chain.network, loaded.config.metrics.enabled) == ("calibnet", False)


def test_node_file_cannot_be_of_another_network(tmp_path: Path) -> None:
    path = tmp_path / "mainnet" / "config.toml"
    path.parent.mkdir()
    path.write_text("[chain]\nnetwork = 'calibnet'\n")
    with pytest.raises(
        LocalFault, match=r"line 2: chain.network is calibnet, in the folder of main"
    ):
        load_node(tmp_path, {})
    loaded, _ = load_node(tmp_path, {}, file=path)
    assert loaded.config.chain.network == "calibnet"
    with pytest.raises(LocalFault, match=r"there is no file .*`papyrus config default` prints one"):
        load_node(tmp_path, {}, file=tmp_path / "none.toml")


def test_lines_of_keys_are_found_in_every_spelling() -> None:
    text = "a.b = 1\n[c] # x\n'd' = 2\n\n[ c . \"e\" ]\nf = 3 # g = 4\n"
    assert key_lines(text) == {
        ("a",): 1, ("a", "b"): 1, ("c",): 2, ("c", "d"): 3, ("c", "e"): 5, ("c", "e", "f"): 6,
    }  # fmt: skip


def test_what_toml_lacks_is_not_written() -> None:
    with pytest.raises(TypeError, match="NoneType cannot be written as TOML"):
        toml_value(None)
