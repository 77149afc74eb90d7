"""Small programs of the EVM as tests write them, assembled into bytecode.

A program is words: instructions; numbers, each pushed in as few bytes as it needs, a negative one
as 256 bits; `name:`, a place to jump to; `@name`, where that is, pushed. A semicolon begins a note.
An instruction's first operand is the one on top of the stack, so that it is written last.
"""

OPCODES = {
    "STOP": 0x00, "ADD": 0x01, "SUB": 0x03, "SLT": 0x12, "EQ": 0x14, "ISZERO": 0x15, "AND": 0x16,
    "OR": 0x17, "SHL": 0x1B, "SHR": 0x1C, "ADDRESS": 0x30, "CALLER": 0x33, "CALLVALUE": 0x34,
    "CALLDATALOAD": 0x35, "CALLDATASIZE": 0x36, "CALLDATACOPY": 0x37, "CODECOPY": 0x39,
    "RETURNDATASIZE": 0x3D, "RETURNDATACOPY": 0x3E, "POP": 0x50, "MLOAD": 0x51, "MSTORE": 0x52,
    "MSTORE8": 0x53, "SLOAD": 0x54, "SSTORE": 0x55, "JUMP": 0x56, "JUMPI": 0x57, "GAS": 0x5A,
    "JUMPDEST": 0x5B, "TLOAD": 0x5C, "TSTORE": 0x5D, "DUP1": 0x80, "DUP2": 0x81, "DUP3": 0x82,
    "SWAP1": 0x90, "CREATE": 0xF0, "CALL": 0xF1, "RETURN": 0xF3, "DELEGATECALL": 0xF4,
    "CREATE2": 0xF5, "STATICCALL": 0xFA, "REVERT": 0xFD, "SELFDESTRUCT": 0xFF,
}  # fmt: skip

PUSH0 = 0x5F
PLACE = 2
"""Bytes in which a place in the code is pushed."""


def assemble(program):
    """Return the bytecode of a program."""
    code = bytearray()
    places, wanted = {}, {}
    for line in program.splitlines():
        for word in line.partition(";")[0].split():
            if word.endswith(":"):
                places[word[:-1]] = len(code)
                code.append(OPCODES["JUMPDEST"])
            elif word.startswith("@"):
                code += bytes([PUSH0 + PLACE])
                wanted[len(code)] = word[1:]
                code += bytes(PLACE)
            elif word in OPCODES:
                code.append(OPCODES[word])
            else:
                code += _push(int(word, 0) % (1 << 256))
    for at, name in wanted.items():
        code[at : at + PLACE] = places[name].to_bytes(PLACE, "big")
    return bytes(code)


def initcode(runtime, constructor=""):
    """Return the code that makes a contract of a program, after another has been run."""
    code = assemble(runtime)
    ending = "{0} @end 1 ADD 0 CODECOPY {0} 0 RETURN end:".format(len(code))
    return assemble(f"{constructor}\n{ending}") + code


def _push(number):
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes([PUSH0 + len(data)]) + data
