"""The money of a case: three cases worked by hand, the two valuations that are never added, and what is refused at recording."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from casework import money
from casework.documents import docx_bytes, pdf_bytes, texts
from casework.money import Benefit, BenefitLine, Erv, Point, count_once, sold_lines
from store import tables as t
from store.config import ConfigError, Home
from store.errors import TouchstoneError
from store.store import Store
from store.words.followup import FollowUp, Item, Kind, Seizure
from store.words.records import Case, Details, Parsed, Reference, ReferenceKind, Snapshot, SubjectKind
from store.words.valuation import Culpability, Feedback, GenuinePrice, Goods, PriceFrom, Receipt, evidence_of
from tests.builders import START, Builder
from tests.casework.test_followup import Work, work, world  # noqa: F401

CASE = "TS-2026-7"
PAPER = (evidence_of("document:CD/118"),)


class Desk:
    """A case, and hands that record in it."""

    def __init__(self, store: Store, home: Home) -> None:
        self.store, self.home = store, home
        self.build = Builder(store, "stall")
        store.open_case(Case(CASE, "demo", "Belts"), actor="officer")

    def advert(self, ref: str, account: str, said: Sequence[tuple[str, int, str, str]]) -> int:
        """An exhibited listing that says, in capture after capture, (sold in words, sold, price in words, currency); its seller."""
        for words, sold, price, currency in said:
            minor = int(price.replace(".", "")) if price else None
            snapshot = Snapshot(title="Belt", price_text=price, price_minor=minor, currency=currency if price else None, seller=account)
            url = f"http://stall.example/item/{ref}"
            page = self.build.capture(url, f"{words} {price} {self.build._minute}".encode())
            parsed = Parsed(ref, url, snapshot, details=Details(sold_text=words, sold=sold))
            [reading] = self.store.keep_readings(page, "hand", "hand/1", [parsed], self.build.run.id)
        self.store.exhibit(CASE, SubjectKind.listing, reading.listing, initials="AB", description="an advert", actor="officer")
        assert reading.seller is not None
        return reading.seller

    def seized(self, *items: Item) -> int:
        what = Seizure(items, "none", "the store")
        with self.store.database.writing() as c:
            place = c.execute(
                t.premises.insert().values(kind="unit", label="Unit 1", key=f"k{START}{len(items)}", added_at=START)
            ).inserted_primary_key
        row = FollowUp(None, Kind.seizure, what, START, True, int(place[0]), None, case=CASE)  # type: ignore[index]
        return self.store.keep_follow_up(row, actor="officer", authority="demo").id or 0

    def keep(self, said: Any, **more: Any) -> int:
        return self.store.keep_money(CASE, said, actor="officer", authority="demo", **more)

    def money(self, into: str = "") -> money.Money:
        with self.store.acting("officer", purpose="test", case=CASE) as reader:
            return money.of_case(reader, self.home, CASE, into=into)


@pytest.fixture
def desk(sqlite_store: Store, tmp_path: Path) -> Desk:
    (tmp_path / "configs").mkdir()
    return Desk(sqlite_store, Home(tmp_path))


def price(pounds: str, currency: str = "GBP") -> GenuinePrice:
    return GenuinePrice(int(pounds.replace(".", "")), currency, PriceFrom.list, "Maison Lozenge price list", "2026-03-01")


def pieces(what: str, quantity: int, evidence: str, *prices: str, currency: str = "GBP") -> Goods:
    """One price stands for all three."""
    low, mid, high = (price(each, currency) for each in (prices * 3)[:3]) if prices else (None, None, None)
    return Goods(what, quantity, (evidence_of(evidence),), "Maison Lozenge", low, mid, high)


# -- three cases worked by hand ---------------------------------------------------------------------------------------------------
def test_first_case_a_seizure_with_a_price_list_and_three_payments(desk: Desk) -> None:
    """Seized: 40 belts, 12 bags, 3 watches; genuine belts sell at £320 to £395, £350 the usual; bags at £1,850; of watches no price is known.

    | | pieces | low | mid | high |
    |---|---|---|---|---|
    | belts | 40 | 40 × £320 = £12,800 | 40 × £350 = £14,000 | 40 × £395 = £15,800 |
    | bags | 12 | 12 × £1,850 = £22,200 | £22,200 | £22,200 |
    | together | | **£35,000** | **£36,200** | **£38,000** |

    At least, since 3 watches have no price. All three lie between £5,000 and £50,000: category 3. Received: £45.00 + £60.00 + £1,020.50 = **£1,125.50**.
    """
    row = desk.seized(Item("belts", 40, "Maison Lozenge"), Item("bags", 12, "Maison Lozenge"), Item("watches", 3))
    desk.keep(pieces("belts", 40, f"seizure:{row}/1", "320.00", "350.00", "395.00"))
    desk.keep(pieces("bags", 12, f"seizure:{row}/2", "1850.00"))
    for payment, minor in (("line 1", 4500), ("line 2", 6000), ("line 3", 102050)):
        desk.keep(Receipt(payment, minor, "GBP", "2026-03-02", PAPER))
    found = desk.money()
    [figure] = found.erv.figures
    assert (figure.low, figure.mid, figure.high) == (Erv(35_000_00, "GBP"), Erv(36_200_00, "GBP"), Erv(38_000_00, "GBP"))
    assert figure.categories == ("3", "3", "3")
    assert (found.erv.without_price, found.erv.pieces_without_price) == (1, 3)
    assert found.erv.bound.startswith("at least: 1 item (3 pieces counted) without a price")
    assert found.benefit.figures == (Benefit(1125_50, "GBP"),) and found.benefit.bound == ""
    assert [line.source for line in found.erv.lines[:2]] == ["list Maison Lozenge price list, 2026-03-01"] * 2


def test_second_case_what_one_account_sold_while_it_was_watched(desk: Desk) -> None:
    """One advert in four captures: 12 sold at £45, 20 sold at £40, 20 sold at £50, 33 sold at £50. Rated 100 times, at £10 a sale.

    | | pieces | at | |
    |---|---|---|---|
    | before the first capture | 12 | £45 | £540 |
    | from 12 to 20 | 8 | the lower of £45 and £40 | £320 |
    | from 20 to 20 | 0 | | |
    | from 20 to 33 | 13 | the lower of £50 and £50 | £650 |
    | sold, together | 33 | | £540 + £320 + £650 = **£1,510** |

    Feedback, 100 × £10 = £1,000, measures the same sales and is less: it is shown and not counted. Of 33 pieces no genuine price is known.
    """
    seller = desk.advert(
        "1", "strap_stall", [("12 sold", 12, "45.00", "GBP"), ("20 sold", 20, "40.00", "GBP"), ("20 sold", 20, "50.00", "GBP"), ("33 sold", 33, "50.00", "GBP")]
    )  # fmt: skip
    desk.keep(Feedback(seller, 100, 1000, "GBP", "2026-03-03", "one rating is one sale at the lowest price seen", PAPER))
    found = desk.money()
    values = [(line.method, str(line.value), line.counted) for line in found.benefit.lines]
    assert values == [("sold_count", "£540.00", True), ("sold_count", "£970.00", True), ("feedback", "£1,000.00", False)]
    assert found.benefit.figures == (Benefit(1510_00, "GBP"),)
    assert found.benefit.lines[2].why_not == "measures sales that another method counts"
    assert [(line.quantity, line.mid) for line in found.erv.lines] == [(33, None)] and found.erv.figures == ()
    assert "no price is known" in money.erv_sentences(found)[0] and "33 pieces" in found.erv.bound


def test_third_case_two_currencies_a_rounded_count_and_a_dated_rate(desk: Desk) -> None:
    """One account sells in euro: 10 sold, then 14, at €30. Another in pounds: "1.2k sold" at £5, then at £4. Goods: 2 bags at €1,200, 1 at £900.

    | | | |
    |---|---|---|
    | euro, before | 10 × €30 | €300 |
    | euro, while watched | (14 − 10) × €30 | €120 |
    | pounds, rounded by the site | at least 1,200 × £4, the lowest price seen | £4,800 |

    Benefit: **€420** and **£4,800**, two figures. Value of genuine goods: **€2,400** and **£900**, two figures, the pound's one at least.
    At 1.20 euro to the pound: €420 ÷ 1.2 = £350, so £350 + £4,800 = **£5,150**; €2,400 ÷ 1.2 = £2,000, so £2,000 + £900 = **£2,900**.
    """
    desk.advert("1", "strap_euro", [("10 sold", 10, "30.00", "EUR"), ("14 sold", 14, "30.00", "EUR")])
    desk.advert("2", "strap_pound", [("1.2k sold", 1200, "5.00", "GBP"), ("1.2k sold", 1200, "4.00", "GBP")])
    desk.keep(pieces("bags", 2, "exhibit:AB1", "1200.00", currency="EUR"))
    desk.keep(pieces("bag", 1, "exhibit:AB2", "900.00"))
    found = desk.money()
    assert found.benefit.figures == (Benefit(420_00, "EUR"), Benefit(4800_00, "GBP"))
    assert [(f.mid, f.categories) for f in found.erv.figures] == [(Erv(2400_00, "EUR"), None), (Erv(900_00, "GBP"), ("4", "4", "4"))]
    assert "another currency" in found.erv.bound
    (desk.home.folder / "configs" / "currencies.yml").write_text(
        "source: Bank of Wexcombe (fictional)\ngood_for_days: 31\ndays:\n  - {date: 2026-03-01, per_gbp: {EUR: 1.2}}\n"
    )
    turned = desk.money("GBP")
    assert turned.benefit.figures == (Benefit(5150_00, "GBP"),)
    assert [f.mid for f in turned.erv.figures] == [Erv(2900_00, "GBP")] and turned.erv.bound == "" and turned.notes == ()
    assert "1.2 EUR to the pound on 2026-03-01 (Bank of Wexcombe (fictional))" in turned.benefit.lines[0].source
    (desk.home.folder / "configs" / "currencies.yml").write_text(
        "source: Bank of Wexcombe (fictional)\ngood_for_days: 31\ndays:\n  - {date: 2020-03-01, per_gbp: {EUR: 1.2}}\n"
    )
    stale = desk.money("GBP")
    assert stale.benefit.figures == found.benefit.figures and len(stale.notes) == 3 and "days from" in stale.notes[0]


# -- two valuations that are never added --------------------------------------------------------------------------------------------
def test_the_two_kinds_of_value_cannot_be_added_nor_two_currencies() -> None:
    assert Erv(1, "GBP") + Erv(2, "GBP") == Erv(3, "GBP") and Erv(1, "GBP") != Benefit(1, "GBP")
    for one, other in (
        (Erv(1, "GBP"), Benefit(2, "GBP")),
        (Benefit(1, "GBP"), Erv(2, "GBP")),
        (Erv(1, "GBP"), Erv(2, "EUR")),
        (Erv(1, "GBP"), 2),
    ):
        with pytest.raises(TypeError, match="never added"):
            one + other  # type: ignore[operator]
    with pytest.raises(TypeError):
        sum([Erv(1, "GBP"), Benefit(2, "GBP")])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="two valuations"):
        money.total([Erv(1, "GBP"), Benefit(2, "GBP")])  # type: ignore[type-var]


def test_no_code_adds_them_and_no_column_has_both() -> None:
    root = Path(money.__file__).parent.parent
    for path in (root / "casework/money.py", root / "casework/commands/money.py", root / "store/money.py", root / "casework/referrals.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
                named = " ".join(getattr(n, "attr", getattr(n, "id", "")).lower() for n in ast.walk(node))
                assert not ("erv" in re.split(r"\W|_", named) and "benefit" in re.split(r"\W|_", named)), f"{path}:{node.lineno}"
    columns = [f"{table.name}.{column.name}" for table in t.metadata.sorted_tables for column in table.columns]
    assert not [name for name in columns if "erv" in name and "benefit" in name]
    assert set(money.Money.__dataclass_fields__) == {"case", "erv", "benefit", "culpability", "bands", "notes"}


def test_their_sum_stands_in_no_output(desk: Desk, tmp_path: Path) -> None:
    """£3,210.00 of goods and £4,567.00 received: £7,777.00 must stand nowhere."""
    import pypdf

    desk.keep(pieces("belts", 3, "document:D1", "1070.00"))
    desk.keep(Receipt("line 1", 4567_00, "GBP", "2026-03-02", PAPER))
    page = money.document(desk.money(), "Demonstration Council", "1 March 2026")
    import io

    printed = "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(pdf_bytes(page))).pages)
    for said in ("\n".join(texts(page)), printed):
        assert "3,210.00" in said and "4,567.00" in said
        assert not re.search(r"7[,.]?777", said)
    assert docx_bytes(page).startswith(b"PK")
    said = list(texts(page))
    first, second = said.index("1 Equivalent retail value of genuine goods"), said.index("2 Benefit")
    assert any("3,210.00" in each for each in said[first:second]) and not any("4,567.00" in each for each in said[first:second])
    assert any("4,567.00" in each for each in said[second:]) and not any("3,210.00" in each for each in said[second:])


# -- what sites' counts give -----------------------------------------------------------------------------------------------------------
RULES = money.read_settings(Home(Path())).benefit


def points(*said: tuple[str, int, int | None], currency: str = "GBP") -> list[Point]:
    return [
        Point(START + timedelta(days=n), n + 1, sold, words, minor, currency if minor else None)
        for n, (words, sold, minor) in enumerate(said)
    ]


def test_a_count_that_falls_began_anew_and_what_it_starts_with_is_not_counted_again() -> None:
    lines = sold_lines("x", 1, points(("10 sold", 10, 1000), ("14 sold", 14, 1000), ("3 sold", 3, 1000), ("5 sold", 5, 1000)), RULES)
    assert [str(line.value) for line in lines] == ["£100.00", "£60.00"] and "the count fell once" in lines[1].assumption


@pytest.mark.parametrize(
    "words", ["9 sold in last 24 hours", "31 sold in the last 30 days", "5 sold today", "12 per week", "3 sold in 24h"]
)
def test_a_count_of_a_recent_time_is_no_sum_of_sales(words: str) -> None:
    assert sold_lines("x", 1, points((words, 9, 1000), (words.replace("9", "11"), 11, 1000)), RULES) == []


@pytest.mark.parametrize("words", ["1.2k sold", "50+ sold", "More than 50 sold", "over 50 sold", "about 50 sold"])
def test_of_a_rounded_count_only_the_last_is_used_at_the_lowest_price(words: str) -> None:
    [line] = sold_lines("x", 1, points(("12 sold", 12, 900), (words, 50, 1000), (words, 50, 800)), RULES)
    assert str(line.value) == "£400.00" and "at least 50 pieces" in line.assumption


def test_pieces_without_a_price_or_in_two_currencies_make_a_line_without_a_value() -> None:
    none = sold_lines("x", 1, points(("2 sold", 2, None), ("6 sold", 6, 1000)), RULES)
    assert [(line.value, line.pieces) for line in none] == [(None, 2), (None, 4)]
    mixed = [*points(("2 sold", 2, 1000)), replace(points(("6 sold", 6, 1000), currency="EUR")[0], capture=2)]
    assert [str(line.value) for line in sold_lines("x", 1, mixed, RULES)] == ["£20.00", "None"]
    assert count_once(none, RULES).bound == "at least: of 2 lines no price is known"


def test_one_capture_read_again_by_a_newer_parser_counts_once(desk: Desk) -> None:
    desk.advert("1", "strap_stall", [("12 sold", 12, "45.00", "GBP")])
    with desk.store.acting("officer", purpose="test") as reader:
        page = reader.captures_of()[0]
    snapshot = Snapshot(title="Belt", price_text="45.00", price_minor=4500, currency="GBP", seller="strap_stall")
    again = Parsed("1", page.url_final, snapshot, details=Details(sold_text="13 sold", sold=13))
    desk.store.keep_readings(page, "hand", "hand/2", [again], desk.build.run.id)
    assert desk.money().benefit.figures == (Benefit(13 * 45_00, "GBP"),)


def line(method: str, account: int | None, minor: int, currency: str = "GBP") -> BenefitLine:
    return BenefitLine(method, account, "x", Benefit(minor, currency), "", "")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lines", "counted"),
    [
        ([line("receipt", 1, 50), line("sold_count", 1, 900), line("feedback", 1, 400)], [False, True, False]),
        ([line("receipt", 1, 900), line("receipt", 1, 1), line("sold_count", 1, 900)], [True, True, False]),
        ([line("sold_count", 1, 900), line("receipt", 2, 50)], [True, True]),
        ([line("sold_count", 1, 900, "EUR"), line("receipt", 1, 50)], [False, True]),  # no rate: the first of the order
        ([line("sold_count", 1, 900), line("receipt", None, 50)], [True, False]),
        ([line("sold_count", 1, 900), line("receipt", None, 5000), line("receipt", 2, 7)], [False, True, True]),
        ([line("sold_count", 1, 900, "EUR"), line("receipt", None, 50)], [False, True]),
        ([line("receipt", None, 50), line("receipt", None, 60)], [True, True]),
    ],
    ids=[
        "largest",
        "ties to proof",
        "other account",
        "two currencies",
        "nobody's less",
        "nobody's more",
        "nobody's, two currencies",
        "nobody's only",
    ],
)
def test_no_sale_is_counted_twice(lines: list[BenefitLine], counted: list[bool]) -> None:
    part = count_once(lines, RULES)
    assert [each.counted for each in part.lines] == counted
    assert all(bool(each.why_not) is not each.counted for each in part.lines)


# -- recording ---------------------------------------------------------------------------------------------------------------------------
def test_goods_are_counted_once_and_never_more_than_were_seized(desk: Desk) -> None:
    desk.advert("1", "strap_stall", [("", 0, "45.00", "GBP")])
    row = desk.seized(Item("belts", 40))
    first = desk.keep(pieces("belts", 30, f"seizure:{row}/1", "320.00"))
    with pytest.raises(TouchstoneError, match="is 40 pieces, of which 30 are counted already: 11 more are not in it"):
        desk.keep(pieces("belts", 11, f"seizure:{row}/1", "320.00"))
    desk.keep(pieces("belts", 40, f"seizure:{row}/1", "320.00"), supersedes=first)
    desk.keep(pieces("belt", 1, "exhibit:AB1", "320.00"))
    with pytest.raises(TouchstoneError, match="exhibit AB1 are counted already"):
        desk.keep(pieces("belt", 1, "exhibit:AB1", "320.00"))
    assert [line.quantity for line in desk.money().erv.lines] == [40, 1]
    with pytest.raises(TouchstoneError, match="superseded already"):
        desk.keep(pieces("belts", 1, "document:x"), supersedes=first)


def test_a_payment_is_recorded_once(desk: Desk) -> None:
    desk.keep(Receipt("Line 17", 100, "GBP", "2026-03-02", PAPER))
    with pytest.raises(TouchstoneError, match="payment line 17 is recorded already, as record 1"):
        desk.keep(Receipt("line 17", 100, "GBP", "2026-03-02", PAPER))


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        ("exhibit:ZZ9", "has no exhibit ZZ9"), ("capture:999", "no capture 999"), ("seizure:9/1", "is no seizure in force"),
    ],
)  # fmt: skip
def test_evidence_that_is_not_there_is_refused(desk: Desk, evidence: str, why: str) -> None:
    with pytest.raises(TouchstoneError, match=why):
        desk.keep(pieces("belts", 1, evidence, "320.00"))


def test_a_price_of_the_reference_log_is_that_of_the_entry(desk: Desk) -> None:
    entry = Reference(
        None, ReferenceKind.price, "demo", "price list", "officer", "Maison Lozenge", "belts", price_minor=350_00, currency="GBP", dated="2026-03-01",
        low_minor=320_00, high_minor=395_00, rows=12, sellers=4,
    )  # fmt: skip
    number = desk.store.add_reference(entry)
    right = [GenuinePrice(minor, "GBP", PriceFrom.reference, str(number), "2026-03-01") for minor in (320_00, 350_00, 395_00)]
    desk.keep(Goods("belts", 1, PAPER, "", *right))
    for wrong in (replace(right[0], minor=1), replace(right[0], dated="2026-01-01"), replace(right[0], cites="99")):
        with pytest.raises(TouchstoneError, match=r"says something else|no price entry 99"):
            desk.keep(Goods("belts", 1, PAPER, "", wrong, *right[1:]))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: pieces("belts", 0, "document:x"), "how many pieces"),
        (lambda: Goods("belts", 1, ()), "what shows the quantity"),
        (lambda: pieces("belts", 1, "document:x", "9.00", "8.00", "10.00"), "not in that order"),
        (lambda: Goods("belts", 1, PAPER, "", price("9.00"), None, None), "low, mid and high"),
        (lambda: Goods("belts", 1, PAPER, "", price("9.00"), price("9.00", "EUR"), price("9.00")), "one currency"),
        (lambda: GenuinePrice(1, "GBP", PriceFrom.list, " ", "2026-03-01"), "where it comes from"),
        (lambda: GenuinePrice(1, "GBP", PriceFrom.list, "x", "1 March"), "is no date"),
        (lambda: Receipt(" ", 1, "GBP", "2026-03-01", PAPER), "name it"),
        (lambda: Feedback(1, 5, 1, "GBP", "2026-03-01", " ", PAPER), "the assumption"),
        (lambda: Culpability("mimic_site", "", ()), "rests on evidence"),
        (lambda: evidence_of("AB1"), "write 'AB1' as exhibit:AB1"),
        (lambda: evidence_of("seizure:12"), "seizure:12/1"),
    ],
    ids=[f"case {n}" for n in range(12)],
)
def test_what_lacks_a_part_is_refused_with_a_sentence(make: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        make()


def test_an_edit_is_found_and_a_case_keeps_its_records(desk: Desk) -> None:
    number = desk.keep(Receipt("line 1", 100, "GBP", "2026-03-02", PAPER))
    assert desk.store.verify() == [] and "line 1" not in json.dumps([e.body for e in desk.store.log()])
    with pytest.raises(TouchstoneError, match=f"under hold of case {CASE}"):
        desk.store.erase_recorded("money", number, actor="officer", reason="asked")
    with desk.store.database.writing() as c:
        body = c.execute(select(t.money.c.body_json)).scalar_one()
        c.execute(t.money.update().values(body_json=body.replace("100", "900")))
    assert any("record of money, row 1: it was changed" in problem for problem in desk.store.verify())


def test_a_capture_that_money_rests_on_is_not_erased(desk: Desk) -> None:
    page = desk.build.capture("http://stall.example/feedback", b"120 ratings")
    desk.keep(pieces("belts", 1, f"capture:{page.id}"))
    with pytest.raises(TouchstoneError, match="under hold of record of money 1"):
        desk.store.erase(page.id or 0, actor="officer", reason="asked")


# -- culpability -------------------------------------------------------------------------------------------------------------------------
def test_a_marker_is_not_recorded_until_a_person_records_it_and_the_machine_only_suggests(desk: Desk) -> None:
    desk.advert("1", "strap_one", [("", 0, "45.00", "GBP")])
    desk.advert("2", "strap_two", [("", 0, "45.00", "GBP")])
    marks = {mark.name: mark for mark in desk.money().culpability}
    assert {mark.status for mark in marks.values()} == {money.NOT_RECORDED}
    assert marks["multiple_outlets"].proposed.startswith("the exhibited adverts are of 2 accounts; that one person runs them is not shown")
    assert not marks["sustained_period"].proposed and not marks["professional_equipment"].proposed
    desk.keep(Culpability("multiple_outlets", "one phone on both", (evidence_of("exhibit:AB1"), evidence_of("exhibit:AB2"))))
    mark = next(m for m in desk.money().culpability if m.name == "multiple_outlets")
    assert (mark.status, mark.evidence, mark.by) == ("recorded", ("exhibit AB1", "exhibit AB2"), "officer")


def test_the_categories_are_configuration_and_a_printed_page_says_that_they_are_from_memory(desk: Desk) -> None:
    said = "\n".join(texts(money.document(desk.money(), "Demonstration Council", "1 March 2026")))
    assert "written down from memory: check them against the guideline" in said and "(from memory, to be checked)" in said
    bands = money.read_settings(desk.home).erv_bands
    assert [bands.of(minor) for minor in (300_000_00, 299_999_99, 50_000_00, 5_000_00, 4_999_99, 0)] == ["1", "2", "2", "3", "4", "4"]
    shipped = (Path(money.__file__).parent.parent / "configs/money.yml").read_text()
    (desk.home.folder / "configs/money.yml").write_text(shipped.replace("least: 300000", "least: 100"))
    with pytest.raises(ConfigError, match=r"money.yml:\d+: erv_bands: .*the bands begin with the highest"):
        money.read_settings(desk.home)


# -- commands ----------------------------------------------------------------------------------------------------------------------------
def test_an_officer_records_goods_and_money_and_gets_a_page(work: Work, tmp_path: Path) -> None:  # noqa: F811
    case = "TS-2026-1"
    work.run(
        "case",
        "goods",
        case,
        "--what",
        "belts",
        "--quantity",
        "2",
        "--evidence",
        "exhibit:AB1",
        "--price",
        "£320; list:Maison Lozenge price list; 2026-03-01",
    )
    work.run(
        "case",
        "receipt",
        case,
        "--payment",
        "line 1",
        "--amount",
        "£45",
        "--dated",
        "2026-03-02",
        "--evidence",
        "document:CD/118",
        "--seller",
        "1",
    )
    work.run("case", "feedback", case, "--seller", "1", "--count", "3", "--price", "£10", "--dated", "2026-03-02", "--assumption", "one rating one sale", "--evidence", "document:P1")  # fmt: skip
    work.run("case", "culpability", case, "mimic_site", "--evidence", "exhibit:AB2")
    said = work.json("money", case, "--out", str(tmp_path / "papers"))
    assert [f["mid"]["minor"] for f in said["erv"]["figures"]] == [64000] and [f["minor"] for f in said["benefit"]["figures"]] == [4500]
    assert [Path(each).name for each in said["files"]] == [f"{case}-money.docx", f"{case}-money.pdf"]
    shown = work.run("money", case)
    assert "£640.00" in shown and "£45.00" in shown and "685" not in shown and "mimic_site" in shown
    for wrong, why in (
        (["--price", "£320"], "write a price as AMOUNT; SOURCE; DATE"),
        (["--price", "£320; rumour:x; 2026-03-01"], "a price's source is"),
        (["--low", "£1; list:x; 2026-03-01"], "give --low, --mid and --high"),
        (["--reference", "99"], "no price entry 99"),
    ):
        with pytest.raises(TouchstoneError, match=why):
            work.run("case", "goods", case, "--what", "x", "--quantity", "1", "--evidence", "document:x", *wrong)
    with pytest.raises(TouchstoneError, match="did you mean 'mimic_site'"):
        work.run("case", "culpability", case, "mimic-site", "--evidence", "exhibit:AB2")
