"""How a family's subjects are asked for: several at once, each stored when it came, once more.

An answer is stored and recorded before its thread asks for the next, so that a killed run goes on
where it was. What a source says of one subject never stops the others; a source that is away does.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeVar

from alpha_oracle.domain.bars import StoreReport
from alpha_oracle.domain.reference import FamilyReport, RefusedRow
from alpha_oracle.errors import (
    AlphaOracleError,
    DataError,
    NotPublished,
    SourceAway,
    StoreUnavailable,
    TransientError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alpha_oracle.domain.bars import Absence
    from alpha_oracle.domain.reference import Family

Subject = TypeVar("Subject")

THREADS: Final = 4
HOPELESS: Final = 5
"""So many subjects in a row without an answer, and the others are not asked for."""

NOTHING_STORED: Final = StoreReport(inserted=0, unchanged=0, corrected=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one subject's answer.

    `unfinished` tells why a part of it did not come: the subject is asked for again.
    """

    stored: StoreReport = NOTHING_STORED
    refused: int = 0
    absence: Absence | None = None
    unfinished: str = ""


def unwatched(_done: int, _total: int) -> None:
    """Show nobody how far it is."""


class Asking:
    """The questions of one family in one run. Its threads share it."""

    def __init__(self, family: Family, source: str) -> None:
        self._family = family
        self._source = source
        self._guard = Lock()
        self._counts: Counter[str] = Counter()
        self._absent: list[Absence] = []
        self._silent = 0
        self._error: AlphaOracleError | None = None

    def ask(
        self,
        subjects: Sequence[Subject],
        take: Callable[[Subject], Taken],
        *,
        refuse: Callable[[RefusedRow], object],
        show: Callable[[int, int], None] = unwatched,
        threads: int = THREADS,
    ) -> FamilyReport:
        """Ask for every subject by `take`, which stores what came; return what became of it.

        Subjects that got no answer from a source that was away are asked for once more at the
        end. `refuse` keeps what was said of an answer that could not be read.

        Raises:
            StoreUnavailable: a store is away; what was stored stands, repeat it.
        """

        def one(subject: Subject) -> bool:
            return self._one(subject, take, refuse)

        def tell() -> None:
            show(self._counts["answered"], len(subjects))

        left = self._pass(subjects, one, tell=tell, threads=threads)
        if left and isinstance(self._error, TransientError):
            left = self._pass(left, one, tell=tell, threads=threads)
        return FamilyReport(
            family=self._family,
            source=self._source,
            asked=len(subjects),
            answered=self._counts["answered"],
            stored=self._counts["stored"],
            corrected=self._counts["corrected"],
            refused=self._counts["refused"],
            absent=tuple(sorted(self._absent, key=lambda absence: absence.symbol)),
            ended_by=str(self._error) if left else "",
        )

    def _pass(
        self,
        subjects: Sequence[Subject],
        one: Callable[[Subject], bool],
        *,
        tell: Callable[[], None],
        threads: int,
    ) -> list[Subject]:
        self._silent = 0
        left = []
        with ThreadPoolExecutor(threads) as pool:
            # Told from here: who watches may belong to this thread's run and know no other.
            for subject, is_done in zip(subjects, pool.map(one, subjects), strict=True):
                tell()
                if not is_done:
                    left.append(subject)
        return left

    def _one(
        self,
        subject: Subject,
        take: Callable[[Subject], Taken],
        refuse: Callable[[RefusedRow], object],
    ) -> bool:
        if self._silent >= HOPELESS:
            return False
        try:
            return self._note_answer(take(subject))
        except StoreUnavailable:
            raise
        except NotPublished:
            # Due, and not there yet: it is due again next time, and nobody has to act.
            return self._note_answer(Taken())
        except DataError as error:
            refuse(RefusedRow(subject=str(subject), reason=str(error), received={}))
            with self._guard:
                self._counts["refused"] += 1
            return True
        except AlphaOracleError as error:
            return self._note_silence(error)

    def _note_silence(self, error: AlphaOracleError) -> bool:
        with self._guard:
            self._error = error
            # What no repetition mends ends it at once.
            self._silent += 1 if isinstance(error, TransientError) else HOPELESS
        return False

    def _note_answer(self, taken: Taken) -> bool:
        with self._guard:
            self._silent = 0
            self._counts["answered"] += not taken.unfinished
            self._counts["stored"] += taken.stored.inserted
            self._counts["corrected"] += taken.stored.corrected
            self._counts["refused"] += taken.refused
            if taken.absence is not None:
                self._absent.append(taken.absence)
        return not taken.unfinished or self._note_silence(SourceAway(taken.unfinished))
