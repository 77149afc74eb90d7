"""What a node can be told: every key, its default, and a sentence about it.

This is the one declaration of the configuration. The commented file, the environment variables, the
options of the command line, the checks and the page of the documentation are made from it: the text
beneath a key is the sentence that users read. Sizes are bytes, times are seconds.
"""

from typing import Literal, Self

from pydantic import BaseModel, ByteSize, ConfigDict, Field, model_validator

from papyrus.node.config_types import (
    Amount,
    Decimal,
    Engine,
    Level,
    Levels,
    NetworkName,
    Place,
    Seconds,
    Size,
    Whole,
    Words,
)
from papyrus.primitives.amounts import TokenAmount

_MIB = 1 << 20


class Section(BaseModel):
    """Some keys that belong together."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Api(Section):
    """The JSON-RPC interface, over HTTP and WebSocket."""

    listen_address: Place = "127.0.0.1:1234"
    """Where it listens: host:port, or a multiaddr such as /ip4/127.0.0.1/tcp/1234/http. Port 0 is
    any that is free."""
    require_token: bool = True
    """Whether more than reading needs a token. Without, whoever reaches the port may do all."""
    cors_origins: Words = ()
    """Origins of web pages that may call it, for instance https://example.org, or * for all."""
    max_request_size: Size = Field(default=ByteSize(100 * _MIB), gt=0)
    """The longest request or batch."""
    max_batch_length: Whole = Field(default=1000, ge=1)
    """The most calls in one batch."""
    max_calls: Whole = Field(default=1000, ge=1)
    """The most calls under way at once, of all clients."""
    max_connections: Whole = Field(default=4096, ge=1)
    """The most connections open at once."""
    max_subscriptions: Whole = Field(default=64, ge=1)
    """The most subscriptions of one connection."""
    requests_per_second: Decimal = Field(default=0.0, ge=0)
    """The most calls a second from one address; 0 is no limit."""
    call_timeout: Seconds = 300.0
    """Seconds that a call may take, those that wait for the chain apart; 0 is no limit."""
    header_timeout: Seconds = Field(default=30.0, gt=0)
    """Seconds in which the head of a request must have arrived."""
    body_timeout: Seconds = Field(default=60.0, gt=0)
    """Seconds in which the rest of it must have arrived."""


class Chain(Section):
    """The chain that is followed, and the processes that execute it."""

    network: NetworkName = "mainnet"
    """The network: its rules, its genesis and the folder that everything is kept in."""
    genesis_file: str = ""
    """A chain file whose root is the genesis, for a network that has none of its own."""
    engine: Engine = "wasm"
    """What runs the built-in actors: wasm (the released code, exact gas), native (Python), or
    hybrid:ACTOR=native|wasm,... for single ones."""
    workers: Whole = Field(default=0, ge=0, le=256)
    """Processes that execute messages; 0 is one less than there are processors, at least one."""
    worker_queue_length: Whole = Field(default=256, ge=1)
    """The most executions that wait for a worker; more are refused."""
    worker_time_limit: Seconds = Field(default=600.0, gt=0)
    """Seconds after which an execution is given up and its worker replaced."""


class Mpool(Section):
    """Messages that wait for a block."""

    size_limit_high: Whole = Field(default=30_000, ge=1)
    """Messages at which the pool is pruned."""
    size_limit_low: Whole = Field(default=20_000, ge=0)
    """Messages that pruning leaves."""
    prune_cooldown: Seconds = 60.0
    """Seconds between two prunings."""
    replace_by_fee_percent: Whole = Field(default=125, ge=110)
    """What an automatic replacement pays of the premium that it replaces, in percent."""
    gas_limit_overestimation: Decimal = Field(default=1.25, ge=1)
    """What an estimated gas limit is multiplied by."""
    priority_addresses: Words = ()
    """Senders whose messages are chosen first, and are never pruned."""

    @model_validator(mode="after")
    def _limits_are_in_order(self) -> Self:
        if self.size_limit_low > self.size_limit_high:
            raise ValueError(
                f"size_limit_low, {self.size_limit_low}, is above size_limit_high, "
                f"{self.size_limit_high}"
            )
        return self


class Wallet(Section):
    """The keys that are kept here."""

    encrypt: bool = True
    """Whether keys are encrypted with a password; unencrypted ones are still readable by the user
    alone."""
    unlock_time: Seconds = 300.0
    """Seconds that an unlocked wallet stays so; 0 is until the node stops."""


class Logging(Section):
    """What is told while the node runs."""

    level: Level = "info"
    """The least severe kind of line: debug, info, warning or error."""
    levels: Levels = Field(default_factory=dict)
    """Other levels for single parts, for instance { rpc = "debug", mpool = "warning" }."""
    format: Literal["text", "json"] = "text"
    """text for people, json for one JSON object a line."""
    file: str = ""
    """The file that lines go to, in the node's folder where it is a mere name; stderr if empty."""
    max_size: Size = Field(default=ByteSize(100 * _MIB), gt=0)
    """The length at which a new file is begun."""
    keep: Whole = Field(default=5, ge=0, le=1000)
    """How many full files are kept."""


class Metrics(Section):
    """Figures for Prometheus, at /debug/metrics of the JSON-RPC interface."""

    enabled: bool = True
    """Whether they are served."""
    stall_limit: Seconds = Field(default=0.05, gt=0)
    """Seconds that the event loop may be held up before it is told of."""


class Fees(Section):
    """What messages may cost."""

    max_fee: Amount = TokenAmount.parse("0.07 FIL")
    """The most that an estimated message may cost in gas; 0 is no limit."""


class Devnet(Section):
    """The network that `papyrus devnet` starts."""

    accounts: Whole = Field(default=10, ge=0, le=10_000)
    """Accounts that have funds at genesis."""
    balance: Amount = TokenAmount.from_fil(10_000)
    """What each of them has."""
    mnemonic: str = Field(
        default="test test test test test test test test test test test junk",
        json_schema_extra={"secret": True},
    )
    """The words that the keys of the accounts are made from. Everyone knows the default ones."""
    block_time: Seconds = 0.0
    """Seconds between two tipsets; 0 makes one as soon as a message is pending."""
    mixed: bool = False
    """Whether there is a tipset for each message and one each block time."""
    miners: Whole = Field(default=1, ge=1, le=100)
    """Miners that produce blocks."""
    chain_id: Whole = Field(default=31_415_926, ge=1, lt=1 << 64)
    """The number that Ethereum's tools know the network by."""


class Config(Section):
    """Everything a node can be told, by section."""

    api: Api = Field(default_factory=Api)
    chain: Chain = Field(default_factory=Chain)
    mpool: Mpool = Field(default_factory=Mpool)
    wallet: Wallet = Field(default_factory=Wallet)
    logging: Logging = Field(default_factory=Logging)
    metrics: Metrics = Field(default_factory=Metrics)
    fees: Fees = Field(default_factory=Fees)
    devnet: Devnet = Field(default_factory=Devnet)
