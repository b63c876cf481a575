"""The drill: an evening and a morning of an installation, with all that may happen to it.

What a person would do, in this order, with Slack, Telegram and a browser at hand. Time is that of
a rehearsal: the evening of a half day, and the session that follows it.
"""

import shutil
from collections import Counter
from datetime import timedelta

import pytest
from playwright.sync_api import expect, sync_playwright

from alpha_oracle import calendar
from alpha_oracle.risk.watchdogs import pipeline_deadline
from tests.end_to_end.drilled import first, used_before
from tests.end_to_end.telegram_desk import STRANGER, audited
from tests.end_to_end.test_cli_up import left_of
from tests.end_to_end.test_rehearsal_telegram import by_symbol, questions
from tests.end_to_end.trading_world import at_last
from tests.end_to_end.worlds import SESSION
from tests.peers.slack import slack
from tests.peers.telegram import OPERATOR, telegram

pytestmark = pytest.mark.slow

DEADLINE = pipeline_deadline(SESSION)
MORNING = calendar.session_open(calendar.shift_session(SESSION, 1)) + timedelta(minutes=6)
PARTS = ("worker", "feed", "api", "watch", "flow-runs", "prefect", "redis", "postgres")
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
PATIENCE_MS = 300_000
ORDERED_TWICE = """
SELECT signal_id FROM orders WHERE parent_id IS NULL AND signal_id IS NOT NULL
GROUP BY signal_id HAVING count(*) > 1
"""


@pytest.fixture
def drill(home):
    with slack() as one, telegram() as other:
        made = used_before(home, slack=one, telegram=other)
        yield made
        made.ask("down")


def test_an_installation_from_up_to_down_with_all_that_may_happen_to_it(drill, subtests):
    an_evening_begins_without_its_pipeline(drill)
    the_missed_pipeline_is_told_and_made_up_for(drill)
    with subtests.test("a browser"):
        a_browser_shows_the_run_and_the_api(drill)
    all_ends_and_nothing_is_left(drill)

    the_next_morning_begins(drill)
    the_signals_of_the_evening_are_traded(drill)
    one_order_asks_and_an_operator_approves_it(drill)
    a_breaker_halts_what_adds_risk(drill)
    an_operator_halts_everything_and_may_not_resume_yet(drill)
    each_part_is_killed_comes_back_and_is_told(drill)
    nothing_was_sent_twice_and_all_is_still_halted(drill)
    everything_was_told_once_and_with_what_to_do(drill)
    all_ends_and_nothing_is_left(drill)


def an_evening_begins_without_its_pipeline(drill):
    drill.set_clock(DEADLINE - timedelta(seconds=30))
    drill.starts()
    drill.pause_the_schedule("daily-pipeline/daily")


def the_missed_pipeline_is_told_and_made_up_for(drill):
    told = drill.told("HIGH: pipeline missed")
    assert f"no pipeline of {SESSION} is committed at 18:30 New York: no run was begun" in told
    assert "mend the cause, then `alpha-oracle pipeline --date` that session" in told
    missed = "SELECT raised_at FROM alerts WHERE type = 'pipeline_missed'"
    ((raised_at,),) = drill.rows(missed)
    assert raised_at >= DEADLINE
    run = drill.ask("pipeline", "--date", SESSION, "--json")
    assert (run.code, run.document["session"]) == (0, str(SESSION))
    assert run.document["signals"] == drill.published() != []
    drill.told("Info: well again", "pipeline: no trouble any more")


def a_browser_shows_the_run_and_the_api(drill):
    if BROWSER is None:
        pytest.skip("no Chromium on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        with drill.prefect() as prefect:
            page.goto(f"{str(prefect.base_url).rstrip('/').removesuffix('/api')}/runs")
        expect(page.get_by_text("daily-pipeline").first).to_be_visible()
        expect(page.get_by_text("Completed").first).to_be_visible()
        page.goto(f"http://127.0.0.1:{drill.port}/docs")
        page.get_by_label("Token").fill(drill.token)
        page.get_by_role("button", name="Open").click()
        path = page.locator(".opblock-summary-path", has_text="/api/risk/kill-switch/activate")
        expect(path.first).to_be_visible()
        browser.close()


def the_next_morning_begins(drill):
    drill.set_clock(MORNING)
    drill.starts()
    first(lambda: drill.breakers() == {})


def the_signals_of_the_evening_are_traded(drill):
    signals = drill.published()
    outcomes = first(lambda: drill.outcomes(signals))
    assert "ordered" in {outcome.kind for outcome in outcomes}
    assert all(outcome.reason for outcome in outcomes if outcome.kind == "refused")
    first(lambda: not drill.working())
    assert [order for order in drill.book().orders if order.filled_quantity]
    drill.book_and_broker_agree()


def one_order_asks_and_an_operator_approves_it(drill):
    # Whatever moved too far over the weekend asks as well, and is dropped.
    for number, _, buttons in questions(drill.telegram).values():
        drill.telegram.press(number, buttons["Reject"])
    symbol = drill.send_a_signal(off_by=1.1)
    number, text, buttons = first(lambda: questions(drill.telegram).get(symbol))
    assert "BUY" in text
    drill.told_on_slack("Warning: approval required", symbol)
    drill.telegram.press(number, buttons["Approve"], by=STRANGER)
    drill.telegram.press(number, buttons["Approve"])
    drill.telegram.press(number, buttons["Approve"])
    first(lambda: "Order FILLED" in questions(drill.telegram)[symbol][1])
    (order,) = by_symbol(drill, symbol)
    assert order.filled_quantity == order.quantity
    assert [one.order_id for one in drill.broker().orders].count(order.order_id) == 1
    assert [by for by, _, _ in audited(drill, "telegram_refused")] == [f"telegram:{STRANGER}"]


def a_breaker_halts_what_adds_risk(drill):
    before = drill.sent()
    with drill.feed_that_says(VIX=41):
        drill.told("HIGH: vix", "Measured: 41, bound 35\nNext: entries are halted")
        refused = drill.outcome_of(drill.send_a_signal())
        assert (refused.kind, "VIX" in refused.reason) == ("refused", True)
        assert drill.breakers()["vix"] == 41
    assert drill.sent() == before


def an_operator_halts_everything_and_may_not_resume_yet(drill):
    before = drill.sent()
    drill.telegram.say("/kill")
    drill.telegram.say("KILL the drill")
    drill.says("ALL TRADING IS HALTED")
    told = drill.told("HIGH: kill switch", f"telegram:{OPERATOR}: the drill")
    assert "Next: find out why; `alpha-oracle kill resume` lets trading go on" in told
    refused = drill.outcome_of(drill.send_a_signal())
    assert (refused.kind, "kill switch is active" in refused.reason) == ("refused", True)
    drill.telegram.say("/resume RESUME")
    drill.says("cooling down", "of 60 minutes")
    with drill.operator() as operator:
        answer = operator.post("/api/risk/kill-switch/deactivate", json={"confirmation": "RESUME"})
    assert (answer.status_code, "cooling down" in answer.json()["detail"]) == (409, True)
    assert drill.ask_here("kill", "resume", "--confirm", "RESUME").code == 3
    assert drill.sent() == before


def each_part_is_killed_comes_back_and_is_told(drill):
    for part in PARTS:
        # What is told just then may be told twice.
        first(drill.is_all_delivered)
        drill.kill_part(part)
        drill.told(f"Warning: process ended\n{part} ended")
        assert drill.is_halted(), part


def nothing_was_sent_twice_and_all_is_still_halted(drill):
    before = drill.sent()
    drill.announce(*drill.stream())
    first(drill.has_read_all_signals)
    assert drill.sent() == before
    assert set(Counter(drill.sent()).values()) == {1}
    assert drill.rows(ORDERED_TWICE) == []
    drill.book_and_broker_agree()
    assert drill.is_halted()


def everything_was_told_once_and_with_what_to_do(drill):
    first(drill.is_all_delivered)
    # What is raised between a look at the record and one at the channels is in one of them alone.
    assert at_last(drill.told_otherwise_than_on_record, {}) == {}
    for text in drill.all_alerts():
        if text.startswith(("CRITICAL: ", "HIGH: ", "Warning: ")):
            assert "\nNext: " in text


def all_ends_and_nothing_is_left(drill):
    down = drill.ask("down")
    assert (down.code, down.err) == (0, "")
    assert left_of(drill.home) == []
    assert drill.ask("status").code == 1
