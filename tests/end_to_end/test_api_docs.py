"""The page that shows the API's description, in a real browser and with nothing from elsewhere."""

import re
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.end_to_end.api_clients import OPERATOR, api_here, client

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
PATIENCE_MS = 300_000


@pytest.fixture
def url(operated):
    with api_here() as address:
        yield address


@pytest.fixture
def page():
    """A page of a browser, which notes what it asks for and what it complains of."""
    if BROWSER is None:
        pytest.skip("no Chromium on the PATH")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: page.complaints.append(said.text) if said.type == "error" else None,
        )
        yield page
        browser.close()


def test_the_description_opens_by_the_token_and_a_route_is_tried_out(page, url):
    page.goto(f"{url}/docs")
    page.get_by_label("Token").fill(OPERATOR)
    page.get_by_role("button", name="Open").click()
    expect(page.locator(".opblock-summary-path", has_text="/api/orders").first).to_be_visible()
    route = page.locator(".opblock", has=page.locator("[data-path='/api/risk/kill-switch']"))
    route.locator(".opblock-summary").click()
    route.get_by_role("button", name="Try it out").click()
    route.get_by_role("button", name="Execute").click()
    answer = route.locator(".live-responses-table .response")
    expect(answer.locator(".response-col_status").first).to_contain_text("200")
    expect(answer).to_contain_text("cooling_down_minutes")
    assert page.complaints == []
    assert {re.match(r"(data:|https?://[^/]+)", one)[1] for one in page.asked} <= {url, "data:"}
    assert (
        page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0
    )
    assert OPERATOR not in page.url


def test_a_wrong_token_opens_nothing_and_the_page_says_why(page, url):
    page.goto(f"{url}/docs")
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("valid bearer token")
    expect(page.locator(".opblock")).to_have_count(0)


def test_the_page_may_run_what_comes_from_here_alone(url):
    with client(url, None) as stranger:
        policy = stranger.get("/docs").headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "default-src 'none'" in policy
        assert stranger.get("/docs/swagger-ui-bundle.js").status_code == 200
        assert stranger.get("/docs/../openapi.json").status_code == 401
        assert stranger.get("/docs/nothing").status_code == 404
        assert stranger.get("/openapi.json").status_code == 401
