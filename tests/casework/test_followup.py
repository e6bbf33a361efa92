"""What officers did, recorded as they would: by commands, with files, corrections, refusals that name the next step, erasure and holds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags
from PIL import Image as Pillow
from sqlalchemy import select
from typer.testing import CliRunner

from casework import followup, pdf
from casework.cli import app
from casework.verify import verify
from store import tables as t
from store.config import ConfigError, Home
from store.errors import TouchstoneError
from store.store import Store
from store.words.followup import Closure, File, FollowUp, Kind, Role, Step
from store.words.records import Authority, SubjectKind
from tests.builders import jpeg
from tests.casework.packs import CASE, build

UNIT, BUILDING, SELLER = 2, 1, 1  # of the world of packs.py
OPERATION = """title: Bags in November
purpose: test_purchase
purchase: {authorised_by: B. Manager (fictional), on: "2026-03-02"}
authorisation:
  urn: T-1
  authorising_officer: B. Manager (fictional)
  approved_on: "2026-03-01"
  starts: "2026-03-02"
  expires: "2026-03-31"
  necessity: n
  proportionality: p
  collateral_intrusion: c
"""


@dataclass(frozen=True)
class Work:
    """A working folder, commanded as an officer would."""

    folder: Path

    def run(self, *arguments: str, status: int = 0) -> str:
        done = CliRunner().invoke(app, [*arguments, "--home", str(self.folder)], env={"TOUCHSTONE_ACTOR": "a.officer", "COLUMNS": "240"})
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == status, done.output
        return str(done.stdout)

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))

    def refused(self, *arguments: str) -> str:
        """What is refused, and that it leaves no row, no file and no event of recording behind."""
        before = self.kept()
        with pytest.raises(TouchstoneError) as error:
            self.run(*arguments)
        assert self.kept() == before
        return str(error.value)

    def kept(self) -> tuple[int, ...]:
        with self.store() as store, store.database.reading() as c:
            return tuple(len(c.execute(select(table.c.id)).all()) for table in (t.follow_up, t.capture, t.follow_up_capture, t.bag))

    def file(self, name: str, body: bytes | str = "signed") -> str:
        path = self.folder / name
        path.write_bytes(body if isinstance(body, bytes) else body.encode())
        return str(path)

    def store(self) -> Store:
        return Store.open(Home(self.folder))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("followup") / "home"
    build(folder).store.close()
    return folder


@pytest.fixture
def work(world: Path, tmp_path: Path) -> Iterator[Work]:
    shutil.copytree(world, tmp_path / "home")
    yield Work(tmp_path / "home")


def at(premises: int = UNIT) -> list[str]:
    return ["--premises", str(premises)]


VISIT = ["followup", "visit", *at(), "--officer", "a.officer", "--officer", "b.officer", "--seen", "belts on a rail"]
WARNING = ["followup", "warning", *at(), "--given-to", "the tenant", "--served", "by post", "--about", "registered marks"]


# -- visits, powers and notice -----------------------------------------------------------------------------------------------
def test_a_visit_has_when_it_happened_and_when_it_was_recorded_and_the_law_as_it_stood(work: Work) -> None:
    photo = work.file("rail.jpg", jpeg(3))
    done = work.json(
        *VISIT, "--when", "25/03/2026 10:15", "--power", "entry", "--notice-on", "2026-03-20", "--met", "an assistant", "--photo", photo
    )["follow_up"]
    assert done["happened_at"] == "2026-03-25T10:15:00+00:00" and done["whole_day"] is False
    recorded = datetime.fromisoformat(done["recorded_at"])
    assert abs((datetime.now(UTC) - recorded).total_seconds()) < 600
    assert done["what"]["law"] == "Consumer Rights Act 2015, Sch. 5 para 23 (paragraph to be checked)"
    assert done["what"]["officers"] == ["a.officer", "b.officer"]
    [file] = done["files"]
    with work.store() as store, store.acting("a.officer", purpose="test") as reader:
        assert reader.payload(file["capture"]) == jpeg(3) and file["role"] == "photo"
        kept = reader.capture(file["capture"])
        assert kept.kind == "handed_in" and kept.source == "follow_up"
    shown = work.run("followup", "show", str(done["id"]))
    assert kept.body_digest in shown and "belts on a rail" in shown


def test_a_photograph_of_a_sighting_is_named_by_its_capture(work: Work) -> None:
    done = work.json(*VISIT, "--when", "25/03/2026", "--power", "none", "--photo", "1")["follow_up"]
    assert done["files"] == [{"capture": 1, "role": "photo", "taken_at": ""}] and done["whole_day"] is True
    assert "no capture 999" in work.refused(*VISIT, "--when", "25/03/2026", "--power", "none", "--photo", "999")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--when", "25/03/2026", "--power", "entry"], "2 working days' written notice"),
        (["--when", "25/03/2026", "--power", "entry", "--notice-on", "2026-03-24"], "from 2026-03-24 to 2026-03-25 there were 1"),
        (["--when", "23/03/2026", "--power", "entry", "--notice-on", "2026-03-20"], "there were 1"),
        (["--when", "25/03/2026"], "power: the power of entry"),
        (["--when", "25/03/2026", "--power", "entre"], "did you mean 'entry'?"),
        (["--when", "someday", "--power", "none"], "--when 'someday' is no day"),
        (["--when", "25/03/2096", "--power", "none"], "has yet to come"),
        (["--when", "25/03/2026", "--power", "none", "--case", "TS-0"], "no case 'TS-0'"),
    ],
)
def test_what_a_visit_may_not_be_is_refused_with_a_sentence_and_leaves_nothing(work: Work, more: list[str], said: str) -> None:
    assert said in work.refused(*VISIT, *more, "--photo", work.file("rail.jpg", jpeg(3)))


def test_a_shorter_notice_is_recorded_with_why(work: Work) -> None:
    why = "goods were being loaded into a van"
    done = work.json(*VISIT, "--when", "25/03/2026", "--power", "entry", "--no-notice", why)["follow_up"]
    assert done["what"]["no_notice"] == why
    assert (
        work.json(*VISIT, "--when", "25/03/2026", "--power", "entry", "--notice-on", "2026-03-23")["follow_up"]["what"]["no_notice"] == ""
    )


def test_a_demand_for_information_says_what_its_suspicion_rests_on(work: Work) -> None:
    notice = [
        "followup",
        "notice",
        *at(),
        "--when",
        "25/03/2026",
        "--given-to",
        "the tenant",
        "--served",
        "by hand",
        "--power",
        "information",
    ]
    notice += ["--requires", "invoices since June", "--comply-by", "2026-04-15"]
    assert "needs reasonable suspicion" in work.refused(*notice)
    done = work.json(*notice, "--suspicion", "two flagged adverts")["follow_up"]["what"]
    assert done["statute"] == "Consumer Rights Act 2015, Sch. 5 para 14" and done["comply_by"] == "2026-04-15"


def test_an_unknown_key_of_the_settings_is_refused_with_its_line(work: Work) -> None:
    (work.folder / "configs" / "followup.yml").write_text("powers:\n  entry: {law: x, what: y, notice: 2}\n")
    with pytest.raises(ConfigError, match=r"followup.yml:2: powers.entry: unknown key 'notice'"):
        followup.read_settings(Home(work.folder))
    (work.folder / "configs" / "followup.yml").write_text("powers:\n  entry: {law: x, what: y}\nremind: [entri]\n")
    with pytest.raises(ConfigError, match=r"followup.yml:3: remind: 'entri' is none of the powers; did you mean 'entry'"):
        followup.read_settings(Home(work.folder))


# -- warnings, corrections -----------------------------------------------------------------------------------------------------
def test_proof_that_comes_later_is_a_correction_and_nothing_is_edited(work: Work) -> None:
    first = work.json(*WARNING, "--when", "25/03/2026", "--document", work.file("letter.pdf", "%PDF-1.4 x"))["follow_up"]
    [shown] = work.json("premises", "timeline", str(UNIT))
    assert shown["receipt"] == "receipt not shown"
    later = work.json(
        "followup", "warning", "--supersedes", str(first["id"]), "--delivery-number", "AB 1GB", "--proof", work.file("r.jpg", jpeg(4))
    )["follow_up"]
    assert later["happened_at"] == first["happened_at"] and later["what"]["about"] == "registered marks" and later["premises"] == UNIT
    assert [f["role"] for f in later["files"]] == ["document", "proof"], "the letter stays with it"
    [shown] = work.json("followup", "list", *at())
    assert shown["id"] == later["id"] and shown["receipt"].startswith("recorded delivery AB 1GB; capture ")
    both = work.json("followup", "list", *at(), "--superseded")
    assert (both[0]["id"], both[0]["superseded_by"], both[0]["receipt"]) == (first["id"], later["id"], "receipt not shown")
    again = work.refused("followup", "warning", "--supersedes", str(first["id"]), "--signature", "x")
    assert again == f"follow-up {first['id']} is corrected already, by {later['id']}: correct that one"
    assert "no advice corrects it" in work.refused("followup", "advice", "--supersedes", str(later["id"]), "--about", "x")
    document = str(first["files"][0]["capture"])
    without = work.json("followup", "warning", "--supersedes", str(later["id"]), "--without", document)["follow_up"]
    assert [f["role"] for f in without["files"]] == ["proof"]


def test_a_wrong_door_is_put_right_by_a_correction(work: Work) -> None:
    first = work.json(*WARNING, "--when", "25/03/2026")["follow_up"]
    work.json("followup", "warning", "--supersedes", str(first["id"]), *at(BUILDING))
    assert work.json("followup", "list", *at(UNIT)) == [] and len(work.json("followup", "list", *at(BUILDING))) == 1


# -- the rest of the kinds -------------------------------------------------------------------------------------------------------
def test_a_seizure_counts_and_weighs_and_no_bag_is_used_twice(work: Work) -> None:
    seize = ["followup", "seizure", *at(), "--when", "25/03/2026 11:00", "--power", "seize", "--stored", "store, shelf 4"]
    items = ["--item", "what=belts; count=40; brand=Maison Lozenge; weight=8.2 kg; bag=A0012345", "--item", "what=labels; weight=750 g"]
    done = work.json(*seize, *items)
    assert [i["grams"] for i in done["follow_up"]["what"]["items"]] == [8200, 750]
    assert "without a bag's number" in done["notes"][0]
    shown = work.run("followup", "show", "1")
    assert "40 × belts, Maison Lozenge, 8.2 kg, bag A0012345" in shown and "together: 40 pieces, 8.95 kg" in shown
    assert "bag a-001 2345 was used already, in follow-up 1" in work.refused(*seize, "--item", "what=caps; count=2; bag=a-001 2345")
    corrected = work.json("followup", "seizure", "--supersedes", "1", "--item", "what=belts; count=41; bag=A0012345")["follow_up"]
    assert corrected["what"]["items"][0]["count"] == 41, "a correction may name the bag of what it corrects"
    assert "used already" in work.refused(*seize, "--item", "what=caps; count=2; bag=A0012345")
    for wrong in ("belts", "what=belts; count=x", "what=belts; weight=8 lb", "what=belts; weight=0.5 g; count=1", "count=2"):
        assert "--item" in work.refused(*seize, "--item", wrong)


def test_closures_are_read_by_place_and_a_corrected_one_is_gone(work: Work) -> None:
    order = ["followup", "closure", *at(), "--when", "2/03/2026", "--court", "Wexcombe court (fictional)", "--basis", "closure order"]
    work.run(*order, "--from", "2026-03-02", "--until", "2026-06-01")
    work.run("followup", "closure", "--supersedes", "1", "--until", "2026-05-31")
    with work.store() as store, store.acting("a.officer", purpose="test") as reader:
        [closed] = reader.closures()
        assert closed == Closure(UNIT, date(2026, 3, 2), date(2026, 5, 31), "closure order, Wexcombe court (fictional)", 2)
        assert closed.covers(date(2026, 5, 31)) and not closed.covers(date(2026, 6, 1)) and not closed.covers(date(2026, 3, 1))
        assert reader.closures(UNIT) == [closed] and reader.closures(BUILDING) == []
    assert "a closure is of premises" in work.refused(*[x for x in order if x not in at()], "--from", "2026-03-02")


def test_an_outcome_has_its_risk_reason_and_names_the_rungs_that_are_missing(work: Work) -> None:
    outcome = ["followup", "outcome", "notice", *at(), "--when", "26/03/2026"]
    assert "risk_reason: the risk that it answers" in work.refused(*outcome)
    work.run("followup", "advice", *at(), "--when", "25/03/2026", "--given-to", "the tenant", "--how", "in person", "--about", "marks")
    done = work.json(*outcome, "--risk-reason", "sold near a school")
    assert done["notes"] == ["no warning is recorded here before it: the risk reason must bear that (Regulators' Code)"]
    assert work.json("followup", "outcome", "look_alike", *at(), "--when", "26/03/2026", "--risk-reason", "no mark")["notes"] == []


def test_advice_of_the_same_day_stands_below_an_outcome_whose_hour_is_not_known(work: Work) -> None:
    advice = ["followup", "advice", *at(), "--given-to", "the tenant", "--how", "in person", "--about", "marks"]
    outcome = ["followup", "outcome", "warning", *at(), "--risk-reason", "sold near a school"]
    work.run(*advice, "--when", "25/03/2026 09:00")
    assert work.json(*outcome, "--when", "25/03/2026")["notes"] == []
    assert "no advice is recorded" in work.json(*outcome, "--when", "25/03/2026 08:59")["notes"][0]
    assert "no advice is recorded" in work.json(*outcome, "--when", "24/03/2026")["notes"][0]


def test_it_is_about_a_place_or_a_seller_that_is_there(work: Work) -> None:
    visit = ["followup", "visit", "--when", "25/03/2026", "--officer", "a", "--power", "none", "--seen", "x"]
    assert "about a place or a seller" in work.refused(*visit)
    assert "there is no premises 99" in work.refused(*visit, *at(99))
    assert "there is no seller 99" in work.refused(*visit, "--seller", "99")
    assert work.json(*visit, "--seller", str(SELLER))["follow_up"]["premises"] is None


def test_the_timeline_of_a_place_has_its_buildings_and_its_units_in_order(work: Work) -> None:
    work.run(*WARNING, "--when", "26/03/2026")
    visit = ["followup", "visit", "--officer", "a", "--power", "none", "--seen", "x"]
    work.run(*visit, *at(BUILDING), "--when", "25/03/2026 14:00")
    work.run(*visit, *at(UNIT), "--when", "25/03/2026 09:00")
    for place in (UNIT, BUILDING):
        assert [r["id"] for r in work.json("premises", "timeline", str(place))] == [3, 2, 1]
    assert "2026-03-25 09:00 UTC" in work.run("premises", "timeline", str(UNIT))
    with pytest.raises(TouchstoneError, match="no premises 99"):
        work.run("premises", "timeline", "99")


# -- test purchases ----------------------------------------------------------------------------------------------------------------
def exif(taken: str) -> bytes:
    """A photograph whose camera says when it was taken."""
    from io import BytesIO

    picture, out = Pillow.new("RGB", (64, 64), "white"), BytesIO()
    said = Pillow.Exif()
    said[ExifTags.Base.DateTime.value] = taken
    picture.save(out, "JPEG", exif=said)
    return out.getvalue()


def steps(work: Work) -> dict[str, list[str]]:
    """The commands of a whole purchase, by step, of purchase 1."""
    photo, form, statement = (
        work.file("parcel.jpg", exif("2026:03:10 10:05:00")),
        work.file("form.pdf"),
        work.file("statement.pdf", "stated"),
    )
    return {
        "authorise": ["purchase", "authorise", "--seller", str(SELLER), "--when", "2/03/2026", "--authorised-by", "B. Manager", "--ground", "adverts"],
        "order": ["purchase", "order", "1", "--when", "3/03/2026 09:30", "--order", "listing 1001", "--paid", "£45"],
        "receive": ["purchase", "receive", "1", "--when", "10/03/2026 10:00", "--carrier", "a carrier", "--tracking", "PX1", "--sender", "Unit 3"],
        "photograph": ["purchase", "photograph", "1", "--when", "10/03/2026 10:05", "--photo", photo],
        "seal": ["purchase", "seal", "1", "--when", "10/03/2026 11:00", "--opened-at", "10/03/2026 10:30", "--bag", "B1", "--contents", "a bag"],
        "examine": ["purchase", "examine", "1", "--when", "11/03/2026", "--examiner", "C", "--how", "by hand", "--signed-by", "A and C", "--continuity", form],
        "result": ["purchase", "result", "1", "counterfeit", "--when", "20/03/2026", "--examiner", "C", "--statement", statement],
    }  # fmt: skip


def test_a_test_purchase_goes_step_by_step_and_each_refusal_names_the_next(work: Work) -> None:
    commands = steps(work)
    names = list(commands)
    assert "there is no test purchase 1" in work.refused(*commands["order"])
    for number, name in enumerate(names):
        if number:
            if number < 6:
                assert f"'result' cannot be recorded yet: the next step is '{list(Step)[number]}'" in work.refused(*commands["result"])
            repeated = [*commands[names[number - 1]]]
            if names[number - 1] != "authorise":
                assert f"is recorded already: the next step is '{list(Step)[number]}'" in work.refused(*repeated)
        work.run(*commands[name])
        assert work.json("purchase", "show", "1")["next"] == (list(Step)[number + 1] if number < 6 else None)
    assert "every step of this test purchase is" in work.refused(*commands["result"])
    chain = work.json("purchase", "show", "1")
    assert [s["step"] for s in chain["steps"]] == list(Step) and {s["seller"] for s in chain["steps"]} == {SELLER}
    assert all(len(chain["digests"][str(f["capture"])]) == 64 for s in chain["steps"] for f in s["files"])
    assert chain["steps"][3]["files"][0]["taken_at"] == "2026-03-10T10:05:00+00:00"
    with work.store() as store:
        assert store.verify() == []


@pytest.mark.parametrize(
    ("step", "change", "said"),
    [
        ("authorise", ["--ground", ""], "ground: on what ground"),
        ("order", ["--paid", "much"], "paid: 'much' is no price"),
        ("order", ["--relationship"], "covert human intelligence source"),
        ("order", ["--when", "1/03/2026"], "'ordered' happened 2026-03-01, before 'authorised'"),
        ("receive", ["--tracking", ""], "give the carrier and the tracking number, or say how it came"),
        ("photograph", ["--photo", ""], "at least one photograph of the packaging"),
        ("photograph", ["--opened-at", "10/03/2026 10:04"], "by the times that are stated here none was"),
        ("photograph", ["--opened-at", "10/03/2026"], "give the hour too"),
        ("seal", ["--bag", ""], "bag: the number of the sealed bag"),
        ("seal", ["--opened-at", "10/03/2026 10:00"], "before its packaging was photographed"),
        ("seal", ["--opened-at", "10/03/2026 11:30"], "after the goods were sealed"),
        ("examine", ["--continuity", ""], "'examiner' needs the signed continuity form"),
        ("examine", ["--signed-by", ""], "signed_by: who signed"),
        ("result", ["--statement", ""], "'result' needs the examiner's statement"),
    ],
)
def test_what_a_step_needs_is_asked_for(work: Work, step: str, change: list[str], said: str) -> None:
    commands = steps(work)
    for name in list(commands)[: list(commands).index(step)]:
        work.run(*commands[name])
    asked = commands[step]
    if change[0] in asked:
        asked[asked.index(change[0]) : asked.index(change[0]) + 2] = [x for x in change if change[1]]
    else:
        asked += change
    assert said in work.refused(*asked)


def test_a_photograph_that_its_own_camera_dates_after_the_opening_does_not_count(work: Work) -> None:
    commands = steps(work)
    for name in ("authorise", "order", "receive"):
        work.run(*commands[name])
    late = work.file("late.jpg", exif("2026:03:10 12:00:00"))
    shot = ["purchase", "photograph", "1", "--when", "10/03/2026 10:05", "--opened-at", "10/03/2026 10:30"]
    assert "none was" in work.refused(*shot, "--photo", late)
    work.run(*shot[:-2], "--photo", late)
    assert "every photograph of its packaging says that it was taken later" in work.refused(*commands["seal"]), "opened at 10:30"
    work.run(*shot, "--supersedes", "4", "--photo", work.file("parcel.jpg", exif("2026:03:10 10:05:00")))
    work.run(*commands["seal"])


def test_a_kept_captures_camera_is_asked_as_a_files_is(work: Work) -> None:
    commands = steps(work)
    for name in ("authorise", "order", "receive"):
        work.run(*commands[name])
    handed_in = [x for time in ("12:00:00", "10:05:00") for x in ("--photo", work.file(f"{time[:2]}.jpg", exif(f"2026:03:10 {time}")))]
    late, early = (f["capture"] for f in work.json(*VISIT, "--when", "10/03/2026", "--power", "none", *handed_in)["follow_up"]["files"])
    shot = ["purchase", "photograph", "1", "--when", "10/03/2026 10:05", "--opened-at", "10/03/2026 10:30"]
    assert "none was" in work.refused(*shot, "--photo", str(late))
    [file] = work.json(*shot, "--photo", str(early))["follow_up"]["files"]
    assert file == {"capture": early, "role": "photo", "taken_at": "2026-03-10T10:05:00+00:00"}


def test_a_photograph_taken_after_the_sealing_shows_no_closed_parcel_though_nobody_stated_the_opening(work: Work) -> None:
    commands = steps(work)
    for name in ("authorise", "order", "receive"):
        work.run(*commands[name])
    work.run("purchase", "photograph", "1", "--when", "10/03/2026 10:05", "--photo", work.file("late.jpg", exif("2026:03:10 12:00:00")))
    seal = [x for x in commands["seal"] if x not in ("--opened-at", "10/03/2026 10:30")]
    assert "every photograph of the packaging says that it was taken later" in work.refused(*seal), "sealed at 11:00"
    seal[seal.index("--when") + 1] = "10/03/2026 12:30"
    work.run(*seal)


def test_the_law_of_a_purchase_is_stated_where_the_officer_names_the_power(work: Work) -> None:
    authorise = steps(work)["authorise"]
    assert work.json(*authorise)["follow_up"]["what"] == {"authorised_by": "B. Manager", "ground": "adverts", "power": "", "law": ""}
    named = work.json(*authorise, "--power", "purchase")["follow_up"]["what"]
    assert (named["power"], named["law"]) == ("purchase", "Consumer Rights Act 2015, Sch. 5 para 21 (paragraph to be checked)")
    assert "is no power of configs/followup.yml" in work.refused(*authorise, "--power", "buy")


def test_a_correction_names_the_purchase_of_the_row_that_it_corrects(work: Work) -> None:
    commands = steps(work)
    for name in ("authorise", "order", "authorise"):
        work.run(*commands[name])
    for other in ("3", "999"):
        said = work.refused("purchase", "order", other, "--supersedes", "2", "--paid", "£50")
        assert said == f"follow-up 2 is a step of purchase 1, and not of {other}"
    assert work.json("purchase", "order", "1", "--supersedes", "2", "--paid", "£50")["follow_up"]["purchase"] == 1


def test_a_bag_of_one_purchase_is_refused_in_another(work: Work) -> None:
    commands = steps(work)
    for name in ("authorise", "order", "receive", "photograph", "seal"):
        work.run(*commands[name])
    second = work.json(*commands["authorise"])
    assert "1 test purchase of this seller or place came before" in second["notes"][0]
    number = str(second["follow_up"]["purchase"])
    for name in ("order", "receive", "photograph"):
        work.run(*[number if x == "1" else x for x in commands[name]])
    assert "bag b 1 was used already, in follow-up 5" in work.refused(*[{"1": number, "B1": "b 1"}.get(x, x) for x in commands["seal"]])


def test_an_operation_covers_a_purchase_within_its_authorisations_dates_alone(work: Work) -> None:
    (work.folder / "configs" / "operations").mkdir()
    (work.folder / "configs" / "operations" / "bags.yml").write_text(OPERATION)
    (work.folder / "configs" / "operations" / "once.yml").write_text("title: One page\npurpose: capture_once\n")
    commands = steps(work)
    authorise = [*commands["authorise"], "--operation", "bags"]

    def on(day: str, command: list[str]) -> list[str]:
        changed = list(command)
        changed[changed.index("--when") + 1] = day
        return changed

    assert "authorisation T-1 does not start before 2026-03-02" in work.refused(*on("1/03/2026", authorise))
    assert "expired on 2026-03-31" in work.refused(*on("1/04/2026", authorise))
    assert "there is no operation 'bag'" in work.refused(*commands["authorise"], "--operation", "bag")
    assert "is a capture_once, and no test purchase" in work.refused(*commands["authorise"], "--operation", "once")
    work.run(*on("31/03/2026 23:59", authorise))
    assert "'ordered': operation bags: authorisation T-1 expired" in work.refused(*on("1/04/2026", commands["order"]))
    work.run(*on("31/03/2026 23:59", commands["order"]))


def test_a_purchase_is_held_against_its_operation_as_the_file_has_it_when_a_step_is_recorded(work: Work) -> None:
    (work.folder / "configs" / "operations").mkdir()
    file = work.folder / "configs" / "operations" / "bags.yml"
    file.write_text(OPERATION)
    commands = steps(work)
    work.run(*commands["authorise"], "--operation", "bags")

    def readings() -> int:
        with work.store() as store, store.database.reading() as c:
            return len(c.execute(select(t.operation.c.id)).all())

    file.write_text(OPERATION.replace("  necessity", '  cancelled_at: "2026-03-03"\n  necessity'))
    assert "authorisation T-1 was cancelled on 2026-03-03" in work.refused(*commands["order"])
    assert readings() == 1, "what is refused leaves no reading of the operation behind"
    file.write_text(OPERATION.replace("2026-03-31", "2026-04-30"))
    order = [*commands["order"]]
    order[order.index("--when") + 1] = "2/04/2026 09:30"
    work.run(*order)
    assert readings() == 2
    file.write_text(OPERATION)
    assert "expired on 2026-03-31" in work.refused(*order[:2], "1", "--supersedes", "2", "--when", "3/04/2026"), (
        "the file, not what was kept last"
    )
    file.unlink()
    work.run("purchase", "order", "1", "--supersedes", "2", "--paid", "£50")  # nothing that the operation covers is moved


def test_a_corrected_step_stays_to_be_read_and_the_chain_can_be_printed(work: Work, tmp_path: Path) -> None:
    commands = steps(work)
    for name in ("authorise", "order", "receive"):
        work.run(*commands[name])
    work.run("purchase", "receive", "1", "--supersedes", "3", "--tracking", "PX2")
    chain = work.json("purchase", "show", "1")
    assert [(s["id"], s["step"]) for s in chain["steps"]] == [(1, "authorised"), (2, "ordered"), (4, "received")]
    assert [(s["id"], s["superseded_by"]) for s in chain["corrected"]] == [(3, 4)] and chain["steps"][2]["what"]["sender"] == "Unit 3"
    shown = work.run("purchase", "show", "1")
    assert "PX2" in shown and "corrected: follow-up 3" in shown and "Next: photographed" in shown


# -- the log, holds, erasure -----------------------------------------------------------------------------------------------------------
def test_each_recording_is_an_event_with_numbers_alone_and_each_reading_too(work: Work) -> None:
    work.run(*WARNING, "--when", "25/03/2026", "--proof", work.file("Tenant Surname.jpg", jpeg(5)), "--why", "complaint 12")
    work.run("followup", "show", "1", "--why", "for the file")
    with work.store() as store:
        events = [e.body for e in store.log()]
    kept = next(e for e in events if e["purpose"] == "follow-up" and e["verb"] == "alteration")
    assert kept["actor"] == "a.officer" and kept["justification"] == "complaint 12"
    assert kept["subjects"]["follow_up"] == "1" and kept["subjects"]["premises"] == str(UNIT)
    assert set(kept["detail"]) == {"kind", "step", "supersedes", "commitment"}
    assert not [e for e in events if e["verb"] == "combination" and e["purpose"] == "follow-up"], "a place alone joins nobody to anything"
    read = [e for e in events if e["purpose"] == "followup show" and e["verb"] == "consultation"]
    assert read[-1]["subjects"]["follow_up"] == "1" and read[-1]["justification"] == "for the file"
    assert not any(word in json.dumps(events) for word in ("Surname", "the tenant", "registered marks"))


def test_a_seller_and_a_place_in_one_row_are_a_combination_in_the_log(work: Work) -> None:
    work.run(*WARNING, "--seller", str(SELLER), "--when", "25/03/2026", "--why", "complaint 12")
    with work.store() as store:
        [event] = [e.body for e in store.log() if e.body["verb"] == "combination" and e.body["purpose"] == "follow-up"]
    assert (
        event["subjects"] == {"follow_up": "1", "premises": str(UNIT), "seller": str(SELLER)} and event["justification"] == "complaint 12"
    )


def test_an_edit_of_a_row_in_the_database_is_found(work: Work) -> None:
    work.run(*WARNING, "--when", "25/03/2026", "--proof", work.file("r.jpg", jpeg(5)))
    with work.store() as store:
        assert store.verify() == []
        with store.database.writing() as c:
            body = c.execute(select(t.follow_up.c.body_json)).scalar_one()
            c.execute(t.follow_up.update().values(body_json=body.replace("by post", "by hand")))
        assert store.verify() == ["follow-up 1 was changed: the event of its recording commits to something else"]
        with store.database.writing() as c:
            c.execute(t.follow_up.update().values(body_json=body))
            capture = c.execute(select(t.follow_up_capture.c.capture)).scalar_one()
            c.execute(t.follow_up_capture.update().values(capture=1))
        assert store.verify() == ["follow-up 1 was changed: the event of its recording commits to something else"]
        with store.database.writing() as c:
            c.execute(t.follow_up_capture.update().values(capture=capture))
            kept = c.execute(select(t.follow_up.c.at)).scalar_one()
        assert store.verify() == []
        with store.database.writing() as c:
            c.execute(t.follow_up.update().values(at=kept - timedelta(days=1)))
        assert store.verify() == ["follow-up 1 was changed: the event of its recording commits to something else"], "when it was recorded"
        store.keep_authority(Authority("other", "Another"))
        with store.database.writing() as c:
            c.execute(t.follow_up.update().values(at=kept, authority="other"))
        assert store.verify() == ["follow-up 1 was changed: the event of its recording commits to something else"], "for whom"
        with store.database.writing() as c:
            c.execute(t.follow_up_capture.delete())
            c.execute(t.follow_up.delete())
        assert store.verify() == ["follow-up 1 is gone, although the log tells of its recording"]


def test_erasure_blanks_what_was_said_with_all_corrections_and_takes_the_files(work: Work) -> None:
    work.run(*WARNING, "--when", "25/03/2026", "--proof", work.file("r.jpg", jpeg(5)), "--document", "1")
    work.run("followup", "warning", "--supersedes", "1", "--signature", "the tenant")
    with work.store() as store:
        with store.acting("a.officer", purpose="test") as reader:
            proof, document = (file.capture for file in reader.follow_up(1).files)
        assert store.erase_follow_up(1, actor="a.officer", reason="retention") == (document,)
        assert store.erase_follow_up(2, actor="a.officer", reason="again") == (document,), "safe to run again"
        with store.acting("a.officer", purpose="test") as reader:
            rows = reader.follow_ups(superseded=True)
            assert [(r.id, r.what) for r in rows] == [(1, None), (2, None)]
            with pytest.raises(TouchstoneError):
                reader.payload(proof)
            assert reader.payload(document), "a page of an advert is not the follow-up's own"
        with store.database.reading() as c:
            assert {(r.body_json, r.salt) for r in c.execute(select(t.follow_up))} == {("{}", "")}
        assert store.verify() == []
        for written in ({"body_json": '{"outcome": "advice"}', "salt": ""}, {"body_json": "{}", "salt": "0" * 32}):
            with store.database.writing() as c:
                c.execute(t.follow_up.update().where(t.follow_up.c.id == 1).values(**written))
            assert store.verify() == ["follow-up 1 was changed: the log says that it was erased, and it says something"]
        with store.database.writing() as c:
            c.execute(t.follow_up.update().where(t.follow_up.c.id == 1).values(body_json="{}", salt=""))
    assert "erased" in work.run("followup", "show", "2")
    assert "was erased" in work.refused("followup", "warning", "--supersedes", "2", "--signature", "x")


@pytest.mark.parametrize("held", [SubjectKind.follow_up, SubjectKind.premises, SubjectKind.seller, SubjectKind.capture, "building"])
def test_a_hold_refuses_the_erasure_of_a_follow_up_and_of_its_files(work: Work, held: SubjectKind | str) -> None:
    work.run(*WARNING, "--seller", str(SELLER), "--when", "25/03/2026", "--proof", work.file("r.jpg", jpeg(5)))
    with work.store() as store:
        with store.acting("a.officer", purpose="test") as reader:
            [proof] = (file.capture for file in reader.follow_up(1).files)
        on = {SubjectKind.follow_up: 1, SubjectKind.premises: UNIT, SubjectKind.seller: SELLER, SubjectKind.capture: proof}
        kind, number = (SubjectKind.premises, BUILDING) if isinstance(held, str) and held == "building" else (SubjectKind(held), on[held])  # type: ignore[index]
        hold = store.hold(kind, number, actor="a.officer", reason="appeal")
        for erase in (
            lambda: store.erase_follow_up(1, actor="a.officer", reason="r"),
            lambda: store.erase(proof, actor="a.officer", reason="r"),
        ):
            with pytest.raises(TouchstoneError, match=f"under hold {hold} and was not erased"):
                erase()
        assert [e.body["purpose"] for e in store.log() if e.body["verb"] == "erasure"] == ["erasure refused"] * 2
        store.hold(kind, number, actor="a.officer", reason="over", releases=hold)
        store.erase_follow_up(1, actor="a.officer", reason="r")
        with store.acting("a.officer", purpose="test") as reader:
            assert reader.follow_up(1).what is None


def test_what_belongs_to_a_case_is_kept_as_long_as_the_case_and_shown_with_it(work: Work) -> None:
    commands = steps(work)
    work.run(*commands["authorise"], "--case", CASE)
    for name in ("order", "receive", "photograph"):
        work.run(*commands[name])
    with work.store() as store:
        with store.acting("a.officer", purpose="test") as reader:
            photo = reader.purchase_steps(1)[3].files[0].capture
        with pytest.raises(TouchstoneError, match=f"of case {CASE}, follow-up 1"):
            store.erase_follow_up(3, actor="a.officer", reason="r")
        with pytest.raises(TouchstoneError, match=f"of case {CASE}, follow-up 1"):
            store.erase(photo, actor="a.officer", reason="r")
    assert [f["step"] for f in work.json("case", "show", CASE)["follow_ups"]] == ["authorised", "ordered", "received", "photographed"]
    assert "What was done" in work.run("case", "show", CASE)


def test_a_pack_has_what_was_done_in_its_case_with_its_files_and_what_was_corrected(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "missing_parts", lambda: "a test wants no PDF")
    letter = work.folder / "letter.pdf"
    letter.write_bytes(b"%PDF-1.7\nthe warning\n%%EOF\n")
    work.run(*WARNING, "--when", "25/03/2026", "--case", CASE, "--document", str(letter))
    work.run("followup", "warning", "--supersedes", "1", "--delivery-number", "AB 1234 5678 9GB", "--by", "a.officer")
    pack = work.folder / "pack"
    work.run("case", "export", CASE, "--out", str(pack), "--why", "file to legal services")
    first, second = (json.loads(line) for line in (pack / "data/rows/follow_ups.jsonl").read_text().splitlines())
    assert (first["kind"], first["when"], first["superseded_by"], second["supersedes"]) == ("warning", "2026-03-25", 2, 1)
    assert ["receipt", "receipt not shown"] in first["says"] and ["receipt", "recorded delivery AB 1234 5678 9GB"] in second["says"]
    [file] = first["files"]
    [row] = [json.loads(line) for line in (pack / "data/rows/files.jsonl").read_text().splitlines()]
    assert row["capture"] == file["capture"] and row["sha256"] == file["sha256"] and row["file"].endswith(".pdf")
    assert (pack / "data" / row["file"]).read_bytes() == letter.read_bytes()
    readme = (pack / "data/README.html").read_text()
    assert "receipt not shown" in readme and f'<a href="{row["file"]}">' in readme and "(corrected by 2)" in readme
    assert verify(pack).accepted
    (pack / "data" / row["file"]).write_bytes(b"%PDF-1.7\nanother\n")
    assert any(problem.file == f"data/{row['file']}" for problem in verify(pack).problems)


def test_the_date_of_a_follow_up_is_the_long_one_and_moves_on_with_its_seller(work: Work) -> None:
    with work.store() as store:
        store.retention = {"unflagged": 90, "flagged": 200}
        draft = FollowUp(None, Kind.outcome, followup.what_of(Kind.outcome, None, {"outcome": "advice", "risk_reason": "r"}), datetime(2026, 3, 2, tzinfo=UTC), True, seller=SELLER, files=(File(1, Role.document),))  # fmt: skip
        store.keep_follow_up(draft, actor="a.officer", authority="wexcombe")

        def until() -> tuple[Any, Any]:
            with store.database.reading() as c:
                return (
                    c.execute(select(t.follow_up.c.retention_until)).scalar_one(),
                    c.execute(select(t.capture.c.retention_until).where(t.capture.c.id == 1)).scalar_one(),
                )

        first, capture = until()
        assert 199 <= (first - datetime.now(UTC)).days <= 200 and (capture is None or capture >= first)
        store.retention = {"unflagged": 90, "flagged": 36_500}
        with store.acting("a.officer", purpose="test") as reader:
            listing = reader.seller_listings(SELLER)[0].listing.id
        store.concern([listing or 0], actor="a.officer", why="a person said yes")
        assert until()[0] > first


def test_the_steps_of_a_purchase_and_their_files_move_on_with_its_seller(work: Work) -> None:
    commands = steps(work)
    work.run(*VISIT, "--when", "25/03/2026", "--power", "none", "--photo", work.file("rail.jpg", jpeg(3)))
    work.run(*commands["authorise"])
    for name in ("order", "receive", "photograph"):
        work.run(*["2" if x == "1" else x for x in commands[name]])
    with work.store() as store:
        with store.acting("a.officer", purpose="test") as reader:
            [photo] = reader.purchase_steps(2)[3].files
            [rail] = reader.follow_up(1).files
            [listing, *_] = reader.seller_listings(SELLER)
        short = datetime(2026, 4, 1, tzinfo=UTC)
        with store.database.writing() as c:
            for table in (t.follow_up, t.capture):
                c.execute(table.update().values(retention_until=short))
        store.retention = {"unflagged": 90, "flagged": 36_500}
        store.concern([listing.listing.id or 0], actor="a.officer", why="a person said yes")
        with store.database.reading() as c:
            moved = {r.id: r.retention_until > short for r in c.execute(select(t.follow_up.c.id, t.follow_up.c.retention_until))}
            files = {r.id: r.retention_until > short for r in c.execute(select(t.capture.c.id, t.capture.c.retention_until))}
    assert moved == {1: False, 2: True, 3: True, 4: True, 5: True}, "the visit is of a place alone"
    assert files[photo.capture] and not files[rail.capture]


def test_a_machine_records_nothing(work: Work) -> None:
    with work.store() as store, pytest.raises(TouchstoneError, match="'system' is not a person"):
        draft = FollowUp(None, Kind.outcome, followup.what_of(Kind.outcome, None, {"outcome": "advice", "risk_reason": "r"}), datetime(2026, 3, 2, tzinfo=UTC), True, seller=SELLER)  # fmt: skip
        store.keep_follow_up(draft, actor="system", authority="wexcombe")
