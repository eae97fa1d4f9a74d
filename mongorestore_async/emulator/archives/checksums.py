"""CRC-32 of joined pieces from the CRC-32 of each, so that the trailer of a huge gzip file costs milliseconds."""

from __future__ import annotations

import functools

__all__ = ["joined_crc"]

#: The polynomial of RFC 1952 section 8, lowest power in the highest bit; as one, so is ``x`` to the power of 0.
_POLYNOMIAL = 0xEDB88320
_ONE = 1 << 31


def joined_crc(first: int, second: int, length: int) -> int:
    """The CRC-32 of two pieces one after the other.

    Args:
        first: CRC-32 of the first piece.
        second: CRC-32 of the second piece.
        length: Length of the second piece in bytes.

    """
    table = _tables(length)
    moved = table[0][first & 255] ^ table[1][first >> 8 & 255] ^ table[2][first >> 16 & 255] ^ table[3][first >> 24]
    return moved ^ second


@functools.lru_cache(maxsize=64)
def _tables(length: int) -> tuple[list[int], ...]:
    """What each byte of a CRC becomes when ``length`` bytes follow: it is multiplied by x to the power of 8 length."""
    factor = _power(8 * length)
    return tuple([_product(factor, byte << shift) for byte in range(256)] for shift in (0, 8, 16, 24))


def _power(exponent: int) -> int:
    """The power of x, modulo the polynomial."""
    result, square = _ONE, _ONE >> 1
    while exponent:
        if exponent & 1:
            result = _product(square, result)
        square = _product(square, square)
        exponent >>= 1
    return result


def _product(one: int, other: int) -> int:
    """The product modulo the polynomial."""
    result = 0
    while one:
        if one & _ONE:
            result ^= other
        one = one << 1 & 0xFFFFFFFF
        other = other >> 1 ^ (_POLYNOMIAL if other & 1 else 0)
    return result
