"""Sellers and networks at the desk, and sightings for whom they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from casework import sightings
from store.words.records import Actor, Authority, Told
from tests.builders import Builder, jpeg
from tests.casework.desk.conftest import Served

STRONGEST = "/listings/demo_shop/fo-118"


# -- sightings, and other authorities ------------------------------------------------------------------------------------------
@pytest.fixture
def sighted(own_desk: Served, tmp_path: Path) -> tuple[Served, str]:
    """A sighting of the desk's own authority, with a photo, of a seller who gives a phone of the market."""
    photo = tmp_path / "stall.jpg"
    photo.write_bytes(jpeg(11))
    said = sightings.Statement(
        Told.officer,
        "Belts on a stall",
        "Quillon belts",
        "Stall 12, Market Hall, Wexcombe",
        "25/11/2026 14:30",
        "£20",
        "Quillon Sam",
        "07700 900142",
    )
    kept = sightings.add(own_desk.store, own_desk.home, said, [photo], by="a.officer")
    return own_desk, kept.sighting.reference


def places(desk: Served, reference: str) -> dict[str, str]:
    with desk.store.acting("system", purpose="test") as reader:
        one = reader.sighting(reference)
        [summary] = reader.summaries(numbers=[one.listing])
        image = reader.listing_images(one.listing)[0].sha256
        files = reader.sighting_files(one.id or 0)
    return {
        "listing": f"/listings/{summary.listing.source}/{summary.listing.ref}", "by row": f"/listings/{one.listing}", "seller": f"/sellers/{summary.seller}",
        "network": f"/sellers/{summary.seller}/network", "graph": f"/sellers/{summary.seller}/network.json", "picture": f"/pictures/{image}?size=200", "exact": f"/pictures/{image}",
        "file": f"/captures/{files[0][0].id}", "bytes": f"/captures/{files[0][0].id}/bytes", "statement": f"/captures/{summary.capture}",
    }  # fmt: skip


def test_a_sighting_is_for_whom_sightings_are(sighted: tuple[Served, str]) -> None:
    desk, reference = sighted
    officer, analyst, partner = (desk.as_role(role) for role in ("officer", "analyst", "partner"))
    for name, path in places(desk, reference).items():
        assert officer.get(path).status_code == 200, name
        assert analyst.get(path).status_code == 404 and partner.get(path).status_code == 404, name
    assert "Quillon belts" in officer.get("/listings?q=belts").text
    for browser in (analyst, partner):
        for path in (
            "/listings?q=belts",
            "/sellers?q=sam",
            account(desk),
            account(desk, "Quillon Sam"),
            f"{account(desk, 'Quillon Sam')}/network",
        ):
            page = browser.get(path).text
            assert "Quillon" not in page and reference not in page, path
        assert "sightings_officer" not in browser.get("/listings").text
    assert reference in officer.get(account(desk, "Quillon Sam")).text and "Quillon Sam" in officer.get("/sellers?q=sam").text


def test_another_authoritys_sighting_is_not_there(sighted: tuple[Served, str]) -> None:
    desk, reference = sighted
    store = desk.store
    store.keep_authority(Authority("other", "Another council (fictional)"))
    store.keep_actor(Actor("b.officer", "other", "B. Officer (fictional)", "officer"))
    from casework.desk import people
    from tests.casework.desk.conftest import PASSWORD, people_rules

    people.open_account(store, "b.officer", "B. Officer (fictional)", "officer", authority="other", by="system")
    people.set_password(store, "b.officer", PASSWORD, people_rules(desk.home), temporary=False, by="system")
    other = desk.browser()
    other.sign_in("b.officer")
    for name, path in places(desk, reference).items():
        assert other.get(path).status_code == 404, name
    with desk.store.acting("system", purpose="test") as reader:
        number = reader.sighting(reference).listing
    for role, browser in (("b.officer", other), ("a.analyst", desk.as_role("analyst"))):
        assert browser.get(f"/queue/card/{number}").status_code == 404, role
    refused = other.post("/queue/judge", {"card": f"{number}.0.", "verdict": "yes", "note": "x"})
    assert refused.status_code == 400 and "there is no listing" in refused.text
    assert "Quillon belts" not in other.get("/listings?q=belts").text
    assert other.get(STRONGEST).status_code == 200


def account(served: Served, handle: str = "velvet.arcade") -> str:
    """The page of an account of the market: a scan's own numbers are its own."""
    with served.store.acting("system", purpose="test") as reader:
        return f"/sellers/{next(s.id for s in reader.sellers() if handle in (s.handle, s.name))}"


# -- sellers -------------------------------------------------------------------------------------------------------------------
def test_who_runs_an_account_is_not_shown_until_a_person_judges_on_evidence_that_counts(own_desk: Served) -> None:
    officer = own_desk.as_role("officer")
    assert "<strong>Not shown.</strong>" in officer.get(account(own_desk)).text
    refused = officer.post(f"{account(own_desk)}/attribution", {"verdict": "yes", "reason": "I am sure"})
    assert refused.status_code == 400 and "cannot be shown by what this rests on" in refused.text
    told = {
        "kind": "subscriber_check",
        "says": "07700 900142 is registered to him",
        "person": "A. Trader (fictional)",
        "strength": "strong",
        "source": "reply CD/118",
    }
    assert "Evidence 1 is recorded." in officer.post(f"{account(own_desk)}/evidence", told).text
    assert (
        "<strong>Shown.</strong>"
        in officer.post(f"{account(own_desk)}/attribution", {"verdict": "yes", "reason": "subscriber and payee are one"}).text
    )
    assert officer.post(f"{account(own_desk, 'drip_depot')}/evidence/1/withdraw", {"why": "x"}).status_code == 400, (
        "it is another account's"
    )
    assert (
        "nothing that counts and still stands"
        in officer.post(f"{account(own_desk)}/evidence/1/withdraw", {"why": "of another number"}).text
    )


@pytest.mark.parametrize("path", ["/evidence", "/attribution", "/evidence/1/withdraw", "/pair"])
def test_who_may_not_change_an_account_is_refused_and_not_offered_it(desk: Served, path: str) -> None:
    partner = desk.as_role("partner")
    assert partner.post(account(desk) + path, {"why": "x"}).status_code == 403
    for page in (account(desk), f"{account(desk)}/network"):
        assert '<form method="post" action="/sellers' not in partner.get(page).text


@pytest.mark.parametrize("data, says", [
    ({"other": "another", "says": "two", "why": ""}, "needs its reason"), ({"other": "this", "says": "two", "why": "x"}, "named twice"), ({"other": "x", "says": "two", "why": "x"}, "by its number"),
    ({"other": "another", "says": "", "why": "x"}, "Say whether"), ({"other": "another", "says": "withdraw", "why": "x"}, "nobody has joined"),
])  # fmt: skip
def test_what_cannot_be_said_of_two_accounts_is_refused_with_a_sentence(desk: Served, data: dict[str, object], says: str) -> None:
    named = {"this": account(desk), "another": account(desk, "drip_depot")}
    data = data | {"other": named[str(data["other"])].rpartition("/")[2]} if data["other"] in named else data
    answer = desk.as_role("officer").post(f"{account(desk)}/pair", data)
    assert answer.status_code == 400 and says.casefold() in answer.text.casefold() and "--why" not in answer.text


def test_keeping_two_apart_parts_their_network_and_it_is_on_record_with_the_person(own_desk: Served) -> None:
    officer = own_desk.as_role("officer")

    def numbers() -> set[int]:
        return {node["seller"] for node in officer.get(f"{account(own_desk)}/network.json").json()["nodes"] if node["kind"] == "seller"}

    before = numbers()
    other = max(before - {int(account(own_desk).rpartition("/")[2])})
    page = officer.post(f"{account(own_desk)}/pair", {"other": str(other), "says": "two", "why": "two shops that share a courier"})
    assert "kept apart by a.officer" in page.text and other not in numbers()
    officer.post(f"{account(own_desk)}/pair", {"other": str(other), "says": "withdraw", "why": "it was no courier"})
    assert numbers() == before


def test_the_path_between_two_accounts_is_told_in_sentences(desk: Served) -> None:
    officer, own = desk.as_role("officer"), int(account(desk).rpartition("/")[2])
    others = [
        node["seller"]
        for node in officer.get(f"{account(desk)}/network.json").json()["nodes"]
        if node["kind"] == "seller" and node["seller"] != own
    ]
    page = officer.get(f"{account(desk)}/network?to={others[0]}").text
    assert re.search(rf"From seller {own} to {others[0]}, strength \d\.\d\d", page) and f'<li class="listing-words">seller {own} ' in page
    for to in ("999999", "x'; DROP TABLE seller; --", "phone:<script>alert(1)</script>"):
        page = officer.get(f"{account(desk)}/network", params={"to": to}).text
        assert "<script>alert" not in page and ("is no node" in page or "leads from" in page or "no such page" in page)


def test_a_contact_that_everybody_gives_is_a_warning_and_joins_nobody(own_desk: Served) -> None:
    build = Builder(own_desk.store, "demo_shop")
    numbers = [
        build.listing(
            f"hub{n}", title=f"Bag {n}", text=f"Number {n}. Parcels: call 07700 900999", seller=f"hub-{n}", seller_name=f"Hub {n}"
        ).seller
        for n in range(20)
    ]
    build.close()
    page = own_desk.as_role("officer").get(f"/sellers/{numbers[0]}/network").text
    assert "It joins nobody here." in page and "more than 16 accounts have it" in page and "+447700900999" in page
