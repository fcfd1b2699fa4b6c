"""The messages of our own between Locust's master and its workers, and the names of what is in them."""

from __future__ import annotations

HERE = "bench-here"
"""Of a worker: it understands the others."""

PING, PONG = "bench-ping", "bench-pong"
"""A question of the master, and a worker's answer: SENT, RECEIVED and ANSWERED in ns, and the worker's IDENTITY."""

START = "bench-start"
"""Of the master, ahead of Locust's own: the number of the test run, and its BEGIN by the worker's CLOCK_MONOTONIC."""

ROWS, ROWS_HEARD = "bench-rows", "bench-rows-heard"
"""A piece of a worker's sample file, with its NAME and DATA, and the master's receipt."""

ENDED = "bench-ended"
"""Of a worker: it has stopped its users of a run and has said all that it had to; rows SHIPPED and UNSENT."""

SENT, RECEIVED, ANSWERED, IDENTITY = "sent_ns", "received_ns", "answered_ns", "identity"
RUN, BEGIN = "run", "begin_ns"
NAME, DATA, SHIPPED, UNSENT = "name", "data", "rows", "unsent"
