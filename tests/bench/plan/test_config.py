from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bench.engines.launch import ENGINES, check_load
from bench.errors import UsageError
from bench.model.plan import Block, ClosedLoad, OpenLoad, Plan, Setup
from bench.plan.config import check_names, load_plans, load_setups
from bench.plan.order import cells, count_rounds
from scenarios import SCENARIOS

# name: (server, workers, loop, http, worker), as the project promises them
SHIPPED = {
    "uvicorn": ("uvicorn", 1, "uvloop", "httptools", "uvicorn"),
    "uvicorn-uvloop-h11": ("uvicorn", 1, "uvloop", "h11", "uvicorn"),
    "uvicorn-asyncio-httptools": ("uvicorn", 1, "asyncio", "httptools", "uvicorn"),
    "uvicorn-asyncio-h11": ("uvicorn", 1, "asyncio", "h11", "uvicorn"),
    "uvicorn-2": ("uvicorn", 2, "uvloop", "httptools", "uvicorn"),
    "uvicorn-4": ("uvicorn", 4, "uvloop", "httptools", "uvicorn"),
    "gunicorn-1": ("gunicorn", 1, "uvloop", "httptools", "uvicorn"),
    "gunicorn-2": ("gunicorn", 2, "uvloop", "httptools", "uvicorn"),
    "gunicorn-4": ("gunicorn", 4, "uvloop", "httptools", "uvicorn"),
    "gunicorn-asgi-2": ("gunicorn", 2, "uvloop", "own", "asgi"),
    "granian-1": ("granian", 1, "uvloop", "own", "uvicorn"),
    "granian-2": ("granian", 2, "uvloop", "own", "uvicorn"),
    "hypercorn-1": ("hypercorn", 1, "uvloop", "h11", "uvicorn"),
}


def own_file(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text)
    return path


# --- setups --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_every_promised_setup_is_what_its_name_says(name: str) -> None:
    setup = load_setups()[name]
    assert (setup.server, setup.workers, setup.loop, setup.http, setup.worker) == SHIPPED[name]
    assert setup.env["APP_BENCH"] == "1"  # else answers would not name their worker
    assert setup.about


def test_a_users_setups_stand_beside_ours(tmp_path: Path) -> None:
    text = (
        '[mine]\nserver = "command"\ncommand = ["python", "my_server.py", "{port}"]\nhealth = "/"\ncpus = [0]'
    )
    mine = load_setups(own_file(tmp_path, text))
    expected = Setup("mine", "command", command=("python", "my_server.py", "{port}"), health="/", cpus=(0,))
    assert mine == {**load_setups(), "mine": expected}


def test_extends_takes_over_what_is_not_said_and_merges_the_environment(tmp_path: Path) -> None:
    text = '[mine]\nextends = "uvicorn-2"\nhttp = "h11"\nenv = { APP_BENCH = false, N = 3 }'
    mine, base = load_setups(own_file(tmp_path, text))["mine"], load_setups()["uvicorn-2"]
    assert (mine.workers, mine.http, mine.about) == (2, "h11", base.about)
    assert mine.env == {**base.env, "APP_BENCH": "false", "N": "3"}


def test_extends_may_come_before_its_base_and_reach_over_several(tmp_path: Path) -> None:
    text = '[c]\nextends = "b"\n[b]\nextends = "a"\nworkers = 3\n[a]\nextends = "granian-1"\nargs = ["--x"]'
    c = load_setups(own_file(tmp_path, text))["c"]
    assert (c.server, c.workers, c.args) == ("granian", 3, ("--x",))


@pytest.mark.parametrize("base", ["uvicorn", "uvicorn-2"])
def test_a_users_setup_of_a_shipped_name_leaves_the_other_shipped_ones_alone(
    tmp_path: Path, base: str
) -> None:
    mine = load_setups(own_file(tmp_path, f'[uvicorn]\nextends = "{base}"\nworkers = 7'))
    assert mine["uvicorn"].workers == 7
    assert {**mine, "uvicorn": None} == {**load_setups(), "uvicorn": None}


def test_folders_and_interpreters_start_from_the_file_that_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    text = (
        '[a]\nserver = "uvicorn"\ncwd = "shop"\napp_dir = "src"\npython = ".venv/bin/python"\n'
        '[b]\nextends = "a"\npython = "3.13"\n[c]\nextends = "a"\ncwd = "/srv"\npython = "/opt/python"'
    )
    own_file(tmp_path / "sub", text)
    monkeypatch.chdir(tmp_path)
    a, b, c = (load_setups(Path("sub/mine.toml"))[name] for name in "abc")
    assert (a.cwd, a.python, a.app_dir) == (f"{tmp_path}/sub/shop", f"{tmp_path}/sub/.venv/bin/python", "src")
    assert (b.cwd, b.python) == (a.cwd, "3.13")
    assert (c.cwd, c.python) == ("/srv", "/opt/python")


SETUP_MISTAKES = {
    "misspelt-key": (
        '[a]\nserver = "uvicorn"\nwokers = 2',
        "[a]: unknown key 'wokers'; did you mean 'workers'?",
    ),
    "misspelt-key-in-a-base": (
        '[a]\nextends = "b"\n[b]\nserver = "uvicorn"\nlop = "asyncio"',
        "[b]: unknown key 'lop'; did you mean 'loop'?",
    ),
    "wrong-type": ('[a]\nserver = "uvicorn"\nworkers = "two"', "[a] workers: "),
    "a-number-in-quotes": (
        '[a]\nserver = "uvicorn"\nworkers = "2"',
        '[a] workers: write a whole number, not "2"',
    ),
    "a-misspelt-server": (
        '[a]\nserver = "uvicron"',
        "[a] server: unknown server 'uvicron'; did you mean 'uvicorn'?",
    ),
    "a-number-for-a-word": ("[a]\nserver = 3", '[a] server: write "uvicorn", "gunicorn", '),
    "a-number-for-text": ('[a]\nserver = "uvicorn"\nhealth = 3', "[a] health: write text in quotes, not 3"),
    "a-string-for-a-list": ('[a]\nserver = "uvicorn"\nargs = "-x"', '[a] args: write a list, not "-x"'),
    "a-list-in-the-environment": ('[a]\nserver = "uvicorn"\nenv = { A = [1] }', "[a] env.A: "),
    "unknown-server": (
        '[a]\nserver = "nginx"',
        "[a] server: unknown server 'nginx'; there are: command, granian, gunicorn, hypercorn, uvicorn",
    ),
    "no-server": ("[a]\nworkers = 2", "[a]: has no server"),
    "no-workers": ('[a]\nextends = "uvicorn"\nworkers = 0', "[a] workers: 0 is too few"),
    "no-command": ('[a]\nserver = "command"', '[a] command: a server = "command" needs one'),
    "no-path": ('[a]\nextends = "uvicorn"\nhealth = "ok"', "[a] health: 'ok' is not a path"),
    "no-cpu": ('[a]\nextends = "uvicorn"\ncpus = [-1]', "[a] cpus: -1 is not a CPU number"),
    "no-time-to-start": (
        '[a]\nextends = "uvicorn"\nready_within_s = 0',
        "[a] ready_within_s: 0 is too short",
    ),
    "prepare-as-text": (
        '[a]\nextends = "uvicorn"\nprepare = "alembic upgrade head"',
        '[a] prepare: write a list, not "alembic upgrade head"',
    ),
    "extends-itself": ('[a]\nextends = "a"', "[a] extends itself: a -> a"),
    "extends-in-a-ring": ('[a]\nextends = "b"\n[b]\nextends = "a"', "[a] extends itself: a -> b -> a"),
    "extends-unknown": (
        '[a]\nextends = "uvicron"',
        "[a] extends: unknown setup 'uvicron'; did you mean 'uvicorn'?",
    ),
    "extends-two": ('[a]\nextends = ["uvicorn"]', "[a] extends: ['uvicorn'] is not the name of a setup"),
    "not-toml": ("[a\n", "not valid TOML: "),
    "outside-a-table": ("workers = 2", "'workers' stands outside of any table"),
}


@pytest.mark.parametrize(("text", "sentence"), SETUP_MISTAKES.values(), ids=SETUP_MISTAKES.keys())
def test_a_mistake_in_setups_is_one_sentence_with_file_table_and_key(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = own_file(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load_setups(path)
    assert str(caught.value).startswith(f"{path}: {sentence}")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.toml: there is no such file$"):
        load_setups(tmp_path / "nowhere.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"bytes\.toml: cannot be read"):
        load_plans(tmp_path / "bytes.toml")
    with pytest.raises(UsageError, match=r": cannot be read: .*directory"):
        load_setups(tmp_path)


# --- plans ---------------------------------------------------------------------------------------


def test_a_users_plan_stands_beside_ours_and_its_blocks_inherit_its_keys(tmp_path: Path) -> None:
    text = """
    [mine]
    about = "two blocks"
    seed = 7
    scenarios = ["noop-async"]
    users = [2, 4]
    stretch_s = 0.5
    timeout_s = 30
    rounds = 3
    minutes = 2
    long = true
    fail_if = ["p99 > 50 ms", "noop-async/GET /: errors>1%"]
    [[mine.blocks]]
    setups = ["uvicorn"]
    [[mine.blocks]]
    setups = ["granian-1"]
    users = []
    arrivals_per_s = [10]
    arrivals = "uniform"
    max_sessions = 5
    warmup_s = 0
    timeout_s = 2.5
    rounds = 1
    """
    plans = load_plans(own_file(tmp_path, text))
    closed = tuple(ClosedLoad(users, 0.5, 0.5, timeout_s=30) for users in (2, 4))
    opened = (OpenLoad(10, 0.5, 0, arrivals="uniform", max_sessions=5, timeout_s=2.5),)
    expected = Plan(
        "mine",
        "two blocks",
        (
            Block(("uvicorn",), ("noop-async",), ("native",), closed, rounds=3),
            Block(("granian-1",), ("noop-async",), ("native",), opened, rounds=1),
        ),
        7,
        minutes=2.0,
        long=True,
        fail_if=("p99>50ms", "noop-async/GET /: errors>1%"),
    )
    assert plans == {**load_plans(), "mine": expected}


_WELL = 'setups = ["uvicorn"]\nscenarios = ["noop-async"]\n'
PLAN_MISTAKES = {
    "limits that are no list": (
        f'[p]\n{_WELL}users = [1]\nfail_if = "p99>5ms"',
        "[p] fail_if: 'p99>5ms' is not a list",
    ),
    "a limit that cannot be read": (
        f'[p]\n{_WELL}users = [1]\nfail_if = ["p99"]',
        "[p] fail_if 'p99': write METRIC",
    ),
    "an objective for a limit": (
        f'[p]\n{_WELL}users = [1]\nfail_if = ["p99<5ms"]',
        "[p] fail_if 'p99<5ms' would fail a run that is good",
    ),
    "misspelt-key": ("[p]\nround = 2", "[p]: unknown key 'round'; did you mean 'rounds'?"),
    "misspelt-key-in-a-block": (
        f'[p]\n{_WELL}users = [1]\n[[p.blocks]]\n[[p.blocks]]\nstups = ["a"]',
        "[p] block 2: unknown key 'stups'; did you mean 'setups'?",
    ),
    "nothing-said": ("[p]", "[p] block 1: has no setups"),
    "no-load": (f"[p]\n{_WELL}", "[p] block 1: has no load; give users = [32] or arrivals_per_s = [100]"),
    "no-scenario": (
        '[p]\nsetups = ["uvicorn"]\nscenarios = []\nusers = [1]',
        "[p] block 1 scenarios: names nothing",
    ),
    "a-number-for-a-list": (f"[p]\n{_WELL}users = 8", "[p] block 1 users: write a list, not 8"),
    "no-users": (f"[p]\n{_WELL}users = [8, 0]", "[p] block 1 users.1: "),
    "no time for an answer": (
        f"[p]\n{_WELL}users = [8]\ntimeout_s = 0",
        "[p] block 1 timeout_s: 0 is out of range; the least is 0.1",
    ),
    "endless time for an answer": (f"[p]\n{_WELL}users = [8]\ntimeout_s = inf", "[p] block 1 timeout_s: "),
    "endless": (f"[p]\n{_WELL}users = [8]\nstretch_s = inf", "[p] block 1 stretch_s: "),
    "no-rate": (f"[p]\n{_WELL}arrivals_per_s = [nan]", "[p] block 1 arrivals_per_s.0: "),
    "no-round": (f"[p]\n{_WELL}users = [1]\nrounds = 0", "[p] block 1 rounds: "),
    "no-minute": (f"[p]\n{_WELL}users = [1]\nminutes = 0", "[p] minutes: 0 is not a number above 0"),
    "minutes-in-words": (f"[p]\n{_WELL}users = [1]\nminutes = true", "[p] minutes: True is not a number"),
    "minutes-of-a-block": (
        f"[p]\n{_WELL}users = [1]\n[[p.blocks]]\nminutes = 1",
        "[p] block 1: unknown key 'minutes'",
    ),
    "long-as-a-number": (f"[p]\n{_WELL}users = [1]\nlong = 1", "[p] long: 1 is neither true nor false"),
    "repeats-of-before": ("[p]\nrepeats = 2", "[p] repeats: it is called rounds now"),
    "repeats-of-a-block": (
        f"[p]\n{_WELL}users = [1]\n[[p.blocks]]\nrepeats = 2",
        "[p] block 1 repeats: it is called rounds now",
    ),
    "duration-of-before": ("[p]\nduration_s = 2", "[p] duration_s: cells share the plan's time now"),
    "unknown-arrivals": (f'[p]\n{_WELL}arrivals = "pareto"', "[p] block 1 arrivals: "),
    "no-block": ("[p]\nblocks = []", "[p] blocks: write each as [[p.blocks]]"),
    "no-number": ('[p]\nseed = "x"', "[p] seed: 'x' is not a whole number"),
    "outside-a-table": ("users = [1]", "'users' stands outside of any table"),
}


@pytest.mark.parametrize(("text", "sentence"), PLAN_MISTAKES.values(), ids=PLAN_MISTAKES.keys())
def test_a_mistake_in_plans_is_one_sentence_with_file_table_and_key(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = own_file(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load_plans(path)
    assert str(caught.value).startswith(f"{path}: {sentence}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("setup", "scenario", "engine", "sentence"),
    [
        ("uvicron", "noop-async", "native", "unknown setup 'uvicron'; did you mean 'uvicorn'?"),
        ("uvicorn", "noop-asinc", "native", "unknown scenario 'noop-asinc'; did you mean 'noop-async'?"),
        ("uvicorn", "noop-async", "zzz", "unknown engine 'zzz'; there are: locust, locust-http, native"),
    ],
    ids=["setup", "scenario", "engine-unlike-any"],
)
def test_names_that_do_not_exist_get_a_guess(setup: str, scenario: str, engine: str, sentence: str) -> None:
    plan = Plan("p", "", (Block((setup,), (scenario,), (engine,), (ClosedLoad(1, 1.0),), rounds=1),))
    with pytest.raises(UsageError) as caught:
        check_names(plan, load_setups(), SCENARIOS, ENGINES)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("name", ["smoke", "default", "full", "study"])
def test_shipped_plans_name_only_what_there_is(name: str) -> None:
    plan = load_plans()[name]
    check_names(plan, load_setups(), SCENARIOS, ENGINES)
    for cell in cells(plan):
        check_load(cell.engine, cell.load)
    assert plan.about


def test_the_default_plan_holds_what_the_project_promises() -> None:
    mine = cells(load_plans()["default"])
    assert len(mine) >= 60
    assert len({cell.setup for cell in mine}) >= 6
    assert {cell.engine for cell in mine} == {"native", "locust"}
    scenarios = {cell.scenario for cell in mine}
    assert scenarios >= {"noop-async", "noop-sync", "io-async", "io-sync", "io-misuse", "json-model"}
    assert scenarios >= {"db-orm-async", "db-orm-sync"}
    compared = [cell for cell in mine if cell.engine == "native" and isinstance(cell.load, ClosedLoad)]
    assert {cell.key for cell in compared} == {cell.key for cell in compared if cell.repeat == 2}


def test_the_study_holds_each_twin_at_five_levels_and_lasts_less_than_ten_minutes() -> None:
    plan = load_plans()["study"]
    mine = cells(plan)
    rounds = count_rounds(plan)
    for name in ("noop-async", "noop-sync", "io-async", "io-sync", "io-offload", "cpu-async", "cpu-sync"):
        here = [cell for cell in mine if (cell.setup, cell.scenario) == ("uvicorn", name)]
        users = Counter(cell.load.users for cell in here if isinstance(cell.load, ClosedLoad))
        assert users == dict.fromkeys((1, 8, 32, 128, 512), rounds)
    for setup in ("uvicorn", "uvicorn-postgres"):
        rows = {cell.scenario for cell in mine if cell.setup == setup and cell.load == ClosedLoad(32, 0, 0)}
        assert rows >= {"db-orm-async", "db-orm-sync", "db-orm-misuse"}
    assert {cell.repeat for cell in mine} == set(range(rounds))
    assert rounds >= 3, "fewer rounds carry no interval to speak of"
    assert plan.minutes is not None
    assert plan.minutes < 9, "the microbenchmarks and the report come after it"
    stretches_s = sum(cell.load.warmup_s + cell.load.duration_s for cell in mine if not cell.in_slices)
    assert stretches_s < 60 * plan.minutes / 2, "the lanes have most of the time"


def test_the_full_plan_covers_every_shipped_setup() -> None:
    assert {cell.setup for cell in cells(load_plans()["full"])} == set(SHIPPED)
