"""The few steps into encoded answers that are taken too often for a general ASN.1 parser."""


def enter(data: bytes, position: int, tag: int) -> tuple[int, int]:
    """Return where the content of the element at this position begins and ends."""
    if data[position] != tag:
        raise ValueError("another element than expected")
    length, start = data[position + 1], position + 2
    if length & 0x80:
        octets = length & 0x7F
        length, start = int.from_bytes(data[start : start + octets], "big"), start + octets
    end = start + length
    if end > len(data):
        raise ValueError("the element ends too early")
    return start, end
