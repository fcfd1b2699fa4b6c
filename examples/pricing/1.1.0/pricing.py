"""Prices in cents, rounded as accountants do. It is slower than 1.0.0, and its figures are the same or a cent more."""

from decimal import ROUND_HALF_EVEN, Decimal

_CENT = Decimal(1)


def discounted(cents: int, percent: int) -> int:
    """A price after a discount, rounded half to even."""
    exact = Decimal(cents) * (100 - percent) / 100
    return int(exact.quantize(_CENT, ROUND_HALF_EVEN))


def total(positions: "list[tuple[int, int]]") -> int:
    """The sum over prices and pieces."""
    return int(sum((Decimal(cents) * pieces for cents, pieces in positions), Decimal(0)))
