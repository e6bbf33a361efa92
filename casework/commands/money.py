"""The money of a case: two valuations that are never added; and what people record for them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casework import money
from casework.commands.common import By, Folder, Json, Why, opened, person, print_json, say, table
from casework.money_told import ON_PRICE, amount_of, marker_there, prices_of, shown_by, stated
from store.config import Home
from store.store import Store
from store.words.valuation import Culpability, Feedback, Goods, Receipt, Said

Shown = Annotated[
    list[str],
    typer.Option("--evidence", help="What shows it: exhibit:AB1, seizure:12/1, capture:88, document:REFERENCE; may be given again."),
]
Corrects = Annotated[int | None, typer.Option("--supersedes", help="The record that this one corrects.")]


def register(app: typer.Typer) -> None:
    app.command("money", rich_help_panel="Cases")(money_)


def register_case(cases: typer.Typer) -> None:
    cases.command("goods")(goods)
    cases.command("receipt")(receipt)
    cases.command("feedback")(feedback)
    cases.command("culpability")(culpability)


def money_(
    case: Annotated[str, typer.Argument(help="The case.")],
    out: Annotated[Path | None, typer.Option(help="Write a document into this folder, DOCX and PDF.")] = None,
    into: Annotated[
        str, typer.Option("--in", help="Convert into this currency by dated rates, where there is one; never by default.")
    ] = "",
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """The equivalent retail value of genuine goods, and the benefit: two valuations that are never added. Missing prices make "at least".

    Example: touchstone money TS-2026-014 --out papers --by a.officer
    """
    with opened(home) as (folder, store):
        actor = person(store, folder, by)
        paths: list[Path] = []
        if out is not None:
            found, paths = money.write(store, folder, case, out, by=actor, why=why, into=into.upper())
        else:
            with store.acting(actor, purpose="money", justification=why, case=case) as reader:
                found = money.of_case(reader, folder, case, into=into.upper())
    if json:
        print_json({"erv": found.erv, "erv_bound": found.erv.bound, "benefit": found.benefit, "benefit_bound": found.benefit.bound, "culpability": found.culpability, "notes": found.notes, "files": paths})  # fmt: skip
        return
    goods_ = [(line.what, "" if line.quantity is None else line.quantity, line.each or "no price", line.low or "", line.mid or "", line.high or "", line.evidence) for line in found.erv.lines]  # fmt: skip
    table(
        "1 Equivalent retail value of genuine goods",
        ("goods", "pieces", "price of one", "low", "mid", "high", "shown by"),
        goods_,
        "No goods are recorded.",
    )
    for sentence in money.erv_sentences(found):
        say(sentence)
    lines = [(line.method.replace("_", " "), line.what, line.account or "", line.value or "no price", line.assumption, "yes" if line.counted else f"no: {line.why_not}") for line in found.benefit.lines]  # fmt: skip
    table("2 Benefit", ("method", "what", "account", "amount", "on the assumption", "counted"), lines, "Nothing is recorded or counted.")
    for sentence in money.benefit_sentences(found):
        say(sentence)
    marks = [(m.level, m.name, m.status, ", ".join(m.evidence), m.proposed) for m in found.culpability if m.evidence or m.proposed]
    table(
        "3 Culpability",
        ("level", "marker", "status", "evidence", "suggested by rows"),
        marks,
        "No marker is recorded, and no row suggests one.",
    )
    for path in (*found.notes, *paths):
        say(str(path))


def goods(
    case: Annotated[str, typer.Argument(help="The case.")],
    what: Annotated[str, typer.Option(help="What the goods are.")],
    quantity: Annotated[int, typer.Option(help="How many pieces.")],
    evidence: Shown,
    brand: Annotated[str, typer.Option(help="The brand that they bear.")] = "",
    price: Annotated[str, typer.Option(help=f"One price of a genuine piece, for low, mid and high. {ON_PRICE}")] = "",
    low: Annotated[str, typer.Option(help="The low price, as --price.")] = "",
    mid: Annotated[str, typer.Option(help="The middle price, as --price.")] = "",
    high: Annotated[str, typer.Option(help="The high price, as --price.")] = "",
    reference: Annotated[int | None, typer.Option(help="A price entry of the reference log: its low, middle and high.")] = None,
    supersedes: Corrects = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Record goods of a case with what genuine ones sell for; without a price they make "at least" of the value.

    Example: touchstone case goods TS-2026-014 --what belts --quantity 40 --evidence seizure:12/1 --price "£320; list:Maison Lozenge price list; 2026-03-01"
    """
    with opened(home) as (folder, store):
        prices = prices_of(store, price, (low, mid, high), reference)
        said = stated(lambda: Goods(what, quantity, shown_by(evidence), brand, *prices))
        _keep(store, folder, case, said, by, why, supersedes, json)


def receipt(
    case: Annotated[str, typer.Argument(help="The case.")],
    payment: Annotated[str, typer.Option(help="What tells this payment from every other: a line of a statement, a transaction's number.")],
    amount: Annotated[str, typer.Option(help="How much: £45.00.")],
    dated: Annotated[str, typer.Option(help="The day, YYYY-MM-DD.")],
    evidence: Shown,
    seller: Annotated[int | None, typer.Option(help="The account that it was for; without one it may be for any sale.")] = None,
    what: Annotated[str, typer.Option(help="What it was for.")] = "",
    supersedes: Corrects = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Record money received. The same payment is not recorded twice.

    Example: touchstone case receipt TS-2026-014 --payment "statement 3, line 17" --amount £45 --dated 2026-03-02 --evidence document:CD/118 --seller 4
    """
    minor, currency = amount_of(amount)
    said = stated(lambda: Receipt(payment, minor, currency, dated, shown_by(evidence), seller, what))
    with opened(home) as (folder, store):
        _keep(store, folder, case, said, by, why, supersedes, json)


def feedback(
    case: Annotated[str, typer.Argument(help="The case.")],
    seller: Annotated[int, typer.Option(help="The account.")],
    count: Annotated[int, typer.Option(help="How many ratings.")],
    price: Annotated[str, typer.Option(help="The price of one sale: £45.")],
    dated: Annotated[str, typer.Option(help="The day on which the count was seen, YYYY-MM-DD.")],
    assumption: Annotated[str, typer.Option(help="What makes sales of it: 'one rating is one sale, at the lowest price asked'.")],
    evidence: Shown,
    supersedes: Corrects = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Record how often an account was rated, as a measure of its sales. Never counted beside another method of the same account.

    Example: touchstone case feedback TS-2026-014 --seller 4 --count 120 --price £45 --dated 2026-03-02 --assumption "one rating is one sale at the lowest price asked" --evidence capture:88
    """
    minor, currency = amount_of(price)
    said = stated(lambda: Feedback(seller, count, minor, currency, dated, assumption, shown_by(evidence)))
    with opened(home) as (folder, store):
        _keep(store, folder, case, said, by, why, supersedes, json)


def culpability(
    case: Annotated[str, typer.Argument(help="The case.")],
    marker: Annotated[str, typer.Argument(help="The marker, by its name in configs/money.yml.")],
    evidence: Shown,
    note: Annotated[str, typer.Option(help="What the evidence shows.")] = "",
    supersedes: Corrects = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Record that a marker of the sentencing guideline is there, on evidence. The machine proposes at most.

    Example: touchstone case culpability TS-2026-014 professional_equipment --evidence exhibit:AB3 --note "a heat press and blank labels"
    """
    with opened(home) as (folder, store):
        marker_there(folder, marker)
        said = stated(lambda: Culpability(marker, note.strip(), shown_by(evidence)))
        _keep(store, folder, case, said, by, why, supersedes, json)


def _keep(store: Store, home: Home, case: str, said: Said, by: str, why: str, supersedes: int | None, as_json: bool) -> None:
    actor = person(store, home, by)
    number = store.keep_money(case, said, actor=actor, authority=home.settings.authority.code, why=why, supersedes=supersedes)
    if as_json:
        print_json({"record": number, "kind": said.kind, "said": said})
    else:
        say(f"Record {number} of case {case}: {said.kind}.")
