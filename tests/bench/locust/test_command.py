"""The command lines of Locust: what the command sets, what it hands on, and what it refuses."""

from __future__ import annotations

import pytest

from bench.errors import UsageError
from bench.locust.command import REFUSED, LocustCommand, refused
from bench.system.ports import is_free

URL = "http://127.0.0.1:4000"


def command(*passed: str, workers: int = 0) -> LocustCommand:
    return LocustCommand(web_port=8089, workers=workers, master_port=5999, passed=passed)


def options(argv: list[str]) -> list[str]:
    """What follows the locustfile."""
    return argv[argv.index("-f") + 2 :]


def test_one_process_has_the_users_options_last_where_they_win() -> None:
    assert options(command("--loglevel", "INFO", "FrontPageUser").leader(URL)) == [
        *("--class-picker", "--host", URL),
        *("--web-host", "127.0.0.1", "--web-port", "8089", "--loglevel", "WARNING"),
        *("--loglevel", "INFO", "FrontPageUser"),
    ]


def test_a_master_awaits_its_workers_on_loopback() -> None:
    argv = options(command("--headless", workers=2).leader(URL))
    assert argv[argv.index("--master") :] == [
        *("--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", "5999"),
        *("--expect-workers", "2", "--headless"),
    ]


@pytest.mark.parametrize(
    ("passed", "handed_on"),
    [
        (["--headless", "-u", "4", "-t", "1m", "--csv", "out", "--html=page.html", "FrontPageUser"], []),
        (["--tags", "quick", "pages", "--json", "--stop-timeout", "3"], []),
        (["--reset-stats", "-L", "DEBUG"], ["--reset-stats", "--loglevel", "DEBUG"]),
        (["--otel", "--profile=night"], ["--otel", "--profile", "night"]),
        (
            ["--config-users", "a.json", "b.json", "-u", "3"],
            ["--config-users", "a.json", "b.json"],
        ),
    ],
)
def test_a_worker_gets_the_options_that_its_master_does_not_send(
    passed: list[str], handed_on: list[str]
) -> None:
    assert options(command(*passed, workers=2).worker(URL)) == [
        *("--worker", "--master-host", "127.0.0.1", "--master-port", "5999"),
        *("--host", URL, "--loglevel", "WARNING"),
        *handed_on,
    ]


@pytest.mark.parametrize(
    ("word", "option"),
    [
        ("-f", "--locustfile"),
        ("-fmine.py", "--locustfile"),
        ("--locustfile=mine.py", "--locustfile"),
        ("--locustf", "--locustfile"),
        ("-H", "--host"),
        ("--host=http://x", "--host"),
        ("-P8090", "--web-port"),
        ("--web-p", "--web-port"),
        ("--master", "--master"),
        ("--master-ho", "--master-host"),
        ("--work", "--worker"),
        ("--config", "--config"),
        ("--config-users", ""),
        ("--master-bind-port", ""),
        ("--headless", ""),
        ("--web-host", ""),
        ("-u", ""),
        ("--", ""),
        ("FrontPageUser", ""),
    ],
)
def test_an_option_that_the_command_sets_is_known_in_each_spelling(word: str, option: str) -> None:
    assert refused(word) == option


@pytest.mark.parametrize("option", REFUSED)
def test_a_refused_option_is_a_sentence_with_the_way_out(option: str) -> None:
    with pytest.raises(UsageError, match=f"^{option}: .*(-- ?|give|make|starts|run|login)"):
        command(option, "x")


def test_processes_of_locusts_own_have_a_port_of_their_own() -> None:
    made = LocustCommand.build(8089, 0, ("--processes", "2"))
    argv = options(made.leader(URL))
    assert made.master_port
    assert argv[argv.index("--master-bind-host") :] == [
        *("--master-bind-host", "127.0.0.1", "--master-bind-port", str(made.master_port)),
        *("--master-port", str(made.master_port), "--processes", "2"),
    ]


def test_processes_and_workers_are_two_ways_of_one_thing() -> None:
    assert command("--processes", "2").passed
    with pytest.raises(UsageError, match="--workers"):
        command("--processes", "2", workers=2)


@pytest.mark.parametrize(
    ("passed", "ends"),
    [
        ([], False),
        (["--autostart", "-t", "10s"], False),
        (["--autostart", "--autoquit", "1"], True),
        (["--autoquit=1"], True),
        (["--headless"], True),
        (["--headl"], True),
        (["-l"], True),
        (["-L", "INFO"], False),
        (["HeadlessUser"], False),
        (["--version"], True),
    ],
)
def test_it_is_known_when_locust_ends_by_itself(passed: list[str], ends: bool) -> None:
    assert command(*passed).ends is ends


@pytest.mark.parametrize("passed", [("-u", "3", "--master-bind-port", "7000"), ("--master-bind-port=7000",)])
def test_the_masters_port_may_be_the_users(passed: tuple[str, ...]) -> None:
    argv = LocustCommand.build(8089, 2, passed).worker(URL)
    assert argv[argv.index("--master-port") + 1] == "7000"


def test_a_masters_port_is_free_where_nobody_names_one() -> None:
    assert is_free(LocustCommand.build(8089, 2, ()).master_port)
    assert LocustCommand.build(8089, 0, ()).master_port == 0
