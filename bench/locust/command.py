"""The command lines of Locust under `bench locust`: of one process, or of a master and its workers.

Locust's own options come after `--` and are handed on as they stand; those that the command sets itself are refused.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from bench.engines.launch import LOCUSTFILE
from bench.errors import UsageError
from bench.system.home import own_command
from bench.system.ports import free_port

_PROGRAM = "bench.engines.locust_program"
_WORKERS = "give --workers N before the --, which starts a master and its workers"
REFUSED = {
    "--locustfile": "the user classes are the scenarios; add yours with --scenarios FILE before the --",
    "--config": "`bench locust` reads no configuration of Locust; give the options themselves after the --",
    "--host": "the load goes to the server of SETUP; for another, run `locust -f locustfile.py --host URL`",
    "--web-port": "give --web-port before the --",
    "--web-login": "needs a login page in a locustfile of your own",
    "--master": _WORKERS,
    "--worker": _WORKERS,
    "--master-host": "is an option of a worker; `bench locust` starts the master",
    "--master-port": "is an option of a worker; give the master's port as --master-bind-port",
}
"""Locust's options that `bench locust` does not hand on, and the way out."""

_SHORT = {"-f": "--locustfile", "-H": "--host", "-P": "--web-port"}
_ENDING = (
    *("--headless", "--autoquit", "--list", "-l", "--help", "-h", "--version", "-V"),
    *("--show-task-ratio", "--show-task-ratio-json"),
)
"""With one of these Locust ends by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocustCommand:
    """What `bench locust` starts: `passed` are the words after `--`; without `workers` it is one process.

    The constructor raises UsageError for a word that is refused.
    """

    web_port: int
    workers: int = 0
    master_port: int = 0
    passed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for word in self.passed:
            if option := refused(word):
                raise UsageError(f"{option}: {REFUSED[option]}")
        if self.workers and _forks(self.passed):
            raise UsageError("--processes: --workers has started processes already; give one of the two")

    @classmethod
    def build(cls, web_port: int, workers: int, passed: tuple[str, ...]) -> LocustCommand:
        """With the port for workers that the user names, else a free one; 0 without a master.

        Locust's own would be that of another Locust on this machine, too.
        """
        port = (_bound_port(passed) or free_port()) if workers or _forks(passed) else 0
        return cls(web_port=web_port, workers=workers, master_port=port, passed=passed)

    @property
    def ends(self) -> bool:
        """Whether Locust ends by itself, as without its web UI."""
        names = [word.partition("=")[0] for word in self.passed if len(word) > 1]
        return any(option.startswith(name) for name in names if name[0] == "-" for option in _ENDING)

    def leader(self, url: str) -> list[str]:
        """The argv of the process that has the web UI, for a server: the master, or the only one."""
        return [
            *_locust("--class-picker", "--host", url),
            *("--web-host", "127.0.0.1", "--web-port", str(self.web_port), "--loglevel", "WARNING"),
            *self._mastership(),
            *self.passed,
        ]

    def worker(self, url: str) -> list[str]:
        """The argv of a worker, which is given of the user's options those that Locust's master does not send."""
        return [
            *_locust("--worker", "--master-host", "127.0.0.1", "--master-port", str(self.master_port)),
            *("--host", url, "--loglevel", "WARNING"),
            *_for_worker(self.passed),
        ]

    def _mastership(self) -> list[str]:
        bound = ["--master-bind-host", "127.0.0.1", "--master-bind-port", str(self.master_port)]
        if self.workers:
            return ["--master", *bound, "--expect-workers", str(self.workers)]
        return [*bound, "--master-port", str(self.master_port)] if _forks(self.passed) else []


def refused(word: str) -> str:
    """The refused option that a word names, in full, as a beginning or by its letter; empty where it names none."""
    if word[:2] in _SHORT:
        return _SHORT[word[:2]]
    name = word.partition("=")[0]
    if name in REFUSED:
        return name
    return next((option for option in REFUSED if len(name) > 2 and option.startswith(name)), "")


def _forks(passed: Sequence[str]) -> bool:
    """Whether Locust is to start workers by itself, with --processes or a beginning of it."""
    return any(word.startswith("--proc") for word in passed)


def _bound_port(passed: Sequence[str]) -> int:
    """The port that the user names for the master; 0 where none is named."""
    parser = _parser()
    parser.add_argument("--master-bind-port", type=int, default=0)
    return int(parser.parse_known_args(passed)[0].master_bind_port)


def _for_worker(passed: Sequence[str]) -> list[str]:
    parser = _parser()
    parser.add_argument("--reset-stats", action="store_true")
    parser.add_argument("--otel", action="store_true")
    parser.add_argument("--skip-log-setup", action="store_true")
    parser.add_argument("--loglevel", "-L")
    parser.add_argument("--profile")
    parser.add_argument("--config-users", nargs="*")
    words: list[str] = []
    for name, value in vars(parser.parse_known_args(passed)[0]).items():
        if value:
            option = f"--{name.replace('_', '-')}"
            words += [option, *([] if value is True else [value] if isinstance(value, str) else value)]
    return words


def _parser() -> argparse.ArgumentParser:
    """One that leaves the mistakes to Locust, which names them better."""
    return argparse.ArgumentParser(add_help=False, exit_on_error=False)


def _locust(*arguments: str) -> list[str]:
    return own_command(_PROGRAM, "-f", str(LOCUSTFILE), *arguments)
