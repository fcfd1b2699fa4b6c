"""The limits on connections, from files as the kernel writes them and from this machine's own."""

from __future__ import annotations

import resource
from pathlib import Path

from bench.system.limits import read_limits


def test_the_kernels_files_are_read(tmp_path: Path) -> None:
    for name, text in {
        "ipv4/ip_local_port_range": "32768\t60999\n",
        "netfilter/nf_conntrack_max": "262144\n",
        "netfilter/nf_conntrack_count": "144\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = read_limits(tmp_path)
    assert (found.ports, found.conntrack) == (28_232, 262_000)


def test_what_is_not_there_is_not_known(tmp_path: Path) -> None:
    found = read_limits(tmp_path)
    assert (found.ports, found.conntrack) == (None, None)


def test_the_limit_of_open_files_is_this_process_s_own() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = read_limits()
    assert (found.soft_open_files, found.open_files or resource.RLIM_INFINITY) == (soft, hard)
