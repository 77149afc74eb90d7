"""All methods of one server, found by the name and the version they are called by.

A group is a class whose attributes are declarations; what is not a declaration is passed over. The
same name may be declared once for each version, where the two differ.
"""

from collections.abc import Iterator, Mapping

from papyrus.rpc.declarations import Declaration, Method, Subscription

VERSIONS = (0, 1)
"""Of the interface: /rpc/v0 and /rpc/v1."""


class Registry:
    """The declarations of some groups."""

    def __init__(self, *groups: type) -> None:
        """Gather the declarations of the groups; ValueError where two claim one name."""
        self._by_version: dict[int, dict[str, Declaration]] = {version: {} for version in VERSIONS}
        for declaration in _declarations(groups):
            for version in declaration.versions:
                for name in (declaration.name, *declaration.aliases):
                    taken = self._by_version[version].setdefault(name, declaration)
                    if taken is not declaration:
                        raise ValueError(f"{name} is declared twice for v{version}")

    def names(self, version: int) -> Mapping[str, Declaration]:
        """Return the declarations of one version by name and alias."""
        return self._by_version[version]

    def declarations(self, version: int) -> list[Declaration]:
        """Return the declarations of one version in the order of their names."""
        named = {item.name: item for item in self._by_version[version].values()}
        return [named[name] for name in sorted(named)]


def _declarations(groups: tuple[type, ...]) -> Iterator[Declaration]:
    for group in groups:
        for base in reversed(group.__mro__):
            for attribute in vars(base).values():
                if isinstance(attribute, (Method, Subscription)):
                    yield attribute.declaration
