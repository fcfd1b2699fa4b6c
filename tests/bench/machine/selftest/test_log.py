"""A truth server's log is read as it was written."""

from __future__ import annotations

from pathlib import Path

from bench.machine.selftest.log import LogWriter, read_log


def test_a_log_is_read_as_it_was_written(tmp_path: Path) -> None:
    writer = LogWriter()
    first = writer.note_arrival(100, 150, "right", 0)
    second = writer.note_arrival(110, 160, "dropped", 1)
    third = writer.note_arrival(120, 170, "right", 0)
    writer.note_reply(third, 175)
    writer.note_reply(first, 151)
    writer.stalls.append((10, 20))
    writer.write(tmp_path / "log", [(130, 140)])
    log = read_log(tmp_path / "log")
    assert len({first, second, third}) == 3
    assert list(log.arrived_ns) == [100, 110, 120]
    assert list(log.due_ns) == [150, 160, 170]
    assert list(log.answered_ns) == [151, 0, 175]  # the second never was
    assert log.kinds == ["right", "dropped", "right"]
    assert list(log.connections) == [0, 1, 0]
    assert (log.freezes, log.stalls) == (((130, 140),), ((10, 20),))


def test_a_server_that_nobody_asked_has_an_empty_log(tmp_path: Path) -> None:
    LogWriter().write(tmp_path / "log")
    log = read_log(tmp_path / "log")
    assert (len(log.arrived_ns), log.kinds, log.freezes, log.stalls) == (0, [], (), ())
