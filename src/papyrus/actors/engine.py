"""The engine that runs the built-in actors as Python, and the one that mixes both engines.

Which engine runs an invocation may be chosen for each actor, and for each method of it, on one
machine: both read and write the same blocks through the same kernel. What is not named runs
natively in a hybrid. Actors that exist only as released code run as Wasm, where that is at hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from papyrus.actors.dispatch import ActorCode
from papyrus.actors.registry import ACTORS, OLDEST_VERSION, full_name
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import ActorError, LocalFault
from papyrus.rules.actor_codes import build_of
from papyrus.rules.policy import Policy, policy_of
from papyrus.vm.blocks import NO_DATA, Block
from papyrus.vm.calls import Exit
from papyrus.vm.kernel.kernel import Kernel
from papyrus.vm.machine import ActorEngine
from papyrus.vm.manifest import Manifest
from papyrus.vm.runtime import Runtime

NATIVE, WASM, HYBRID = "native", "wasm", "hybrid"


class NativeActors:
    """Runs the built-in actors that are written in Python."""

    def __init__(self, policy: Policy, *, oldest_version: int = OLDEST_VERSION) -> None:
        """Run actors as the build that a state names would; as this one, where it is unknown.

        States of older actors than `oldest_version` are refused. Where it is lowered, today's
        actors run on yesterday's states, and what differs is what has changed since.
        """
        self._policy = policy
        self._oldest_version = oldest_version
        self._manifest: Manifest | None = None
        self._chosen = policy

    def invoke(self, kernel: Kernel, code: Cid, params_id: int) -> int:
        """Run the actor and return the number of its return block, or 0.

        LocalFault where there is no such actor in Python, or not of the state's version.
        """
        rules = kernel.calls.rules
        if rules.actors_version < self._oldest_version:
            raise LocalFault(
                f"the actors of network version {rules.network_version} are not written in Python, "
                f"only those from version {OLDEST_VERSION} of the actors on: use --engine wasm"
            )
        actor = native_actor(kernel, code)
        if actor is None:
            name = kernel.calls.machine.manifest.names.get(code, str(code))
            raise LocalFault(
                f"actor f0{kernel.actor_id} is of type {name}, which is not written in Python: "
                f"`papyrus bundle fetch v{rules.actors_version}` brings its released code"
            )
        rt = Runtime(kernel, self._policy_for(kernel.calls.machine.manifest))
        try:
            return actor.invoke(rt, params_id)
        except ActorError as error:
            data_id = NO_DATA
            if error.codec:
                data_id = rt.put_block(Block(error.codec, error.data))
            raise Exit(error.exit_code, error.message, data_id) from error

    def _policy_for(self, manifest: Manifest) -> Policy:
        """Return the policy compiled into the actors of a manifest."""
        if manifest is not self._manifest:
            build = build_of(manifest.codes)
            self._manifest = manifest
            self._chosen = self._policy if build is None else policy_of(build)
        return self._chosen


def native_actor(kernel: Kernel, code: Cid) -> ActorCode | None:
    """Return the built-in actor that has this code, or None where it is not written in Python."""
    return ACTORS.get(kernel.calls.machine.manifest.names.get(code, ""))


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """Which engine runs which actor."""

    default: str
    """NATIVE or WASM, for whatever is not named."""
    exceptions: Mapping[tuple[str, int | None], str] = field(default_factory=dict)
    """NATIVE or WASM by name in the manifest and method, None for all methods of the actor."""

    @classmethod
    def parse(cls, text: str) -> "EngineChoice":
        """Return the choice that people write: `native`, `wasm` or `hybrid:evm=wasm,miner.28=wasm`.

        ValueError says what is wrong with anything else.
        """
        kind, _, rest = text.partition(":")
        if kind in (NATIVE, WASM) and not rest:
            return cls(kind)
        if kind != HYBRID:
            raise ValueError(
                f"{text!r} is no engine: write native, wasm or "
                "hybrid:ACTOR[.METHOD]=native|wasm,..."
            )
        exceptions = {}
        for item in filter(None, rest.split(",")):
            subject, equals, engine = item.partition("=")
            name, dot, number = subject.partition(".")
            if not equals or engine not in (NATIVE, WASM) or (dot and not number.isdecimal()):
                raise ValueError(f"{item!r} does not say ACTOR[.METHOD]=native|wasm")
            exceptions[full_name(name), int(number) if dot else None] = engine
        return cls(NATIVE, exceptions)

    def __str__(self) -> str:
        if not self.exceptions:
            return self.default
        named = ",".join(
            f"{name if number is None else f'{name}.{number}'}={engine}"
            for (name, number), engine in self.exceptions.items()
        )
        return f"{HYBRID}:{named}"

    def engine_for(self, name: str, method: int) -> str:
        """Return NATIVE or WASM for a method of the actor of this name in the manifest."""
        for key in ((name, method), (name, None)):
            if key in self.exceptions:
                return self.exceptions[key]
        return self.default

    @property
    def needs_wasm(self) -> bool:
        """Whether anything is to run as Wasm by this choice."""
        return WASM in (self.default, *self.exceptions.values())

    def runs_as_wasm(self, name: str) -> bool:
        """Tell whether any method of the actor of this name is to run as Wasm."""
        return self.default == WASM or any(
            engine == WASM and actor == name for (actor, _), engine in self.exceptions.items()
        )

    @property
    def meters_instructions(self) -> bool:
        """Whether all gas is the network's: everything runs as Wasm."""
        return self.default == WASM and NATIVE not in self.exceptions.values()


ALL_WASM = EngineChoice(WASM)
"""The released actors alone, whose gas is the network's."""


class ChosenActors:
    """Runs each invocation on the engine chosen for it."""

    def __init__(self, choice: EngineChoice, native: ActorEngine, wasm: ActorEngine | None) -> None:
        """Take both engines; where there is no Wasm one, what needs it cannot run."""
        self._choice = choice
        self._native = native
        self._wasm = wasm

    def invoke(self, kernel: Kernel, code: Cid, params_id: int) -> int:
        """Run the actor and return the number of its return block, or 0.

        LocalFault where it is to run as Wasm and there is no Wasm engine.
        """
        name = kernel.calls.machine.manifest.names.get(code)
        known = name is not None and name in ACTORS
        chosen = self._choice.engine_for(name or "", kernel.method)
        # What is not written in Python, contracts among it, runs as Wasm if anything can.
        if chosen == NATIVE and (known or self._wasm is None):
            return self._native.invoke(kernel, code, params_id)
        if self._wasm is None:
            raise LocalFault(
                f"{name or code} is to run as released code, which is not here: "
                f"`papyrus bundle fetch v{kernel.calls.rules.actors_version}` brings it"
            )
        return self._wasm.invoke(kernel, code, params_id)
