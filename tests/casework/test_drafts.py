"""Drafts as the people who sign them, and those who read them against us, would have them: what they must say, and what must not be in them."""

from __future__ import annotations

import hashlib
import io
import json
import random
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from casework import drafts, pdf
from casework.documents import Document, Quotation, texts
from casework.drafts import DECLARATION, Made, Witness
from casework.drafts.brand import square
from casework.drafts.facts import Copy, Facts, Look, Produced, at, when
from casework.drafts.notice import Field, Form
from casework.drafts.settings import DraftSettings, read_settings
from casework.drafts.statement import statement_of
from store.config import Home, defaults_folder
from store.errors import TouchstoneError
from store.store import Acting, Store
from store.strict import ConfigError
from store.words.drafts import DraftKind
from store.words.followup import Advice, FollowUp, Item, Kind, Notice, Seizure, Visit, WarningGiven
from store.words.records import Actor, Capture, CaptureKind, Case, Exhibit, Run, Snapshot, SubjectKind
from tests.casework.drafted import BRAND, CASE, SECRET, SELLER, dossier

ROOT = Path(__file__).resolve().parents[2]
# Words of a conclusion about the goods, and words for what a machine thinks. A statement of facts has neither, outside what it quotes.
CONCLUSIONS = r"counterfeit\w*|fakes?|replicas?|imitations?|knock-?offs?|bootlegs?|shams?|authentic\w*|genuine|infring\w*|illegal\w*|unlawful\w*|offen[cd]e\w*"
OPINIONS = r"scor(?:e|es|ed|ing)|flag\w*|priorit\w+|suspicio\w+|suspect\w*|probab\w+|likel\w+|confidence|detector\w*|findings?|models?|match\w*|algorithm\w*|risk\w*|similarity|machine\w*"  # fmt: skip
FORBIDDEN = re.compile(rf"\b(?:{CONCLUSIONS}|{OPINIONS})\b", re.IGNORECASE)


@pytest.fixture(scope="module", autouse=True)
def _printable() -> None:
    if missing := pdf.missing_parts():
        pytest.skip(missing)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drafts") / "home"
    dossier(folder).store.close()
    return folder


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Home:
    shutil.copytree(made, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


Make = Callable[[Store, Acting, Home, DraftSettings], Made]


def draft(store: Store, home: Home, make: Make, by: str = "a.officer") -> Made:
    with store.acting(by, purpose="draft", case=CASE) as reader:
        return make(store, reader, home, read_settings(home))


def issued(store: Store, home: Home, make: Make, folder: Path, by: str = "a.officer") -> drafts.Issued:
    with store.acting(by, purpose="draft", justification="file to legal services", case=CASE) as reader:
        return drafts.issue(store, reader, home, make(store, reader, home, read_settings(home)), folder)


def of_statement(witness: str = "a.officer", **more: Any) -> Make:
    return lambda s, r, h, c: drafts.statement(s, r, h, c, CASE, Witness(witness), **more)


def of_brand(seed: int | None = None, brand: str = BRAND) -> Make:
    chance = random.Random(seed) if seed is not None else None
    return lambda s, r, h, c: drafts.brand_request(s, r, h, c, CASE, brand, chance=chance)


def only(made: Made) -> Document:
    [document] = made.documents.values()
    return document


def said(document: Document) -> str:
    return "\n".join(texts(document))


def unquoted(document: Document) -> str:
    """What the document says in its own words: quotations gone, and what stands between quotation marks within a sentence."""
    own = replace(document, blocks=[replace(b, text="") if isinstance(b, Quotation) else b for b in document.blocks])
    return re.sub(r"“[^”]*”", "“”", said(own))


def printed(body: bytes) -> str:
    import pypdf

    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages)


# -- the statement -----------------------------------------------------------------------------------------------------------
def test_the_declaration_is_the_one_of_section_9_word_for_word() -> None:
    pinned = (
        "This statement is true to the best of my knowledge and belief and I make it knowing that, if it is tendered in evidence, I shall be liable "
        "to prosecution if I have wilfully stated in it anything which I know to be false or do not believe to be true."
    )
    assert pinned == DECLARATION
    practice = ROOT.parent / "shared" / "practice.md"
    if not practice.exists():
        pytest.skip("the notes on practice are not beside this project; the text above is theirs")
    assert f"“{pinned}”".replace("“", '"').replace("”", '"') in re.sub(r"\s+", " ", practice.read_text())


def test_a_statement_says_who_makes_it_what_they_did_and_saw_and_what_they_produce(store: Store, home: Home) -> None:
    document = only(draft(store, home, of_statement()))
    text = said(document)
    for each in (
        "Statement of witness", "Ada Officer", "Over 18", "trading standards officer", DECLARATION, "This statement consists of ", " pages, each signed by me.",
        "I am employed by Wexcombe Council Trading Standards",
        "On 3 November 2026 at 09:31:00 GMT (09:31:00 UTC) I caused the program to make a copy of the page of the listing with the reference “1001”",
        "0.012345 s slow, within 0.020000 s, by ntp.example.org", "marked AB1.", "marked AB2.", "marked AB3.",
        "were made by the program, as it was set up to do. I did not make them myself.", "I looked at the record of the listing in the program (event ",
        "I seized exhibit AB3 at “Unit 3, 14 Orchard Parade”", "in bag “B0000077”", "I handed over exhibit AB3 to “Eve Examiner”",
        "I attended “Unit 3, 14 Orchard Parade” with “Ben Reviewer”. No power was used.", "a rail of fake belts; the assistant said “they are replicas”",
    ):  # fmt: skip
        assert each in text, each
    assert document.draft and list(document.signed_pages) == ["Signature", "Signature witnessed by"]
    assert "CD1" not in text and "AB4" not in text and "received" not in unquoted(document), (
        "what others produce, did, or what was withdrawn"
    )
    quoted_words = [b.text for b in document.blocks if isinstance(b, Quotation)]
    assert "FAKE quilted bag, replica" in quoted_words and any("mirror quality" in each for each in quoted_words)


def test_a_statement_has_no_word_of_a_conclusion_or_of_a_machine_outside_what_it_quotes(store: Store, home: Home) -> None:
    """The case is titled with a conclusion, a judgement gives one, and there is a rail of them in the notes."""
    for witness in ("a.officer", "b.officer"):
        document = only(draft(store, home, of_statement(witness)))
        assert not FORBIDDEN.search(unquoted(document)), FORBIDDEN.findall(unquoted(document))
        assert "surely counterfeit" not in said(document), "what somebody judged is an opinion, and is not even quoted"
    assert FORBIDDEN.search(said(only(draft(store, home, of_statement())))), "the quotations have them, so that this test can fail"


POISON = st.sampled_from(("a fake", "COUNTERFEIT”: score 0.97", "“flagged” as priority", "replica, likely\nsuspicious", "imitation “ ” knock-off", "\u202efindings"))  # fmt: skip
MOMENT = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)).map(lambda d: d.replace(tzinfo=UTC))


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """Facts whose every word of people's says what a statement must not."""
    p, moment = (lambda: draw(POISON)), draw(MOMENT)
    run = Run("r", "capture", draw(st.sampled_from(("a.officer", "system", "b.officer"))), "w", "0.1.0", "c" * 64, moment, clock=draw(st.sampled_from(({}, {"offset": 0.1, "bound": 0.2, "by": "ntp"}))))  # fmt: skip
    kinds = draw(st.lists(st.sampled_from((CaptureKind.page, CaptureKind.image, CaptureKind.screenshot)), min_size=1, max_size=3))
    copies = tuple(
        Copy(Capture(n, "r", p(), kind, "GET", p(), p(), (), 200, (), (), "d" * 64, 9, moment, moment + timedelta(seconds=n)), run, run.actor == "a.officer")
        for n, kind in enumerate(kinds, 1)
    )  # fmt: skip
    produced = []
    for number, kind in enumerate((SubjectKind.listing, SubjectKind.capture, SubjectKind.link), 1):
        exhibit = Exhibit("C1", f"AB{number}", kind, 1, p(), "a.officer", moment, number, "a.officer")
        looks = (Look(moment, 7, "the record of the listing"),) if draw(st.booleans()) else ()
        words = Snapshot(p(), p(), p(), seller=p(), place=p()) if draw(st.booleans()) else None
        produced.append(Produced(exhibit, copies, looks, p(), p(), words, 1 if words else None))
    whats = [
        Visit(("a.officer", p()), draw(st.sampled_from(("none", "entry"))), p(), p(), p(), "2026-01-02", p(), p()), Advice(p(), p(), p()),
        WarningGiven(p(), p(), p()), Notice(p(), p(), p(), p()), Seizure((Item(p(), 3, p(), 1000),), p(), p(), p()),
    ]  # fmt: skip
    kinds_of = (Kind.visit, Kind.advice, Kind.warning, Kind.notice, Kind.seizure)
    done = tuple(
        FollowUp(n, kind, what, moment, draw(st.booleans()), 5, actor=draw(st.sampled_from(("a.officer", "b.officer"))), recorded_at=moment)
        for n, (kind, what) in enumerate(zip(kinds_of, whats, strict=True), 1)
    )
    officer = Actor("a.officer", "w", "Ada Officer", "trading standards officer")
    return Facts(Case("C1", "w", p()), officer, tuple(produced), (), (), done, (), {5: p()})


@given(facts())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_people_and_listings_say_stays_within_quotations(found: Facts) -> None:
    document = only(statement_of(found, Witness("a.officer"), "Wexcombe Council", "", head="a" * 64))
    assert not FORBIDDEN.search(unquoted(document)), FORBIDDEN.findall(unquoted(document))


def test_what_the_record_does_not_know_is_blank_and_is_asked_for(store: Store, home: Home) -> None:
    made = draft(store, home, of_statement("c.clerk"))
    assert made.blanks()[:2] == ["Statement of", "Occupation"], "an id is no name, and 'officer' no occupation"
    assert {"when I exported the pack", "where I read the head"} <= set(draft(store, home, of_statement(head="e" * 64)).blanks())
    told = Witness("c.clerk", "Cleo Clerk (fictional)", "records officer", 17)
    text = said(only(draft(store, home, lambda s, r, h, c: drafts.statement(s, r, h, c, CASE, told))))
    assert "Cleo Clerk (fictional)" in text and "records officer" in text and "\n17\n" in text and "Over 18" not in text
    with pytest.raises(ValueError, match="age: 18"):
        Witness("c.clerk", age=18)


def test_a_record_that_nobody_looked_at_is_not_said_to_have_been_seen(store: Store, home: Home) -> None:
    document = only(draft(store, home, of_statement("b.officer")))
    text = said(document)
    assert "looked at the record" not in text and "when and how I looked at these copies, or that I did not" in text
    assert not [b for b in document.blocks if isinstance(b, Quotation)], "no words of a page that this officer never saw"


def test_making_a_draft_is_no_looking_and_the_same_content_is_the_same_draft(store: Store, home: Home, tmp_path: Path) -> None:
    one, other = (issued(store, home, of_statement(), tmp_path / name) for name in ("a", "b"))
    assert one.new and not other.new and one.number == other.number
    assert [p.read_bytes() for p in one.files] == [p.read_bytes() for p in other.files]
    changed = issued(store, home, of_statement(head="a" * 64), tmp_path / "c")
    assert changed.new and changed.number != one.number


def test_the_pack_is_said_to_have_been_exported_when_the_log_says_so(store: Store, home: Home) -> None:
    with store.acting("a.officer", purpose="case export", case=CASE) as reader:
        reader.exhibits(CASE)
        reader.disclose("evidence pack", {})
    text = said(only(draft(store, home, of_statement(head="0" * 64))))
    assert re.search(
        rf"On \d+ \w+ 20\d\d at \d\d:\d\d:\d\d \w+ .* I had the program write the evidence pack of case {CASE} \(event \d+ of its log\)",
        text,
    )
    assert "0" * 64 in text


def test_times_are_local_with_utc_beside_and_no_more_exact_than_they_were_given() -> None:
    assert at(datetime(2026, 7, 1, 8, 5, 9, tzinfo=UTC)) == "1 July 2026 at 09:05:09 BST (08:05:09 UTC)"
    assert at(datetime(2026, 6, 30, 23, 30, 0, tzinfo=UTC)) == "1 July 2026 at 00:30:00 BST (30 June 23:30:00 UTC)"
    assert when(datetime(2026, 12, 1, 8, 5, tzinfo=UTC), False) == "1 December 2026 at 08:05 GMT (08:05 UTC)"
    assert when(datetime(2026, 6, 30, 23, tzinfo=UTC), True) == "1 July 2026"


@pytest.mark.parametrize("kind", ["statement", "continuity"])
def test_a_statement_of_this_law_is_not_drafted_for_another_jurisdiction(store: Store, home: Home, kind: str) -> None:
    store.open_case(Case("S-1", "wexcombe", "elsewhere", jurisdiction="Scotland"), actor="a.officer")
    with store.acting("a.officer", purpose="draft", case="S-1") as reader, pytest.raises(TouchstoneError, match=r"law of England and Wales; the case is of Scotland"):  # fmt: skip
        getattr(drafts, kind)(store, reader, home, read_settings(home), "S-1", Witness("a.officer"))


# -- lists ---------------------------------------------------------------------------------------------------------------------
def test_the_exhibit_list_leaves_no_number_out_and_says_what_was_withdrawn(store: Store, home: Home) -> None:
    text = said(only(draft(store, home, lambda s, r, h, c: drafts.exhibit_list(s, r, h, c, CASE))))
    with store.acting("a.officer", purpose="test") as reader:
        numbers = [e.number for e in reader.exhibits(CASE)]
    assert numbers == ["AB1", "AB2", "CD1", "AB3", "AB4"]
    assert all(f"\n{number}\n" in text for number in numbers) and "it is in AB1 already" in text
    assert "Ada Officer" in text and "Ben Reviewer" in text and "B0000077" in text
    assert "with Eve Examiner" in text, "where it was before she had it says nothing of where it is"


def test_continuity_names_each_step_and_its_record_and_tells_the_officer_alone_what_does_not_follow(store: Store, home: Home) -> None:
    make: Make = lambda s, r, h, c: drafts.continuity(s, r, h, c, CASE, Witness("a.officer"), only=["AB3", "AB1"])  # noqa: E731
    whole = draft(store, home, make)
    text = said(only(whole))
    for each in (DECLARATION, "Custody of AB3", "“to say whether they are fake”", "Eve Examiner", "form CF-12, row", "capture 1 collected", "event 1 of the log", "“B0000077”"):  # fmt: skip
        assert each in text, each
    assert "Custody of AB2" not in text and not FORBIDDEN.search(unquoted(only(whole)))
    from casework.casefile import Told, record
    from store.words.casefile import EntryKind

    moved = {"exhibit": "AB3", "act": "moved", "by": "Nobody Known", "where": "a shed", "why": "room was short"}
    record(store, home, Told(CASE, EntryKind.custody, moved, "7/11/2026 10:00"), by="a.officer")
    broken = draft(store, home, make)
    assert any("it was in the hands of Eve Examiner" in note for note in broken.notes) and "it was in the hands of" not in said(
        only(broken)
    )
    with pytest.raises(TouchstoneError, match="has no exhibit AB9"):
        draft(store, home, lambda s, r, h, c: drafts.continuity(s, r, h, c, CASE, Witness("a.officer"), only=["AB9"]))


def test_continuity_tells_of_no_event_that_is_kept_out_of_packs(store: Store, home: Home) -> None:
    for purpose in ("labels", "referral to the police"):
        with store.acting("a.officer", purpose=purpose, case=CASE) as reader:
            reader.exhibits(CASE)
            reader.disclose(f"whom {purpose} went to", {})
    text = said(only(draft(store, home, lambda s, r, h, c: drafts.continuity(s, r, h, c, CASE, Witness("a.officer"), only=["AB1"]))))
    assert "whom labels went to" in text and "referral" not in text


def test_a_screenshot_of_the_page_stands_in_a_statement_once(store: Store, home: Home) -> None:
    with store.acting("a.officer", purpose="test") as reader:
        page = reader.capture(1)
    given = replace(page, id=None, kind=CaptureKind.screenshot, part_of=page.id, body_digest="", decoded_digest="", record_id="", response_headers=(("Content-Type", "image/png"),))  # fmt: skip
    with store.archive.writer("market") as writer:
        store.keep(writer, given, b"a picture", actor="a.officer", purpose="test")
    assert said(only(draft(store, home, of_statement()))).count("a picture of the page as displayed") == 1


# -- the brand's owner -----------------------------------------------------------------------------------------------------------
def test_the_request_is_blind_each_pair_has_one_of_either_and_no_order_tells(store: Store, home: Home) -> None:
    orders = set()
    for seed in range(12):
        made = draft(store, home, of_brand(seed))
        pictures = json.loads(made.others["not-to-send/key.json"])["pictures"]
        assert list(pictures) == ["A", "B", "C", "D", "E", "F"]
        for first, second in zip("ACE", "BDF", strict=True):
            assert {pictures[first]["what"], pictures[second]["what"]} == {"genuine", "questioned"}
        assert len({p["sha256"] for p in pictures.values()}) == 6, "a picture that came twice would be known"
        orders.add(tuple(p["what"] for p in pictures.values()))
    assert len(orders) > 3


def test_nothing_that_goes_to_the_brand_says_what_a_picture_is_or_whose(store: Store, home: Home, tmp_path: Path) -> None:
    issued(store, home, of_brand(), tmp_path)
    sent = sorted(p for p in (tmp_path / "to-send").rglob("*") if p.is_file())
    assert [p.relative_to(tmp_path / "to-send").as_posix() for p in sent] == ["brand-request.docx", "brand-request.pdf", *(f"pictures/{x}.jpg" for x in "ABCDEF")]  # fmt: skip
    key = json.loads((tmp_path / "not-to-send" / "key.json").read_text())
    with store.acting("a.officer", purpose="test") as reader:
        texts_of = [s.snapshot for s in reader.summaries()]
    never = [SECRET, SELLER, "parade_deals", "brand-picture", "market.example", "fake", "FAKE", "replica", "counterfeit", "genuine", "questioned", "suspect", "exhibit", "AB1", "CD1", "score", "advert"]  # fmt: skip
    never += [p["sha256"] for p in key["pictures"].values()] + [s.title for s in texts_of] + ["not-to-send"]
    parts: list[bytes] = []
    for path in sent:
        body = path.read_bytes()
        parts.append(body)
        if path.suffix == ".docx":
            with zipfile.ZipFile(io.BytesIO(body)) as word:
                parts += [word.read(name) for name in word.namelist()] + [name.encode() for name in word.namelist()]
        if path.suffix == ".pdf":
            parts.append(printed(body).encode())
    for word in never:
        assert not any(word.encode() in part for part in parts), word
    digest = hashlib.sha256((tmp_path / "not-to-send" / "key.json").read_bytes()).hexdigest()
    squeezed = re.sub(r"\s", "", printed((tmp_path / "to-send" / "brand-request.pdf").read_bytes()))
    assert digest in squeezed, "the request commits to the key"
    assert re.fullmatch(r"[0-9a-f]{64}", key["nonce"]), "and the key cannot be guessed from its digest"


def test_pictures_to_the_brand_are_alike_in_all_but_what_they_show(store: Store, home: Home) -> None:
    from PIL import Image

    made = draft(store, home, of_brand())
    pictures = [body for name, body in made.others.items() if name.endswith(".jpg")]
    opened = [Image.open(io.BytesIO(body)) for body in pictures]
    assert len(opened) == 6 and {(p.size, p.format, p.mode) for p in opened} == {((1000, 1000), "JPEG", "RGB")}
    assert all(not p.getexif() and set(p.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"} for p in opened)
    assert len({str(sorted(p.quantization.items())) for p in opened}) == 1  # type: ignore[attr-defined]


def test_the_questions_shipped_suggest_no_answer() -> None:
    questions = " ".join(read_settings(Home(Path("/nowhere"))).brand_request.questions)
    assert not re.search(rf"\b(?:{CONCLUSIONS}|suspect\w*|suspicio\w+|scor\w+|flag\w*|seller|cheap)\b", questions, re.IGNORECASE)


def test_a_request_needs_pictures_of_both_sorts_and_a_seller_s_copy_of_the_brand_s_own_is_none(tmp_path: Path) -> None:
    world = dossier(tmp_path / "home", genuine=0)
    with pytest.raises(TouchstoneError, match="no picture of genuine goods of 'Maison Lozenge'"):
        draft(world.store, world.home, of_brand())
    from store.words.records import Reference, ReferenceKind

    with world.store.acting("a.officer", purpose="test") as reader:
        digests = sorted({p.image.sha256 for n in world.listings for p in reader.pictures(listing=n)})
    for sha256 in digests:
        world.store.add_reference(Reference(None, ReferenceKind.official, "wexcombe", "sheet 1", "a.officer", BRAND, image_sha256=sha256))
    with pytest.raises(TouchstoneError, match="nothing to ask about"):
        draft(world.store, world.home, of_brand())
    world.store.close()


def test_what_cannot_be_opened_as_a_picture_is_refused_in_words() -> None:
    with pytest.raises(TouchstoneError, match="cannot be opened"):
        square(b"<svg/>")


# -- notices ---------------------------------------------------------------------------------------------------------------------
def a_form(home: Home, name: str, text: str) -> None:
    folder = home.folder / "configs" / "notices"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yml").write_text(text)


FORM = """title: Request
to: a website (fictional)
route: by hand
law: Trade Marks Act 1994 s.92
confirmed: true
hosts: [market.example]
sources: ["a published page (fictional)"]
fields:
  - {name: Authority, max: 10, takes: authority}
  - {name: Your reasons, required: true, max: 500}
each:
  - {name: Item, max: 19, takes: listing_ref}
"""


def test_a_notice_fills_what_is_known_asks_for_the_rest_and_says_what_is_too_long(store: Store, home: Home) -> None:
    a_form(home, "market", FORM)
    made = draft(store, home, lambda s, r, h, c: drafts.notice(s, r, h, c, CASE, "market"))
    text = said(only(made))
    assert "10 characters: TOO LONG by 24" in text and "Wexcombe Council Trading Standards" in text, "shown whole: a person shortens it"
    assert all(f"\n{ref}\n" in text for ref in ("1001", "1002", "1003")) and "Layout unconfirmed" not in text
    assert made.blanks() == ["Your reasons (required): To enter"]
    assert not re.search(OPINIONS, text, re.IGNORECASE) and SELLER not in text


def test_a_notice_is_about_listings_of_its_websites_only(store: Store, home: Home) -> None:
    a_form(home, "market", FORM.replace("market.example", "elsewhere.example"))
    with pytest.raises(TouchstoneError, match=r"no exhibit of a listing on elsewhere\.example"):
        draft(store, home, lambda s, r, h, c: drafts.notice(s, r, h, c, CASE, "market"))
    with pytest.raises(
        TouchstoneError, match=r"no notice 'markt'; there are: market \(did you mean 'market'|no notice 'markt'; there are: market"
    ):
        draft(store, home, lambda s, r, h, c: drafts.notice(s, r, h, c, CASE, "markt"))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("max: 10", "max: 0"), "no number of characters"),
        (("takes: authority", "takes: autority"), "'autority' is none of"),
        (('sources: ["a published page (fictional)"]\n', ""), "confirmed by a published source"),
        (("takes: authority", "takes: listing_url"), "stands under `each`"),
        (("route:", "rout:"), "rout"),
    ],
    ids=lambda x: x[1] if isinstance(x, tuple) else "",
)
def test_a_form_that_cannot_be_is_refused_by_file_and_line(home: Home, change: tuple[str, str], complaint: str) -> None:
    a_form(home, "market", FORM.replace(*change))
    with pytest.raises(ConfigError, match=rf"market\.yml:\d+: .*{re.escape(complaint)}"):
        drafts.forms(home)


def test_shipped_forms_name_a_source_for_each_limit_and_say_so_where_the_layout_is_unconfirmed(store: Store, home: Home) -> None:
    shipped = drafts.forms(Home(Path("/nowhere")))
    assert {"hosting-service", "ebay-regulatory-portal", "meta-local-law"} <= set(shipped) and (defaults_folder() / "notices").is_dir()
    for form in shipped.values():
        assert form.sources and (form.confirmed or all("http" not in f.note for f in form.fields))
    made = draft(store, home, lambda s, r, h, c: drafts.notice(s, r, h, c, CASE, "hosting-service"))
    assert "Layout unconfirmed" in said(only(made)) and any("LAYOUT UNCONFIRMED" in note for note in made.notes)
    with pytest.raises(ValueError, match="has a limit, and the form names no source"):
        Form("t", "to", "route", "law", (Field("a", max=5),), ())


# -- kept, logged, never sent -----------------------------------------------------------------------------------------------------
def test_a_draft_is_kept_with_its_bytes_logged_with_its_digests_and_held_by_its_case(store: Store, home: Home, tmp_path: Path) -> None:
    done = issued(store, home, of_statement(), tmp_path)
    assert sorted(p.name for p in done.files) == ["statement-notes.txt", "statement.docx", "statement.pdf"]
    with store.acting("a.officer", purpose="test") as reader:
        [kept] = reader.drafts(CASE)
        assert (kept.kind, kept.about, kept.actor) == (DraftKind.statement, "a.officer", "a.officer")
        for file in kept.files:
            body = (tmp_path / file.name).read_bytes()
            assert reader.payload(file.capture) == body and hashlib.sha256(body).hexdigest() == file.sha256
    event = [e.body for e in store.log() if e.body["verb"] == "disclosure"][-1]
    assert event["case"] == CASE and event["justification"] == "file to legal services" and event["detail"]["draft_made"] == done.number
    assert event["detail"]["sha256"] == {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in done.files}
    assert SELLER not in json.dumps([e.body for e in store.log()]), "ids and digests, no words"
    for file in kept.files:
        with pytest.raises(TouchstoneError, match=rf"under hold of case {CASE}, draft {done.number}"):
            store.erase(file.capture, actor="a.officer", reason="tidying")
    assert store.verify() == []


def test_a_draft_s_row_that_was_edited_in_the_database_is_found(store: Store, home: Home, tmp_path: Path) -> None:
    from store import tables as t

    done = issued(store, home, of_statement(), tmp_path)
    with store.database.writing() as c:
        c.execute(t.draft.update().where(t.draft.c.id == done.number).values(kind="notice"))
    assert f"draft {done.number} was changed: its row and the log do not say the same" in store.verify()


def test_the_notes_are_a_file_apart_and_list_every_blank(store: Store, home: Home, tmp_path: Path) -> None:
    done = issued(store, home, of_statement("b.officer"), tmp_path, by="b.officer")
    notes = (tmp_path / "statement-notes.txt").read_text()
    assert done.blanks and all(f"[ ] {each}" in notes for each in done.blanks)
    page = printed((tmp_path / "statement.pdf").read_bytes())
    assert "NOTES" not in page and page.count("DRAFT") == page.count("page 1 of") * len(re.findall(r"page \d+ of", page))
    with pytest.raises(TouchstoneError, match="exists already"):
        issued(store, home, of_statement("b.officer"), tmp_path, by="b.officer")


def test_no_draft_opens_a_connection(store: Store, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a draft opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    everything: dict[str, Make] = {
        "statement": of_statement(), "list": lambda s, r, h, c: drafts.exhibit_list(s, r, h, c, CASE), "brand": of_brand(),
        "continuity": lambda s, r, h, c: drafts.continuity(s, r, h, c, CASE, Witness("a.officer")),
        "notice": lambda s, r, h, c: drafts.notice(s, r, h, c, CASE, "hosting-service"),
    }  # fmt: skip
    for name, make in everything.items():
        assert issued(store, home, make, tmp_path / name).new


def test_the_commands_write_files_and_say_what_is_blank(home: Home, tmp_path: Path) -> None:
    from casework.cli import app

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["draft", *words, "--home", str(home.folder)], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    out = run("statement", CASE, "--by", "a.officer", "--out", str(tmp_path), "--head", "a" * 64)
    assert "nothing was sent" in out and "To be completed: " in out and (tmp_path / "statement.pdf").exists()
    made = json.loads(run("brand-request", CASE, "--brand", BRAND, "--by", "a.officer", "--out", str(tmp_path), "--json"))
    assert made["new"] and any(path.endswith("not-to-send/key.json") for path in made["files"])
    assert [d["kind"] for d in json.loads(run("list", CASE, "--by", "a.officer", "--json"))] == ["statement", "brand_request"]
    assert not json.loads(run("forms", "--json"))["meta-local-law"]["confirmed"] and "hosting-service" in run("forms")
    with pytest.raises(TouchstoneError, match="is no head of a pack"):
        run("statement", CASE, "--by", "a.officer", "--head", "abc")
