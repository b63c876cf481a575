"""Who is an insider of a generated company: officers, directors, now and then a large owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.synthetic.streams import Purpose, uniforms
from alpha_oracle.domain.insiders import Insider

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIRST_OWNER: Final = 8_000_000_000
_PEOPLE_A_COMPANY: Final = 16
_OFFICERS: Final = (
    "Chief Executive Officer",
    "Chief Financial Officer",
    "Chief Operating Officer",
    "General Counsel",
)
_DIRECTORS: Final = 4
_FUND_FRACTION: Final = 0.35
_SURNAMES: Final = (
    "Abbott",
    "Baker",
    "Castillo",
    "Dietrich",
    "Eriksen",
    "Fontaine",
    "Goldberg",
    "Hayashi",
    "Iyer",
    "Jankowski",
    "Moreau",
    "Nakamura",
    "Okafor",
    "Petrov",
    "Quinn",
    "Rossi",
)
_FIRST_NAMES: Final = (
    "Amara",
    "Benjamin",
    "Carla",
    "David",
    "Elena",
    "Frank",
    "Grace",
    "Hugo",
    "Irene",
    "James",
    "Luis",
    "Mei",
    "Noah",
    "Olga",
    "Peter",
    "Ruth",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Those who report together, and what they hold at first as a fraction of all shares."""

    owners: tuple[Insider, ...]
    holding_fraction: float

    @property
    def is_officer(self) -> bool:
        """Whether the first of them is an officer."""
        return self.owners[0].is_officer

    @property
    def is_large(self) -> bool:
        """Whether they own a tenth of the company."""
        return self.owners[0].is_ten_percent_owner


def reporters_of(seed: int, owner: int) -> tuple[Reporter, ...]:
    """Return the reporters of the company of a stream."""
    count = len(_OFFICERS) + _DIRECTORS
    draws = uniforms(seed, Purpose.INSIDER, owners=[owner], count=4 * (count + 2))[:, 0].tolist()
    people = [
        Reporter(
            owners=(_person(owner, number, draws=draws[4 * number : 4 * number + 4]),),
            holding_fraction=(0.003 if number == 0 else 0.0008) * (0.3 + 1.4 * draws[4 * number]),
        )
        for number in range(count)
    ]
    if draws[-1] < _FUND_FRACTION:
        people.append(_fund(owner, count, draws=draws[-8:]))
    return tuple(people)


def _person(owner: int, number: int, *, draws: Sequence[float]) -> Insider:
    title = _OFFICERS[number] if number < len(_OFFICERS) else ""
    return Insider(
        owner_id=_owner_id(owner, number),
        name=f"{_pick(_SURNAMES, draws[1])} {_pick(_FIRST_NAMES, draws[2])}",
        is_director=not title or number == 0,
        is_officer=bool(title),
        officer_title=title,
    )


def _fund(owner: int, number: int, *, draws: Sequence[float]) -> Reporter:
    surname = _pick(_SURNAMES, draws[0])
    manager = f"{surname} {_pick(_FIRST_NAMES, draws[1])}"
    names = (f"{surname} Partners, L.P.", manager)
    return Reporter(
        owners=tuple(
            Insider(owner_id=_owner_id(owner, number + place), name=name, is_ten_percent_owner=True)
            for place, name in enumerate(names)
        ),
        holding_fraction=0.10 + 0.05 * draws[2],
    )


def _owner_id(owner: int, number: int) -> str:
    return f"{_FIRST_OWNER + owner * _PEOPLE_A_COMPANY + number:010d}"


def _pick(names: Sequence[str], draw: float) -> str:
    return names[int(draw * len(names))]
