"""Who may see what: names and origins that are ours, the token, the login page and its cookie."""

import hashlib
import re
from collections.abc import Iterator
from typing import cast
from unittest.mock import Mock

import httpx
import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from dashboards import sessions
from dashboards.access import SECURITY_HEADERS, SESSION
from dashboards.app import create_app
from dashboards.bodies import LARGEST
from dashboards.pages.plotly_js import FOREVER, plotly_js
from dashboards.pages.plotly_js import PATH as PLOTLY
from dashboards.sessions import SESSION_SECONDS, Attempts, Signer
from queries.store import Store

pytestmark = pytest.mark.integration

TOKEN = "correct-horse-battery"
JSON = {"content-type": "application/json"}
NO_STORE = cast(Store, None)  # nothing here asks it


def client(
    *, token: str = "", listen_host: str = "127.0.0.1", base_url: str = "", at: str = "", not_ready: str | None = None
) -> TestClient:
    app = create_app(
        NO_STORE,
        metrics=lambda: "triage_lag_seconds 0\n",
        ready=lambda: not_ready,
        token=token,
        listen_host=listen_host,
        base_url=base_url,
    )
    return TestClient(app, base_url=at or "http://127.0.0.1:8080", follow_redirects=False)


@pytest.fixture(scope="module")
def open_client() -> Iterator[TestClient]:
    with client() as opened:
        yield opened


@pytest.fixture
def guarded() -> Iterator[TestClient]:
    with client(token=TOKEN) as opened:
        yield opened


def form_of(page: httpx.Response) -> dict[str, str]:
    return dict(re.findall(r'name="(csrf|next)" value="([^"]*)"', page.text))


def log_in(guest: TestClient, token: str = TOKEN, **changed: str) -> httpx.Response:
    form = form_of(guest.get("/login?next=/metrics")) | {"token": token} | changed
    answer: httpx.Response = guest.post("/login", data=form)
    return answer


def test_a_form_is_sent_to_the_login_and_a_program_gets_the_problem(guarded: TestClient) -> None:
    """Who writes on a page and is no longer logged in comes back to it; leaving twice is no error."""
    sent = guarded.post("/incidents/INC-1", data={"action": "note"}, headers={"accept": "text/html,*/*;q=0.8"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?next=%2Fincidents%2FINC-1")
    assert guarded.post("/incidents/INC-1", data={"action": "note"}).status_code == 401
    assert guarded.post("/api/v1/incidents/INC-1/ack", headers={"accept": "text/html"}).status_code == 401
    assert guarded.post("/logout").headers["location"] == "/login"


class TestWithoutToken:
    def test_everything_is_open_to_whoever_is_on_the_machine(self, open_client: TestClient) -> None:
        """On loopback, without a token, nobody has to log in."""
        assert open_client.get("/openapi.json").status_code == 200
        assert open_client.get("/login").headers["location"] == "/"

    @pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080", "localhost."])
    def test_loopback_names_are_ours(self, open_client: TestClient, host: str) -> None:
        """A browser on this machine may call us by any of loopback's names."""
        assert open_client.get("/openapi.json", headers={"host": host}).status_code == 200

    @pytest.mark.parametrize(
        "host",
        ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8080", "10.1.2.3", "", "[", "a b", "@"],
    )
    def test_another_name_is_refused(self, open_client: TestClient, host: str) -> None:
        """A name that an attacker lets point at loopback (DNS rebinding) opens nothing."""
        answer = open_client.get("/openapi.json", headers={"host": host})
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"

    def test_the_base_urls_host_is_ours(self) -> None:
        """A reverse proxy's name is allowed by the setting that links start with."""
        with client(base_url="https://triage.shop.example/") as proxied:
            assert proxied.get("/openapi.json", headers={"host": "triage.shop.example"}).status_code == 200
            assert proxied.get("/openapi.json", headers={"host": "shop.example"}).status_code == 403

    @pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:3000", "null", "", "file://"])
    def test_a_page_of_another_site_may_not_ask(self, open_client: TestClient, origin: str) -> None:
        """Neither may another program's page on this machine."""
        for method in ("GET", "POST"):
            assert open_client.request(method, "/openapi.json", headers={"origin": origin}).status_code == 403

    def test_our_own_page_may_ask(self, open_client: TestClient) -> None:
        """The origin of the address that was asked is ours."""
        assert open_client.get("/openapi.json", headers={"origin": "http://127.0.0.1:8080"}).status_code == 200

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    def test_a_form_of_another_site_is_refused_without_origin_too(self, open_client: TestClient, site: str) -> None:
        """Browsers that hide the origin still say that the request crosses sites, or comes from a neighbour of ours."""
        answer = open_client.post("/logout", headers={"sec-fetch-site": site})
        assert answer.status_code == 403

    def test_a_link_from_another_site_opens(self, open_client: TestClient) -> None:
        """A link in a chat message is a cross-site GET, and harmless."""
        assert open_client.get("/openapi.json", headers={"sec-fetch-site": "cross-site"}).status_code == 200


class TestWithToken:
    def test_probes_are_open(self, guarded: TestClient) -> None:
        """Supervisors bring no token, and call us by whatever name they know."""
        for path in ("/healthz", "/readyz"):
            assert guarded.get(path, headers={"host": "10.0.0.7"}).status_code == 200

    def test_why_it_is_not_ready_is_told_to_whoever_brings_the_token(self) -> None:
        """The sentence may name the store's address, which is no stranger's business."""
        why = "the store http://10.0.0.3:8123 cannot be opened"
        with client(token=TOKEN, not_ready=why) as away, client(not_ready=why) as on_loopback:
            told = [
                away.get("/readyz"),
                away.get("/readyz", headers={"authorization": f"Bearer {TOKEN}"}),
                on_loopback.get("/readyz"),
            ]
        assert [answer.status_code for answer in told] == [503] * 3
        assert "10.0.0.3" not in told[0].text
        assert [answer.json()["detail"] for answer in told[1:]] == [why] * 2

    @pytest.mark.parametrize("path", ["/metrics", "/openapi.json", "/api/v1/affected", "/api/v1/nothing"])
    def test_a_program_without_a_token_is_told_so(self, guarded: TestClient, path: str) -> None:
        """401, a challenge, and a problem document that says what to send."""
        answer = guarded.get(path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "TRIAGE_TOKEN" in answer.json()["detail"]

    @pytest.mark.parametrize("header", [f"Bearer {TOKEN}", f"bearer  {TOKEN}"])
    def test_a_program_with_the_token_is_answered(self, guarded: TestClient, header: str) -> None:
        """The bearer token opens everything."""
        assert guarded.get("/metrics", headers={"authorization": header}).status_code == 200

    @pytest.mark.parametrize(
        "header", ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer \xe9", TOKEN]
    )
    def test_a_wrong_or_missing_key_never_passes(self, guarded: TestClient, header: str) -> None:
        """An empty or malformed header is no key."""
        answer = guarded.get("/metrics", headers={"authorization": header.encode("latin-1")})
        assert answer.status_code == 401

    def test_a_person_is_sent_to_log_in_and_comes_back(self, guarded: TestClient) -> None:
        """The page that was asked for is opened after login, with its window."""
        sent = guarded.get("/affected?from=1h&service=a%26b")
        assert sent.status_code == 303
        form = form_of(guarded.get(sent.headers["location"]))
        answer = guarded.post("/login", data=form | {"token": TOKEN, "next": "/affected?from=1h&service=a%26b"})
        assert answer.headers["location"] == "/affected?from=1h&service=a%26b"

    def test_the_cookie_stands_for_the_token_and_is_not_it(self, guarded: TestClient) -> None:
        """HttpOnly, SameSite, and nothing in it of the token."""
        cookie = log_in(guarded).headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert TOKEN not in cookie
        assert guarded.get("/metrics").status_code == 200

    def test_a_guess_of_the_token_takes_long_to_try_on_what_anyone_is_given(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The key that signs is derived from the token slowly, and once: a weak token does not fall to a fast guess."""
        derive = Mock(wraps=hashlib.scrypt)
        monkeypatch.setattr(hashlib, "scrypt", derive)
        with client(token="another one") as guest:
            assert log_in(guest, "another one").status_code == 303
            assert guest.get("/metrics").status_code == 200
        assert [call.kwargs["n"] for call in derive.call_args_list] == [1 << 15]

    def test_the_cookie_is_secure_where_people_come_by_https(self) -> None:
        """Its name then makes browsers hold it to this host; the form's cookie is kept from scripts as well."""
        with client(token=TOKEN, base_url="https://triage.example", at="https://triage.example") as guest:
            form, session = (answer.headers["set-cookie"] for answer in (guest.get("/login"), log_in(guest)))
        assert session.startswith("__Host-")
        for cookie in (form, session):
            assert "Secure" in cookie
            assert "HttpOnly" in cookie

    @pytest.mark.parametrize("change", ["expiry", "signature", "nonsense", "of another token"])
    def test_a_forged_cookie_opens_nothing(self, guarded: TestClient, change: str) -> None:
        """Only what this service signed, and lately, is a session."""
        log_in(guarded)
        good = guarded.cookies["triage_session"]
        expiry, nonce, signature = good.split(".")
        with client(token="another") as other:
            log_in(other, "another")
            forged = {
                "expiry": f"{int(expiry) + 1}.{nonce}.{signature}",
                "signature": f"{expiry}.{nonce}.{signature[:-1]}{'0' if signature[-1] != '0' else '1'}",
                "nonsense": "x",
                "of another token": other.cookies["triage_session"],
            }[change]
        guarded.cookies.clear()
        assert guarded.get("/metrics", headers={"cookie": f"triage_session={forged}"}).status_code == 401

    def test_a_session_ends(self) -> None:
        """A week later the token must be shown again."""
        session = Signer(TOKEN, now=lambda: 1000.0).issue(SESSION, SESSION_SECONDS)
        assert Signer(TOKEN, now=lambda: 1000.0 + SESSION_SECONDS - 1).accepts(SESSION, session)
        assert not Signer(TOKEN, now=lambda: 1000.0 + SESSION_SECONDS).accepts(SESSION, session)

    def test_what_is_signed_for_one_purpose_is_no_good_for_another(self) -> None:
        """The form's cookie, which anybody gets, is no session."""
        signer = Signer(TOKEN)
        assert not signer.accepts(SESSION, signer.issue("login form", 60))

    def test_a_login_form_of_somebody_else_is_refused(self, guarded: TestClient) -> None:
        """Without the form's own cookie and its counterpart nobody is logged in, even with the right token."""
        with client(token=TOKEN) as other:
            theirs = form_of(other.get("/login"))["csrf"]
        for csrf in ("", "x", theirs):
            assert log_in(guarded, csrf=csrf).status_code == 403
        form = form_of(guarded.get("/login"))
        guarded.cookies.clear()
        assert guarded.post("/login", data=form | {"token": TOKEN}).status_code == 403

    def test_a_wrong_token_is_said_so_and_counted(self, guarded: TestClient) -> None:
        """After ten wrong ones in a minute the address has to wait with the next."""
        assert [log_in(guarded, "wrong").status_code for _ in range(10)] == [401] * 10
        waiting = log_in(guarded, "wrong")
        assert waiting.status_code == 429
        assert 0 < int(waiting.headers["retry-after"]) <= 61
        assert log_in(guarded).status_code == 303

    def test_the_wait_counts_from_the_first_of_the_last_ten(self) -> None:
        """A minute after it there are fewer than ten in a minute."""
        seconds = [0.0]
        attempts = Attempts(now=lambda: seconds[0])
        for seconds[0] in range(0, 50, 5):
            attempts.fail("10.0.0.1")
        assert attempts.wait_s("10.0.0.1") == 60 - 45 + 1

    def test_of_too_many_addresses_the_longest_silent_is_forgotten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Not one that goes on."""
        monkeypatch.setattr(sessions, "ADDRESSES_KEPT", 2)
        attempts = Attempts(allowed=1)
        for address in "abac":
            attempts.fail(address)
        assert [bool(attempts.wait_s(address)) for address in "abc"] == [True, False, True]

    def test_the_right_token_is_let_in_whoever_else_is_at_that_address(self, guarded: TestClient) -> None:
        """Behind a proxy one address is everybody's: one wrong program must not lock the others out."""
        wrong, right = ({"authorization": f"Bearer {token}"} for token in ("wrong", TOKEN))
        said = [guarded.get("/metrics", headers=wrong) for _ in range(101)]
        assert [answer.status_code for answer in said] == [401] * 100 + [429]
        assert 0 < int(said[-1].headers["retry-after"]) <= 61
        assert guarded.get("/metrics", headers=right).status_code == 200

    @pytest.mark.parametrize(
        "wanted",
        [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil",
            "javascript:alert(1)",
            "",
            "/a\r\nb",
            "/\t/x",
        ],
    )
    def test_login_leads_nowhere_else(self, guarded: TestClient, wanted: str) -> None:
        """Only a path on this site is gone to."""
        assert log_in(guarded, next=wanted).headers["location"] == "/"

    def test_logging_out_takes_the_cookie_back(self, guarded: TestClient) -> None:
        """And leads to the login page."""
        log_in(guarded)
        assert guarded.post("/logout").headers["location"] == "/login"
        assert guarded.get("/metrics").status_code == 401

    def test_what_the_login_page_needs_is_open(self, guarded: TestClient) -> None:
        """Its style sheet and script come without a session."""
        for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', guarded.get("/login").text):
            assert guarded.get(path).status_code == 200, path


@pytest.mark.parametrize("encoding", [b"gzip", b"identity"])
def test_who_does_not_read_the_large_script_holds_no_copy_of_it(encoding: bytes) -> None:
    """Anyone may ask for it, as often as there are connections: all are given the same bytes."""
    request = Request({"type": "http", "headers": [(b"accept-encoding", encoding)]})
    assert plotly_js(request).body is plotly_js(request).body


def test_every_answer_carries_the_security_headers(guarded: TestClient) -> None:
    """Pages, refusals, probes and files alike; only files are kept by caches, and asked for anew but for one."""
    kept = {"/static/style.css": "no-cache", PLOTLY: FOREVER}
    for path in ("/login", "/metrics", "/healthz", "/nothing", *kept):
        for key in ("", f"Bearer {TOKEN}"):
            headers = guarded.get(path, headers={"authorization": key}).headers
            assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS, path
            assert headers["cache-control"] == kept.get(path, "no-store"), path
    assert "'unsafe-inline'" not in SECURITY_HEADERS["Content-Security-Policy"]


def test_a_listener_on_every_interface_goes_by_any_address_but_not_by_any_name() -> None:
    """An address can't be rebound; a name can."""
    with client(token=TOKEN, listen_host="0.0.0.0") as everywhere:
        key = {"authorization": f"Bearer {TOKEN}"}
        assert everywhere.get("/metrics", headers=key | {"host": "192.168.1.20:8080"}).status_code == 200
        assert everywhere.get("/metrics", headers=key | {"host": "evil.example"}).status_code == 403


class TestBodies:
    """What is sent is refused in sentences, before much of it is taken."""

    NOTE = "/api/v1/incidents/INC-1/note"

    def test_a_body_that_is_too_large_is_refused_by_its_length(self, open_client: TestClient) -> None:
        """With a problem document, and the connection is closed rather than read to the end."""
        answer = open_client.post(self.NOTE, content=b" " * (LARGEST + 1), headers=JSON)
        assert (answer.status_code, answer.headers["connection"]) == (413, "close")
        assert answer.headers["content-type"] == "application/problem+json"
        assert "1,048,576 bytes" in answer.json()["detail"]

    def test_a_login_form_is_small(self, guarded: TestClient) -> None:
        """Who has shown no token yet can make nobody read much."""
        assert guarded.post("/login", data={"token": "x" * (1 << 16)}).status_code == 413

    @pytest.mark.parametrize(
        ("body", "media_type", "detail"),
        [
            (b'{"author": "a"}', "text/plain", "the body must be a JSON object, sent with the Content-Type"),
            (b"[]", "application/json", "the body must be a JSON object"),
            (b"[" * 200_000, "application/json", "the body is no JSON in UTF-8, or nested too deeply to be read"),
            (
                b'{"author": "\xff"}',
                "application/json",
                "the body is no JSON in UTF-8, or nested too deeply to be read",
            ),
            (b'{"author": "a"', "application/json", "the body is no JSON from character 14 on"),
            (b'{"author": 1}', "application/json", "author: it must be a text"),
            (b'{"autor": ""}', "application/json", "autor: there is no such field"),
            (b'{"text": "%s"}' % (b"x" * 10_001), "application/json", "text: it has more than 10,000 characters"),
        ],
    )
    def test_what_cannot_be_read_is_refused_in_a_sentence(
        self, open_client: TestClient, body: bytes, media_type: str, detail: str
    ) -> None:
        """Ours, not the parser's."""
        answer = open_client.post(self.NOTE, content=body, headers={"content-type": media_type})
        assert answer.status_code == 400
        assert answer.json()["detail"].startswith(detail)
