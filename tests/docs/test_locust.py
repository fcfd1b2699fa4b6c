"""The table of docs/locust.md lists every option of the installed Locust, and each does what stands there."""

from __future__ import annotations

import csv
import json
import re
import signal
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.locust.command import REFUSED
from bench.system.ports import free_port
from tests.bench.authority import Authority
from tests.bench.program import MINE, bench, bench_here, lay_out, poll, read_until, start
from tests.bench.serve.shown import page
from tests.docs.pages import ROOT

ROW = re.compile(r"^\| `(--[\w-]+)` \| (works|refused|refused by Locust) \|", re.MULTILINE)
TABLE = dict(ROW.findall((ROOT / "docs/locust.md").read_text()))
PARSER = (
    "import json\n"
    "from locust.argument_parser import get_parser\n"
    "actions = get_parser(())._actions\n"
    "names = [[name for name in one.option_strings if name.startswith('--')] for one in actions]\n"
    "print(json.dumps([name for some in names for name in some]))\n"
)
LONGER = ("--run-time", "3s")
LOAD = ("--headless", "--users", "2", "--spawn-rate", "2", "--run-time", "1s")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lay_out(tmp_path)
    return tmp_path


def locust(folder: Path, *words: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """`bench locust` to its end, with options for Locust, and others `before` the `--`; it writes no report."""
    return bench("locust", "plain", *MINE[:4], *before, "--", *words, "--no-bench-report", cwd=folder)


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def counts(folder: Path, name: str = "figures.json") -> int:
    (entry,) = json.loads((folder / name).read_text())
    return int(entry["num_requests"])


def test_the_table_has_every_option_of_the_installed_locust() -> None:
    done = subprocess.run([sys.executable, "-c", PARSER], capture_output=True, text=True, check=True)
    assert sorted(TABLE) == sorted(json.loads(done.stdout))


def test_the_table_names_what_is_refused() -> None:
    assert {name for name, fate in TABLE.items() if fate == "refused"} == set(REFUSED)


@pytest.mark.parametrize("option", [name for name, fate in TABLE.items() if fate == "refused"])
def test_a_refused_option_is_one_sentence(option: str, folder: Path) -> None:
    done = bench_here("locust", "plain", *MINE[:4], "--", option, "x", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"bench: {option}: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("option", [name for name, fate in TABLE.items() if fate == "refused by Locust"])
def test_what_locust_has_given_up_it_refuses_itself(option: str, folder: Path) -> None:
    words = (option, "a:b") if option == "--web-auth" else (option,)
    done = locust(folder, *words, before=("--web-port", str(free_port())))
    assert done.returncode == 2
    assert re.search(r"no longer|replaced|renamed", done.stderr)


def test_a_headless_run_writes_its_files(folder: Path) -> None:
    done = locust(
        folder,
        *("FrontPageUser", "WrongStatusUser", *LOAD, *LONGER),
        *("--stop-timeout", "3", "--exit-code-on-error", "3", "--equal-weights", "--profile", "night"),
        *("--csv", "out/load", "--csv-full-history", "--html", "out/page_{u}.html"),
        *("--json", "--only-summary", "--loglevel", "INFO", "--logfile", "my.log"),
        *("--config-users", '{"user_class_name": "FrontPageUser", "weight": 3}'),
        *("--exclude-tags", "no-such-tag"),
    )
    assert done.returncode == 3, done.stderr
    assert {entry["name"] for entry in json.loads(done.stdout)} == {"/", "/wrong-status"}
    counted = {entry["name"]: str(entry["num_requests"]) for entry in json.loads(done.stdout)}
    rows = {row["Name"]: row["Request Count"] for row in read_csv(folder / "out/load_stats.csv")}
    assert rows == counted | {"Aggregated": str(sum(map(int, counted.values())))}
    assert "/" in {row["Name"] for row in read_csv(folder / "out/load_stats_history.csv")}
    assert {row["Name"] for row in read_csv(folder / "out/load_failures.csv")} == {"/wrong-status"}
    assert "<html" in (folder / "out/page_2.html").read_text()
    assert "Starting Locust" in (folder / "my.log").read_text()


def test_tags_choose_among_the_classes(folder: Path) -> None:
    done = locust(folder, *LOAD, "--json", "--tags", "quick", "--skip-log-setup")
    assert {entry["name"] for entry in json.loads(done.stdout)} >= {"/"}
    assert "/wrong-status" not in done.stdout


def test_resetting_leaves_out_the_ramp_up_of_workers_too(folder: Path) -> None:
    words = ("--headless", "--users", "3", "--spawn-rate", "1", "--run-time", "8s", "--reset-stats")
    done = locust(folder, *words, "--json", "FrontPageUser", before=("--workers", "2"))
    (entry,) = json.loads(done.stdout)
    assert 0 < entry["num_requests"] < 0.95 * done.stderr.splitlines().count("/")


def test_a_master_takes_its_options(folder: Path) -> None:
    port = str(free_port())
    done = locust(
        folder,
        *LOAD,
        *LONGER,
        *("--master-bind-host", "127.0.0.1", "--master-bind-port", port),
        *("--expect-workers", "2", "--expect-workers-max-wait", "30", "--enable-rebalancing"),
        *("--json-file", "figures", "FrontPageUser"),
        before=("--workers", "2"),
    )
    assert done.returncode == 0, done.stderr
    assert counts(folder) > 0


def test_a_master_gives_up_on_workers_that_do_not_come(folder: Path) -> None:
    words = ("--expect-workers", "3", "--expect-workers-max-wait", "2")
    done = locust(folder, *LOAD, *words, "FrontPageUser", before=("--workers", "2"))
    assert done.returncode == 1
    assert "Gave up waiting for workers" in done.stderr


def test_processes_are_a_master_and_workers(folder: Path) -> None:
    done = locust(folder, *LOAD, *LONGER, "--processes", "2", "--json-file", "figures", "FrontPageUser")
    assert done.returncode == 0, done.stderr
    assert counts(folder) > 0


@pytest.mark.parametrize(
    ("option", "holds"),
    [
        ("--help", lambda text: "--spawn-rate" in text),
        ("--version", lambda text: text.startswith("locust 2.")),
        ("--list", lambda text: "FrontPageUser" in text),
        ("--show-task-ratio", lambda text: "FrontPageUser" in text),
        ("--show-task-ratio-json", lambda text: "FrontPageUser" in json.loads(text)["per_class"]),
    ],
)
def test_what_prints_and_ends(option: str, holds: Callable[[str], bool], folder: Path) -> None:
    done = locust(folder, option, "FrontPageUser")
    assert done.returncode == 0, done.stderr
    assert holds(done.stdout)


def test_the_ui_takes_its_options_and_ends_by_itself(folder: Path) -> None:
    authority, web = Authority(folder), free_port()
    cert, key = folder / "cert.pem", folder / "key.pem"
    leaf = authority.issuer.issue_cert("127.0.0.1")
    leaf.private_key_pem.write_to_path(key)
    leaf.cert_chain_pems[0].write_to_path(cert)
    words = (
        *("--autostart", "--autoquit", "2", "--users", "2", "--run-time", "2s", "--print-stats", "--headful"),
        *("--class-picker", "--web-host", "127.0.0.1", "--web-host-display-name", "here"),
        *("--web-base-path", "/load", "--tls-cert", str(cert), "--tls-key", str(key), "FrontPageUser"),
        "--no-bench-report",
    )
    trusting = ssl.create_default_context(cafile=authority.pem)
    with start("locust", "plain", *MINE[:4], "--web-port", str(web), "--", *words, cwd=folder) as child:

        def look() -> str | None:
            try:
                url = f"https://127.0.0.1:{web}/load/stats/requests"
                return str(urllib.request.urlopen(url, context=trusting, timeout=5).read().decode())
            except OSError:
                return None

        assert '"stats"' in poll(look)
        said = child.communicate(timeout=40)[1]
    assert child.returncode == 0, said
    assert "Aggregated" in said  # what --print-stats prints


def test_a_ui_of_ones_own_is_served(folder: Path) -> None:
    (folder / "ui").mkdir()
    (folder / "ui/index.html").write_text("<p>my own page {{ template_args }}</p>")
    web = free_port()
    words = ("--build-path", str(folder / "ui"))
    with start("locust", "plain", *MINE[:4], "--web-port", str(web), "--", *words, cwd=folder) as child:
        read_until(child, "Ctrl-C stops both")
        assert "my own page" in poll(lambda: page(f"http://127.0.0.1:{web}", "/"))
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=40)


def test_telemetry_is_switched_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("TRACES", "METRICS", "LOGS"):
        monkeypatch.setenv(f"OTEL_{kind}_EXPORTER", "none" if kind != "TRACES" else "console")
    done = locust(folder, *LOAD, "--otel", "--loglevel", "INFO", "FrontPageUser")
    assert done.returncode == 0, done.stderr
    assert '"name": "GET /"' in done.stdout


def test_no_option_is_left_out_here() -> None:
    """Each one that works stands in a command line of the tests above."""
    words = set(re.findall(r'"(--[\w-]+)"', Path(__file__).read_text()))
    assert {name for name, fate in TABLE.items() if fate == "works"} - words == set()
