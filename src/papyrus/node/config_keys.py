"""The keys of the configuration as data, read off its declarations."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydantic import ByteSize
from pydantic.fields import FieldInfo

from papyrus.node.config import Config, Section
from papyrus.node.config_text import toml_value
from papyrus.node.config_types import size_text
from papyrus.primitives.amounts import TokenAmount


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that can be set."""

    section: str
    name: str
    sentence: str
    default: Any
    secret: bool
    """Whether its value is left out of what is shown and of errors."""

    @property
    def path(self) -> str:
        """The name with its section, as errors and the command line have it."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"PAPYRUS_{self.section}_{self.name}".upper()


@dataclass(frozen=True, slots=True)
class SectionKeys:
    """The keys of one section."""

    name: str
    sentence: str
    keys: tuple[Key, ...]


def value_text(value: Any) -> str:
    """Return a value as the file has it."""
    if isinstance(value, ByteSize):
        return toml_value(size_text(value))
    return toml_value(value.to_fil() if isinstance(value, TokenAmount) else value)


def value_of(config: Config, key: Key) -> Any:
    """Return what a configuration says of a key."""
    return getattr(getattr(config, key.section), key.name)


def _sections() -> Iterator[SectionKeys]:
    for name, field in Config.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            keys = tuple(_key(name, each, info) for each, info in kind.model_fields.items())
            yield SectionKeys(name, " ".join((kind.__doc__ or "").split()), keys)


def _key(section: str, name: str, field: FieldInfo) -> Key:
    sentence = " ".join((field.description or "").split())
    default = field.get_default(call_default_factory=True, validated_data={})
    extra = field.json_schema_extra
    return Key(section, name, sentence, default, isinstance(extra, dict) and "secret" in extra)


SECTIONS: tuple[SectionKeys, ...] = tuple(_sections())
"""Every section, in the order of the file."""

KEYS: Mapping[str, Key] = MappingProxyType(
    {key.path: key for section in SECTIONS for key in section.keys}
)
"""Every key by its name with its section."""
