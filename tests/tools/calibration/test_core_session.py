"""A session as far as it goes without servers; with them it takes minutes: that is `make calibrate ARGS=core-same`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import GateError
from bench.model.plan import Setup
from tests.bench.builders import run
from tests.bench.results.rounds import three_rounds
from tests.tools.calibration.core_runs import core_run, said, standing
from tools.calibration.clone import git
from tools.calibration.core_checks import CHECKS
from tools.calibration.core_session import CoreAsked, calibrate, conclude, missing, price_of, summary
from tools.calibration.faults import DOCUMENTED
from tools.calibration.ledger import Ledger

PRICED = (Setup("base", "uvicorn"), Setup("long", "uvicorn"))


def test_what_is_done_is_not_done_again_but_for_what_failed_or_had_another_length() -> None:
    asked = CoreAsked(CHECKS["core-order"], runs=5)
    done = [
        core_run(number=0),
        core_run(number=1, error="no"),
        core_run(number=2, minutes=0.3),
        core_run(number=3, check="core-neighbour"),
    ]
    assert missing(asked, done) == [1, 2, 3, 4]
    assert missing(CoreAsked(CHECKS["core-order"], runs=0), done) == []
    assert len(missing(CoreAsked(CHECKS["core-order"]), [])) == 20


def test_the_length_is_the_checks_unless_one_is_asked_for() -> None:
    assert CoreAsked(CHECKS["core-same"]).length == (6, 1.0)
    assert CoreAsked(CHECKS["core-same"], rounds=2, minutes=0.3).length == (2, 0.3)
    assert CoreAsked(CHECKS["core-default"]).length == (None, None)


def test_a_turn_is_priced_by_what_a_long_loop_adds() -> None:
    """60 us, and 20 us more by 2,000 turns: 10 ns each."""
    made = run(
        *three_rounds("base", 1000.0, scenario="ping", cpu_us=60.0),
        *three_rounds("long", 800.0, scenario="ping", cpu_us=80.0),
        setups=PRICED,
    )
    price = price_of(made, 1.0, "abc", "a machine")
    assert price is not None
    assert (price.request_us, price.turn_us, price.minutes) == (60.0, pytest.approx(0.01), 1.0)


def test_no_price_without_both_or_where_a_long_loop_adds_nothing() -> None:
    base = three_rounds("base", 1000.0, cpu_us=60.0)
    assert price_of(None, 1.0, "abc", "a machine") is None
    assert price_of(run(*base, setups=PRICED), 1.0, "abc", "a machine") is None
    same = run(*base, *three_rounds("long", 1000.0, cpu_us=60.0), setups=PRICED)
    assert price_of(same, 1.0, "abc", "a machine") is None


def test_progress_says_what_is_wrong() -> None:
    worse = standing("s2", "worse", 1.05)
    assert summary(core_run(worse, check="core-same")) == "WRONG: s2 worse than the best, CPU"
    assert summary(core_run(worse, check="core-default")) == "nothing wrong"
    wrong = core_run(said("plus3", "better"), standing("plus5", "worse"), turns={"base": 0})
    assert summary(wrong) == "WRONG: plus3 better than base, CPU; worse CPU of plus5"
    assert summary(core_run(error="no", status=2, invalid=("x",))) == "failed, status 2: no"


def test_a_run_without_a_folder_failed_with_the_last_line_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert conclude(core_run(), tmp_path / "none", log).error == "it ended without a word"
    log.write_text("one\nbench: no luck\n\n")
    assert conclude(core_run(), tmp_path / "none", log).error == "bench: no luck"


def test_where_no_run_works_it_ends_after_three_and_they_are_kept(tmp_path: Path) -> None:
    source, told = tmp_path / "source", list[str]()
    git(tmp_path, "init", "-q", str(source))
    (source / DOCUMENTED[0]).parent.mkdir(parents=True)
    (source / DOCUMENTED[0]).write_text("")
    (source / "bench").mkdir()
    (source / "bench" / "__init__.py").write_text("")
    (source / "bench" / "__main__.py").write_text("raise SystemExit('bench: no luck')")
    git(source, "add", ".")
    git(source, "commit", "-q", "-m", "no luck")
    ledger = Ledger(tmp_path / "raw")
    asked = CoreAsked(CHECKS["core-same"], runs=5, rounds=2, minutes=0.05)
    with pytest.raises(GateError, match="3 runs in a row"):
        calibrate(asked, ledger, source, told.append)
    kept = ledger.core_runs()
    assert [(one.number, one.status, bool(one.error), one.verdicts) for one in kept] == [
        (number, one.status, True, ()) for number, one in enumerate(kept)
    ]
    assert len(kept) == len(told) == 3
    assert kept[0].commit == git(source, "rev-parse", "HEAD")[:10]
