"""Bytes that are nearly an encoding, for decoders to agree on."""


def mangled(random, data):
    """Return data with something done to it that may or may not matter to a decoder."""
    if not data:
        return random.choice([b"\x80", b"\xf6", b"\x00"])
    place = random.randrange(len(data))
    match random.randrange(7):
        case 0:
            return data[:place]
        case 1:
            return data + random.randbytes(1)
        case 2:
            return data[:place] + random.randbytes(1) + data[place + 1 :]
        case 3:
            return data[:place] + random.randbytes(1) + data[place:]
        case 4:
            return data[:place] + data[place + 1 :]
        case 5:
            return _longer_header(data, place)
    return b""


def _longer_header(data, place):
    """Return data with a byte, taken for a short header, written in a longer form."""
    major, number = data[place] & 0xE0, data[place] & 0x1F
    if number >= 24:
        return data
    return data[:place] + bytes((major | 24, number)) + data[place + 1 :]
