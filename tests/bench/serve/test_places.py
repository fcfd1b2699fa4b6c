"""Each kind of server on a port of IPv6, on a Unix socket and by TLS: all engines and curl get the same answer of it.

An app of the test's own counts its requests.
"""

from __future__ import annotations

import shutil
import socket
import stat
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bench.engines import launch
from bench.engines.channel import Channel
from bench.engines.job import Job
from bench.errors import ServerError
from bench.model.address import Address
from bench.model.plan import ClosedLoad, Setup
from bench.model.recording import gather
from bench.observe.meter import Meter
from bench.observe.process_tree import ProcessTree
from bench.serve.places import address_of, pick_place
from bench.serve.server import Server, serving
from bench.system.ports import free_port
from bench.system.processes import Processes
from scenarios.model import Request
from tests.bench.authority import Authority
from tests.bench.engines.outcomes import outcomes

FLOWS = Path(__file__).parents[1] / "engines" / "flows.py"
USERS = 3
COUNTING_APP = """
seen = 0

async def app(scope, receive, send):
    global seen
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    seen += scope["path"] == "/ok"
    body = str(seen).encode() if scope["path"] == "/count" else b"hello, " + scope["scheme"].encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})

def wsgi(environ, start_response):
    global seen
    seen += environ["PATH_INFO"] == "/ok"
    body = str(seen) if environ["PATH_INFO"] == "/count" else "hello, " + environ["wsgi.url_scheme"]
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body.encode()]
"""
# A command that listens where its arguments say: `inet6 PORT`, or `unix PATH [CERT KEY]`.
COMMAND = """
import http.server, socket, ssl, sys

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version, wbufsize, seen = "HTTP/1.1", -1, 0

    def do_GET(self):
        Handler.seen += self.path == "/ok"
        body = str(Handler.seen) if self.path == "/count" else "hello, " + scheme
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def address_string(self):
        return "somebody"

class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_UNIX if sys.argv[1] == "unix" else socket.AF_INET6
    request_queue_size = 100

    def server_bind(self):
        self.socket.bind(self.server_address)

scheme, where = "http", sys.argv[2] if sys.argv[1] == "unix" else ("::1", int(sys.argv[2]))
server = Server(where, Handler)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*sys.argv[3:5])
    server.socket, scheme = context.wrap_socket(server.socket, server_side=True), "https"
server.serve_forever()
"""

SERVERS: dict[str, dict[str, Any]] = {
    "uvicorn": {"server": "uvicorn"},
    "gunicorn": {"server": "gunicorn"},
    "gunicorn's own worker": {"server": "gunicorn", "worker": "asgi"},
    "gunicorn for WSGI": {
        "server": "gunicorn",
        "worker": "gthread",
        "interface": "wsgi",
        "app": "counted:wsgi",
    },
    "granian": {"server": "granian", "http": "own"},
    "hypercorn": {"server": "hypercorn", "http": "own"},
}
WAYS: dict[str, dict[str, Any]] = {
    "TLS": {"tls": True},
    "Unix": {"bind": "unix"},
    "IPv6": {"bind": "::1"},
    "TLS on Unix": {"bind": "unix", "tls": True},
}
COMMANDS: dict[str, dict[str, Any]] = {
    "IPv6": {"bind": "::1", "command": ("python", "-c", COMMAND, "inet6", "{port}")},
    "TLS": {
        "bind": "::1",
        "tls": True,
        "command": ("python", "-c", COMMAND, "inet6", "{port}", "{cert}", "{key}"),
    },
    "Unix": {"bind": "unix", "command": ("python", "-c", COMMAND, "unix", "{socket}")},
}


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    with Processes() as owner:
        yield owner


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("counted")
    (made / "counted.py").write_text(COUNTING_APP)
    return made


def setup_of(folder: Path, **keys: Any) -> Setup:
    given = {"app": "counted:app", "cwd": str(folder), "health": "/ready", **keys}
    return Setup("mine", **given)


def load(server: Server, engine: str, processes: Processes) -> Counter[str]:
    """The outcomes of a short load."""
    job = Job(
        server.address,
        "ok",
        ClosedLoad(USERS, duration_s=0.3 if engine == "native" else 0.6, warmup_s=0.0),
        server.log.parent / engine,
        scenarios_file=FLOWS,
    )
    watch = launch.Watch(lambda: None, lambda: None, lambda _: None)
    return outcomes(gather(launch.run(engine, [job], processes, watch)[0]))


def curl(address: Address, path: str) -> str:
    words = ["curl", "--silent", "--show-error", "--globoff", "--max-time", "10"]
    if address.tls:
        words += ["--cacert", address.tls.ca]
    if address.socket:
        words += ["--unix-socket", address.socket]
    where = "localhost" if address.socket else address.netloc
    url = f"{address.scheme}://{where}{path}"
    done = subprocess.run([*words, url], capture_output=True, text=True, check=True, timeout=20)
    return done.stdout


@dataclass(frozen=True)
class Count:
    """Right answers that the engines counted, and what else they saw; what the app counted; bodies by client."""

    right: int
    others: set[str]
    seen: int
    bodies: dict[str, str]


def count(server: Server, processes: Processes) -> Count:
    kinds = [load(server, engine, processes) for engine in ("native", "locust")]
    with closing(Channel(server.address, timeout_s=10)) as channel:
        bodies = {"channel": channel.send(Request("GET", "/body")).body.decode()}
        seen = int(channel.send(Request("GET", "/count")).body)
    if shutil.which("curl"):
        bodies["curl"] = curl(server.address, "/body")
    right = sum(kind["ok"] for kind in kinds)
    assert all(kind["ok"] > USERS for kind in kinds)
    return Count(right, set().union(*kinds) - {"ok"}, seen, bodies)


def check(setup: Setup, processes: Processes) -> Address:
    with serving(setup, processes) as server:
        found = count(server, processes)
        address = server.address
        assert len(ProcessTree(server.pid).workers(server.port, address.socket)) == 1
    assert found.others <= {"unfinished"}, "under Locust, on a busy machine"
    assert found.right <= found.seen <= found.right + USERS
    assert set(found.bodies.values()) == {f"hello, {'https' if setup.tls else 'http'}"}
    return address


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("server", SERVERS)
def test_all_clients_reach_a_server_and_it_counts_what_they_do(
    server: str, way: str, folder: Path, processes: Processes
) -> None:
    address = check(setup_of(folder, **SERVERS[server], **WAYS[way]), processes)
    assert bool(address.tls) == ("TLS" in way)
    assert bool(address.socket) == ("Unix" in way)
    assert (address.host == "::1") == (way == "IPv6")


@pytest.mark.parametrize("way", COMMANDS)
def test_a_command_is_told_where_to_listen_and_by_which_certificate(
    way: str, folder: Path, processes: Processes
) -> None:
    check(setup_of(folder, server="command", **COMMANDS[way]), processes)


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn", "granian", "hypercorn"])
def test_all_workers_on_a_unix_socket_are_found(server: str, folder: Path, processes: Processes) -> None:
    setup = setup_of(folder, **SERVERS[server], bind="unix", workers=2)
    with (
        serving(setup, processes) as running,
        closing(Meter(running.pid, running.port, 1.0, socket=running.address.socket)) as meter,
    ):
        assert len(meter.workers) == 2
        meter.start()
        meter.end()
    assert [one.connections for one in meter.snapshots] == [None, None]


def test_connections_are_counted_by_ipv6(folder: Path, processes: Processes) -> None:
    with (
        serving(setup_of(folder, server="uvicorn", bind="::1"), processes) as running,
        closing(Meter(running.pid, running.port, 1.0)) as meter,
        closing(Channel(running.address, timeout_s=5)) as channel,
    ):
        channel.send(Request("GET", "/ok"))
        meter.start()
        while not meter.snapshots[0].connections:
            assert running.exit_status() is None
        meter.end()
    assert meter.snapshots[0].connections == 1


def test_the_key_is_the_owners_and_goes_with_the_server(folder: Path, processes: Processes) -> None:
    with serving(setup_of(folder, server="uvicorn", tls=True), processes) as server:
        key = server.log.with_name("key.pem")
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert not key.exists()


def test_a_command_without_the_certificate_it_should_show_is_an_error_with_the_reason(
    folder: Path, processes: Processes
) -> None:
    command = ("python", "-c", COMMAND, "inet6", "{port}")
    setup = setup_of(folder, server="command", bind="::1", tls=True, command=command, ready_within_s=4.0)
    with pytest.raises(ServerError, match="gave tls-handshake: "), serving(setup, processes):
        pass


def test_a_certificate_of_its_own_is_trusted_by_its_authority_or_by_nobody(
    folder: Path, processes: Processes, tmp_path: Path
) -> None:
    setup = setup_of(folder, server="command", **COMMANDS["TLS"], ready_within_s=4.0)
    distrusted = replace(setup, ca=Authority(tmp_path).pem)
    with pytest.raises(ServerError, match="gave tls-certificate: "), serving(distrusted, processes):
        pass
    unverified = replace(setup, verify=False, ready_within_s=10.0)
    with (
        serving(unverified, processes) as server,
        closing(Channel(server.address, timeout_s=5)) as channel,
    ):
        assert channel.send(Request("GET", "/body")).body == b"hello, https"


def test_a_port_is_picked_of_the_address_that_the_setup_names(folder: Path) -> None:
    plain, six, unix = (
        setup_of(folder, server="uvicorn", bind=bind) for bind in ("127.0.0.1", "::1", "unix")
    )
    assert pick_place(plain, "127.0.0.2", 0)[0] == "127.0.0.2"
    assert pick_place(six, "127.0.0.2", 0)[0] == "::1"
    assert pick_place(unix, "127.0.0.2", 8000) == ("localhost", 0)
    with pytest.raises(ServerError, match=r"nothing can listen on 192\.0\.2\.1: Cannot assign"):
        pick_place(plain, "192.0.2.1", 8000)
    port = free_port("::1")
    with socket.create_server(("::1", port), family=socket.AF_INET6), pytest.raises(ServerError) as caught:
        pick_place(six, "127.0.0.1", port)
    assert f"port {port} of ::1 is in use" in str(caught.value)


def test_a_path_that_the_system_does_not_take_is_one_sentence(folder: Path) -> None:
    """107 bytes and the zero at their end (unix(7))."""
    setup = setup_of(folder, server="uvicorn", bind="unix")
    longest = Path("/" + "x" * (107 - len("//app.sock")))
    assert len(address_of(setup, ("localhost", 0), longest, None).socket) == 107
    with pytest.raises(ServerError, match=r"longer than the 107 bytes .* TMPDIR"):
        address_of(setup, ("localhost", 0), Path(f"{longest}x"), None)
