"""What is handed out for deployment is valid by its formats' own schemas, and names what is there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from dockerfile_parse import DockerfileParser

from bench.cli import COMMANDS
from bench.system.ports import free_port
from tests.bench.program import poll
from tests.bench.serve.shown import page
from tests.docs.pages import ROOT

DEPLOY = ROOT / "docs/deploy"
DOCKERFILE = DEPLOY / "Dockerfile"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
KUBERNETES = "1.37"
INSTRUCTIONS = {
    "ARG",
    "FROM",
    "WORKDIR",
    "COPY",
    "RUN",
    "ENV",
    "USER",
    "EXPOSE",
    "ENTRYPOINT",
    "CMD",
    "COMMENT",
}

_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_AMOUNTS = {"type": "object", "additionalProperties": {"type": ["string", "integer"]}}
_POD = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "labels": _TEXTS,
        "annotations": _TEXTS,
        "resources": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"requests": _AMOUNTS, "limits": _AMOUNTS},
        },
    },
}
LOCUST_TEST = {
    "type": "object",
    "additionalProperties": False,
    "required": ["workers"],
    "properties": {
        "annotations": _TEXTS,
        "labels": _TEXTS,
        "image": {"type": "string"},
        "imagePullPolicy": {"enum": ["IfNotPresent", "Always", "Never"]},
        "imagePullSecrets": {"type": "array", "items": {"type": "object", "required": ["name"]}},
        "workers": {"type": "integer", "minimum": 1},
        "args": {"type": "string"},
        "env": {"type": "array", "items": {**_TEXTS, "required": ["name"]}},
        "master": _POD,
        "worker": _POD,
        "locustfile": {"oneOf": [{"required": ["content"]}, {"required": ["configMap"]}]},
        "metrics": {"type": "object", "properties": {"intervalSeconds": {"type": "integer"}}},
    },
}
"""The `spec` of a LocustTest: the fields of locust.cloud/v1 in locustio/k8s-operator,
charts/locust-operator/crds/locusttest.yaml (commit 0c2f4284)."""


def documents() -> list[dict[str, Any]]:
    return [one for path in MANIFESTS for one in yaml.safe_load_all(path.read_text())]


def containers() -> Iterator[dict[str, Any]]:
    for one in documents():
        if one["kind"] == "Deployment":
            yield from one["spec"]["template"]["spec"]["containers"]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


@pytest.fixture(scope="module")
def stages() -> dict[str, list[dict[str, Any]]]:
    """The instructions of each stage of the Dockerfile, by its name."""
    found: dict[str, list[dict[str, Any]]] = {}
    name = ""
    for one in DockerfileParser(path=str(DOCKERFILE)).structure:
        if one["instruction"] == "FROM":
            name = one["value"].split()[-1]
        found.setdefault(name, []).append(one)
    return found


def values(stage: list[dict[str, Any]], instruction: str) -> list[str]:
    return [one["value"] for one in stage if one["instruction"] == instruction]


def test_the_image_is_slim_has_no_root_and_starts_bench(stages: dict[str, list[dict[str, Any]]]) -> None:
    assert list(stages) == ["", "build", "locust", "bench"]  # the last one is the default
    assert {one["instruction"] for stage in stages.values() for one in stage} <= INSTRUCTIONS
    assert values(stages["build"], "FROM") == ["python:${PYTHON}-slim AS build"]
    assert values(stages["locust"], "FROM") == ["python:${PYTHON}-slim AS locust"]
    assert values(stages["bench"], "FROM") == ["locust AS bench"]
    assert values(stages["locust"], "COPY") == ["--from=build /opt/bench /opt/bench"]
    assert values(stages["locust"], "USER") == ["10001"]
    assert json.loads(*values(stages["locust"], "ENTRYPOINT")) == ["locust"]
    assert json.loads(*values(stages["bench"], "ENTRYPOINT")) == ["bench"]


def test_the_image_installs_extras_that_there_are_and_names_the_locustfile(
    stages: dict[str, list[dict[str, Any]]],
) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (default,) = [value for value in values(stages["build"], "ARG") if value.startswith("EXTRAS=")]
    asked = [*re.findall(r"EXTRAS: (.*)", (DEPLOY / "compose.yaml").read_text()), default.partition("=")[2]]
    assert {extra for some in asked for extra in some.split(",")} <= set(project["optional-dependencies"])
    (env,) = values(stages["locust"], "ENV")
    assert "/site-packages/fastapi_bench/locustfile.py" in env
    assert (ROOT / "tools/package/fastapi_bench/locustfile.py").exists()


def test_what_the_wheel_needs_reaches_the_build() -> None:
    kept = re.findall(r"^!(.*)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    assert all((ROOT / name).exists() for name in kept)
    links = {link.resolve() for link in (ROOT / "tools/package/fastapi_bench").iterdir() if link.is_symlink()}
    assert links <= {ROOT / name for name in kept}
    assert {"pyproject.toml", "README.md", "LICENSE", "tools/package", "constraints.txt"} <= set(kept)


def test_the_compose_file_is_valid(compose: dict[str, Any]) -> None:
    schema = json.loads(
        files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text()
    )
    jsonschema.validate(compose, schema)
    for service in compose["services"].values():
        assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).samefile(DOCKERFILE)
        assert set(service.get("depends_on", ())) <= set(compose["services"])


@pytest.mark.parametrize("path", MANIFESTS, ids=[path.name for path in MANIFESTS])
def test_a_manifest_is_valid(path: Any) -> None:
    for one in yaml.safe_load_all(path.read_text()):
        kubernetes_validate.validate(one, KUBERNETES, strict=True)


def test_a_manifest_with_a_slip_is_not() -> None:
    """The check itself: a misspelled key, a text for a number."""
    for slip in ({"replicas": "two"}, {"replica": 2}):
        (deployment, *_) = [one for one in documents() if one["kind"] == "Deployment"]
        wrong = {**deployment, "spec": {**deployment["spec"], **slip}}
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(wrong, KUBERNETES, strict=True)


def test_services_find_their_pods_and_ports() -> None:
    pods = [
        (one["spec"]["template"]["metadata"]["labels"], one["spec"]["template"]["spec"]["containers"])
        for one in documents()
        if one["kind"] == "Deployment"
    ]
    services = [one for one in documents() if one["kind"] == "Service"]
    assert len(services) == 2
    for service in services:
        (found,) = [some for labels, some in pods if service["spec"]["selector"].items() <= labels.items()]
        names = {port["name"] for container in found for port in container["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= names
    assert len({one["metadata"].get("namespace", one["metadata"]["name"]) for one in documents()}) == 1


def test_every_pod_runs_without_root() -> None:
    for one in documents():
        if one["kind"] == "Deployment":
            context = one["spec"]["template"]["spec"]["securityContext"]
            assert (context["runAsNonRoot"], context["runAsUser"]) == (True, 10001)
    assert all(not one["securityContext"]["allowPrivilegeEscalation"] for one in containers())


def test_the_operators_resource_is_valid() -> None:
    resource = yaml.safe_load((DEPLOY / "operator/locusttest.yaml").read_text())
    assert (resource["apiVersion"], resource["kind"]) == ("locust.cloud/v1", "LocustTest")
    jsonschema.validate(resource["spec"], LOCUST_TEST)


def arguments(compose: dict[str, Any]) -> list[list[str]]:
    """What each container of Locust is started with."""
    resource = yaml.safe_load((DEPLOY / "operator/locusttest.yaml").read_text())
    return [
        *(one["command"] for one in compose["services"].values() if "command" in one),
        *(one["args"] for one in containers() if one["name"] == "locust"),
        resource["spec"]["args"].split(),
    ]


def test_locust_understands_its_arguments(compose: dict[str, Any]) -> None:
    code = (
        "import json, sys\n"
        "from locust.argument_parser import get_parser\n"
        "for words in json.loads(sys.argv[1]):\n"
        "    get_parser(()).parse_args(words)\n"
    )
    given = arguments(compose)
    assert len(given) == 5
    subprocess.run([sys.executable, "-c", code, json.dumps(given)], check=True)


def test_the_app_is_served_by_the_command_of_its_container(compose: dict[str, Any]) -> None:
    (container,) = [one for one in containers() if one["name"] == "app"]
    *shell, script = compose["services"]["app"]["entrypoint"]
    assert (container["command"], container["args"]) == (shell, [script.replace("$$", "$")])
    port = str(free_port())
    here = script.replace("$$", "$").replace("0.0.0.0", "127.0.0.1").replace("8000", port)
    env = {
        **os.environ,
        "APP_BENCH": "1",
        "LOCUST_LOCUSTFILE": str(ROOT / "locustfile.py"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    with subprocess.Popen([*shell, here], env=env, stderr=subprocess.DEVNULL) as child:
        try:
            assert poll(
                lambda: page(f"http://127.0.0.1:{port}", container["readinessProbe"]["httpGet"]["path"])
            )
        finally:
            child.terminate()


def test_the_page_shows_commands_that_there_are() -> None:
    page = (ROOT / "docs/deploy.md").read_text()
    assert set(re.findall(r"--rm fastapi-bench (\w+) ", page)) == {"run"} <= set(COMMANDS)
