"""A desk in a process of its own answers its own page and nobody else."""

import json
import socket

import pytest


@pytest.fixture(scope="module")
def desk(open_desk, write_films, tmp_path_factory):
    return open_desk(write_films(tmp_path_factory.mktemp("desk") / "films", 1))


def test_nothing_is_answered_without_the_cookie_and_the_token_gives_it(desk):
    for path in (
        "/",
        "/api/desk",
        "/assets/desk.js",
        "/open",
        "/open?token=wrong",
        "/open?token=",
        f"/x{desk.opening}",
    ):
        assert desk.raw("GET", path)[0] == 401, path
    status, headers, _ = desk.raw("GET", desk.opening)
    assert status == 303
    assert headers["location"] == "/"
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(headers["set-cookie"].split("; "))
    assert desk.raw("GET", "/", Cookie=desk.cookie)[0] == 200
    assert desk.raw("GET", "/", Cookie=desk.cookie[:-1])[0] == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost", "127.0.0.1", "127.0.0.1:1", "[::1]", "127.0.0.1.evil.example"]
)
def test_another_host_is_refused_so_that_no_name_can_be_bent_to_this_computer(desk, host):
    assert desk.raw("GET", "/api/desk", Cookie=desk.cookie, Host=host)[0] == 421


def test_no_other_page_may_ask_or_tell(desk):
    said = json.dumps({"kind": "setting", "name": "who", "value": "XY"}).encode()
    own = f"http://{desk.host}"
    for origin in ("http://evil.example", "null", own + ".evil.example", own.replace("http", "https"), f"{own}/"):
        assert desk.raw("POST", "/api/events", said, Cookie=desk.cookie, Origin=origin)[0] == 403, origin
        assert desk.raw("GET", "/api/desk", Cookie=desk.cookie, Origin=origin)[0] == 403, origin
    assert desk.raw("POST", "/api/events", said, Cookie=desk.cookie)[0] == 403
    assert (
        desk.raw("GET", "/api/desk", Cookie=desk.cookie, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="cors")[0] == 403
    )
    assert desk.ask("/api/desk")[0]["settings"] == {}
    assert desk.raw("POST", "/api/events", said, Cookie=desk.cookie, Origin=own)[0] == 200


def test_every_answer_says_what_a_page_may_load(desk):
    for path in ("/", "/api/desk", "/nowhere", "/assets/desk.js"):
        headers = desk.raw("GET", path, Cookie=desk.cookie)[1]
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../desk.py",
        "/assets/..%2fdesk.py",
        "/assets/%2e%2e/__init__.py",
        "/api/films/..%2f..%2fetc%2fpasswd/picture",
        "/api/films/0.png/picture",
        "//etc/passwd",
        "/static/desk.js",
    ],
)
def test_no_address_leads_to_a_file_that_is_not_offered(desk, path):
    desk.films()
    assert desk.raw("GET", path, Cookie=desk.cookie)[0] in (400, 404)


def test_the_desk_listens_on_this_computer_alone(desk):
    others = [one[4][0] for one in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    for address in {one for one in others if not one.startswith("127.")}:
        with pytest.raises(ConnectionRefusedError), socket.create_connection((address, desk.port), timeout=2):
            pass


@pytest.mark.parametrize(
    "said", [b"[1]", b"{", b"[" * 100_000, b'{"kind": "none"}', b"x" * 300_000, b'{"kind": "mark", "film": "no"}']
)
def test_what_is_no_event_is_refused_in_a_sentence(desk, said):
    answer, status = desk.ask("/api/events", said)
    assert status == 400
    assert answer["error"].endswith(".")


def test_ctrl_c_is_the_ordinary_end(open_desk, tmp_path):
    desk = open_desk(tmp_path)
    assert desk.films() == {}
    assert desk.stop() == 0
