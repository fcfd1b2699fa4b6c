"""Prices in cents."""


def discounted(cents: int, percent: int) -> int:
    """A price after a discount, rounded down."""
    return cents * (100 - percent) // 100


def total(positions: "list[tuple[int, int]]") -> int:
    """The sum over prices and pieces."""
    return sum(cents * pieces for cents, pieces in positions)
