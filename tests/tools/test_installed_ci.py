"""The wheel in CI and under pytest: the entry point of the plugin, and `bench ci` with the core's packages alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bench.gates.output.judgement import render
from bench.model.change import Change, Judgement
from tests.bench.repository import git
from tests.tools.environments import Tool

SERVICE = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})
        return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
"""
TEST = """
import bench, scenarios
from my_service import app

def test_endpoint(asgi_benchmark):
    (response,) = asgi_benchmark(app, "/")
    assert response.body == b"hello"
    assert bench.OWN and scenarios.OWN
"""
QUICK = ("-q", "--benchmark-max-time=0.02", "--benchmark-min-rounds=5", "-p", "no:schemathesis")


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """The repository of a service that has packages of our names."""
    root = tmp_path / "service"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    for name in ("bench", "scenarios"):
        (root / name).mkdir()
        (root / name / "__init__.py").write_text("OWN = True\n")
    (root / "my_service.py").write_text(SERVICE)
    (root / "test_speed.py").write_text(TEST)
    (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    return root


def test_pytest_finds_the_fixture_by_the_wheels_entry_point(tool: Tool, service: Path) -> None:
    done = tool.run(str(tool.python), "-m", "pytest", "test_speed.py", *QUICK, cwd=service)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "µs taken out" in done.stdout


def test_the_core_writes_the_workflow_and_the_comment(core: Tool, service: Path) -> None:
    written = core.bench("ci", "init", "github", cwd=service)
    assert written.returncode == 0, written.stderr
    jobs = yaml.safe_load((service / ".github/workflows/bench.yml").read_text())["jobs"]
    assert jobs.keys() == {"gates", "history"}
    judgement = Judgement("instructions", (Change("page", "instructions", "regressed", ratio=1.03),))
    (service / "exact.json").write_text(render(judgement, "json"))
    comment = core.bench("ci", "comment", "exact.json", "--dry-run", cwd=service)
    assert "# 🔴 regressed: page +3.00 %" in comment.stdout, comment.stderr
    verdict = core.bench("ci", "verdict", "exact.json", cwd=service)
    assert (verdict.returncode, verdict.stdout) == (1, "regressed\n"), verdict.stderr
