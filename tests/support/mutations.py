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


def loosened(data, place):
    """Return data with the header that may stand at a place written in other ways.

    Longer than it need be, without its major type, and as a string of indefinite length: some of
    these the actors' decoder accepts for some types.
    """
    header = data[place]
    number = header & 0x1F
    found = [data[:place] + bytes((number,)) + data[place + 1 :]]
    if number < 24:
        found.append(_longer_header(data, place))
        end = place + 1 + number
        chunk = bytes((header & 0xE0 | 0x1F,)) + data[place:end] + b"\xff"
        found.append(data[:place] + chunk + data[end:])
    elif number < 27:
        size = 1 << (number - 24)
        longer = bytes((header + 1,)) + bytes(size) + data[place + 1 :]
        found.append(data[:place] + longer)
    return found
