"""Sources of what is known beside bars that say what a test tells them to."""

from datetime import timedelta

from alpha_oracle.domain.fundamentals import ReceivedFacts
from alpha_oracle.domain.insiders import ReceivedFilings
from alpha_oracle.domain.levels import ReceivedLevels
from alpha_oracle.domain.requests import RequestPlan
from alpha_oracle.domain.short_interest import ReceivedShortInterest


class FakeSource:
    """Answers by subject; an answer that is an exception is raised. `asked` is what it was asked.

    An answer that is a list is given one after the other, its last for good.
    """

    name = "fake"

    def __init__(self, answers=None, *, otherwise=None):
        self._answers = dict(answers or {})
        self._otherwise = otherwise
        self.asked = []

    def answer(self, subject, *told):
        self.asked.append((subject, *told))
        answer = self._answers.get(subject, self._otherwise)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def times_asked(self, subject):
        return sum(1 for one, *_ in self.asked if one == subject)


class FakeFundamentals(FakeSource):
    """`FundamentalsSource`."""

    worth_asking_after = timedelta(0)

    def plan(self, symbols):
        return RequestPlan(source=self.name, symbols=len(symbols), requests=0)

    def fetch(self, symbol, *, since):
        return self.answer(symbol, since) or ReceivedFacts()


class FakeInsiders(FakeSource):
    """`InsiderSource`."""

    def fetch(self, symbol, *, start, known):
        return self.answer(symbol, start, frozenset(known)) or ReceivedFilings()


class FakeShortInterest(FakeSource):
    """`ShortInterestSource` with the settlement dates it was told of."""

    def __init__(self, answers):
        super().__init__(answers)
        self._dates = tuple(answers)

    def settlements(self, *, start, now):
        return tuple(day for day in self._dates if start <= day <= now.date())

    def fetch(self, settlement):
        return self.answer(settlement) or ReceivedShortInterest()


class FakeLevels(FakeSource):
    """`LevelSource`."""

    def fetch(self, series, *, start, end):
        return self.answer(series, start, end) or ReceivedLevels()
