"""Referrals: only the listed fields go in, over values planted in every table; who told of it never; what comes back is kept and graded."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String, Text, select
from typer.testing import CliRunner

from casework import referrals
from casework.cli import app
from store import tables as t
from store.attribution import Kind as Ground
from store.attribution import Strength
from store.clearances import Cleared
from store.config import ConfigError, Home
from store.disclosure import Standing, Undermines
from store.errors import TouchstoneError
from store.notes import NoteKind
from store.occupants import Basis, Role
from store.sightings import Handed
from store.store import Store
from store.words.casefile import CaseEntry, EntryKind, Person
from store.words.drafts import DraftKind
from store.words.followup import (
    Advice,
    Authorised,
    ClosureOrder,
    Decided,
    FollowUp,
    Item,
    Kind,
    Outcome,
    Seizure,
    Step,
    Visit,
    WarningGiven,
)
from store.words.intelligence import Origin, Provenance, grade_of
from store.words.records import (
    Actor,
    Authority,
    CaptureKind,
    Case,
    Contribution,
    Details,
    Examination,
    Examined,
    Finding,
    Flag,
    Informant,
    Level,
    Link,
    LinkReason,
    Method,
    Parsed,
    Purpose,
    Reference,
    ReferenceKind,
    RegisterEntry,
    Snapshot,
    Status,
    SubjectCategory,
    SubjectKind,
    Told,
    Verdict,
)
from store.words.records import (
    Outcome as PassOutcome,
)
from store.words.valuation import GenuinePrice, Goods, PriceFrom, Receipt, evidence_of
from tests.builders import START, Builder

CASE = "ZQ-CASE-1"
# The marker of each field that a recipient may have: what is planted in the row that it is read from.
MARKERS = {
    "case.reference": "ZQ-CASE-1", "case.title": "zqcasetitle", "case.operation": "zqoperation", "exhibits.description": "zqexhibitdescription",
    "premises.label": "zqpremiseslabel", "premises.postcode": "ZQ1 1AA", "register_entries.name": "zqentryname",
    "register_entries.address": "zqentryaddress", "register_entries.reference": "zqentryref", "register_entries.phone": "900161",
    "occupants.name": "zqoccupantname", "occupants.identifiers": "01234567", "occupants.contacts": "900162", "accounts.source": "zqsite",
    "accounts.handle": "zqhandle", "accounts.name": "zqsellername", "accounts.address": "zqselleraddress", "accounts.person": "zqperson",
    "contacts.value": "900163", "listings.source": "zqsite", "listings.reference": "zqref", "listings.address": "zqlistingaddress",
    "listings.title": "zqtitle", "listings.text": "zqtext", "listings.brand": "zqlistingbrand", "listings.place": "zqplace", "listings.sold": "zqsold",
    "judgements.reason": "zqjudgereason", "visits.officers": "zqvisitors", "visits.power": "zqvisitlaw", "visits.seen": "zqseen", "visits.met": "zqmet",
    "warnings.given_to": "zqgivento", "warnings.about": "zqabout", "warnings.receipt": "zqsignature", "seizures.what": "zqseized",
    "seizures.brand": "zqseizedbrand", "seizures.bag": "ZQBAG77", "seizures.stored": "zqstored", "outcomes.risk_reason": "zqrisk",
    "intelligence.text": "zqintelligence", "intelligence.conditions": "zqconditions", "benefit.what": "zqpayment", "benefit.source": "zqdocument",
}  # fmt: skip
# Planted as well, and a field of nobody's: none of these is in any referral.
NEVER = (
    "zqinformant", "900164", "zqinformantnote", "zqsourcewho", "zqsourcehow", "zqsourceurn", "zqtoldtitle", "zqtoldtext", "zqtoldplace",
    "zqtoldexhibit", "zqnotefile", "zqoccupantnote", "zqoccupantsource", "zqgroundsays", "zqgroundsource", "zqfinding", "zqlinkreason", "zqpair", "zqhold",
    "zqprovenance", "zqrunmessage", "zqunread", "zqheader", "zqrefusal", "zqadvice", "zqmanager", "zqcourt", "zqgenuinegoods", "zqpricelist",
    "zqcategory", "zqworn", "zqother", "zqserved", "zqnotice", "zqmethoddetail", "zqformer", "zqreturned", "zqserver", "zqactor", "zqexamination", "zqlicence", "zqviewreason",
    "zqnotetext", "zqclearance", "zqclearedbrand", "zqsearch", "zqsuspect", "zqsuspectbasis", "zqdraftabout", "zqdecision", "zqsensitivity", "zqitem", "zqedition", "zqlookup", "zqworkingon",
)  # fmt: skip
# Tables of this world in which nobody's words are: their text columns are codes, digests, addresses of records and days, or they are empty here.
WORDLESS = (
    "authority", "case_entry_on", "case_seal", "case_term", "disclosure_copy", "disclosure_thing", "draft_file", "fingerprint", "follow_up_capture", "image", "link_reach", "location", "money_evidence", "operation", "picture_contact", "premises_entry",
    "premises_given", "reading_image", "register_mark", "sample", "sample_seed", "uprn_position",
    "person_mark", "proposal", "proposal_answer", "signed_head", "signing_key", "account", "account_role", "account_secret", "desk_session", "sign_in",
    "api_token", "api_token_end",
)  # fmt: skip
KINDS = ("fire", "hmrc", "immigration", "police", "regional")


def plant(folder: Path) -> Home:
    """A case with something in every table, each text its own marker."""
    (folder / "configs").mkdir(parents=True)
    (folder / "configs" / "touchstone.yml").write_text(
        "authority: {code: wexcombe, name: Wexcombe Council Trading Standards}\nuser_agent: touchstone-scanner (contact ts@example.org)\n"
    )
    home = Home(folder)
    with Store.open(home) as store:
        _planted(store)
    return home


def _planted(store: Store) -> None:
    store.keep_authority(Authority("demo", "Demonstration Council"))
    for name in ("a.officer", "b.officer", "zqactor"):
        store.keep_actor(Actor(name, "wexcombe", name, "officer"))
    who = {"actor": "a.officer", "authority": "wexcombe"}
    store.open_account("a.officer", "officer", by="a.officer")
    store.say_of_session(store.begin_session("a.officer", "0" * 64, datetime(2026, 3, 1, tzinfo=UTC)), "reason", "zqworkingon")
    build = Builder(store, "zqsite")
    words = Snapshot(
        "zqtitle", "zqtext 07700 900163", "45.00", 4500, "GBP", "zqlistingbrand", "zqcategory", "zqworn", "zqhandle", "zqsellername", "zqplace"
    )  # fmt: skip
    page = build.capture(
        "http://zqserver.example/item/1", b"<h1>x</h1>", response_headers=(("X-Header", "zqheader"), ("Content-Type", "text/html"))
    )
    item = Parsed(
        "zqref",
        "http://zqlistingaddress.example/1",
        words,
        (),
        "http://zqselleraddress.example/u",
        details=Details(sold_text="zqsold 5 sold", sold=5),
    )
    [one] = store.keep_readings(page, "hand", "hand/1", [item], build.run.id)
    other = Parsed("zqother1", "http://zqother.example/2", Snapshot(title="zqother", text="07700 900169", seller="zqotherseller"))
    [two] = store.keep_readings(build.capture("http://zqother.example/2", b"2"), "hand", "hand/1", [other], build.run.id)
    store.keep_unread(page.id or 0, "hand/1", "zqunread", "zqunread", build.run.id)
    statement = build.capture("urn:touchstone:statement:1", b"{}", CaptureKind.handed_in, "application/json")
    told = Handed(
        Told.public, Snapshot(title="zqtoldtitle", text="zqtoldtext"), statement, "statement", "statement/1", place="zqtoldplace",
        files=[(statement.id or 0, "zqnotefile.txt")], informant=Informant(0, "Zqinformant Zqsurname", "07700 900164", "zqinformantnote"),
    )  # fmt: skip
    tip = store.keep_sighting(told, **who, run=build.run.id, purpose="sighting")
    build.close()
    seller, listing = one.seller or 0, one.listing
    method = store.keep_method(Method("linker", "hand", "1", {"zqmethoddetail": 1}))
    store.set_method_status(method, Status.in_force, "a.officer", "zqmethoddetail")
    detector = store.keep_method(Method("detector", "hand", "1"))
    store.keep_examinations(
        detector, [Examination(SubjectKind.snapshot, one.snapshot, Examined.done, (Finding("T", 0.5, "zqfinding"),))], build.run.id
    )
    store.keep_examinations(
        method, [Examination(SubjectKind.snapshot, one.snapshot, Examined.failed, detail="zqexamination")], build.run.id
    )
    store.keep_flag(
        Flag(None, listing, "0" * 64, "1" * 64, Level.review, 1.0, (Contribution("T", 1.0, "zqfinding", "0" * 64, 1),)), build.run.id
    )
    snapshot, _ = store.begin_register("fhrs", "2" * 64, dated="2026-01-01", licence="zqlicence", rows=1, refused=1, run=build.run.id)
    entry = RegisterEntry("fhrs", "zqentryref", "zqentryname", "zqentryaddress", "ZQ1 1AA", phone="+447700900161")
    store.keep_entries(snapshot, [(entry, "zqentryname")])
    store.keep_refusals(snapshot, [(3, "zqrefusal", "zqrefusal")])
    store.join_premises([(1, "unit", "ZQ1 1AA|1", "zqpremiseslabel", "ZQ1 1AA|parade", "ZQ1 1AA")], build.run.id)
    reason = LinkReason("phone", 0.9, "zqlinkreason", page.id)
    links = [
        Link(None, SubjectKind.seller, seller, SubjectKind.premises, 2, "", 0.9, "unit", (reason,)),
        Link(None, SubjectKind.seller, two.seller or 0, SubjectKind.premises, 2, "", 0.9, "unit", (reason,)),
    ]
    store.keep_links(links, method, build.run.id, actor="system", purpose="link")
    store.judge(SubjectKind.link, 1, Verdict.yes, **who, reason="zqjudgereason")
    store.judge(SubjectKind.listing, listing, Verdict.yes, **who, reason="zqjudgereason")
    store.say_pair(seller, two.seller or 0, True, **who, reason="zqpair")
    store.keep_view(
        "http://stall.example/u/1", actor="a.officer", purpose=Purpose.capture_once, operation=None, run="r", days=28, threshold=3
    )
    with store.database.writing() as c:  # no function of the store words it freely
        c.execute(t.subject_view.update().values(reason="zqviewreason"))
    store.keep_occupant(
        2, Role.occupier, "zqoccupantname", basis=Basis.visit, source="zqoccupantsource", note="zqoccupantnote",
        marks=[("company", "01234567"), ("phone", "07700 900162")], **who,
    )  # fmt: skip
    ground = store.keep_ground(
        seller, Ground.admission, "zqgroundsays", person_named="zqperson", strength=Strength.strong, source="zqgroundsource", **who
    )
    store.judge_account(seller, Verdict.yes, rests_on=[ground], reason="zqjudgereason", **who)
    store.add_reference(
        Reference(
            None, ReferenceKind.price, "wexcombe", "zqprovenance", "a.officer", "zqother", price_minor=1, currency="GBP", dated="2026-01-01"
        )
    )
    store.open_case(Case(CASE, "wexcombe", "zqcasetitle", "zqoperation"), actor="a.officer")
    store.exhibit(CASE, SubjectKind.listing, listing, initials="AB", description="zqexhibitdescription", actor="a.officer")
    store.exhibit(CASE, SubjectKind.listing, tip.listing, initials="AB", description="zqtoldexhibit", actor="a.officer")
    store.exhibit(CASE, SubjectKind.capture, statement.id or 0, initials="AB", description="zqtoldexhibit", actor="a.officer")
    store.hold(SubjectKind.listing, listing, actor="a.officer", reason="zqhold")
    done = (
        (Kind.visit, Visit(("zqvisitors",), "entry", "zqseen", "zqmet", "zqvisitlaw", no_notice="zqnotice"), None),
        (Kind.warning, WarningGiven("zqgivento", "zqserved", "zqabout", "zqsignature"), None),
        (Kind.advice, Advice("zqadvice", "zqadvice", "zqadvice"), None),
        (Kind.seizure, Seizure((Item("zqseized", 5, "zqseizedbrand", 900, "ZQBAG77"),), "seize", "zqstored", "zqvisitlaw"), None),
        (Kind.outcome, Decided(Outcome.investigation, "zqrisk"), None),
        (Kind.closure, ClosureOrder("zqcourt", "2026-01-01", "zqcourt"), None),
        (Kind.purchase, Authorised("zqmanager", "zqmanager"), Step.authorised),
    )
    for kind, what, step in done:
        store.keep_follow_up(FollowUp(None, kind, what, START, True, 2, None, CASE, step=step), **who)
    source = Provenance("zqsourceurn", Origin.person, "zqsourcehow", "Zqsourcewho Person", "07700 900165", sighting=tip.reference)
    store.keep_report("zqintelligence", grade_of("2BC", "zqconditions"), source, marking="OFFICIAL", case=CASE, **who)
    genuine = GenuinePrice(32_000, "GBP", PriceFrom.list, "zqpricelist", "2026-01-01")
    store.keep_money(CASE, Goods("zqgenuinegoods", 5, (evidence_of("seizure:4/1"),), "", genuine, genuine, genuine), **who)
    store.keep_money(CASE, Receipt("zqpayment", 99_900, "GBP", "2026-01-02", (evidence_of("document:zqdocument"),), seller), **who)
    store.keep_referral(
        "R-2025-0001", "fire", recipient="zqformer", why="zqformer", gateway="x", fields=[], digest="0" * 64, case=CASE, **who
    )
    store.keep_return("R-2025-0001", page.id or 0, outcome="zqreturned", reference="zqreturned", dated="", items=[], refused=0, **who)
    suspect = Person(name="zqsuspect", category=SubjectCategory.suspect, basis="zqsuspectbasis")
    store.keep_entry(CaseEntry(None, CASE, EntryKind.person, suspect), **who)
    store.keep_draft(CASE, DraftKind.statement, [("statement.docx", statement.id or 0)], about="zqdraftabout", actor="a.officer")
    [item] = store.number_items(CASE, [("", [f"listing:{listing}"])], actor="a.officer")
    store.decide_item(
        CASE, item, Standing.sensitive, undermines=Undermines.no, reason="zqdecision", sensitivity="zqsensitivity", description="zqitem", **who
    )  # fmt: skip
    store.keep_edition(CASE, {"items": [{"number": 99, "description": "zqedition"}]}, actor="a.officer")
    with store.acting("a.officer", purpose="look") as reader:
        reader.sellers_known(names=["zqlookup"])
    store.keep_note("zqnotetext", NoteKind.note, SubjectKind.seller, seller, **who)
    store.keep_note("zqnotetext", NoteKind.log, SubjectKind.case, CASE, **who)
    store.keep_clearance(Cleared.seller, seller, "zqclearance", brand="zqclearedbrand", **who)
    store.save_search("zqsearch", {"text": "zqsearch"}, **who)
    store.assign(SubjectKind.listing, [listing], "zqactor", **who)
    [said] = [store.judge(SubjectKind.listing, two.listing, Verdict.no, **who, reason="zqjudgereason", drawn=True)]
    assert said.id
    store.end_run(build.run.id, PassOutcome.good, {}, "zqrunmessage")


@dataclass(frozen=True)
class Place:
    folder: Path

    @property
    def home(self) -> Home:
        return Home(self.folder)

    def run(self, *arguments: str, status: int = 0) -> str:
        done = CliRunner().invoke(app, [*arguments, "--home", str(self.folder)], env={"TOUCHSTONE_ACTOR": "b.officer", "COLUMNS": "240"})
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == status, done.output
        return str(done.stdout)

    def json(self, *arguments: str, status: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", status=status))

    def refer(self, kind: str, *more: str, subject: tuple[str, str] = ("case", CASE)) -> Any:
        needed = ("--concern", "Rear exit blocked by stock") if kind in ("fire", "immigration") and "--concern" not in more else ()
        return self.json(
            "refer", *subject, "--to", kind, "--recipient", "Duty desk, Wexcombe (fictional)", "--why", "it is theirs to deal with", "--out",
            str(self.folder / "out"), *needed, *more,
        )  # fmt: skip


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("referral") / "home"
    plant(folder)
    return folder


@pytest.fixture
def place(planted: Path, tmp_path: Path) -> Iterator[Place]:
    shutil.copytree(planted, tmp_path / "home")
    yield Place(tmp_path / "home")


def everything_in(folder: Path, packed: Path) -> str:
    """All that the files of a referral say: text of the PDF and the DOCX, the JSON, and the raw bytes of all of them, the zip's members too."""
    import pypdf

    said = []
    with zipfile.ZipFile(packed) as archive:
        for name in archive.namelist():
            body = archive.read(name)
            assert body == (folder / Path(name).name).read_bytes()
            said += [name, body.decode("utf-8", "replace")]
            if name.endswith(".docx"):
                with zipfile.ZipFile(io.BytesIO(body)) as package:
                    parts = [package.read(each).decode("utf-8", "replace") for each in package.namelist()]
                said += [*parts, *(re.sub("<[^>]+>", "", part) for part in parts)]
            if name.endswith(".pdf"):
                reader = pypdf.PdfReader(io.BytesIO(body))
                said += [re.sub(r"\s+", "", "".join(page.extract_text() for page in reader.pages)), str(reader.metadata)]
    return "\n".join(said)


# -- only what the purpose needs ---------------------------------------------------------------------------------------------------
def test_something_is_planted_in_every_table_that_can_hold_words(place: Place) -> None:
    with Store.open(place.home) as store, store.database.reading() as c:
        bare = []
        for table in t.metadata.sorted_tables:
            columns = [column for column in table.columns if isinstance(column.type, String | Text)]
            rows = c.execute(select(*columns)).all() if columns else []
            if columns and not re.search(r"zq|9001\d\d", str(rows), re.IGNORECASE):
                bare.append(table.name)
        planted = str([c.execute(select(table)).all() for table in t.metadata.sorted_tables if table.name != "event"])
    # the columns of these are codes, digests, numbers and what the store makes itself
    assert sorted(bare) == sorted(WORDLESS), set(bare) ^ set(WORDLESS)
    assert not [each for each in (*MARKERS.values(), *NEVER) if each.lower() not in planted.lower()]


@pytest.mark.parametrize("kind", KINDS)
def test_a_referral_has_the_listed_fields_and_no_other(place: Place, kind: str) -> None:
    recipient = referrals.recipient_of(place.home, kind)
    done = place.refer(kind)
    said = everything_in(Path(done["folder"]), Path(done["zip"])).lower()
    may = {MARKERS[each] for each in recipient.fields if each in MARKERS}
    may |= {marker for marker in MARKERS.values() if marker in may}
    wanted = sorted(marker for marker in may if re.sub(r"\s", "", marker.lower()) not in re.sub(r"\s", "", said))
    assert not wanted, f"listed and not in it: {wanted}"
    leaked = sorted(marker for marker in (*MARKERS.values(), *NEVER) if marker not in may and marker.lower() in said)
    assert not leaked, f"not listed and in it: {leaked}"


@pytest.mark.parametrize("kind", KINDS)
def test_no_field_of_a_referral_s_json_is_outside_its_list(place: Place, kind: str) -> None:
    done = place.refer(kind)
    read = json.loads((Path(done["folder"]) / "referral.json").read_text())
    fields = {
        f"{section}.{name}"
        for section, rows in read.items()
        if isinstance(rows, list) and section in referrals.FIELDS
        for row in rows
        for name in row
    }
    assert fields and fields <= set(referrals.recipient_of(place.home, kind).fields)


def test_taking_a_field_off_the_list_takes_it_out_and_nothing_else(place: Place) -> None:
    shutil.copytree(Path(referrals.__file__).parent.parent / "configs" / "referrals", place.folder / "configs" / "referrals")
    path = place.folder / "configs" / "referrals" / "police.yml"
    path.write_text(path.read_text().replace("  - contacts.value\n", "").replace("  - listings.text\n", ""))
    done = place.refer("police")
    said = everything_in(Path(done["folder"]), Path(done["zip"]))
    assert "900163" not in said and "zqtext" not in said and "zqtitle" in said


def test_a_link_that_no_person_confirmed_leads_nowhere(place: Place) -> None:
    done = place.refer("regional", subject=("premises", "2"))
    said = everything_in(Path(done["folder"]), Path(done["zip"]))
    assert "zqhandle" in said and "zqother" not in said
    with pytest.raises(TouchstoneError, match="no premises 99"):
        place.refer("regional", subject=("premises", "99"))


# -- who told of it ------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "more",
    [["--concern", "as Zqinformant Zqsurname says"], ["--concern", "ring 0770 0900 164"], ["--concern", "zqsourcewho person told us"]],
)
@pytest.mark.parametrize("kind", KINDS)
def test_words_that_name_who_told_of_it_stop_the_referral(place: Place, kind: str, more: list[str]) -> None:
    with pytest.raises(TouchstoneError, match="would name somebody who told of this") as error:
        place.refer(kind, *more)
    assert "zq" not in str(error.value).lower() and "900" not in str(error.value)
    assert not (place.folder / "out").exists() or list((place.folder / "out").iterdir()) == []
    with Store.open(place.home) as store, store.acting("a.officer", purpose="test") as reader:
        assert [r.reference for r in reader.referrals()] == ["R-2025-0001"]


def test_an_informant_in_an_advert_s_own_words_stops_it_too(place: Place) -> None:
    with Store.open(place.home) as store, store.database.writing() as c:
        c.execute(t.snapshot.update().values(text="bought by Zqinformant Zqsurname"))
    with pytest.raises(TouchstoneError, match="would name somebody"):
        place.refer("police")
    assert place.refer("fire")["reference"]  # which is not given what adverts say


def test_exhibits_that_somebody_told_are_left_out_and_it_says_so(place: Place) -> None:
    done = place.refer("regional")
    assert "2 exhibits that somebody told or handed in are left out" in done["notes"]
    numbers = [row["number"] for row in json.loads((Path(done["folder"]) / "referral.json").read_text())["exhibits"]]
    assert numbers == ["AB1"]


# -- what it is -----------------------------------------------------------------------------------------------------------------------
def test_it_is_logged_as_a_disclosure_with_its_recipient_and_reason_by_commitment(place: Place) -> None:
    done = place.refer("police")
    with Store.open(place.home) as store:
        event = next(e.body for e in reversed(store.log()) if e.body["verb"] == "disclosure")
        with store.acting("a.officer", purpose="test") as reader:
            kept = reader.referral(done["reference"])
        assert store.verify() == []
    assert event["purpose"] == "referral to police" and event["justification"] == "it is theirs to deal with" and event["case"] == CASE
    assert {"referral", "listing", "seller", "intelligence", "follow_up"} <= set(event["subjects"]) and "informant" not in str(event)
    assert (kept.recipient, kept.why, kept.digest) == ("Duty desk, Wexcombe (fictional)", "it is theirs to deal with", done["digest"])
    assert kept.fields == referrals.recipient_of(place.home, "police").fields and "Enterprise Act 2002, s.242" in kept.gateway


def test_only_rows_of_what_went_in_are_in_the_event(place: Place) -> None:
    place.refer("fire")
    with Store.open(place.home) as store:
        event = next(e.body for e in reversed(store.log()) if e.body["verb"] == "disclosure")
    assert set(event["subjects"]) == {"referral", "premises", "occupant", "follow_up"}


def test_the_manifest_holds_every_file_and_its_digest_is_the_one_printed(place: Place) -> None:
    done = place.refer("hmrc")
    folder = Path(done["folder"])
    manifest = (folder / "manifest.sha256").read_bytes()
    assert hashlib.sha256(manifest).hexdigest() == done["digest"]
    listed = dict(reversed(line.split("  ")) for line in manifest.decode().splitlines())  # type: ignore[misc]
    assert set(listed) == {"referral.docx", "referral.pdf", "referral.json"} == {p.name for p in folder.iterdir()} - {"manifest.sha256"}
    assert all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest for name, digest in listed.items())


def test_two_referrals_have_two_references_and_none_is_written_over(place: Place) -> None:
    one, two = place.refer("police"), place.refer("police")
    assert one["reference"] != two["reference"] and two["reference"].endswith("0002")
    (place.folder / "out" / "R-x").mkdir()
    following = place.folder / "out" / two["reference"].replace("0002", "0003")
    following.mkdir()
    with pytest.raises(TouchstoneError, match="nothing is written over an older referral"):
        place.refer("police")


@pytest.mark.parametrize("kind", KINDS)
def test_a_gateway_that_was_not_checked_says_so_on_the_page_and_to_the_officer(place: Place, kind: str) -> None:
    done = place.refer(kind)
    assert any("to be checked by a lawyer before it is used" in note for note in done["notes"])
    read = json.loads((Path(done["folder"]) / "referral.json").read_text())
    assert read["gateways"] and all("(to be checked before use)" in each for each in read["gateways"])


def test_benefit_goes_to_the_revenue_and_the_value_of_genuine_goods_to_nobody(place: Place) -> None:
    """£999.00 was received; 5 genuine pieces at £320 are £1,600.00: the two are never together, and only the first is what anybody obtained."""
    for kind in KINDS:
        done = place.refer(kind)
        said = everything_in(Path(done["folder"]), Path(done["zip"]))
        assert ("999.00" in said) is (kind in ("hmrc", "regional")) and "1,600" not in said and "2,599" not in said


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--to", "polis"], "'polis' is none of fire, hmrc, immigration, police, regional .*; did you mean 'police'"),
        (["--recipient", " "], "names its recipient"),
        (["--why", " "], "says why"),
        (["--to", "fire"], "say what concerns the recipient"),
    ],
    ids=["kind", "recipient", "why", "concern"],
)
def test_what_lacks_a_part_is_refused(place: Place, arguments: list[str], why: str) -> None:
    given = {"--to": "police", "--recipient": "Duty desk", "--why": "x", **dict(zip(arguments[::2], arguments[1::2], strict=True))}
    with pytest.raises(TouchstoneError, match=why):
        place.run("refer", "case", CASE, "--out", str(place.folder / "out"), *[word for pair in given.items() for word in pair])


def test_a_field_that_is_not_there_is_refused_with_the_nearest_and_its_line(place: Place) -> None:
    (place.folder / "configs" / "referrals").mkdir()
    path = place.folder / "configs" / "referrals" / "police.yml"
    path.write_text("title: x\npurpose: y\ngateways:\n  - {law: a, what: b}\nfields:\n  - accounts.handel\n")
    with pytest.raises(ConfigError, match=r"police.yml:5: fields: there is no field 'accounts.handel'; did you mean 'accounts.handle'"):
        place.refer("police")
    path.write_text("title: x\npurpose: y\ngateways: []\nfields: []\n")
    with pytest.raises(ConfigError, match="a disclosure needs a law"):
        place.refer("police")


def test_each_kind_says_what_it_may_have_and_by_what_law(place: Place) -> None:
    said = place.run("refer", "kinds")
    assert all(f"{kind}: " in said for kind in KINDS) and "Enterprise Act 2002, s.241" in said


# -- what comes back --------------------------------------------------------------------------------------------------------------------
ROWS = [
    {
        "Reference": "WP-1",
        "Outcome": "account frozen",
        "Date": "25/11/2026",
        "Item": "The takings go to a second account",
        "Grade": "1AP",
        "Conditions": "",
    },
    {
        "Reference": "",
        "Outcome": "",
        "Date": "",
        "Item": "A white van calls on Mondays",
        "Grade": "2CC",
        "Conditions": "not to be acted on",
    },
    {"Reference": "", "Outcome": "", "Date": "", "Item": "A man called", "Grade": "2CC", "Conditions": ""},
    {"Reference": "", "Outcome": "", "Date": "", "Item": "Something", "Grade": "9ZZ", "Conditions": ""},
    {"Reference": "", "Outcome": "", "Date": "soon", "Item": "Something", "Grade": "2CP", "Conditions": ""},
    {"Reference": "", "Outcome": "", "Date": "", "Item": "Duty desk, Wexcombe (fictional) heard of it", "Grade": "2CP", "Conditions": ""},
    {"Reference": "x", "Outcome": "", "Date": "", "Item": "", "Grade": "", "Conditions": ""},
]
REFUSED = [
    "handling C is sharing with conditions",
    "source: '9'",
    "date: 'soon'",
    "would give its source away",
    "neither an outcome nor an item",
]


def as_csv(path: Path) -> Path:
    import csv

    with path.open("w", newline="") as file:
        out = csv.DictWriter(file, list(ROWS[0]))
        out.writeheader()
        out.writerows(ROWS)
    return path


def as_xlsx(path: Path) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(ROWS[0]))
    for row in ROWS:
        sheet.append(list(row.values()))
    book.save(path)
    return path


def as_json(path: Path) -> Path:
    path.write_text(json.dumps({"items": ROWS}))
    return path


@pytest.mark.parametrize("write", [as_csv, as_xlsx, as_json], ids=["csv", "xlsx", "json"])
def test_a_return_is_kept_whole_and_its_items_are_graded_and_its_refused_rows_named(place: Place, write: Any) -> None:
    reference = place.refer("police")["reference"]
    file = write(place.folder / "reply")
    done = place.json("refer", "return", reference, str(file), "--columns", "items", status=1)
    assert done["digest"] == hashlib.sha256(file.read_bytes()).hexdigest() and (done["rows"], len(done["items"])) == (7, 2)
    assert len(done["refused"]) == len(REFUSED) and all(why in said for why, (_, said) in zip(REFUSED, done["refused"], strict=True))
    assert (done["outcome"], done["reference"], done["dated"]) == ("account frozen", "WP-1", "2026-11-25")
    with Store.open(place.home) as store, store.acting("a.officer", purpose="test", justification="test") as reader:
        assert reader.payload(done["capture"]) == file.read_bytes()
        reports = [reader.report(urn) for urn in done["items"]]
        assert [(str(r.grade), r.case) for r in reports] == [("1AP", CASE), ("2CC", CASE)]
        known = reader.intelligence_source(done["items"][0])
        assert known is not None and (known.origin, known.who, known.capture) == (
            Origin.partner,
            "Duty desk, Wexcombe (fictional)",
            done["capture"],
        )
        [back] = reader.referral(reference).returns
        assert back.items == tuple(done["items"]) and back.refused == 5
    with Store.open(place.home) as store:
        assert store.verify() == []
        with store.database.reading() as c:
            assert len(c.execute(select(t.unread.c.id).where(t.unread.c.capture == done["capture"])).all()) == 5
        with pytest.raises(TouchstoneError, match=f"under hold of (intelligence report|a return of referral {reference})"):
            store.erase(done["capture"], actor="a.officer", reason="asked")


def test_a_pdf_is_kept_with_what_the_officer_states_of_it(place: Place) -> None:
    reference = place.refer("fire")["reference"]
    file = place.folder / "letter.pdf"
    file.write_bytes(b"%PDF-1.7\nnothing to read")
    with pytest.raises(TouchstoneError, match="hand a PDF in without --columns"):
        place.run("refer", "return", reference, str(file), "--columns", "items")
    done = place.json(
        "refer", "return", reference, str(file), "--outcome", "prohibition notice", "--their-reference", "F/77", "--dated", "25/11/2026"
    )
    assert (done["outcome"], done["reference"], done["dated"], done["rows"]) == ("prohibition notice", "F/77", "2026-11-25", 0)
    with pytest.raises(TouchstoneError, match=r"this very file came back for R-.* before, as return"):
        place.run("refer", "return", reference, str(file))
    assert "prohibition notice" in place.run("refer", "list")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "the file is empty"),
        ("[1]", ""),
        ("{broken", "not JSON"),
        ('{"items": 3}', "its `items` are no list"),
        ("Item,Grade\nx,2CP\n", "has no column 'Reference'"),
    ],
    ids=["empty", "no object", "broken", "no list", "columns"],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(place: Place, body: str, why: str) -> None:
    reference = place.refer("police")["reference"]
    (place.folder / "reply").write_text(body)
    if why:
        with pytest.raises(TouchstoneError, match=why):
            place.run("refer", "return", reference, str(place.folder / "reply"), "--columns", "items")
    else:
        assert place.json("refer", "return", reference, str(place.folder / "reply"), "--columns", "items", status=1)["refused"] == [
            [1, "it is no object"]
        ]


def test_a_return_of_no_referral_and_a_map_that_is_not_there_are_refused(place: Place) -> None:
    (place.folder / "reply").write_text("x")
    with pytest.raises(TouchstoneError, match="there is no referral 'R-9'"):
        place.run("refer", "return", "R-9", str(place.folder / "reply"))
    with pytest.raises(TouchstoneError, match="there is no column map 'itmes' in configs/returns, which has items"):
        place.run("refer", "return", "R-2025-0001", str(place.folder / "reply"), "--columns", "itmes")
