"""Ranking: exact parts, deterministic ties, a cap that fires, alerts that cite a capture, roll-ups that count once, exports that are right."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from casework.cli import app
from premises.alerts import alerts, closures, reopened
from premises.export import COLUMNS, geojson, row
from premises.harm import Part, RankSettings, harm, of_links, rank_settings, weigh
from premises.load import load
from premises.rank import Ranked, rank, rank_sellers, show
from premises.rollup import BY, roll_up
from premises.run import run
from store.config import Home
from store.database import ranges
from store.errors import TouchstoneError
from store.ranking import Seen
from store.store import Store
from store.strict import ConfigError
from store.words.followup import Closure, ClosureOrder, FollowUp, Kind
from store.words.records import Actor, Authority, CaptureKind, Flag, Level, Link, Method, SubjectKind, Verdict
from tests.builders import START, Builder
from tests.premises.conftest import REGISTERS

NOW = START + timedelta(days=1)
HERE = "Collect from 14C Wexcombe Parade, M32 0TH"
THERE = "Collect from Stall 7, Market Hall, Tannery Square, M33 7ZF"


def flag(store: Store, listing: int, level: Level, run: str, digest: str = "d") -> None:
    assert store.keep_flag(Flag(None, listing, "p" * 64, digest, level, 50.0, (), ()), run)


@pytest.fixture
def two(kept: Store, home: Home) -> Store:
    """Two sellers in two places: one with two flagged listings of two brands, one with none; linked."""
    load(kept, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    build = Builder(kept)
    first = build.listing(
        "a", title="Bag", text=HERE, seller="a", brand="Vantello", price_minor=150_000, currency="GBP", price_text="£1,500"
    )
    second = build.listing(
        "b", title="Perfume", text=HERE, seller="a", brand="Ostrava", price_minor=50_000, currency="GBP", price_text="£500"
    )
    build.listing("c", title="Belt", text=THERE, seller="c")
    build.close()
    flag(kept, first.listing, Level.priority, build.run.id)
    flag(kept, second.listing, Level.review, build.run.id)
    kept.keep_actor(Actor("officer", "demo", "A. Officer (fictional)", "officer"))
    run(kept, home)
    return kept


def ranked(store: Store, home: Home, **more: Any) -> list[Ranked]:
    with store.acting("system", purpose="test") as reader:
        return rank(reader, home=home, now=NOW, **more)


def exact(parts: Sequence[Part], harm_: float, strength: float, figure: float) -> None:
    total = sum((Decimal(repr(p.points)) for p in parts), Decimal())
    assert total == Decimal(repr(harm_)) and total * Decimal(repr(strength)) == Decimal(repr(figure))


# -- the figure --------------------------------------------------------------------------------------------------------------
@given(st.lists(st.floats(0, 1000), max_size=20), st.floats(0, 1))
def test_parts_sum_to_the_harm_and_multiply_to_the_figure_exactly(points: list[float], strength: float) -> None:
    w = weigh([Part("x", p, "x") for p in points], strength, "why")
    exact(w.parts, w.harm, w.strength, w.figure)


@settings(max_examples=60)
@given(st.integers(0, 5000), st.integers(0, 9), st.booleans())
def test_more_of_a_harm_is_never_less_harm(pieces: int, closures: int, reopens: bool) -> None:
    given_ = rank_settings()

    def total(n: int, c: int, r: int) -> float:
        return weigh(harm([], c, r, given_, NOW), 1.0, "").harm

    assert total(pieces, closures + 1, reopens) >= total(pieces, closures, reopens) >= 0


def test_each_part_says_what_it_is_for(two: Store, home: Home) -> None:
    first, second = ranked(two, home)
    assert first.flagged and not second.flagged and first.figure > second.figure
    points = {p.code: p.points for p in first.parts}
    # one priority 3 + one review 1; two brands, the second counts 2; £2,000; perfume; captured a day ago less a minute: the whole of `recent`
    assert points == {"advertised": 1.0, "listings": 4.0, "brands": 2.0, "price": 2.0, "safety": 8.0, "recent": 5.0}
    assert "“Perfume” in listing" in next(p.sentence for p in first.parts if p.code == "safety")
    for one in (first, second):
        exact(one.parts, one.harm, one.strength, one.figure)
    assert {p.code for p in second.parts} == {"advertised"}


def test_a_listing_that_an_officer_said_no_of_counts_no_more_and_one_confirmed_counts_for_more(two: Store, home: Home) -> None:
    first = ranked(two, home)[0]
    two.judge(SubjectKind.listing, first.flagged[0], Verdict.no, actor="officer", authority="demo", reason="genuine", findings_digest="d")
    two.judge(SubjectKind.listing, first.flagged[1], Verdict.yes, actor="officer", authority="demo", reason="examined", findings_digest="d")
    again = ranked(two, home)[0]
    assert again.flagged == first.flagged[1:]
    assert next(p.points for p in again.parts if p.code == "listings") == 3.0  # review 1, confirmed 2
    with two.acting("system", purpose="test") as reader:
        [seller] = rank_sellers(reader, home=home, now=NOW)
    assert seller.strength == 1.0 and seller.why == "1 listings confirmed"


def test_a_judgement_of_older_findings_says_neither_yes_nor_no_of_new_ones(two: Store, home: Home) -> None:
    first, second = ranked(two, home)[0].flagged
    for listing, verdict in ((first, Verdict.yes), (second, Verdict.no)):
        two.judge(SubjectKind.listing, listing, verdict, actor="officer", authority="demo", reason="seen", findings_digest="d")
    with two.acting("system", purpose="test") as reader:
        assert [(f.summary.listing.id, f.confirmed) for f in reader.flagged()] == [(first, True)]
    run_ = two.begin_run("flags", actor="system", authority="demo", code_version="", config_digest="").id
    for listing in (first, second):
        flag(two, listing, Level.review, run_, "other findings")
    with two.acting("system", purpose="test") as reader:
        assert [(f.summary.listing.id, f.confirmed) for f in reader.flagged()] == [(first, False), (second, False)]


def test_what_was_seen_long_ago_is_less_recent(two: Store, home: Home) -> None:
    def recent(days: int) -> float:
        with two.acting("system", purpose="test") as reader:
            one = rank(reader, home=home, now=START + timedelta(days=days))[0]
        return next((p.points for p in one.parts if p.code == "recent"), 0.0)

    assert recent(1) == 5.0 > recent(16) > recent(29) > recent(40) == 0.0


def link(score: float, level: str = "unit", status: str = "proposed") -> Link:
    return Link(1, SubjectKind.seller, 1, SubjectKind.premises, 2, "m", score, level, (), status)


def test_no_number_of_proposals_is_as_strong_as_one_confirmation() -> None:
    known = rank_settings()
    many, _ = of_links([link(0.95)] * 50, known)
    one, _ = of_links([link(0.7, status="confirmed")], known)
    building, said = of_links([link(0.8, "building")], known)
    assert many == known.strength.proposed_at_most < one == 1.0
    assert building < of_links([link(0.8)], known)[0] and "building only" in said


def test_equal_places_are_ranked_by_number(kept: Store, home: Home) -> None:
    load(kept, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    build = Builder(kept)
    for n, text in enumerate((THERE, HERE)):
        build.listing(f"x{n}", title="Belt", text=text, seller=f"x{n}")
    build.close()
    run(kept, home)
    orders = {tuple(r.premises.id for r in ranked(kept, home)) for _ in range(3)}
    found = ranked(kept, home)
    assert len(orders) == 1 and [(r.figure, r.premises.id) for r in found] == sorted(
        ((r.figure, r.premises.id) for r in found), key=lambda x: (-x[0], x[1] or 0)
    )


def test_an_unknown_weight_and_one_that_is_none_are_refused_with_the_line(home: Home) -> None:
    shipped = home.file("ranking.yml").read_text(encoding="utf-8")
    own = home.folder / "configs" / "ranking.yml"
    own.write_text(shipped.replace("  brand: 2 ", "  brnad: 2 "), encoding="utf-8")
    with pytest.raises(ConfigError, match="unknown key 'brnad'; did you mean 'brand'"):
        rank_settings(home)
    own.write_text(shipped.replace("  safety: 8 ", "  safety: -8"), encoding="utf-8")
    with pytest.raises(ConfigError, match="safety: points lie"):
        rank_settings(home)
    own.write_text(shipped.replace("proposed_at_most: 0.9", "proposed_at_most: 1.2"), encoding="utf-8")
    with pytest.raises(ConfigError, match="between 0 and 1"):
        rank_settings(home)


# -- the cap -----------------------------------------------------------------------------------------------------------------
def invoke(home: Home, *words: str, ok: int = 0) -> Any:
    done = CliRunner().invoke(app, [*words, "--home", str(home.folder)], env={"TOUCHSTONE_ACTOR": "officer"})
    assert done.exit_code == ok, (done.output, done.exception)
    return done.stdout


def capped(home: Home, most: int) -> None:
    text = home.file("ranking.yml").read_text(encoding="utf-8").replace("per_officer_per_day: 20", f"per_officer_per_day: {most}")
    (home.folder / "configs" / "ranking.yml").write_text(text, encoding="utf-8")


def test_an_officer_is_given_no_more_than_the_cap_and_told_what_was_left_out(two: Store, home: Home) -> None:
    capped(home, 1)
    for name in ("b.officer", "c.officer"):
        two.keep_actor(Actor(name, "demo", name, "officer"))
    found = json.loads(invoke(home, "premises", "rank", "--for-officer", "b.officer", "--json"))
    assert len(found["premises"]) == 1 and "1 premises of at most 1; 1 more are ranked and were left out" in found["note"]
    again = json.loads(invoke(home, "premises", "rank", "--for-officer", "b.officer", "--json"))
    assert [p["premises"]["id"] for p in again["premises"]] == [p["premises"]["id"] for p in found["premises"]]
    # the day's one stays the day's one, though the order has changed since
    number = found["premises"][0]["premises"]["id"]
    other = next(r for r in ranked(two, home) if r.premises.id != number)
    two.judge(SubjectKind.link, other.links[0].id or 0, Verdict.yes, actor="officer", authority="demo", reason="seen")
    still = json.loads(invoke(home, "premises", "rank", "--for-officer", "b.officer", "--json"))
    assert [p["premises"]["id"] for p in still["premises"]] == [number]
    assert len(json.loads(invoke(home, "premises", "rank", "--for-officer", "c.officer", "--json"))["premises"]) == 1
    disclosed = [e.body for e in two.log() if e.body["purpose"] == "premises given to an officer"]
    assert [e["detail"]["recipient"] for e in disclosed] == ["b.officer", "c.officer"] and disclosed[0]["detail"]["most"] == 1


def test_a_raised_cap_gives_the_rest_of_the_day_and_the_next_day_begins_anew(store: Store, home: Home) -> None:
    """On both databases: what is given counts by officer and day."""
    load(store, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    with store.acting("system", purpose="test") as reader:
        numbers = [p.id or 0 for p in reader.premises()][:5]
    store.keep_authority(Authority("demo", "Demo (invented)", "England"))
    store.keep_actor(Actor("x", "demo", "x", "officer"))
    assert store.give("x", "2026-03-01", numbers[:4], 2, actor="system") == numbers[:2]
    assert store.give("x", "2026-03-01", numbers[3:], 3, actor="system") == [*numbers[:2], numbers[3]]
    assert store.give("x", "2026-03-01", numbers, 3, actor="system") == [*numbers[:2], numbers[3]]
    assert store.give("x", "2026-03-02", numbers, 2, actor="system") == numbers[:2]
    with store.acting("system", purpose="test") as reader:
        assert reader.given("x", "2026-03-01") == [*numbers[:2], numbers[3]]
    assert not store.verify()


def test_places_are_given_to_nobody_who_does_not_work_here(two: Store, home: Home) -> None:
    """One officer under two spellings would have two caps."""
    for name in ("Officer", "officer.", "system", " "):
        done = CliRunner().invoke(
            app, ["premises", "rank", "--for-officer", name, "--home", str(home.folder)], env={"TOUCHSTONE_ACTOR": "officer"}
        )
        assert isinstance(done.exception, TouchstoneError) and "nobody works here under" in str(done.exception), name
    assert len(json.loads(invoke(home, "premises", "rank", "--for-officer", " officer ", "--json"))["premises"]) == 2


# -- a closed place that trades ----------------------------------------------------------------------------------------------
CLOSED = Closure(2, date(2026, 3, 1), date(2026, 5, 31), "register closure_orders, CO/1")


def seen(day: str, listing: int = 7, seller: int | None = 1, first: str = "2026-01-01", capture: int = 50) -> Seen:
    at = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    return Seen(listing, seller, capture, at, datetime.fromisoformat(f"{first}T12:00:00+00:00"), "https://stall.example/7")


def test_a_link_of_before_the_closure_without_a_new_capture_raises_none() -> None:
    assert reopened([CLOSED], [link(0.9)], []) == []
    assert reopened([CLOSED], [link(0.9)], [seen("2026-02-27"), seen("2026-06-01")]) == []


def test_a_capture_within_the_closure_raises_one_that_cites_it() -> None:
    [alert] = reopened([CLOSED], [link(0.9)], [seen("2026-02-27"), seen("2026-03-09", capture=61), seen("2026-03-05", capture=60)])
    assert (alert.capture, alert.captures, alert.premises, alert.at, alert.link) == (61, 2, 2, 2, 1)
    assert "was up before the closure and was still up on 2026-03-09" in alert.sentence and "proposed" in alert.sentence


def test_a_listing_that_is_new_within_the_closure_is_cited_before_one_that_stayed_up() -> None:
    new = seen("2026-03-04", listing=8, first="2026-03-03", capture=60)
    [alert] = reopened([CLOSED], [link(0.9, status="confirmed")], [seen("2026-03-09", capture=61), new])
    assert alert.listing == 8 and "confirmed, was first seen on 2026-03-03" in alert.sentence and alert.capture == 60


def test_the_day_of_the_order_raises_none_and_the_days_are_londons() -> None:
    assert reopened([CLOSED], [link(0.9)], [seen("2026-03-01")]) == []
    late = replace(seen("2026-05-31"), at=datetime(2026, 5, 31, 23, 30, tzinfo=UTC))  # 00:30 on 1 June in London
    assert reopened([CLOSED], [link(0.9)], [late]) == []
    assert len(reopened([replace(CLOSED, ends=None)], [link(0.9)], [late])) == 1


def test_what_does_not_lead_to_the_closed_unit_raises_none() -> None:
    captured = [seen("2026-03-09")]
    other = replace(link(0.9), object=3)
    assert reopened([CLOSED], [other], captured) == []  # the unit next door, and the building as a whole
    assert reopened([CLOSED], [link(0.9, status="refused")], captured) == []
    assert reopened([CLOSED], [link(0.9, status="no longer found")], captured) == []
    assert reopened([CLOSED], [link(0.9)], [seen("2026-03-09", seller=99)]) == []
    [alert] = reopened([CLOSED], [other], captured, inside={2: {2, 3}})  # a unit of a closed building
    assert (alert.premises, alert.at) == (2, 3)


ORDERS = """kind: authority_list
title: Closure orders (invented)
licence: invented
fact: closure_order
columns: {address: Address, postcode: Postcode, reference: Order, from_date: From, until_date: Until}
"""


def close_unit(store: Store, home: Home, premises: int, start: str, until: str = "") -> None:
    """A register of closure orders with one entry, at the address that another register gives of these premises."""
    with store.acting("system", purpose="test") as reader:
        entry = reader.entries_of(premises)[0]
    (home.folder / "configs" / "registers").mkdir(parents=True, exist_ok=True)
    (home.folder / "configs" / "registers" / "closure_orders.yml").write_text(ORDERS)
    file = home.folder / "orders.csv"
    file.write_text(f'Order,Address,Postcode,From,Until\nCO/1,"{entry.address_raw}",{entry.postcode},{start},{until}\n')
    load(store, home, "closure_orders", file, actor="system")
    with store.acting("system", purpose="test") as reader:
        assert any(e.register == "closure_orders" for e in reader.entries_of(premises)), "it is of the same premises"


def test_a_closed_unit_whose_seller_is_captured_again_is_an_alert_everywhere(two: Store, home: Home) -> None:
    assert "No closure is recorded" in invoke(home, "premises", "alerts")
    number = ranked(two, home)[0].premises.id or 0
    close_unit(two, home, number, "2026-02-20", "2026-02-27")
    assert "No alert: 1 closures are recorded." in invoke(home, "premises", "alerts")
    past = ranked(two, home)[0]
    assert not past.alerts and next(p.points for p in past.parts if p.code == "closures") == 10.0
    close_unit_again = Closure(number, date(2026, 2, 20), None, "test")
    with two.acting("system", purpose="test") as reader:
        [alert] = alerts(reader, rank_settings(home), [close_unit_again])
        captures = {c.id for c in reader.listing_captures(alert.listing)}
    assert alert.at == number and alert.capture in captures


def test_an_order_whose_end_a_later_edition_states_is_over(two: Store, home: Home) -> None:
    number = ranked(two, home)[0].premises.id or 0
    close_unit(two, home, number, "2026-02-20")
    assert ranked(two, home)[0].alerts
    close_unit(two, home, number, "2026-02-20", "2026-02-27")
    with two.acting("system", purpose="test") as reader:
        assert [(c.starts, c.ends) for c in closures(reader, rank_settings(home))] == [(date(2026, 2, 20), date(2026, 2, 27))]
    assert not ranked(two, home)[0].alerts


def test_the_same_holds_of_orders_that_have_no_number(two: Store, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.premises.test_rank.ORDERS", ORDERS.replace(" reference: Order,", ""))
    number = ranked(two, home)[0].premises.id or 0
    for until in ("", "2026-02-27"):
        close_unit(two, home, number, "2026-02-20", until)
    with two.acting("system", purpose="test") as reader:
        assert [c.ends for c in closures(reader, rank_settings(home))] == [date(2026, 2, 27)]


def test_a_seller_has_the_alerts_of_every_closed_place(two: Store, home: Home) -> None:
    first, other = ranked(two, home)
    method = two.keep_method(Method("linker", "by hand", "1"))
    two.keep_links(
        [replace(link(0.9), object=other.premises.id or 0, subject=first.links[0].subject)],
        method,
        first_run(two),
        actor="system",
        purpose="link",
    )
    for one in (first, other):
        order = ClosureOrder("Wexcombe Magistrates (fictional)", "2026-02-20", "s.80 of the Act of 2014")
        two.keep_follow_up(FollowUp(None, Kind.closure, order, NOW, True, one.premises.id, None), actor="officer", authority="demo")
    with two.acting("system", purpose="test") as reader:
        seller = rank_sellers(reader, home=home, now=NOW)[0]
    assert sorted(a.at for a in seller.alerts) == sorted((first.premises.id, other.premises.id))


def test_no_number_of_better_links_pushes_a_place_out(two: Store, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links between sellers, and those of better score, are many: what leads to places is asked for by itself, and all of it."""
    expected = [r.premises.id for r in ranked(two, home, limit=None)]
    method = two.keep_method(Method("linker", "by hand", "1"))
    alike = [Link(None, SubjectKind.seller, 1, SubjectKind.seller, n, "", 0.99, "alias", ()) for n in range(100, 1300)]
    places = [replace(link(0.99), object=9000 + n) for n in range(1100)]
    two.keep_links([*alike, *places], method, first_run(two), actor="system", purpose="link")
    assert [r.premises.id for r in ranked(two, home, limit=None)] == expected
    with two.acting("system", purpose="test") as reader:
        every = reader.links_to(SubjectKind.premises)
        assert (
            len(every) >= 1102
            and {x.object_kind for x in every} == {SubjectKind.premises}
            and [x.id for x in every] == sorted(x.id or 0 for x in every)
        )
        assert {x.object for x in reader.links_to(SubjectKind.premises, range(9000, 9600))} == set(range(9000, 9600))
        assert reader.links_to(SubjectKind.premises, []) == []


def test_only_links_to_the_closed_place_are_read_for_alerts(two: Store, home: Home) -> None:
    one = ranked(two, home)[0]
    closed = Closure(one.premises.id or 0, date(2026, 2, 20), None, "test")
    with two.acting("officer", purpose="alerts of one") as reader:
        assert alerts(reader, rank_settings(home), [closed])
    [event] = [e.body for e in two.log() if e.body["purpose"] == "alerts of one"]
    assert event["subjects"]["link"] == ranges(x.id or 0 for x in one.links)


def test_a_building_shows_its_own_units_and_no_other_shop_of_the_postcode(kept: Store, home: Home) -> None:
    (home.folder / "list.csv").write_text(
        "Name,Line 1,Line 2,Town,County,Postcode,Telephone\n"
        "Other Shop (invented),1 Wexcombe Parade,,,,M32 0TH,\nOurs (invented),Unit 2,Larch Market,Tannery Street,,M32 0TH,\n"
    )
    load(kept, home, "units", home.folder / "list.csv", actor="system")
    with kept.acting("system", purpose="test") as reader:
        [building] = [p for p in reader.premises() if p.kind == "building" and "larch market" in p.label.casefold()]
        found = show(reader, building.id or 0, home=home)
        assert [e.name for e in found.entries] == ["Ours (invented)"] and found.position == "postcode" and found.postcode == "M32 0TH"
        with kept.database.writing() as c:
            from sqlalchemy import text

            c.execute(text("UPDATE premises SET building = NULL"))
        bare = show(reader, building.id or 0, home=home)
    assert bare.entries == () and (bare.lat, bare.lon, bare.position) == (found.lat, found.lon, "postcode")


def first_run(store: Store) -> str:
    return store.begin_run("link", actor="system", authority="demo", code_version="", config_digest="").id


def test_a_closure_that_an_officer_recorded_counts_as_one_of_a_register(two: Store, home: Home) -> None:
    number = ranked(two, home)[0].premises.id or 0
    order = ClosureOrder("Wexcombe Magistrates (fictional)", "2026-02-20", "s.80 of the Act of 2014")
    two.keep_follow_up(FollowUp(None, Kind.closure, order, NOW, True, number, None), actor="officer", authority="demo")
    [alert] = ranked(two, home)[0].alerts
    assert alert.at == number and "follow-up 1: s.80 of the Act of 2014" in alert.sentence
    assert "ALERT" in invoke(home, "status")


def test_an_alert_is_shown_by_rank_show_status_and_alerts_with_exit_status_1(two: Store, home: Home) -> None:
    number = ranked(two, home)[0].premises.id or 0
    close_unit(two, home, number, "2026-02-20")
    found = ranked(two, home)[0]
    assert found.premises.id == number and len(found.alerts) == 1 and any(p.code == "reopened" for p in found.parts)
    with two.acting("system", purpose="test") as reader:
        assert show(reader, number, home=home).alerts and rank_sellers(reader, home=home, now=NOW)[0].alerts
    assert (
        "ALERT" in invoke(home, "premises", "rank")
        and "ALERT" in invoke(home, "premises", "show", str(number))
        and "ALERT" in invoke(home, "status")
    )
    cited = json.loads(invoke(home, "premises", "alerts", "--json", ok=1))
    assert cited[0]["capture"] == found.alerts[0].capture and json.loads(invoke(home, "status", "--json"))["alerts"] == cited


def test_what_was_handed_in_within_a_closure_raises_none(kept: Store, home: Home) -> None:
    build = Builder(kept)
    reading = build.listing("a", title="Bag", text=HERE, seller="a")
    build.close()
    with kept.acting("system", purpose="test") as reader:
        assert [s.listing for s in reader.seen(listings=[reading.listing], since=START)] == [reading.listing]
        with kept.database.writing() as c:
            from sqlalchemy import text

            c.execute(text("UPDATE capture SET kind = :kind"), {"kind": str(CaptureKind.handed_in)})
        assert reader.seen(listings=[reading.listing], since=START) == []


# -- roll-ups ----------------------------------------------------------------------------------------------------------------
def test_roll_ups_count_every_place_once_and_sum_to_the_whole(two: Store, home: Home) -> None:
    found = ranked(two, home)
    whole = sum((Decimal(repr(r.figure)) for r in found), Decimal())
    for by in BY:
        groups = roll_up(found, by)
        assert sorted(n for g in groups for n in g.premises) == sorted(r.premises.id or 0 for r in found), by
        assert sum((Decimal(repr(g.figure)) for g in groups), Decimal()) == whole, by
    [trafford] = roll_up(found, "service")
    assert (trafford.name, trafford.flagged, trafford.subjects) == ("Trafford trading standards", 2, 2)
    assert {g.name for g in roll_up(found, "district")} == {"M32", "M33"}
    assert [g.name for g in roll_up(found, "ward")] == ["not known"]
    with pytest.raises(TouchstoneError, match="no roll-up by 'parish'"):
        roll_up(found, "parish")


def test_landlord_and_market_are_what_the_newest_entry_says(two: Store, home: Home) -> None:
    one = ranked(two, home)[0]
    entry = replace(one.entries[0], parts={"landlord": "Larch Estates (fictional)", "market": "Larch Market"})
    told = replace(one, landlord="Larch Estates (fictional)", market="Larch Market", entries=(entry,))
    from premises.facts import newest

    assert newest([entry, one.entries[0]], "landlord") == "Larch Estates (fictional)" and newest([one.entries[0]], "landlord") == ""
    assert [g.name for g in roll_up([told, replace(one, premises=replace(one.premises, id=99))], "landlord")] == [
        "Larch Estates (fictional)",
        "not known",
    ]
    rows = json.loads(invoke(home, "premises", "rollup", "--by", "authority", "--json"))
    assert [r["name"] for r in rows] == ["Trafford"]


# -- near, and exports ---------------------------------------------------------------------------------------------------------
def test_near_takes_a_postcode_or_a_position_and_a_distance(two: Store, home: Home) -> None:
    [one] = json.loads(invoke(home, "premises", "near", "M32 0TH", "--within", "500m", "--json"))
    assert one["postcode"] == "M32 0TH" and one["distance_m"] < 1
    there = json.loads(invoke(home, "premises", "near", f"{one['lat']},{one['lon']}", "--within", "50km", "--json"))
    assert [p["postcode"] for p in there] == ["M32 0TH", "M33 7ZF"] and there[0]["distance_m"] <= there[1]["distance_m"]
    for words in (("nowhere",), ("53.4,abc",), ("99,0",), ("M32 0TH", "--within", "far"), ("M32 0TH", "--within", "-5m")):
        done = CliRunner().invoke(app, ["premises", "near", *words, "--home", str(home.folder)])
        assert isinstance(done.exception, TouchstoneError) or done.exit_code == 2, words


def test_geojson_has_longitude_first_and_says_whose_the_position_is(two: Store, home: Home, tmp_path: Path) -> None:
    found = ranked(two, home)
    nowhere = replace(found[1], lat=None, lon=None, position="unknown")
    made = json.loads(json.dumps(geojson([found[0], nowhere])))
    first, second = made["features"]
    assert made["type"] == "FeatureCollection" and first["geometry"]["type"] == "Point"
    lon, lat = first["geometry"]["coordinates"]
    assert -8 < lon < 2 and 49 < lat < 61 and (lat, lon) == (round(found[0].lat or 0, 6), round(found[0].lon or 0, 6))
    assert first["properties"]["position"] == "postcode" and first["id"] == found[0].premises.id
    assert second["geometry"] is None and second["properties"]["position"] == "unknown"
    invoke(home, "premises", "rank", "--geojson", str(tmp_path / "p.geojson"))
    assert len(json.loads((tmp_path / "p.geojson").read_text(encoding="utf-8"))["features"]) == 2
    assert [e.body["verb"] for e in two.log()][-2:] == ["disclosure", "consultation"]


def test_no_cell_of_an_export_is_a_formula(two: Store, home: Home, tmp_path: Path) -> None:
    with two.database.writing() as c:
        from sqlalchemy import text

        c.execute(text("UPDATE premises SET label = '=HYPERLINK(1)' || label"))
    invoke(home, "premises", "rank", "--csv", str(tmp_path / "p.csv"))
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS and len(rows) == 2
    assert all(r["place"].startswith("'=HYPERLINK") for r in rows) and all(
        not str(v).startswith(("=", "+", "@")) for r in rows for v in r.values()
    )
    assert rows[0]["service"] == "Trafford trading standards"
    assert len(row(ranked(two, home)[0])) == len(COLUMNS)


def test_the_map_is_drawn_as_svg_and_png_and_other_endings_are_refused(two: Store, home: Home, tmp_path: Path) -> None:
    invoke(home, "premises", "rank", "--map", str(tmp_path / "p.svg"))
    assert (tmp_path / "p.svg").read_text(encoding="utf-8").count("<circle") == 2
    invoke(home, "premises", "near", "M32 0TH", "--map", str(tmp_path / "p.png"))
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    done = CliRunner().invoke(app, ["premises", "rank", "--map", str(tmp_path / "p.pdf"), "--home", str(home.folder)])
    assert isinstance(done.exception, TouchstoneError) and "neither .svg nor .png" in str(done.exception)


def test_sellers_are_ranked_by_their_own_flagged_listings(two: Store, home: Home) -> None:
    [one] = json.loads(invoke(home, "seller", "rank", "--json"))
    assert one["seller"]["handle"] == "a" and len(one["flagged"]) == 2 and len(one["places"]) == 1
    exact([Part(**p) for p in one["parts"]], one["harm"], one["strength"], one["figure"])
    assert one["strength"] == 0.72  # 1 - 0.4 × 0.7


def test_the_settings_that_are_shipped_are_read(home: Home) -> None:
    assert isinstance(rank_settings(home), RankSettings) and rank_settings(home) == rank_settings()
