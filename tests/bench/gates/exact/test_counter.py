"""Where each arm runs: real processes that count bytecodes, which needs no valgrind."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import GateError
from bench.gates.exact.counter import InstructionCounter, InstructionCounts
from bench.gates.exact.program import CountingArm, CountingPlan
from bench.inside._fastapi_bench_exact.job import CountingResult
from bench.model.change import Change
from bench.model.plan import Setup
from bench.system.revisions import Tree
from tests.bench import tiny

APP = (
    tiny.APP
    + """
from shop.turns import ROW

async def answer(path):
    for _ in ROW:
        pass
    return 200, b"hello"
"""
)
TURNS = "ROW = (None,) * int(open('data/turns.txt').read())"
BYTECODES_A_TURN = 3  # FOR_ITER, STORE_FAST, JUMP_BACKWARD: see `python -m dis`
PART = "ob=/usr/lib/libc.so.6\nfn=memcpy\n0 50\ntotals: 50\n"


def lay_out(root: Path, turns: int) -> Tree:
    """A version in a repository: the app in two folders of `service`, and its data."""
    service = root / "service"
    for folder in ("src/shop", "apps", "data"):
        (service / folder).mkdir(parents=True)
    (service / "data" / "turns.txt").write_text(str(turns))
    (service / "apps" / "my_app.py").write_text(APP)
    (service / "src" / "shop" / "turns.py").write_text(TURNS)
    return Tree(service, root.name, root)


@pytest.mark.parametrize(
    ("args", "path"),
    [
        pytest.param(("--app-dir=src", "--app-dir", "apps"), "", id="--app-dir"),
        pytest.param((), "src:{user}/apps", id="PYTHONPATH, in part of the user's tree"),
    ],
)
def test_an_arm_reads_and_imports_what_its_tree_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], path: str
) -> None:
    user, base, head = (
        lay_out(tmp_path / name, turns) for name, turns in (("user", 0), ("base", 100), ("head", 400))
    )
    env = {"PYTHONPATH": path.format(user=user.folder)}
    setup = Setup("mine", "uvicorn", app="my_app:app", args=args, env=env)
    monkeypatch.chdir(user.folder)
    scenarios = tmp_path / "mine.py"
    scenarios.write_text(f"NAMES = ('busy',)\n{tiny.SCENARIOS}")
    (tmp_path / "part").write_text(PART)
    answer = CountingResult(1, {"busy": {"GET /busy": [("part", 1)]}}, {})
    arms = [
        CountingArm("base", base, (), (user.root, head.root)),
        CountingArm("head", head, (), (user.root, base.root)),
    ]
    changes = [Change("busy", "instructions", "regressed")]
    plan = CountingPlan(setup=setup, scenarios=("busy",), scenarios_file=scenarios)
    counts = [InstructionCounts(answer, {}, tmp_path, counts_lookups=True)] * 2
    with InstructionCounter() as counter:
        found = counter.reasons(plan, arms, counts, changes)
    assert found == {"busy": (f"answer (apps/my_app.py): +{300 * BYTECODES_A_TURN} bytecodes a request",)}


SECRETS = {
    "raised": "raise RuntimeError(f'cannot log in as admin/{os.environ[\"DB_PASSWORD\"]}')",
    "answered": "return 500, ('x' * 190 + os.environ['DB_PASSWORD']).encode()",
    "answered in Python's way": "return 500, repr([os.environ['DB_PASSWORD']]).encode()",
}


@pytest.mark.parametrize("ending", SECRETS.values(), ids=SECRETS)
def test_what_an_arm_says_of_its_failure_is_without_the_setups_secrets(tmp_path: Path, ending: str) -> None:
    secret = "cor\\rect 'horse' battery-stäple"
    tree = lay_out(tmp_path / "user", 1)
    app = f"import os\n{tiny.APP}\nasync def answer(path):\n    {ending}\n"
    (tree.folder / "apps" / "my_app.py").write_text(app)
    (tmp_path / "mine.py").write_text(f"NAMES = ('busy',)\n{tiny.SCENARIOS}")
    setup = Setup("mine", "uvicorn", app="my_app:app", app_dir="apps", env={"DB_PASSWORD": secret})
    plan = CountingPlan(setup=setup, scenarios=("busy",), scenarios_file=tmp_path / "mine.py")
    with InstructionCounter() as counter, pytest.raises(GateError) as caught:
        counter.reasons(plan, [CountingArm("base", tree), CountingArm("head", tree)], [], [])
    said = str(caught.value)
    assert "***" in said
    assert not [part for part in ("horse", "battery") if part in said]
    assert max(map(len, said.splitlines())) < 1000
