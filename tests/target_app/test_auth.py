"""Who comes, and what is theirs."""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from target_app.routers.auth import MAX_KEYS
from target_app.security import Signer, key_hash
from tests.target_app.conftest import StartApp

SECRET = "a secret of more than sixty-four characters, as long as HS512 wants it"
PASSWORD = "correct horse battery"
LAMP = {"name": "lamp", "price": 2.5}
ROOTS = [pytest.param("/api/v1/items", id="async"), pytest.param("/api/v1/sync/items", id="sync")]


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def latin_1(headers: dict[str, str]) -> dict[bytes, bytes]:
    """The headers as bytes: httpx2 encodes text as ASCII, and refuses the rest."""
    return {name.encode(): value.encode("latin-1") for name, value in headers.items()}


def log_in(client: TestClient, name: str, password: str = PASSWORD) -> Response:
    """The answer to a login."""
    return client.post("/auth/token", data={"username": name, "password": password})


def new_user(client: TestClient, name: str) -> dict[str, str]:
    """Registers a user; gives the header that names them."""
    assert client.post("/auth/register", json={"username": name, "password": PASSWORD}).status_code == 201
    return bearer(log_in(client, name).json()["access_token"])


@pytest.fixture(scope="module")
def shared(start_shared_app: StartApp) -> TestClient:
    """An app in which everybody has a name of their own."""
    return start_shared_app(secret=SECRET)


@pytest.fixture(scope="module")
def eve(shared: TestClient) -> dict[str, str]:
    """Somebody who is there already."""
    return new_user(shared, "eve")


@pytest.fixture(scope="module", autouse=True)
def quick(weak_passwords: None) -> None:
    """Real hashes are in test_security.py."""


class TestUsers:
    def test_registered_user_logs_in_and_sees_herself(self, either: TestClient) -> None:
        made = either.post("/auth/register", json={"username": "ada", "password": PASSWORD})
        assert (made.status_code, made.json()) == (201, {"id": made.json()["id"], "username": "ada"})
        answer = log_in(either, "ada")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        token = answer.json()
        assert (token["token_type"], token["expires_in"]) == ("bearer", 1800)
        me = either.get("/users/me", headers=bearer(token["access_token"]))
        assert (me.status_code, me.json()) == (200, made.json())
        assert me.headers["cache-control"] == "no-store"

    def test_a_name_is_taken_once(self, either: TestClient) -> None:
        again = [
            either.post("/auth/register", json={"username": "bob", "password": PASSWORD}) for _ in range(3)
        ]
        assert [answer.status_code for answer in again] == [201, 409, 409]
        assert either.post("/api/v1/items", json=LAMP).status_code == 201  # what failed was rolled back

    def test_a_name_that_differs_in_case_or_width_is_the_same(self, either: TestClient) -> None:
        names = ("Zara", "zara", "ZARA", "\uff3aara")
        made = [
            either.post("/auth/register", json={"username": name, "password": PASSWORD}) for name in names
        ]
        assert [answer.status_code for answer in made] == [201, 409, 409, 409]
        assert made[0].json()["username"] == "zara"
        assert {log_in(either, name).status_code for name in names} == {200}

    def test_every_failure_to_log_in_says_the_same(self, shared: TestClient, eve: dict[str, str]) -> None:
        failures = [log_in(shared, "eve", "wrong"), log_in(shared, "nobody"), log_in(shared, "' OR 1=1 --")]
        for answer in failures:
            assert (answer.status_code, answer.json()["detail"]) == (401, "Wrong name or password")
            assert answer.headers["www-authenticate"] == "Bearer"

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param({"username": "x"}, id="no password"),
            pytest.param({"username": "x", "password": "short"}, id="short password"),
            pytest.param({"username": "x", "password": "p" * 129}, id="long password"),
            pytest.param({"username": "", "password": PASSWORD}, id="no name"),
            pytest.param({"username": "x" * 65, "password": PASSWORD}, id="long name"),
            pytest.param({"username": "a\x00b", "password": PASSWORD}, id="NUL"),
            pytest.param({"username": "a b", "password": PASSWORD}, id="a space"),
            pytest.param({"username": "\u0430da", "password": PASSWORD}, id="a name of two alphabets"),
            pytest.param({"username": "x", "password": PASSWORD, "id": 1}, id="a field too many"),
        ],
    )
    def test_bad_registration_is_refused_without_an_echo(
        self, shared: TestClient, body: dict[str, Any]
    ) -> None:
        answer = shared.post("/auth/register", json=body)
        assert answer.status_code == 422
        assert PASSWORD not in answer.text
        assert "short" not in answer.text.replace("too_short", "")

    @pytest.mark.parametrize("field", ["username", "password"])
    @pytest.mark.parametrize("half", [r"\ud800", r"\udfff", r"\udc00\ud800"])
    def test_half_a_character_is_no_text(self, shared: TestClient, field: str, half: str) -> None:
        """Hypothesis sends none of these, as they are no text for it."""
        given = {"username": "halves", "password": PASSWORD} | {field: f"{PASSWORD}{half}"}
        body = json.dumps(given).replace("\\\\", "\\")
        answer = shared.post("/auth/register", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", field])

    def test_two_workers_share_a_secret_that_nobody_gave(self, start_app: StartApp) -> None:
        one, other = start_app(), start_app()
        assert other.get("/users/me", headers=new_user(one, "ada")).json()["username"] == "ada"

    def test_two_services_do_not(self, start_app: StartApp, shared: TestClient) -> None:
        assert shared.get("/users/me", headers=new_user(start_app(), "ada")).status_code == 401


def claims(**changes: Any) -> dict[str, Any]:
    """Those of a good token of user 1, with changes; None leaves one out."""
    now_s = int(time.time())
    good = {"sub": "1", "iss": "target-app", "aud": "target-app", "exp": now_s + 60} | changes
    return {name: value for name, value in good.items() if value is not None}


def unsigned(algorithm: str) -> str:
    """A token that says it needs no signature, or an algorithm that nobody knows."""
    parts = ({"alg": algorithm, "typ": "JWT"}, claims())
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
        + "."
    )


class TestTokens:
    def test_a_good_token_made_elsewhere_is_known(self, shared: TestClient, eve: dict[str, str]) -> None:
        token = jwt.encode(claims(), SECRET, "HS256")
        assert shared.get("/users/me", headers=bearer(token)).json() == {"id": 1, "username": "eve"}

    @pytest.mark.parametrize(
        "token",
        [
            pytest.param(jwt.encode(claims(exp=int(time.time()) - 1), SECRET, "HS256"), id="expired"),
            pytest.param(jwt.encode(claims(exp=None), SECRET, "HS256"), id="for ever"),
            pytest.param(jwt.encode(claims(aud=None), SECRET, "HS256"), id="for nobody"),
            pytest.param(jwt.encode(claims(aud="other"), SECRET, "HS256"), id="for another"),
            pytest.param(jwt.encode(claims(iss=None), SECRET, "HS256"), id="from nobody"),
            pytest.param(jwt.encode(claims(iss="other"), SECRET, "HS256"), id="from another"),
            pytest.param(jwt.encode(claims(sub=None), SECRET, "HS256"), id="about nobody"),
            pytest.param(jwt.encode(claims(sub="eve"), SECRET, "HS256"), id="about a name"),
            pytest.param(jwt.encode(claims(sub="99"), SECRET, "HS256"), id="about a user who is not there"),
            pytest.param(
                jwt.encode(claims(sub=str(2**63)), SECRET, "HS256"), id="about a number beyond int32"
            ),
            pytest.param(jwt.encode(claims(sub="-1"), SECRET, "HS256"), id="about a negative number"),
            pytest.param(jwt.encode(claims(), "x" * 32, "HS256"), id="signed by another"),
            pytest.param(jwt.encode(claims(), SECRET, "HS512"), id="HS512"),
            pytest.param(jwt.encode(claims(), SECRET, "HS384"), id="HS384"),
            pytest.param(unsigned("none"), id="alg none"),
            pytest.param(unsigned("None"), id="alg None"),
            pytest.param(unsigned("RS256"), id="alg RS256"),
            pytest.param("", id="empty"),
            pytest.param("a.b.c", id="no token"),
            pytest.param("é", id="beyond ASCII"),
        ],
    )
    @pytest.mark.parametrize("path", ["/users/me", "/api/v1/items", "/api/v1/sync/items", "/reports/1"])
    def test_a_bad_token_is_refused(
        self, shared: TestClient, eve: dict[str, str], token: str, path: str
    ) -> None:
        answer = shared.get(path, headers=latin_1({"Authorization": f"Bearer {token}"}))
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")

    def test_a_tampered_token_is_refused(self, shared: TestClient, eve: dict[str, str]) -> None:
        head, body, tail = eve["Authorization"].split(".")
        changed = json.loads(base64.urlsafe_b64decode(body + "==")) | {"sub": "2"}
        forged = base64.urlsafe_b64encode(json.dumps(changed).encode()).decode().rstrip("=")
        assert (
            shared.get("/users/me", headers={"Authorization": f"{head}.{forged}.{tail}"}).status_code == 401
        )

    def test_a_short_secret_is_refused(self, start_app: StartApp) -> None:
        with pytest.raises(ValueError, match="at least 32"):
            start_app(secret="x" * 31)


class TestApiKeys:
    def test_a_key_stands_for_its_user_until_it_is_deleted(self, either: TestClient) -> None:
        kay = new_user(either, "kay")
        made = either.post("/auth/api-keys", json={"name": "robot"}, headers=kay)
        assert made.status_code == 201
        assert made.headers["cache-control"] == "no-store"
        assert set(made.json()) == {"id", "name", "key"}
        key = {"X-API-Key": made.json()["key"]}
        assert either.get("/users/me", headers=key).json()["username"] == "kay"
        listed = either.get("/auth/api-keys", headers=key).json()
        assert listed == [{"id": made.json()["id"], "name": "robot"}]
        gone = [either.delete(f"/auth/api-keys/{made.json()['id']}", headers=kay) for _ in range(2)]
        assert [answer.status_code for answer in gone] == [204, 404]
        assert either.get("/users/me", headers=key).status_code == 401
        assert either.get("/auth/api-keys", headers=kay).json() == []

    @pytest.mark.parametrize(
        "key",
        [
            pytest.param("nothing.at-all", id="made up"),
            pytest.param(Signer(SECRET, 1).new_key(1), id="well sealed, never given out"),
            pytest.param("' OR 1=1 --", id="SQL"),
            pytest.param("é", id="beyond ASCII"),
        ],
    )
    def test_a_bad_key_is_refused_even_beside_a_good_token(
        self, shared: TestClient, eve: dict[str, str], key: str
    ) -> None:
        answer = shared.get("/users/me", headers=latin_1({**eve, "X-API-Key": key}))
        assert answer.status_code == 401

    def test_only_a_hash_of_it_is_kept(self, client: TestClient, database_path: Any) -> None:
        key = client.post("/auth/api-keys", json={"name": "k"}, headers=new_user(client, "kay")).json()["key"]
        kept = database_path.read_bytes() + database_path.with_name("app.db-wal").read_bytes()
        assert key.encode() not in kept
        assert key_hash(key).encode() in kept

    def test_another_users_key_cannot_be_deleted(self, shared: TestClient, eve: dict[str, str]) -> None:
        key = shared.post("/auth/api-keys", json={"name": "k"}, headers=eve).json()
        mallory = new_user(shared, "mallory")
        assert shared.delete(f"/auth/api-keys/{key['id']}", headers=mallory).status_code == 404
        assert shared.get("/users/me", headers={"X-API-Key": key["key"]}).status_code == 200

    def test_there_is_an_end_to_them(self, shared: TestClient) -> None:
        kim = new_user(shared, "kim")
        made = [shared.post("/auth/api-keys", json={"name": "k"}, headers=kim) for _ in range(MAX_KEYS + 1)]
        assert [answer.status_code for answer in made] == [201] * MAX_KEYS + [409]

    def test_a_crowd_makes_no_more_of_them(self, either: TestClient) -> None:
        cleo = new_user(either, "cleo")
        with ThreadPoolExecutor(8) as pool:
            made = list(
                pool.map(
                    lambda _: either.post("/auth/api-keys", json={"name": "k"}, headers=cleo).status_code,
                    range(MAX_KEYS + 12),
                )
            )
        assert sorted(made) == [201] * MAX_KEYS + [409] * 12
        assert len(either.get("/auth/api-keys", headers=cleo).json()) == MAX_KEYS


@pytest.mark.parametrize("root", ROOTS)
class TestOwners:
    def test_what_is_mine_is_not_there_for_others(self, either: TestClient, root: str) -> None:
        way = "sync" if "sync" in root else "async"
        ann, ben = new_user(either, f"ann-{way}"), new_user(either, f"ben-{way}")
        made = either.post(root, json=LAMP, headers=ann)
        me = either.get("/users/me", headers=ann).json()["id"]
        assert (made.status_code, made.json()["owner_id"]) == (201, me)
        path = made.headers["location"]
        for other in (ben, {}):
            answers = [
                either.get(path, headers=other),
                either.put(path, json=LAMP, headers=other),
                either.patch(path, json={"price": 1}, headers=other),
                either.patch(path, json={}, headers=other),
                either.delete(path, headers=other),
            ]
            assert [answer.status_code for answer in answers] == [404] * 5
            newest = either.get(root, params={"sort": "-id", "limit": 1}, headers=other).json()
            assert newest[0]["id"] != made.json()["id"]
        assert either.get(root, params={"sort": "-id", "limit": 1}, headers=ann).json() == [made.json()]
        for tier in ("orm", "core", "raw"):
            hidden = either.get(f"/bench/db/{tier}/{way}", params={"id": made.json()["id"]})
            assert hidden.status_code == 404
        assert either.patch(path, json={"price": 1}, headers=ann).json()["price"] == 1
        assert either.delete(path, headers=ann).status_code == 204

    def test_everybody_reads_what_has_no_owner(
        self, shared: TestClient, eve: dict[str, str], root: str
    ) -> None:
        answers = [shared.get(f"{root}/1", headers=headers) for headers in ({}, eve)]
        assert [answer.json()["owner_id"] for answer in answers] == [None, None]

    def test_with_a_name_one_changes_ones_own_alone(
        self, shared: TestClient, eve: dict[str, str], root: str
    ) -> None:
        answers = [
            shared.put(f"{root}/1", json=LAMP, headers=eve),
            shared.patch(f"{root}/1", json={}, headers=eve),
            shared.delete(f"{root}/1", headers=eve),
        ]
        assert [answer.status_code for answer in answers] == [404] * 3

    def test_an_owner_cannot_be_chosen(self, shared: TestClient, eve: dict[str, str], root: str) -> None:
        assert shared.post(root, json=LAMP | {"owner_id": 2}, headers=eve).status_code == 422


class TestSwitch:
    def test_off_means_absent(self, start_app: StartApp) -> None:
        client = start_app(auth="off")
        schema = client.get("/openapi.json").json()
        assert [path for path in schema["paths"] if path.startswith(("/auth", "/users"))] == []
        assert "securitySchemes" not in schema["components"]
        assert client.post("/auth/token").status_code == 404
        made = client.post("/api/v1/items", json=LAMP, headers=bearer("nonsense"))
        assert (made.status_code, made.json()["owner_id"]) == (201, None)

    def test_on_means_that_items_are_for_users(self, start_app: StartApp) -> None:
        client = start_app(auth="on")
        paths = (
            "/api/v1/items",
            "/api/v1/items/1",
            "/api/v1/sync/items",
            "/api/v1/sync/items/1",
            "/reports/1",
        )
        assert [client.get(path).status_code for path in paths] == [401] * 5
        user = new_user(client, "ada")
        assert [client.get(path, headers=user).status_code for path in paths] == [200] * 4 + [404]
        assert client.get("/health/ready").status_code == 200

    def test_the_schema_says_where_a_name_may_be_left_out(self, shared: TestClient) -> None:
        paths = shared.get("/openapi.json").json()["paths"]
        assert {} in paths["/api/v1/items"]["get"]["security"]
        assert {} not in paths["/users/me"]["get"]["security"]
        assert "security" not in paths["/auth/token"]["post"]
