"""Requests of every shape that a server declares, with values that mean something and others.

Values follow the schemas of the server's own OpenRPC document. Where a schema asks for an address,
a CID or a tipset, it is mostly one of the node's, so that calls get past the door; and everywhere
there is at times something else altogether.
"""

import base64
import json
import uuid

ALARMS = ("Traceback", 'File "', "failed inside the node")
"""What no client may ever be told."""

ODD_NUMBERS = (
    -1, 100, 1_000, 1_001, 2**16, 2**31, 2**32 - 1, 2**53, 2**63 - 1, 2**63, 2**64 - 1, 2**64,
    -(2**63), -(2**63) - 1, 10**30,
)  # fmt: skip
ODD_AMOUNTS = ("0", "1", "-1", str(10**18), str(2**128), "9" * 400, "", "1.5", "0x10", "1e3", "--1")
ODD_TEXTS = (
    "", "f", "f0", "f099999999999999999999", "t3", "t410f", "<empty>", "../../etc/passwd", "\x00",
    "\ud800", "é" * 300, "A" * 5_000, "%s%n", "null", "bafy", "Qm", "0x", "0x" + "ff" * 20,
    "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf", "secp256k1", "bls", "admin",
)  # fmt: skip
ODD_BYTES = (b"", b"\x00", b"\x80", b"\x83\x01\x02", b"\xff" * 40, b"\x9b" + b"\xff" * 8, bytes(96))


class RequestMaker:
    """Makes calls of a document's methods; `seen` has values of the node by kind."""

    def __init__(self, document, chance, seen):
        self.chance = chance
        self.seen = seen
        self.methods = {method["name"]: method for method in document["methods"]}
        self._definitions = document["components"]["schemas"]

    def call(self, name, oddness=0.05):
        """Return a call of a method, its parameters by position or by name."""
        params = self.methods[name]["params"]
        values = [self._parameter(param, oddness) for param in params]
        while values and not params[len(values) - 1]["required"] and self.chance.random() < 0.5:
            values.pop()
        found = values
        if self.chance.random() < 0.1:
            found = {param["name"]: value for param, value in zip(params, values, strict=False)}
        if self.chance.random() < oddness:
            found = self.anything()
        return {"jsonrpc": "2.0", "id": 1, "method": name, "params": found}

    def body(self, name, oddness=0.05):
        """Return the bytes of a request, now and then of something that only resembles one."""
        text = json.dumps(self.call(name, oddness))
        if self.chance.random() < oddness:
            at = self.chance.randrange(len(text) + 1)
            text = text[:at] + self.chance.choice(("", "}", "[", '"', "\x00", "0")) + text[at + 1 :]
        return text.encode()

    def _parameter(self, param, oddness):
        """Return a value of a parameter, by its name where that says whose address is meant."""
        known = self.seen["parameters"].get(param["name"])
        if known and self.chance.random() < 0.7:
            return self.chance.choice(known)
        return self.value(param["schema"], oddness)

    def value(self, schema, oddness):
        """Return a value of a schema, or at times any other."""
        if self.chance.random() < oddness:
            return self.anything()
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name in self.seen["records"] and self.chance.random() < 0.7:
                return self.chance.choice(self.seen["records"][name])
            schema = self._definitions[name]
        if "anyOf" in schema:
            return self.value(self.chance.choice(schema["anyOf"]), oddness)
        kind = schema.get("type")
        make = getattr(self, f"_{kind}", None)
        return self.anything() if make is None else make(schema, oddness)

    def anything(self, depth=0):
        """Return any JSON value."""
        chance = self.chance
        match chance.randrange(9 if depth < 2 else 6):
            case 0:
                return None
            case 1:
                return chance.random() < 0.5
            case 2:
                return chance.choice(ODD_NUMBERS)
            case 3:
                return chance.random() * 10 ** chance.randrange(-5, 30)
            case 4:
                return chance.choice(ODD_TEXTS)
            case 5:
                return chance.choice(self.seen["cids"] + self.seen["keys"])
            case 6:
                return [self.anything(depth + 1) for _ in range(chance.randrange(4))]
            case 7:
                return {"/": self.anything(depth + 1)}
            case _:
                names = ("To", "From", "/", "Value", "Message", "é")
                return {chance.choice(names): self.anything(depth + 1) for _ in range(2)}

    def _integer(self, _schema, _oddness):
        if self.chance.random() < 0.15:
            return self.chance.choice(ODD_NUMBERS)
        return self.chance.randrange(30)

    def _number(self, _schema, _oddness):
        return self.chance.choice((0, 0.5, 1, -1, 1e-9, 1.25, 1e300, 2**63))

    def _boolean(self, _schema, _oddness):
        return self.chance.random() < 0.5

    def _null(self, _schema, _oddness):
        return None

    def _string(self, schema, _oddness):
        chance = self.chance
        if schema.get("description", "").startswith("f or t"):
            return chance.choice(self.seen["addresses"])
        if schema.get("contentEncoding") == "base64":
            data = chance.choice((*ODD_BYTES, chance.randbytes(chance.randrange(70))))
            return base64.b64encode(data).decode()
        if "pattern" in schema:
            return chance.choice((*ODD_AMOUNTS, str(chance.randrange(10**20))))
        if schema.get("format") == "uuid":
            return str(uuid.UUID(int=chance.randrange(50)))
        if schema.get("format") == "date-time":
            return chance.choice(("2026-01-02T03:04:05Z", "0001-01-01T00:00:00Z", "yesterday"))
        return chance.choice((*ODD_TEXTS, *self.seen["addresses"]))

    def _array(self, schema, oddness):
        items = schema.get("items", {})
        if _is_cid(items):
            return self.chance.choice(self.seen["keys"])
        return [self.value(items, oddness) for _ in range(self.chance.choice((0, 1, 1, 2, 3)))]

    def _object(self, schema, oddness):
        if _is_cid(schema):
            return self.chance.choice(self.seen["cids"])
        found = {
            name: self.value(part, oddness)
            for name, part in schema.get("properties", {}).items()
            if self.chance.random() > oddness
        }
        if "additionalProperties" in schema:
            found[self.chance.choice(ODD_TEXTS)] = self.value(
                schema["additionalProperties"], oddness
            )
        return found


def _is_cid(schema):
    return list(schema.get("properties", ())) == ["/"]


def expect_answer(text):
    """Return the answers of a body; AssertionError where one is no answer of JSON-RPC."""
    if text is None:
        return []
    assert not any(alarm in text for alarm in ALARMS), text[:2000]
    found = json.loads(text)
    answers = found if isinstance(found, list) else [found]
    for answer in answers:
        assert set(answer) in ({"jsonrpc", "id", "result"}, {"jsonrpc", "id", "error"})
        if "error" in answer:
            assert isinstance(answer["error"]["code"], int)
            assert 0 < len(answer["error"]["message"]) < 5_000
    return answers


def seen_on(desk):
    """Return values of a devnet that its methods know, by kind and by the names of parameters."""
    alice, bob = desk.accounts[:2]
    head = desk("ChainHead")
    keys, cids = [[], None], []
    for height in range(head["Height"] + 1):
        tipset = desk("ChainGetTipSetByHeight", height, [])
        keys.append(tipset["Cids"])
        block = tipset["Blocks"][0]
        roots = ("ParentStateRoot", "Messages", "ParentMessageReceipts")
        cids += [*tipset["Cids"], *(block[name] for name in roots)]
        cids += [
            message["Cid"]
            for block in tipset["Cids"]
            for message in desk("ChainGetParentMessages", block)
        ]
    miner = desk("StateGetActor", "t01000", [])
    cids += [miner["Code"], miner["Head"], {"/": "bafkqaaa"}]
    singletons = [f"t0{number}" for number in (*range(8), 10, 80, 90, 99, 100, 999_999)]
    messages = [
        _message(*parts)
        for parts in (
            (bob, alice, "1", 0, ""),
            ("t01000", desk.bls, "0", 16, ""),
            ("t080", alice, "0", 2, "gA=="),
            ("t04", alice, "5", 2, "g0BA"),
            ("t05", alice, "5", 2, "QAA="),
            ("t010", alice, "0", 3, "QAA="),
        )
    ]
    signed = [
        desk("WalletSignMessage", message["From"], message | {"Nonce": nonce})
        for message in messages
        for nonce in (0, 1, 5)
    ]
    return {
        "addresses": [*desk.accounts, desk.bls, "t01000", "f01000", "t01001", *singletons],
        "keys": keys,
        "cids": cids,
        "records": {"Message": messages, "SignedMessage": signed},
        "parameters": {
            "miner": ["t01000"], "provider": ["t01000"], "multisig": ["t080"],
            "sender": [alice, bob, desk.bls], "wallet": [alice, bob], "owner": [alice, "t01000"],
            "client": [alice], "verifier": ["t080"], "seal_proof": [0, 5],
            "network_version": [28, 27, 21], "deadline": [0, 1, 47], "number": [0, 1, 2],
            "permissions": [["read"], ["read", "write", "sign", "admin"]],
            "kind": ["secp256k1", "bls", "delegated"], "block": head["Cids"],
        },
    }  # fmt: skip


def _message(to, sender, value, method, params):
    return {
        "Version": 0, "To": to, "From": sender, "Nonce": 0, "Value": value,
        "GasLimit": 10**8 if method else 10**7, "GasFeeCap": "1000000000", "GasPremium": "100000",
        "Method": method, "Params": params,
    }  # fmt: skip
