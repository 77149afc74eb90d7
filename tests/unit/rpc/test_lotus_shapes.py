"""The interface beside what Lotus says of its own: its OpenRPC document and its permissions."""

import re

import pytest
from lotus_shapes import differences, example_of, lotus_methods

from papyrus.rpc.declarations import Permission
from papyrus.rpc.methods.full_node import FullNodeMethods
from papyrus.rpc.registry import Registry

REGISTRY = Registry(FullNodeMethods)
OURS = {item.name: item for item in REGISTRY.declarations(1) if item.name.startswith("Filecoin.")}

LETTERS = {"r": Permission.READ, "w": Permission.WRITE, "s": Permission.SIGN, "a": Permission.ADMIN}

OTHERWISE = {
    "Filecoin.ChainPutObj": "Lotus declares a block it cannot read from JSON; ours takes bytes",
    "Filecoin.FilecoinAddressToEthAddress": "Lotus declares its parameters as raw JSON",
    "Filecoin.StateMinerPreCommitDepositForPower": "ours asks for less of what was announced",
    "Filecoin.WalletExport": "Lotus' example of a secret is none",
    "Filecoin.WalletImport": "Lotus' example of a secret is none",
}
"""Methods whose examples cannot be read, and why."""


@pytest.mark.parametrize("name", OURS)
def test_what_lotus_sends_is_read_and_written_in_its_shape(name):
    described = lotus_methods().get(name)
    if described is None or name in OTHERWISE:
        pytest.skip(
            "Lotus' document leaves this method out" if described is None else OTHERWISE[name]
        )
    declared = OURS[name]
    assert len(declared.parameters) == len(described["params"])
    for parameter, theirs in zip(declared.parameters, described["params"], strict=True):
        example = example_of(theirs["schema"])
        value = parameter.codec.read(example)
        assert list(differences(example, parameter.codec.write(value, "f"), theirs["name"])) == []
    schema = described["result"]["schema"]
    if not schema.get("examples"):
        assert schema["type"] == ["null"]
        assert declared.result.schema({}) == {"type": "null"}
        return
    example = example_of(schema)
    assert (
        list(differences(example, declared.result.write(declared.result.read(example), "f"))) == []
    )


def lotus_permissions(shared):
    """Return the permission of each of Lotus' methods, and those that one version lacks."""
    text = (shared / "reference" / "node.md").read_text(encoding="utf-8")
    listed = text[text.index("## Appendix A. Lotus v1 methods") :]
    listed = listed[: listed.index("## Appendix. `lotus` commands")]
    letters = dict(re.findall(r"\b(\w+)·([rwsa?])", listed))
    lists = {
        kind: set(re.search(rf"^{kind}[^:]*: (.*)$", listed, re.MULTILINE)[1].split(", "))
        for kind in ("v0-only", "v1-only")
    }
    return letters, lists


def test_permissions_are_those_of_lotus(shared):
    letters, _ = lotus_permissions(shared)
    differing = {
        declared.bare_name: (str(declared.permission), letters.get(declared.bare_name))
        for declared in OURS.values()
        if letters.get(declared.bare_name) not in ("?", None)
        and LETTERS[letters[declared.bare_name]] is not declared.permission
    }
    unknown = {item.bare_name for item in OURS.values()} - letters.keys()
    assert (differing, unknown) == ({}, set())


def test_versions_have_the_methods_that_lotus_has_there(shared):
    _, lists = lotus_permissions(shared)
    first = {item.bare_name for item in REGISTRY.declarations(0) if "Papyrus" not in item.name}
    second = {item.bare_name for item in OURS.values()}
    assert second - first <= lists["v1-only"]
    assert first - second <= lists["v0-only"]
    assert not first & lists["v1-only"]
    assert not second & lists["v0-only"]
