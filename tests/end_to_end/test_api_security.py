"""What strangers, guessers and broken clients get from the API: a refusal that tells nothing."""

import json
import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.end_to_end.api_clients import DIGESTS, OPERATOR, VIEWER, api_here, api_process, client
from tests.end_to_end.api_records import put_trading_on_record

ACTIVATE = "/api/risk/kill-switch/activate"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def url(operated):
    with api_here() as address:
        yield address


@pytest.fixture
def operator(url):
    with client(url, OPERATOR) as one:
        yield one


@pytest.fixture
def certificate(tmp_path):
    """A certificate of 127.0.0.1's own, and its key: the paths of both."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "alpha-oracle")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = tmp_path / "certificate.pem", tmp_path / "key.pem"
    paths[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("GET", "/api/nothing", {}, 404),
        ("GET", "/api/orders/", {}, 404),
        ("GET", "/api/orders/no-such-order", {}, 404),
        ("DELETE", "/api/orders", {}, 405),
        ("OPTIONS", ACTIVATE, {}, 405),
        ("TRACE", "/healthz", {}, 405),
        ("POST", ACTIVATE, {"content": b"{}"}, 415),
        ("POST", ACTIVATE, {"data": {"confirmation": "KILL"}}, 415),
        ("POST", ACTIVATE, {"content": b"\xff", "headers": JSON}, 400),
        ("POST", ACTIVATE, {"content": b"[" * 60_000, "headers": JSON}, 400),
        ("POST", ACTIVATE, {"content": b'{"confirmation"', "headers": JSON}, 422),
        ("POST", ACTIVATE, {"content": b"", "headers": JSON}, 422),
        ("POST", ACTIVATE, {"json": {"confirmation": "KILL", "force": True}}, 422),
        ("POST", ACTIVATE, {"json": {"confirmation": "KILL", "reason": "x" * 501}}, 422),
        ("POST", ACTIVATE, {"content": b"x" * 65_537, "headers": JSON}, 413),
        ("GET", "/api/orders", {"params": {"simbol": "AAA"}}, 422),
        ("GET", "/api/orders?limit=1&limit=2", {}, 422),
        ("GET", "/api/orders", {"params": {"limit": 10**30}}, 422),
        ("GET", "/api/orders", {"params": {"account": "a\0b"}}, 422),
        ("GET", "/api/orders/a%00b", {}, 422),
        ("GET", "/api/rankings", {"params": {"session": "0"}}, 422),
        ("GET", "/api/rankings", {"params": {"session": "2016-02-30"}}, 422),
        ("GET", "/api/risk/status", {"params": {"x": "1"}}, 422),
        ("GET", "/api/events", {"headers": {"Last-Event-ID": "1; DROP TABLE outbox"}}, 422),
    ],
    ids=str,
)
def test_whatever_is_refused_is_refused_by_a_problem_document(operator, method, path, more, status):
    answer = operator.request(method, path, **more)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert operator.get("/api/risk/kill-switch").json()["active"] is False


def test_a_method_that_a_route_has_not_is_told_which_it_has(operator):
    assert operator.put("/api/orders").headers["allow"] == "GET, HEAD"
    assert operator.get(ACTIVATE).headers["allow"] == "POST"


def test_strangers_are_not_told_which_routes_there_are(url):
    with client(url, None) as stranger:
        statuses = {
            (method, path): stranger.request(method, path).status_code
            for method, path in [
                ("GET", "/api/nothing"),
                ("PUT", "/api/orders"),
                ("GET", "/api/orders"),
                ("HEAD", "/api/orders"),
                ("GET", "/metrics"),
            ]
        }
        assert set(statuses.values()) == {401}
        assert stranger.post("/healthz").status_code == 405


@pytest.mark.parametrize(
    "header",
    [f"Basic {OPERATOR}", f"Token {OPERATOR}", OPERATOR, f"Bearer {OPERATOR} x", "Bearer", ""],
    ids=["basic", "another scheme", "no scheme", "more", "nothing", "empty"],
)
def test_a_token_counts_as_a_bearer_token_alone(url, header):
    with client(url, None) as stranger:
        answer = stranger.get("/api/orders", headers={"Authorization": header})
        assert answer.status_code == 401
        assert stranger.get("/api/orders", params={"token": OPERATOR}).status_code == 401
        stranger.cookies.set("token", OPERATOR)
        assert stranger.get("/api/orders").status_code == 401


def test_head_is_answered_as_get_is_without_a_body(operator):
    assert operator.head("/api/orders").status_code == 200
    for path in ("/healthz", "/api/orders", "/api/events", "/docs"):
        answer = operator.head(path)
        assert (answer.status_code, answer.content) == (200, b""), path
    assert operator.head(ACTIVATE).status_code == 405


def test_a_body_shorter_than_it_says_keeps_nobody_else_waiting(url, operator):
    where = urlsplit(url)
    with socket.create_connection((where.hostname, where.port)) as slow:
        lines = [f"POST {ACTIVATE} HTTP/1.1", f"Host: {where.netloc}"]
        lines += [f"Authorization: Bearer {OPERATOR}", "Content-Type: application/json"]
        slow.sendall("\r\n".join([*lines, "Content-Length: 64000", "", '{"conf']).encode())
        assert operator.get("/healthz").status_code == 200
        # After ten seconds it is told so, and its line is cut.
        slow.settimeout(300)
        answer = b"".join(iter(lambda: slow.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer
    assert operator.get("/api/risk/kill-switch").json()["active"] is False


def test_every_change_is_audited_under_the_name_of_who_made_it(operator, trading_store, operated):
    put_trading_on_record(trading_store)
    operator.post(ACTIVATE, json={"confirmation": "KILL"})
    operator.post("/api/risk/kill-switch/deactivate", json={"confirmation": "RESUME"})
    operator.post("/api/approvals/order-2/reject")
    audited = operated.rows("SELECT actor, action FROM audit_log ORDER BY at")
    name = f"api:{DIGESTS['operator'][:8]}"
    assert {actor for actor, _ in audited} == {name}
    assert {action for _, action in audited} >= {"order_rejected"}
    assert OPERATOR not in str(operated.rows("SELECT t::text FROM audit_log t"))
    # A viewer's tries change nothing, and so are no changes.
    with client(str(operator.base_url), VIEWER) as viewer:
        assert viewer.post(ACTIVATE, json={"confirmation": "KILL"}).status_code == 403
    assert operated.rows("SELECT actor, action FROM audit_log ORDER BY at") == audited


def test_a_token_in_the_settings_instead_of_its_digest_is_refused_and_not_told(operated):
    operated.settings["API__TOKENS"] = json.dumps([{"sha256": OPERATOR, "role": "operator"}])
    answer = operated.ask("api")
    assert answer.code == 2
    assert "sha256" in answer.err
    assert OPERATOR not in answer.err + answer.out


def test_with_a_certificate_nothing_is_told_in_plain_text(operated, certificate):
    path, key = certificate
    operated.settings |= {"API__TLS_CERTIFICATE": path, "API__TLS_KEY": key}
    trusting = ssl.create_default_context(cafile=str(path))
    with api_process(operated, scheme="https", verify=trusting) as url:
        with client(url, OPERATOR, verify=trusting) as operator:
            assert operator.get("/api/orders").status_code == 200
        with client(url, OPERATOR) as distrustful, pytest.raises(httpx.ConnectError):
            distrustful.get("/healthz")
        plain = url.replace("https://", "http://")
        with client(plain, OPERATOR) as careless, pytest.raises(httpx.RemoteProtocolError):
            careless.get("/api/orders")
