"""From which tree servers of every kind take their code: real ones, whose app is installed for the whole machine."""

from __future__ import annotations

import contextlib
import http.client
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import GateError
from bench.gates.origin.servers import WatchedServer, check_origin, watch
from bench.gates.paired.arms import Arm, Instance, start_pairs
from bench.model.plan import Setup
from bench.system.processes import Processes
from bench.system.revisions import Tree
from tests.bench import tiny

APP = (
    "from shop_x.work import work\n"
    + tiny.APP
    + """
async def answer(path):
    if path == "/lazy":
        import shop_x.lazy
    return 200, work()
"""
)
WORK = """
def work():
    return b"hello"
"""
SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
NODE = "require('http').createServer((_, r) => r.end()).listen(+process.argv[2], '127.0.0.1')"

KINDS = {
    "uvicorn": Setup("uvicorn", "uvicorn"),
    "uvicorn-2": Setup("uvicorn-2", "uvicorn", workers=2),
    "gunicorn": Setup("gunicorn", "gunicorn"),
    "gunicorn-asgi": Setup("gunicorn-asgi", "gunicorn", worker="asgi", http="own"),
    "granian": Setup("granian", "granian", http="own"),
    "hypercorn": Setup("hypercorn", "hypercorn", http="h11"),
    "command": Setup(
        "command", "command", command=("python", "-m", "uvicorn", "shop_x.main:app", "--port", "{port}")
    ),
    "shell": Setup(
        "shell",
        "command",
        command=("sh", "-c", '"$0" -m uvicorn shop_x.main:app --port $1; exit', "{python}", "{port}"),
    ),
}


def of_app(setup: Setup, **env: str) -> Setup:
    return Setup(
        setup.name,
        setup.server,
        workers=setup.workers,
        worker=setup.worker,
        http=setup.http,
        command=setup.command,
        app="shop_x.main:app",
        health="/",
        env=env,
    )


def command(*words: str) -> Setup:
    return Setup("mine", "command", command=words, health="/")


class Trees:
    """Two versions of a project in a src/ layout, and a folder of the machine's packages."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.base, self.head, self.site = (folder / name for name in ("base", "head", "site"))
        for tree in (self.base, self.head):
            package = tree / "src" / "shop_x"
            package.mkdir(parents=True)
            (package / "__init__.py").touch()
            (package / "main.py").write_text(APP)
            (package / "work.py").write_text(WORK)
            (package / "lazy.py").touch()
            (tree / "server.py").write_text(SERVER)
            (tree / "server.js").write_text(NODE)
        self.site.mkdir()
        monkeypatch.setenv("PYTHONPATH", str(self.site))
        monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    def install_editable(self) -> None:
        """As `pip install -e` does it, for all interpreters: by a .pth file, which the user's sitecustomize reads."""
        (self.site / "shop.pth").write_text(f"{self.head / 'src'}\n")
        (self.site / "sitecustomize.py").write_text(f"import site\nsite.addsitedir({str(self.site)!r})\n")

    def install(self) -> None:
        """As `pip install` does it: by a copy."""
        shutil.copytree(self.head / "src" / "shop_x", self.site / "shop_x")

    def arms(self, setup: Setup) -> tuple[Arm, Arm]:
        return (
            Arm("base", setup, Tree(self.base, "v1", self.base)),
            Arm("head", setup, Tree(self.head, "v2", self.head)),
        )


@pytest.fixture
def trees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trees:
    return Trees(tmp_path, monkeypatch)


class Started:
    """A pair that is watched."""

    def __init__(self, base: Instance, head: Instance, folders: tuple[Path, Path]) -> None:
        self.base, self.head = base, head
        self._folders = folders

    def of_base(self) -> str | None:
        return self._check(self.base, self.head.arm, self._folders[0])

    def of_head(self) -> str | None:
        return self._check(self.head, self.base.arm, self._folders[1])

    def _check(self, one: Instance, other: Arm, folder: Path) -> str | None:
        assert one.server.pid is not None
        server = WatchedServer(
            arm=one.arm.name,
            setup=one.arm.setup.name,
            pid=one.server.pid,
            tree=one.arm.tree,
            other=other.tree,
            folder=folder,
        )
        return check_origin(server)


@contextlib.contextmanager
def started(arms: tuple[Arm, Arm]) -> Iterator[Started]:
    with Processes() as processes, processes.folder() as base_folder, processes.folder() as head_folder:
        folders = base_folder, head_folder
        base, head = (
            replace(arm, setup=watch(arm.setup, folder)) for arm, folder in zip(arms, folders, strict=True)
        )
        with start_pairs(base, head, [1], processes, ()) as (pair,):
            yield Started(pair.base, pair.head, folders)


def get(instance: Instance, path: str) -> None:
    server = instance.server
    connection = http.client.HTTPConnection(server.address.host, server.port, timeout=10)
    connection.request("GET", path)
    connection.getresponse().read()
    connection.close()


@pytest.mark.parametrize("kind", KINDS)
def test_an_editable_install_of_the_head_is_not_taken_for_the_base(trees: Trees, kind: str) -> None:
    trees.install_editable()
    with started(trees.arms(of_app(KINDS[kind]))) as pair:
        assert pair.of_head() is None
        with pytest.raises(
            GateError, match=r"the base \(v1\) runs .*/head/src/shop_x/.*\.py, not src/shop_x"
        ):
            pair.of_base()


@pytest.mark.parametrize("kind", KINDS)
def test_a_tree_that_comes_first_is_proved(trees: Trees, kind: str) -> None:
    trees.install_editable()
    with started(trees.arms(of_app(KINDS[kind], PYTHONPATH="src"))) as pair:
        assert (pair.of_base(), pair.of_head()) == (None, None)


def test_an_installed_copy_is_neither_version(trees: Trees) -> None:
    trees.install()
    with started(trees.arms(of_app(KINDS["uvicorn"]))) as pair:
        for check in (pair.of_base, pair.of_head):
            with pytest.raises(GateError, match=r"runs .*/site/shop_x/.*, not src/shop_x/"):
                check()


def test_a_server_that_runs_nothing_of_its_tree_is_no_version_of_it(trees: Trees) -> None:
    raw = Setup(
        "raw", "uvicorn", app="bench.machine.bare_app:app", health="/", env={"PYTHONPATH": str(Path.cwd())}
    )
    with started(trees.arms(raw)) as pair, pytest.raises(GateError, match="runs no file of its own tree"):
        pair.of_base()


def test_a_module_that_is_imported_late_is_seen_when_it_is(trees: Trees) -> None:
    """The base lacks nothing but has a package that the head's comes before, as soon as a handler asks for it."""
    trees.install_editable()
    main = trees.base / "src" / "shop_x" / "main.py"
    main.write_text(APP.replace("import shop_x.lazy", "import sys; sys.path.insert(0, HEAD); import late_x"))
    main.write_text(f"HEAD = {str(trees.head)!r}\n" + main.read_text())
    for tree in (trees.base, trees.head):
        (tree / "late_x.py").touch()
    with started(trees.arms(of_app(KINDS["uvicorn"], PYTHONPATH="src"))) as pair:
        assert pair.of_base() is None
        get(pair.base, "/lazy")
        with pytest.raises(GateError, match=r"head/late_x\.py, not late_x\.py"):
            pair.of_base()


def test_what_only_the_other_tree_has_is_no_version_of_anything(trees: Trees) -> None:
    """As the packages of a .venv in the working tree, which no commit has."""
    packages = trees.head / ".venv" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "a_package_x.py").touch()
    for tree in (trees.base, trees.head):
        (tree / "src" / "shop_x" / "work.py").write_text("import a_package_x\n" + WORK)
    with started(trees.arms(of_app(KINDS["uvicorn"], PYTHONPATH=f"src:{packages}"))) as pair:
        assert (pair.of_base(), pair.of_head()) == (None, None)


def test_one_tree_may_lie_within_the_other(trees: Trees) -> None:
    inner = trees.head / "worktrees" / "base"
    shutil.copytree(trees.base, inner)
    setup = of_app(KINDS["uvicorn"], PYTHONPATH="src")
    arms = Arm("base", setup, Tree(inner, "v1", inner)), trees.arms(setup)[1]
    with started(arms) as pair:
        assert (pair.of_base(), pair.of_head()) == (None, None)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("python", "server.py", "{port}"), id="a script, watched"),
        pytest.param(("python", "-I", "server.py", "{port}"), id="a script that cannot be watched"),
        pytest.param(
            ("node", "server.js", "{port}"),
            id="no Python",
            marks=pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
        ),
    ],
)
def test_a_command_on_a_file_of_the_tree_is_proved(trees: Trees, words: tuple[str, ...]) -> None:
    with started(trees.arms(command(*words))) as pair:
        assert (pair.of_base(), pair.of_head()) == (None, None)


def test_a_script_that_imports_only_packages_is_itself_a_file_of_the_tree(trees: Trees) -> None:
    (trees.site / "a_package_x.py").touch()
    for tree in (trees.base, trees.head):
        (tree / "server.py").write_text("import a_package_x\n" + SERVER)
    with started(trees.arms(command("python", "server.py", "{port}"))) as pair:
        assert (pair.of_base(), pair.of_head()) == (None, None)


def test_a_command_on_a_file_of_the_other_tree_is_refused(trees: Trees) -> None:
    words = ("python", "-I", str(trees.head / "server.py"), "{port}")
    with started(trees.arms(command(*words))) as pair:
        assert pair.of_head() is None
        with pytest.raises(GateError, match=r"head/server\.py, not server\.py"):
            pair.of_base()


def test_a_command_that_shows_nothing_is_said_to_be_unproved(trees: Trees) -> None:
    with started(trees.arms(command("python", "-I", "-c", SERVER, "{port}"))) as pair:
        said = pair.of_base()
    assert said is not None
    assert "not proved" in said


def test_the_users_own_sitecustomize_runs_as_well_and_sees_no_folder_of_ours(trees: Trees) -> None:
    (trees.site / "sitecustomize.py").write_text(
        "import sys\nprint('mine', __file__, sys.path, flush=True)\n"
    )
    with started(trees.arms(of_app(KINDS["uvicorn"], PYTHONPATH=f"src:{trees.site}"))) as pair:
        ours = Path(pair.base.arm.setup.env["PYTHONPATH"].partition(":")[0])
        log = pair.base.server.log.read_text()
    assert f"mine {trees.site / 'sitecustomize.py'}" in log
    assert str(ours) not in log


def test_the_arm_that_is_measured_is_not_watched(trees: Trees, tmp_path: Path) -> None:
    arm = trees.arms(of_app(KINDS["uvicorn"]))[0]
    assert watch(arm.setup, tmp_path).env == {"PYTHONPATH": f"{tmp_path}:{trees.site}"}
    assert arm.setup.env == {}
