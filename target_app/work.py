"""CPU work in pure Python and in C; `python -m target_app.work` does it in another process."""

import sys
from hashlib import pbkdf2_hmac

_SEED = 1
_MULTIPLIER = 1_103_515_245
_INCREMENT = 12_345
_MASK = 2**31 - 1


def checksum(n: int, start: int = _SEED) -> int:
    """The state of a linear congruential generator after `n` steps, about 0.1 us each.

    The result can be the `start` of another call: two runs of `n` steps equal one of `2 * n`.
    """
    state = start
    for _ in range(n):
        state = (state * _MULTIPLIER + _INCREMENT) & _MASK
    return state


def digest(n: int) -> str:
    """The result of `n` rounds of PBKDF2 with SHA-256, about 0.5 us each, without the interpreter lock."""
    return pbkdf2_hmac("sha256", b"a password", b"and its salt", n).hex()


def main() -> None:
    """Read a number of steps per line of standard input, and print the checksum of each."""
    for line in sys.stdin:
        print(checksum(int(line)), flush=True)


if __name__ == "__main__":
    main()
