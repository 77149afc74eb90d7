import json

from rpc_node import call
from rpc_sample import SampleMethods

from papyrus.rpc.dispatch import dispatchers
from papyrus.rpc.limits import Limits
from papyrus.rpc.methods.full_node import FullNodeMethods
from papyrus.rpc.openrpc import openrpc_document, papyrus_version
from papyrus.rpc.registry import VERSIONS, Registry


def references(value):
    """Yield what a document refers to within itself."""
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_document_describes_a_method_by_its_declaration():
    document = openrpc_document(Registry(SampleMethods), 1)
    (found,) = [item for item in document["methods"] if item["name"] == "Filecoin.Typed"]
    assert found["summary"] == "Return text of each."
    assert found["x-permission"] == "write"
    assert [(p["name"], p["required"]) for p in found["params"]] == [
        ("address", True),
        ("cid", True),
        ("options", True),
    ]
    assert found["params"][2]["schema"] == {"$ref": "#/components/schemas/Options"}
    assert found["result"]["schema"] == {"type": "array", "items": {"type": "string"}}
    assert document["components"]["schemas"]["Options"] == {
        "type": "object",
        "properties": {
            "MaxFee": {"type": "string", "pattern": "^-?[0-9]+$"},
            "MsgUuid": {"type": "string"},
        },
        "required": ["MaxFee"],
    }


def test_document_tells_of_channels_and_aliases():
    document = openrpc_document(Registry(SampleMethods), 1)
    methods = {item["name"]: item for item in document["methods"]}
    assert methods["Filecoin.Count"]["result"]["schema"] == {"type": "integer"}
    assert methods["Filecoin.Count"]["x-subscription"] == {"type": "integer"}
    assert methods["Filecoin.Sleep"]["x-aliases"] == ["test_sleep"]


def test_document_of_a_version_has_its_methods_alone():
    names = [
        {item["name"] for item in openrpc_document(Registry(SampleMethods), version)["methods"]}
        for version in VERSIONS
    ]
    assert names[1] - names[0] == {"Filecoin.KeyText"}


def test_document_of_a_full_node_is_whole():
    for version in VERSIONS:
        registry = Registry(FullNodeMethods)
        document = json.loads(json.dumps(openrpc_document(registry, version)))
        assert document["openrpc"] == "1.2.6"
        assert document["info"]["version"] == papyrus_version()
        names = [item["name"] for item in document["methods"]]
        assert names == sorted(set(names))
        known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
        assert set(references(document)) == known
        for item in document["methods"]:
            required = [parameter["required"] for parameter in item["params"]]
            assert required == sorted(required, reverse=True), item["name"]


def test_node_gives_its_document_by_both_names(node):
    for dispatcher in dispatchers(Registry(FullNodeMethods), node, Limits()):
        by_name = call(dispatcher, "Filecoin.Discover")["result"]
        assert by_name == call(dispatcher, "rpc.discover")["result"] == dispatcher.document()
