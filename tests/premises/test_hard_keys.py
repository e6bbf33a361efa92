"""No score outvotes a unit, a letter or a number: whatever else agrees, another door is never proposed."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from premises.address import parse_address
from premises.numbering import Fit, fit
from premises.said import in_text
from tests.premises.bank import candidates_of, links_of

UNITS = st.builds(lambda n, letter: f"{n}{letter}", st.integers(1, 60), st.sampled_from(["", "", "A", "B", "C"]))
KINDS = st.sampled_from(["Unit ", "unit", "Shop ", "Stall ", "Suite ", "Flat ", ""])
PLACES = st.sampled_from(["Larch Parade", "Larch Arcade", "Larch Market Hall", "Larch Shopping Centre", "Kiln Trading Estate"])


@settings(max_examples=300, deadline=None)
@given(UNITS, UNITS, KINDS, KINDS, PLACES)
def test_a_changed_unit_never_links_to_the_other_unit(one: str, other: str, kind_a: str, kind_b: str, place: str) -> None:
    case = {
        "said": f"{kind_a}{one}, {place}, M32 0TH",
        "name": "Wren & Moss",
        "candidates": [{"at": f"{kind_b}{other}, {place}, M32 0TH", "name": "Wren & Moss", "phone": "+441614960103"}],
    }
    _, links = links_of(case)
    if one != other:
        assert all(link.level != "unit" for link in links)
    _, links = links_of({**case, "phone": "+441614960103"})
    if one != other:
        assert all(link.level != "unit" for link in links), "not even a phone outvotes the unit that the seller names"


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 9),
    st.integers(1, 9),
    st.sampled_from("ABC1"),
    st.sampled_from(["A", "B", "C", "1", ""]),
    st.sampled_from(["Row", "Aisle", "Gate"]),
)
def test_a_stall_in_another_row_is_another_stall(one: int, other: int, row: str, another: str, kind: str) -> None:
    there = f", {kind} {another}" if another else ""
    for said in (f"Stall {one}, {kind} {row}, Larch Market, M32 0TH", f"{kind} {row} stall {one} larch market M32 0TH"):
        _, links = links_of({"said": said, "candidates": [f"Stall {other}{there}, Larch Market, M32 0TH"]})
        assert any(link.level == "unit" for link in links) == (one == other and row == another)


@settings(max_examples=200, deadline=None)
@given(UNITS, UNITS, st.sampled_from(["Chester Road", "St Albans Road", "Tan Street"]))
def test_a_changed_number_never_links_at_all(one: str, other: str, street: str) -> None:
    _, links = links_of(
        {
            "said": f"{one} {street}, M32 0TH",
            "name": "Wren & Moss",
            "candidates": [{"at": f"{other} {street}, M32 0TH", "name": "Quill Books"}],
        }
    )
    assert bool(links) == (one == other)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 300), st.integers(1, 12), st.integers(1, 320))
def test_a_range_holds_its_own_side_of_the_street(low: int, span: int, number: int) -> None:
    high = low + 2 * span
    grade = fit(str(number), f"{low}-{high}")
    if low <= number <= high:
        assert grade is (Fit.within if number % 2 == low % 2 else Fit.perhaps)
    else:
        assert grade is Fit.differs
    assert fit(f"{low}-{high}", str(number)) is grade, "either side may be the advert's"


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_nothing_that_is_written_breaks_the_reading(text: str) -> None:
    address = parse_address(text)
    assert replace(address, raw="") == replace(parse_address(text), raw="")
    in_text(text, 1)


def test_the_parts_of_an_entry_are_all_that_it_takes() -> None:
    from premises.address import from_parts

    [candidate] = candidates_of(["Unit 2A, first floor, 12-14 Larch Street, M32 0TH"])
    assert from_parts(candidate.address.raw, candidate.entry.parts) == candidate.address
