"""What leads to a door beside the address, and what speaks against it: each reason alone, and never more than it is worth."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from premises import link as link_module
from premises.camera import Position, position_of
from premises.evidence import Bridge, Evidence, Shown, companies_in
from premises.link import propose
from premises.said import Said, in_place
from premises.who import Candidate, Known
from store.occupants import Basis, Occupant, Role
from store.words.records import Link, SubjectKind
from tests.premises.bank import SETTINGS, candidates_of

PARADE = [
    {"at": "Unit 2A, Wexcombe Parade, M32 0TH", "name": "Tinderbox Phones and Sweets"},
    {"at": "Unit 3, Wexcombe Parade, M32 0TH", "name": "Quillon Sandwich Bar"},
]
HERE = (53.45874, -2.28728)


def parade(register: str = "fhrs") -> list[Candidate]:
    found = []
    for each in candidates_of(PARADE):
        entry = replace(each.entry, register=register, reference=f"99000{each.entry.id}", lat=HERE[0], lon=HERE[1])
        found.append(replace(each, entry=entry))
    return found


def evidence(**said: object) -> Evidence:
    return Evidence(SubjectKind.seller, 1, **said)  # type: ignore[arg-type]


def links(given: Evidence, found: list[Candidate]) -> list[Link]:
    return propose(given, found, SETTINGS, "test")


def codes(link: Link) -> set[str]:
    return {r.code for r in link.reasons if r.weight and not r.against}


def said(text: str, where: str = "text") -> Said:
    found = in_place(text, 7)
    assert found
    return replace(found, where=where)


# -- numbers -------------------------------------------------------------------------------------------------------------
def test_a_food_hygiene_number_leads_to_the_door_that_the_register_has_it_for() -> None:
    one, other = parade()
    [link] = links(evidence(numbers=(("fhrs", "990001", Shown("990001", 7)),)), [one, other])
    assert (link.object, link.level, codes(link)) == (one.premises, "unit", {"fhrs_id"})
    assert link.reasons[0].capture == 7


def test_no_number_outvotes_the_unit_that_the_seller_names() -> None:
    one, other = parade()
    given = evidence(numbers=(("fhrs", "990001", Shown("990001", 7)),), said=(said("Unit 3, Wexcombe Parade, M32 0TH"),))
    assert all(link.object != one.premises for link in links(given, [one, other]))


def company(known: Known = Known(), **details: object) -> Candidate:
    [unit] = candidates_of([{"at": "Unit 7, Wexcombe Parade, M32 0TH", "name": "Kestrel Moss Ltd"}])
    entry = replace(
        unit.entry, register="companies_house", reference="01234567", lat=HERE[0], lon=HERE[1], parts={**unit.entry.parts, **details}
    )
    return replace(unit, entry=entry, known=replace(known, offices=(entry,)))


NUMBER = (("company", "01234567", Shown("01234567", 7)),)


def test_a_registered_office_leads_to_the_building_and_never_to_the_unit() -> None:
    one = company()
    [link] = links(evidence(numbers=NUMBER, names=(Shown("Kestrel Moss Ltd", 7),)), [one])
    assert (link.object, link.level) == (one.building, "building")
    assert any("registered office is where letters go" in r.sentence for r in link.reasons)


def test_an_office_of_many_companies_says_nothing() -> None:
    assert links(evidence(numbers=NUMBER), [company(Known(companies=SETTINGS.most_companies))])
    assert links(evidence(numbers=NUMBER), [company(Known(companies=SETTINGS.most_companies + 1))]) == []


def test_a_dissolved_company_is_said_against_the_link() -> None:
    given = evidence(numbers=NUMBER, said=(said("Unit 7, Wexcombe Parade, M32 0TH"),))
    [sound], [gone] = links(given, [company()]), links(given, [company(status="Dissolved")])
    assert [r.code for r in gone.reasons if r.against] == ["company_dissolved"] and not any(r.against for r in sound.reasons)
    assert gone.score == pytest.approx(sound.score * (1 - SETTINGS.weights["company_dissolved"]))


def test_a_registered_office_far_away_is_said_against_the_shop() -> None:
    [one, _] = parade()
    office = replace(one.entry, id=99, register="companies_house", reference="01234567", name="Kestrel Moss Ltd", lat=51.5, lon=-0.1)
    given = evidence(said=(said("Unit 2A, Wexcombe Parade, M32 0TH"),), numbers=NUMBER)
    [near] = links(given, [one])
    [far] = links(given, [replace(one, known=Known(offices=(office,)))])
    assert far.level == "unit" and far.score < near.score
    assert [r.sentence for r in far.reasons if r.code == "office_far" and r.against and "km away" in r.sentence]


# -- what people recorded --------------------------------------------------------------------------------------------------
def occupant(role: Role = Role.hidden, *marks: tuple[str, str], **more: object) -> Occupant:
    return Occupant(1, role, "Northern Lux Closet", Basis.visit, "visit of 2026-11-20", "a.officer", marks=marks, id=5, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mark", "given"),
    [
        (("email", "thea@larch.example"), {"contacts": (("email", "thea@larch.example", Shown("thea@larch.example", 7)),)}),
        (("instagram", "larch.lux"), {"contacts": (("instagram", "larch.lux", Shown("larch.lux", 7)),)}),
        (("phone", "+447700900142"), {"contacts": (("whatsapp", "+447700900142", Shown("x", 7)),)}),
        (("domain", "larch.example"), {"contacts": (("email", "sales@larch.example", Shown("x", 7)),)}),
        (("vat", "GB980780684"), {"numbers": (("vat", "GB980780684001", Shown("x", 7)),)}),
        (("company", "01234567"), {"numbers": NUMBER}),
    ],
)  # fmt: skip
def test_what_somebody_recorded_at_a_door_is_known_by_leads_there(mark: tuple[str, str], given: dict[str, object]) -> None:
    one, other = parade("units")
    one = replace(one, known=Known((occupant(Role.hidden, mark),)))
    [link] = links(evidence(**given), [one, other])
    assert (link.object, link.level, codes(link)) == (one.premises, "unit", {"occupant_mark"})
    assert "hidden here as a.officer recorded (statement 5, visit: visit of 2026-11-20)" in link.reasons[0].sentence


@pytest.mark.parametrize(
    "known",
    [
        Known((occupant(Role.landlord, ("phone", "+447700900142")),)),
        Known((occupant(Role.director, ("phone", "+447700900142")),)),
        Known((occupant(Role.hidden, ("phone", "+447700900142"), until="2020"),), past=frozenset({5})),
        Known((occupant(Role.hidden, ("phone", "+447700900142")),), elsewhere=frozenset({("phone", "+447700900142")})),
    ],
)
def test_a_landlord_a_director_one_who_left_or_one_known_elsewhere_names_no_door(known: Known) -> None:
    one, other = parade("units")
    contact = (("phone", "+447700900142", Shown("x", 7)),)
    assert links(evidence(contacts=contact), [replace(one, known=known), other]) == []


def test_another_vat_number_than_the_one_recorded_is_said_against_the_link() -> None:
    [one, _] = parade("units")
    one = replace(one, known=Known((occupant(Role.front, ("vat", "GB980780684")),)))
    [link] = links(evidence(said=(said("Unit 2A, Wexcombe Parade, M32 0TH"),), numbers=(("vat", "GB100190874", Shown("x", 7)),)), [one])
    assert [r.code for r in link.reasons if r.against] == ["vat_differs"]


def test_a_public_mail_providers_domain_is_nobodys() -> None:
    one, other = parade("units")
    one = replace(one, known=Known((occupant(Role.hidden, ("domain", "gmail.com")),)))
    assert links(evidence(contacts=(("email", "someone@gmail.com", Shown("x", 7)),)), [one, other]) == []


def test_a_domain_or_handle_that_reads_like_the_name_is_a_hint_and_no_more() -> None:
    [_, other] = parade("units")
    contacts = (("domain", "quillon-sandwich.example", Shown("x", 7)),)
    assert links(evidence(contacts=contacts, handle="quillonsandwich"), [other]) == []
    [link] = links(evidence(said=(said("Unit 3, Wexcombe Parade, M32 0TH"),), handle="quillonsandwich"), [other])
    assert "handle_name" in codes(link)


def test_a_handle_that_is_the_accounts_very_name_says_it_once() -> None:
    """A shop of one seller has no handle but its name: to count both would be to count one string twice."""
    [_, other] = parade("units")
    name = other.entry.name
    there = (said("Unit 3, Wexcombe Parade, M32 0TH"),)
    [link] = links(evidence(said=there, names=(Shown(name, 7),), handle=name), [other])
    [apart] = links(evidence(said=there, names=(Shown(name, 7),), handle=name.replace(" ", "_").lower()), [other])
    assert "name" in codes(link) and "handle_name" not in codes(link) and "handle_name" in codes(apart)


# -- places --------------------------------------------------------------------------------------------------------------
def test_a_position_alone_proposes_nothing_and_never_names_a_unit() -> None:
    one, other = parade("units")
    taken = ((Position(*HERE, 8.0), 9),)
    assert links(evidence(positions=taken), [one, other]) == []
    [link] = links(evidence(positions=taken, said=(said("Wexcombe Parade, M32 0TH"),)), [one, other])
    assert link.level == "building" and "position" in codes(link)
    assert next(r for r in link.reasons if r.code == "position").capture == 9


def test_a_position_counts_within_what_camera_and_register_leave_open() -> None:
    [one, _] = parade("units")
    there = said("Wexcombe Parade, M32 0TH")
    near, far = Position(HERE[0] + 0.0003, HERE[1], 10.0), Position(HERE[0] + 0.0009, HERE[1], 10.0)  # 33 m and 100 m
    for taken, counts in ((near, True), (far, False), (replace(far, within_m=80.0), True)):
        [link] = links(evidence(said=(there,), positions=((taken, 9),)), [one])
        assert ("position" in codes(link)) == counts
    by_postcode = replace(one, entry=replace(one.entry, parts={**one.entry.parts, "position": "postcode"}))
    [link] = links(evidence(said=(there,), positions=((far, 9),)), [by_postcode])
    assert "position" in codes(link), "a postcode's middle may be 100 m from the door"


def test_a_position_that_leaves_half_a_country_open_says_nothing() -> None:
    [one, _] = parade("units")
    for within, counts in ((SETTINGS.camera_within_m, True), (SETTINGS.camera_within_m + 1, False), (300_000.0, False)):
        [link] = links(evidence(said=(said("Wexcombe Parade, M32 0TH"),), positions=((Position(*HERE, within), 9),)), [one])
        assert ("position" in codes(link)) == counts


def test_where_goods_are_collected_counts_more_than_an_address_among_others() -> None:
    [one, _] = parade("units")
    [plain] = links(evidence(said=(said("Unit 2A, Wexcombe Parade, M32 0TH"),)), [one])
    [collected] = links(evidence(said=(said("Unit 2A, Wexcombe Parade, M32 0TH", "collection"),)), [one])
    assert collected.score > plain.score and "collection" in codes(collected)


@pytest.mark.parametrize("by", ["sighted_contact", "sighted_place"])
def test_an_officers_sighting_with_the_same_phone_or_backdrop_lends_its_address_at_a_discount(by: str) -> None:
    one, other = parade("units")
    address = said("Unit 2A, Wexcombe Parade, M32 0TH", "sighting")
    bridge = Bridge(by, "S-2026-0001", "phone +447700900142", 7, 8)
    [own] = links(evidence(said=(replace(address, where="text"),)), [one, other])
    [lent] = links(evidence(said=(address,), reported={0: bridge}), [one, other])
    assert (lent.object, lent.level) == (one.premises, "unit") and 0.6 <= lent.score < own.score
    assert {r.capture for r in lent.reasons if r.code == by} == {7, 8}, "both sides are cited"


def test_a_sighting_that_an_officer_confirmed_to_be_at_a_door_names_it() -> None:
    one, other = parade("units")
    [link] = links(evidence(seen=((one.premises, Bridge("sighted_contact", "S-2026-0001", "phone +447700900142", 7, 8)),)), [one, other])
    assert (link.object, link.level, link.score) == (one.premises, "unit", SETTINGS.weights["sighted_contact"])


def test_what_leads_to_one_door_is_said_against_another() -> None:
    one, other = parade("units")
    other = replace(other, known=Known((occupant(Role.hidden, ("email", "thea@larch.example")),)), building=99)
    contacts, names = (("email", "thea@larch.example", Shown("x", 7)),), (Shown("Tinderbox Phones and Sweets", 7),)
    given = evidence(said=(said("Unit 2A, Wexcombe Parade, M32 0TH"),), contacts=contacts, names=names)
    link = next(link for link in links(given, [one, other]) if link.object == one.premises)
    assert [r.code for r in link.reasons if r.against] == ["elsewhere"]


# -- what the seller says against it ---------------------------------------------------------------------------------------
def fourteen_a(**more: object) -> Candidate:
    [one] = candidates_of([{"at": "Unit 1, 14A Chester Road, M32 0TH", "name": "Quillon Sandwich Bar", "phone": "+447700900142"}])
    return replace(one, entry=replace(one.entry, **{"register": "units", **more}))  # type: ignore[arg-type]


MAIL = ("email", "thea@larch.example")
LEADS: dict[str, tuple[dict[str, object], Candidate]] = {
    "phone": ({"contacts": (("phone", "+447700900142", Shown("+447700900142", 7)),)}, fourteen_a()),
    "fhrs_id": ({"numbers": (("fhrs", "990001", Shown("990001", 7)),)}, fourteen_a(register="fhrs", reference="990001")),
    "occupant_mark": ({"contacts": ((*MAIL, Shown("x", 7)),)}, replace(fourteen_a(), known=Known((occupant(Role.hidden, MAIL),)))),
    "sighted_contact": ({"seen": ((fourteen_a().premises, Bridge("sighted_contact", "S-2026-0001", "phone", 7, 8)),)}, fourteen_a()),
    "company_office": ({"numbers": NUMBER}, fourteen_a(register="companies_house", reference="01234567")),
}  # fmt: skip


@pytest.mark.parametrize("code", LEADS)
def test_nothing_outvotes_the_number_that_the_seller_names_in_the_same_street_or_postcode(code: str) -> None:
    given, one = LEADS[code]
    [alone] = links(evidence(**given), [one])
    assert code in codes(alone), "without an address it leads there"
    for address in ("14C Chester Road, M32 0TH", "12 Chester Road", "3 Larch Road, M32 0TH"):
        assert links(evidence(said=(said(address),), **given), [one]) == [], address


@pytest.mark.parametrize("code", LEADS)
def test_an_address_in_another_street_is_said_against_what_leads_here(code: str) -> None:
    given, one = LEADS[code]
    [link] = links(evidence(said=(said("3 Larch Road, M33 7ZF"),), **given), [one])
    assert [r.sentence for r in link.reasons if r.against] == ["Larch Road is not the register's Chester Road"]


def test_who_names_two_doors_of_a_street_is_at_both() -> None:
    given = evidence(said=(said("14C Chester Road, M32 0TH"), said("Unit 1, 14A Chester Road, M32 0TH")), **LEADS["phone"][0])
    [link] = links(given, [fourteen_a()])
    assert (link.level, [r for r in link.reasons if r.against]) == ("unit", [])


def test_a_company_recorded_at_a_door_may_have_only_its_letters_there() -> None:
    one = replace(fourteen_a(), known=Known((replace(occupant(Role.company, ("company", "01234567")), basis=Basis.register),)))
    contact = occupant(Role.company, MAIL)
    assert links(evidence(numbers=NUMBER), [one]) == []
    found = links(
        evidence(contacts=((*MAIL, Shown("x", 7)),), said=(said("14A Chester Road, M32 0TH"),)), [replace(one, known=Known((contact,)))]
    )
    assert [(link.level, link.object) for link in found] == [("building", one.building)] and "related_mark" in codes(found[0])


def test_why_no_unit_is_named_is_asked_of_the_links_and_not_of_every_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    why = link_module._why_no_unit
    monkeypatch.setattr(link_module, "_why_no_unit", lambda w, beside: asked.append(len(beside)) or why(w, beside))
    many = candidates_of([f"Unit {n}, Wexcombe Parade, M32 0TH" for n in range(1, 201)])
    [link] = links(evidence(said=(said("Wexcombe Parade, M32 0TH"),)), many)
    assert asked == [200] and "the registers list 200 here" in link.reasons[-1].sentence


# -- words and pictures ----------------------------------------------------------------------------------------------------
def test_names_of_companies_in_words() -> None:
    text = "Sold by Kestrel Moss Ltd, or Larch & Wren Trading LLP. New Limited edition, Last Limited stock. nothing ltd"
    assert companies_in(text) == ["Kestrel Moss Ltd", "Larch & Wren Trading LLP"]


def photo(gps: dict[int, object] | None) -> bytes:
    picture, exif, out = Image.new("RGB", (8, 8)), Image.Exif(), io.BytesIO()
    exif[ExifTags.Base.Make] = "DemoCam"
    if gps is not None:
        exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps)
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_the_position_of_a_picture_is_read_with_the_accuracy_that_the_camera_gives() -> None:
    where = {1: "N", 2: (53.0, 27.0, 31.5), 3: "W", 4: (2.0, 17.0, 14.2)}
    assert position_of(photo(where)) == Position(53.45875, -2.287278, 50.0)
    assert position_of(photo({**where, 31: 6.5})) == Position(53.45875, -2.287278, 6.5)
    assert position_of(photo({**where, 11: 2.0})) == Position(53.45875, -2.287278, 10.0)
    assert position_of(photo({1: "S", 2: (33.0, 0.0, 0.0), 3: "E", 4: (151.0, 0.0, 0.0)})) == Position(-33.0, 151.0, 50.0)


@pytest.mark.parametrize(
    "gps", [None, {}, {2: (53.0, 1.0, 1.0)}, {2: (95.0, 0.0, 0.0), 4: (1.0, 0.0, 0.0)}, {2: (0.0, 0.0, 0.0), 4: (0.0, 0.0, 0.0)}]
)
def test_what_states_no_position_has_none(gps: dict[int, object] | None) -> None:
    assert position_of(photo(gps)) is None


@given(st.binary(max_size=200), st.integers(0, 400))
def test_no_file_stops_the_reading_of_positions(noise: bytes, at: int) -> None:
    whole = photo({1: "N", 2: (53.0, 27.0, 31.5), 3: "W", 4: (2.0, 17.0, 14.2)})
    position_of(noise)
    position_of(b"\xff\xd8" + noise)
    position_of(whole[:at] + noise + whole[at + len(noise) :])
