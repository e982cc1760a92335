"""A seeded geometric random walk of a price, the same on every machine.

How it works: draw n of tick k is a 64-bit mix of a key and a counter, so any tick's draws depend on nothing but the seed,
the symbol and k. Only whole-number operations and +, -, x, / on floats are used, whose results IEEE 754 fixes; a logarithm
or an exponential of the C library may differ in its last digit from one machine to the next.
"""

from math import sqrt
from typing import NamedTuple

_MASK = (1 << 64) - 1
_GOLDEN_GAMMA = 0x9E3779B97F4A7C15
_DRAWS = 4
"""Draws that belong to one tick."""
_NORMAL_SCALE = sqrt(16.0 + 1.0 / 12.0)
_EXP_SQUARINGS = 10
_LARGEST_DRIFT = 1e6
"""The price stays within the first price divided and multiplied by this."""


def mix(value: int) -> int:
    """Return 64 well mixed bits: the output function of SplitMix64.

    Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (OOPSLA 2014), variant 13 of Stafford's mixers.
    """
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & _MASK
    return value ^ (value >> 31)


def key_of(seed: int, name: str) -> int:
    """Return the key of a named sequence under a seed."""
    key = mix((seed + _GOLDEN_GAMMA) & _MASK)
    for byte in name.encode():
        key = mix((key ^ byte) + _GOLDEN_GAMMA & _MASK)
    return key


def draw(key: int, counter: int) -> int:
    """Return 64 random bits, the same for the same key and counter."""
    return mix(key + counter * _GOLDEN_GAMMA & _MASK)


def normal(bits: int, fraction_bits: int) -> float:
    """Return a standard normal variate from two draws, within 8.1 of 0.

    The number of ones among 64 bits is binomial with mean 32 and variance 16, so close to normal (de Moivre, 1733); a
    uniform fraction, of variance 1/12, fills the steps between whole numbers.
    """
    fraction = (fraction_bits >> 11) / (1 << 53) - 0.5
    return (bits.bit_count() - 32 + fraction) / _NORMAL_SCALE


def exp(exponent: float) -> float:
    """Return e to the power of a small exponent, as (1 + x/1024) to the power of 1024; positive while x > -1024."""
    value = 1.0 + exponent / (1 << _EXP_SQUARINGS)
    for _ in range(_EXP_SQUARINGS):
        value *= value
    return value


class Tick(NamedTuple):
    """One step: the mid price behind it, and bits for whatever else is drawn."""

    mid: float
    bits: int


class Walk:
    """The mid price of one symbol, tick after tick."""

    __slots__ = ("_count", "_high", "_key", "_low", "_mid", "_volatility")

    def __init__(self, key: int, first: float, volatility: float) -> None:
        """Begin at `first`; volatility is the standard deviation of the logarithm of price between two ticks."""
        self._key = key
        self._mid = first
        self._low, self._high = first / _LARGEST_DRIFT, first * _LARGEST_DRIFT
        self._volatility = volatility
        self._count = 0

    def step(self) -> Tick:
        """Return the next tick; the first is at the first price."""
        counter = self._count * _DRAWS
        self._count += 1
        if counter:
            change = normal(draw(self._key, counter), draw(self._key, counter + 1))
            self._mid = min(self._high, max(self._low, self._mid * exp(self._volatility * change)))
        return Tick(self._mid, draw(self._key, counter + 2))
