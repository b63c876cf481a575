from dataclasses import dataclass, field

import pytest

from alpha_oracle.domain.orders import OrderPurpose
from alpha_oracle.domain.risk import RiskAction, RiskCheckResult
from alpha_oracle.risk.cascade import run_cascade
from alpha_oracle.risk.verdicts import ENTRIES, EVERY_ORDER, approve, ask_human, reduce_size, reject
from tests.trading import an_exit, an_order, facts

FACTS = facts()


@dataclass(kw_only=True)
class Saying:
    """A check that says what it is told to, and keeps what it was asked about."""

    name: str
    says: object
    holds_back: frozenset[OrderPurpose] = EVERY_ORDER
    asked: list[int] = field(default_factory=list)

    def check(self, order, _facts):
        self.asked.append(order.quantity)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


def passing(name="passing", **changes):
    return Saying(name=name, says=approve(name), **changes)


def rejecting(name="rejecting"):
    return Saying(name=name, says=reject(name, "no"))


def reducing(quantity, *, name="reducing"):
    return Saying(name=name, says=reduce_size(name, quantity, "too much"))


def asking(name="asking"):
    return Saying(name=name, says=ask_human(name, "is this meant?"))


def run(*checks, order=None, answered=()):
    return run_cascade(checks, order or an_order(quantity=10), FACTS, answered=answered)


def test_an_order_that_every_check_approves_is_approved_whole():
    clearance = run(passing("one"), passing("two"))

    assert clearance.action is RiskAction.APPROVE
    assert clearance.quantity == 10
    assert clearance.may_be_sent
    assert [verdict.check for verdict in clearance.verdicts] == ["one", "two"]


def test_a_rejection_ends_the_cascade():
    later = passing()

    clearance = run(passing("first"), rejecting(), later)

    assert clearance.action is RiskAction.REJECT
    assert clearance.quantity == 0
    assert not clearance.may_be_sent
    assert clearance.reason == "rejecting: no"
    assert [verdict.check for verdict in clearance.verdicts] == ["first", "rejecting"]
    assert later.asked == []


def test_a_reduction_is_what_the_next_check_sees():
    last = passing()

    clearance = run(reducing(7), reducing(3), last)

    assert last.asked == [3]
    assert clearance.action is RiskAction.REDUCE_SIZE
    assert clearance.quantity == 3
    assert clearance.may_be_sent


def test_a_wish_for_a_human_is_remembered_while_the_rest_still_checks():
    later = passing()

    clearance = run(asking(), later, reducing(4))

    assert later.asked == [10]
    assert clearance.action is RiskAction.REQUIRE_HUMAN_APPROVAL
    assert clearance.quantity == 4
    assert clearance.deciding.check == "asking"
    assert clearance.asking == {"asking"}
    assert not clearance.may_be_sent


def test_a_rejection_weighs_more_than_a_wish_for_a_human():
    assert run(asking(), rejecting()).action is RiskAction.REJECT


def test_a_wish_for_a_human_weighs_more_than_a_reduction_before_it():
    clearance = run(reducing(4), asking())

    assert clearance.action is RiskAction.REQUIRE_HUMAN_APPROVAL
    assert clearance.quantity == 4


def test_a_wish_that_a_human_has_met_decides_nothing_more():
    clearance = run(asking(), passing(), answered={"asking"})

    assert clearance.action is RiskAction.APPROVE
    assert clearance.asking == {"asking"}


def test_a_wish_that_came_up_after_the_approval_asks_again():
    clearance = run(asking("old"), asking("new"), answered={"old"})

    assert clearance.action is RiskAction.REQUIRE_HUMAN_APPROVAL
    assert clearance.deciding.check == "new"


def test_an_approval_answers_no_rejection():
    assert run(rejecting(), answered={"rejecting"}).action is RiskAction.REJECT


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(ZeroDivisionError("by nothing"), id="raises"),
        pytest.param(None, id="says nothing"),
        pytest.param(reduce_size("broken", 0, ""), id="reduces to nothing"),
        pytest.param(reduce_size("broken", 10, ""), id="reduces by nothing"),
        pytest.param(reduce_size("broken", 11, ""), id="reduces to more"),
        pytest.param(
            RiskCheckResult(check="broken", action=RiskAction.REDUCE_SIZE), id="reduces to no one"
        ),
        pytest.param(
            RiskCheckResult(check="broken", action=RiskAction.REQUIRE_HUMAN_APPROVAL, quantity=99),
            id="asks for more",
        ),
    ],
)
def test_a_check_that_fails_has_refused(broken):
    clearance = run(Saying(name="broken", says=broken), passing())

    assert clearance.action is RiskAction.REJECT
    assert clearance.deciding.check == "broken"
    assert "order refused" in clearance.deciding.reason


def test_a_failed_check_says_what_it_raised():
    clearance = run(Saying(name="broken", says=ZeroDivisionError("by nothing")))

    assert "ZeroDivisionError: by nothing" in clearance.reason


def test_a_check_of_entries_is_not_asked_about_an_exit_and_the_record_says_so():
    entries_only = Saying(name="entries", says=reject("entries", "no"), holds_back=ENTRIES)

    clearance = run(entries_only, order=an_exit())

    assert clearance.action is RiskAction.APPROVE
    assert entries_only.asked == []
    assert clearance.verdicts[0].check == "entries"
    assert clearance.verdicts[0].reason == "holds back no exit order"


def test_a_purchase_that_calls_itself_an_exit_is_asked_about_as_an_entry():
    entries_only = Saying(name="entries", says=reject("entries", "no"), holds_back=ENTRIES)

    clearance = run(entries_only, order=an_order(purpose=OrderPurpose.EXIT))

    assert clearance.action is RiskAction.REJECT
