"""An evidence pack as a sceptical expert of the defence reads it, who asks of each thing where it comes from and what speaks against it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from casework.export import ExportResult, export
from casework.export.flagged import one_picture
from casework.export.gaps import unread_pages
from casework.export.gather import Material
from casework.export.shown import at_levels, by_hand, scale
from casework.verify import verify
from store.findings import KeptFinding
from store.store import SYSTEM
from store.words.records import (
    Authority,
    Case,
    Contribution,
    Direction,
    Examination,
    Examined,
    Finding,
    Flag,
    Level,
    Link,
    LinkReason,
    Method,
    Pointer,
    SubjectKind,
)  # fmt: skip
from tests.builders import Builder, jpeg
from tests.casework.packs import CASE, World, build
from tests.casework.tamper import rows
from tests.casework.test_pack_read import absent, readme, words
from tests.market.demo import why_visit


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The case of `build` and a link between two accounts, with the finding that it rests on; and a link of one of them to a stranger."""
    world = build(tmp_path_factory.mktemp("world") / "home")
    store = world.store
    store.keep_authority(Authority("demo", "Another"))
    strange = Builder(store, source="market")
    strange.listing("3001", title="Scarf", seller="stranger", pictures=(jpeg(7),))
    strange.close()
    with store.acting(SYSTEM, purpose="test") as reader:
        mine, other = (reader.summaries(numbers=[n])[0].seller or 0 for n in (world.listings[0], world.listings[2]))
        stranger = next(s.id or 0 for s in reader.sellers() if s.handle == "stranger")
        [own], [theirs] = (reader.pictures(listing=world.listings[n])[:1] for n in (0, 2))
        page, their_page = (reader.readings(listing=world.listings[n])[0].capture for n in (0, 2))
    run = store.begin_run("link", actor=SYSTEM, authority="wexcombe", code_version="0.1.0", config_digest="c" * 64)
    detail = {"inliers": 41, "mirrored": True, "sha256": theirs.image.sha256, "listing": world.listings[2]}
    same = Finding("shared_picture", 1.0, "The same photograph is used", Direction.suspicious, (Pointer(other=f"picture:{theirs.id}", detail=detail),))  # fmt: skip
    else_ = Finding("official_picture", 1.0, "It is the brand's own", Direction.exculpatory)
    looked = store.keep_method(Method("detector", "image_match", "1", {"radius": 12}, {"pdq": "d" * 64}))
    store.keep_examinations(looked, [Examination(SubjectKind.picture, own.id, Examined.done, (same,), "", 0, store.picture_end())], run.id)
    store.keep_examinations(looked, [Examination(SubjectKind.picture, theirs.id, Examined.done, (else_,), "", 0, store.picture_end())], run.id)  # fmt: skip
    method = store.keep_method(Method("linker", "network", "3", {}))
    reasons = (
        LinkReason("same_picture", 0.3, f"both accounts use the same photograph: picture {own.id}", page, picture=own.id),
        LinkReason("same_picture", 0.0, f"the other account's is picture {theirs.id}", their_page, picture=theirs.id),
    )
    ends = ((mine, other, reasons), (stranger, mine, (LinkReason("same_phone", 0.7, "both give a phone", page),)))
    links = [Link(None, SubjectKind.seller, a, SubjectKind.seller, b, str(method), 0.6, "seller", why) for a, b, why in ends]
    store.keep_links(links, method, run.id, actor=SYSTEM, purpose="link")
    store.exhibit(CASE, SubjectKind.link, 2, initials="AB", description="Link of the two accounts", actor="a.officer")
    return world


@pytest.fixture(scope="module")
def made(world: World, tmp_path_factory: pytest.TempPathFactory) -> ExportResult:
    out = tmp_path_factory.mktemp("packs") / "pack"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("casework.pdf.missing_parts", lambda: "not needed here")
        return export(world.store, world.home, CASE, out, actor="a.officer", justification="to counsel", zipped=False)


def of_network(made: ExportResult) -> dict[str, Any]:
    return next(x for x in rows(made.folder, "data/rows/links.jsonl") if x["subject_kind"] == x["object_kind"] == "seller")


# -- what a link rests on ----------------------------------------------------------------------------------------------------
def test_the_pictures_that_a_link_rests_on_are_shown_side_by_side_with_how_many_places_agree(made: ExportResult) -> None:
    own, theirs = (r["picture"] for r in of_network(made)["reasons"])
    page = readme(made)
    at = page.index(f"The pictures that link {of_network(made)['id']} rests on, side by side")
    said = page[at:]
    assert f"Picture {own} of “parade_deals”" in said and f"Picture {theirs} of “granny”" in said
    assert "are taken for one photograph, the one mirrored: 41 places agree, by finding" in said
    assert "; capture " in said and "http://market.example/img/2001-0.jpg" in said, "by its address a page names the picture"


def test_the_finding_that_holds_a_links_pictures_together_is_in_the_pack_and_what_else_was_found_is_counted(made: ExportResult) -> None:
    own, theirs = (r["picture"] for r in of_network(made)["reasons"])
    [found] = [f for f in rows(made.folder, "data/rows/findings.jsonl") if f["reason"] == "shared_picture"]
    assert (found["subject"], found["pointers"][0]["other"]) == (own, f"picture:{theirs}")
    assert found["examination"] in {e["id"] for e in rows(made.folder, "data/rows/examinations.jsonl")}
    assert f"1 further finding of the pictures that link {of_network(made)['id']} rests on" in {g["what"] for g in absent(made)}
    assert not any(f["reason"] == "official_picture" for f in rows(made.folder, "data/rows/findings.jsonl"))
    assert verify(made.folder, made.head).accepted


def test_every_picture_has_a_row_that_says_whose_it_is_and_those_of_the_cases_accounts_the_capture_that_brought_them(
    made: ExportResult,
) -> None:
    known = {row["file"]: row for row in rows(made.folder, "data/rows/images.jsonl")}
    there = {f"images/{p.name}" for p in (made.folder / "data/images").iterdir()}
    assert there == known.keys() and "an account of the case" in {row["of"] for row in known.values()}
    assert all(row["captures"] for row in known.values() if row["of"] != "an account outside the case")
    assert not any("come from" in said for said in verify(made.folder, made.head).not_checked)


def test_a_method_that_looks_for_no_contradictions_is_not_said_to_have_found_none(made: ExportResult) -> None:
    assert readme(made).count("against none: this method looks for no contradictions, and weighs nothing against a link") == 1


def test_what_the_pack_has_of_both_accounts_stands_beside_their_link(made: ExportResult) -> None:
    page = readme(made)
    said = page[page.index("What this pack has of each of the two, which no method weighed against link") :][:900]
    assert "Names Parade Deals; parade_deals Granny; granny" in said and "phone +447700900123 none in this pack" in said
    assert "Unit 3, 14 Orchard Parade (link 1, proposed)" in said and "may speak against their being one person's" in said


def test_the_words_of_a_page_that_a_link_cites_are_quoted_and_a_missing_screenshot_is_said(made: ExportResult) -> None:
    page = readme(made)
    said = page[page.index("The words of the pages that link 2 cites, as they were read") :][:900]
    assert "Old wooden chair A chair £20 none in this pack" in said


def test_links_to_strangers_are_counted_whichever_of_the_two_is_the_older_and_not_shown(made: ExportResult) -> None:
    assert any(re.fullmatch(r"1 link \(1 proposed\) between seller \d+ and sellers outside the case", g["what"]) for g in absent(made))
    assert b"stranger" not in b"".join(p.read_bytes() for p in made.folder.rglob("*") if p.is_file() and p.suffix not in (".py", ".md"))


# -- what a score is held against --------------------------------------------------------------------------------------------
POLICY = {
    "levels": {"note": 18.1, "review": 28.3, "priority": 79.0}, "priority_groups": 2, "counts_from": 10.0,
    "groups": {"picture": {"title": "pictures", "cap": 65.0}}, "reasons": {"shared_picture": {"fitted": None}, "price_below": {"fitted": 38.2}},
}  # fmt: skip


def test_the_scale_says_that_a_group_is_scaled_down_and_that_priority_takes_two_groups() -> None:
    said = scale(POLICY)
    assert "a group that comes to more than its most is scaled down in proportion" in said
    assert "Priority takes 2 groups of reasons besides, each with 10 points or more" in said


def test_weights_that_were_set_by_hand_are_named_and_how_many_listings_came_to_each_level() -> None:
    assert by_hand(POLICY, ["shared_picture", "price_below"]).endswith("are the weights of: shared picture.")
    counts = {"listings": 69, "level_priority": 26, "level_review": 5, "level_note": 6, "level_none": 32}
    assert at_levels(counts) == (
        "Of the 69 listings that the same run scored, 26 came to priority, 5 came to review, 6 came to note, 32 came to none."
    )
    assert at_levels({"flags": 2}) == ""


def test_findings_that_rest_on_one_picture_are_said_to_be_no_independent_reasons() -> None:
    def found(number: int, picture: int) -> KeptFinding:
        return KeptFinding(number, 1, SubjectKind.picture, picture, 1, "a" * 64, "image_match", Finding("shared_picture", 1.0, "same"))

    m = Material(Case("C", "wexcombe", "t"), [], findings={n: found(n, picture) for n, picture in ((68, 67), (69, 67), (70, 32))})
    flag = Flag(None, 1, "p", "f", Level.priority, 65.0, tuple(Contribution("shared_picture", p, "same", "a" * 64, n) for n, p in ((68, 40.0), (69, 16.7), (70, 8.3))))  # fmt: skip
    [said] = one_picture(m, flag)
    assert said.startswith("Findings 68, 69, with 56.7 of the 65.0 points together, rest on one picture, number 67")


# -- what was done, and by whom ----------------------------------------------------------------------------------------------
def test_a_judgement_says_what_was_asked_and_the_page_what_is_not_known_of_its_making(made: ExportResult) -> None:
    asked = {(j["subject_kind"], j["asked"]) for j in rows(made.folder, "data/rows/judgements.jsonl")}
    assert ("listing", "does the listing merit action?") in asked
    assert "the program reads what is judged with its flag and earlier judgements" in readme(made)


def test_each_reference_says_who_added_it_when_and_that_nobody_is_shown_to_have_confirmed_it(made: ExportResult) -> None:
    page = readme(made)
    said = page[page.index("nothing in this pack shows who confirmed it or when") :][:700]
    assert re.search(r"1 official, Maison Lozenge brand owner's sheet 12 \S.*?Ada Officer, trading standards officer .*?, event \d+", said)


def test_the_measured_figures_that_model_cards_refer_to_are_in_the_pack(made: ExportResult) -> None:
    measured = (Path(__file__).parents[2] / "docs/accuracy.md").read_bytes()
    assert (made.folder / "data/model-cards/accuracy.md").read_bytes() == measured
    cards = rows(made.folder, "data/rows/model_cards.jsonl")
    linkers = {m["id"] for m in rows(made.folder, "data/rows/methods.jsonl") if m["kind"] == "linker"}
    assert linkers <= {c["method"] for c in cards if c["file"] == "model-cards/accuracy.md"}


def test_what_a_run_met_and_did_not_read_is_among_the_gaps() -> None:
    counts = {"not understood": 5, "pages that robots.txt forbids": 1, "pages": 38}
    gaps = unread_pages([{"run": "d14191a22e654b5f", "source": "market", "counts": counts}])
    assert [g["what"] for g in gaps] == [
        "5 things that run d14191a2… of market did not understand",
        "1 page that run d14191a2… of market did not ask for",
    ]


def test_the_page_says_what_a_crawl_asked_for_first_and_how_many_listings_and_further_pages_are_here(made: ExportResult) -> None:
    page = readme(made)
    assert "What each run asked for first, with which it began:" in page and "http://market.example/item/1001" in page
    assert "No words were searched for" in page
    assert "2 are here with their readings" in page and "pages at 1 further address are here because something cites them" in page


def test_numbers_that_findings_and_links_use_are_given_where_a_thing_is_first_shown(made: ExportResult) -> None:
    page = readme(made)
    [first, *_] = [x for x in rows(made.folder, "data/rows/listings.jsonl") if x["ref"] == "1001"]
    assert f"Listing 1001 on market, number {first['id']} of rows/listings.jsonl" in page
    assert re.search(r"parade_deals, Parade Deals, number \d+ of rows/sellers.jsonl", page) and re.search(r"picture \d+, 480 × 360", page)


def test_a_seal_is_no_date_of_deletion(made: ExportResult) -> None:
    assert "How long this copy may be kept is not in the pack" in readme(made)
    assert json.loads((made.folder / "data/gaps.json").read_bytes())["not_in_pack"] and "Premises are from registers" in words(
        made.folder / "data/limits.html"
    )


def test_the_demonstrations_officer_gives_each_listing_its_own_reason() -> None:
    def card(*said: tuple[str, float]) -> dict[str, Any]:
        return {"flag": {"contributions": [{"sentence": sentence, "points": points} for sentence, points in said]}}

    assert (
        why_visit(card(("It is cheap.", 10.0), ("It says copy.", 40.0), ("It is new.", 1.0)))
        == "Merits a visit. It says copy. It is cheap."
    )
