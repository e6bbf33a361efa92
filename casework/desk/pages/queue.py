"""The queue: cards to judge with one key and a reason, one by one or many together, with undo; each works as a plain form too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import MAXYEAR, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Form, Query
from starlette.responses import JSONResponse, Response

from casework import queue as officers_queue
from casework.desk.app import Entry
from casework.desk.cards import Shown, shown
from casework.desk.settings import Action
from casework.desk.showing import count
from casework.desk.visit import Visit, allowed
from casework.flags import policy_in_force
from casework.judgements import Judged, Member, judge_listings, take_back
from casework.judging_settings import KEYS, Judging, read_judging
from casework.learn_settings import read_learning
from casework.sightings import may_be_seen
from casework.when import parse_when
from store.accounts import Account
from store.errors import TouchstoneError
from store.queue import QUEUED, Waits
from store.search import Order
from store.search import Query as Search
from store.store import Acting
from store.words.money import parse_price
from store.words.records import Level, SubjectKind, Verdict

router = APIRouter()
NAV = Entry("Queue", "/queue", Action.queue_view, 20)
PAGE, MOST = 20, 200
PARTS = {
    Waits.free: "To judge", Waits.mine: "Mine", Waits.taken: "With others", Waits.skipped: "Put off", Waits.cleared: "Of cleared sellers",
}  # fmt: skip
Viewer = Annotated[Visit, allowed(Action.queue_view)]
Judge = Annotated[Visit, allowed(Action.queue_judge)]
Short = Annotated[str, Form(max_length=80)]
Number = Annotated[int, Form(ge=1, le=2**31 - 1)]


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the queue is looked for, as the page's address has it; "" asks for everything. Money in pounds, days as people write them."""

    words: Annotated[str, Query(max_length=300)] = ""
    source: Annotated[str, Query(max_length=80)] = ""
    brand: Annotated[str, Query(max_length=200)] = ""
    area: Annotated[str, Query(max_length=20)] = ""
    seller: Annotated[str, Query(max_length=12, pattern="^[0-9]*$")] = ""
    reason: Annotated[str, Query(max_length=60)] = ""
    since: Annotated[str, Query(max_length=40)] = ""
    until: Annotated[str, Query(max_length=40)] = ""
    low: Annotated[str, Query(max_length=20)] = ""
    high: Annotated[str, Query(max_length=20)] = ""

    def given(self) -> dict[str, str]:
        return {name: value.strip() for name, value in asdict(self).items() if value.strip()}

    def query(self, level: Level | None, waits: Waits) -> Search:
        """The search of listings that nobody has judged as they stand. Raises TouchstoneError for a day or a price that is none."""
        return Search(
            words=self.words, sources=_one(self.source), brands=_one(self.brand), areas=_one(self.area), reasons=_one(self.reason),
            sellers=(int(self.seller),) if self.seller else (), levels=(level,) if level else QUEUED, judged=False, order=Order.urgent, waits=waits,
            since=_moment(self.since), until=_moment(self.until, days=1), low=_pence(self.low), high=_pence(self.high),
        )  # fmt: skip


def _one(text: str) -> tuple[str, ...]:
    return (text.strip(),) if text.strip() else ()


def _moment(text: str, days: int = 0) -> datetime | None:
    if not text.strip():
        return None
    found = parse_when(text)
    if found is None or found.year == MAXYEAR:
        raise TouchstoneError(f"“{text}” is no day: write it as 25/11/2026.")
    return found + timedelta(days=days)


def _pence(text: str) -> int | None:
    if not text.strip():
        return None
    found = parse_price(text, "GBP")
    if found is None or found.currency != "GBP":
        raise TouchstoneError(f"“{text}” is no price in pounds: write it as 49.99.")
    return found.amount_minor


@router.get("/queue")
def queue(visit: Viewer, filters: Annotated[Filters, Depends()], waits: Waits = Waits.free, level: Level | None = None, most: Annotated[int, Query(ge=1, le=MOST)] = PAGE) -> Response:  # fmt: skip
    """A part of the queue; a reload brings what waits next. With filters it is those among the most urgent that the search finds."""
    mix, review = read_learning(visit.home).queue, policy_in_force(visit.store, visit.home).levels.review
    asked = filters.given()
    with visit.reading("queue") as reader:
        numbers, beyond = reader.find_numbers(filters.query(level, waits), MOST) if asked else (None, False)
        cards = officers_queue.cards(
            reader, limit=most + 1, mix=mix, review=review, waits=waits, levels=[level] if level else QUEUED, listings=numbers
        )
        rows = shown(reader, _may_see(visit, reader, cards[:most]))
        left_out, searches = reader.left_out(), reader.saved_searches()
        last = _last(reader) if visit.may(Action.queue_judge) else []
    counts = {Waits.taken: left_out.taken, Waits.skipped: left_out.skipped, Waits.cleared: left_out.cleared}
    shows = {"waits": str(waits)} | ({"level": str(level)} if level else {}) | asked
    more = f"/queue?{urlencode(shows | {'most': min(MOST, most + PAGE)})}" if len(cards) > most and most < MOST else ""
    return visit.page(
        "queue/queue.html", rows=rows, waits=waits, parts=PARTS, counts=counts, left_out=left_out.sentence() if waits is Waits.free else "", last=last,
        more=more, level=level, query=urlencode(shows), filters=asked, beyond=beyond, searches=searches, most=most,
        people=judges(visit) if visit.may(Action.queue_assign) else [], sources=sorted(path.stem for path in visit.home.configs("sources")), **judging(visit),
    )  # fmt: skip


def judging(visit: Visit) -> dict[str, Any]:
    """What a template needs to offer judging: the codes by verdict, and their keys."""
    return {"settings": read_judging(visit.home), "keys": {str(v): key for v, key in KEYS.items()}}


def judges(visit: Visit) -> list[Account]:
    """The people of this authority to whom a card may be given."""
    return [
        each
        for each in visit.store.accounts()
        if each.authority == visit.authority and visit.desk.settings.may(each.role, Action.queue_judge)
    ]


def _may_see(visit: Visit, reader: Acting, cards: Sequence[officers_queue.Card]) -> list[officers_queue.Card]:
    """Without the sightings that this person may not see."""
    seen = {s.listing.id for s in may_be_seen(reader, [card.summary for card in cards], visit.sightings)}
    return [card for card in cards if card.summary.listing.id in seen]


def _there(visit: Visit, numbers: Sequence[int]) -> list[int]:
    """Those of these listings that are there and may be seen, in their order."""
    with visit.reading("queue") as reader:
        found = may_be_seen(reader, reader.summaries(numbers=numbers, limit=len(numbers)), visit.sightings) if numbers else []
    seen = {each.listing.id for each in found}
    return [number for number in numbers if number in seen]


def _last(reader: Acting) -> list[dict[str, Any]]:
    """What this person judged last, to take back."""
    said = reader.judged_last(5)
    found = {s.listing.id: s for s in reader.summaries(numbers=[j.subject for j in said], limit=len(said))} if said else {}
    return [{"judgement": j, "summary": found[j.subject]} for j in said if j.subject in found]


# -- one by one ----------------------------------------------------------------------------------------------------------------------
@router.post("/queue/judge")
def judge(visit: Judge, card: Annotated[str, Form(max_length=120)], verdict: Annotated[Verdict, Form()], code: Short = "", note: Annotated[str, Form(max_length=4000)] = "", back: Annotated[str, Form(max_length=500)] = "/queue") -> Response:  # fmt: skip
    """Judge one card: yes, no or unsure, for a reason. Without one and without words it is the verdict's usual reason."""
    member = member_of(card)
    reason = chosen(read_judging(visit.home), verdict, code, note)

    def act() -> list[Judged]:
        return judge_listings(visit.store, visit.home, [member], verdict, note, visit.actor, code=reason, sightings=visit.sightings)

    return _answer(visit, act, back)


@router.post("/queue/undo")
def undo(visit: Judge, listing: Number, back: Annotated[str, Form(max_length=500)] = "/queue") -> Response:
    """Take one's own newest judgement of a listing back: another row says so, and the card waits again."""
    return _answer(visit, lambda: take_back(visit.store, visit.home, [listing], visit.actor), back)


def member_of(card: str) -> Member:
    """A card as its form sends it back. Raises TouchstoneError."""
    number, _, rest = card.partition(".")
    newest, _, findings = rest.partition(".")
    if not (number.isdecimal() and newest.isdecimal() and len(number) < 11 and len(newest) < 11):
        raise TouchstoneError("This card was not understood; open the queue again.")
    return Member(int(number), int(newest), findings)


def chosen(settings: Judging, verdict: Verdict, code: str, note: str) -> str:
    """The reason's code: the one that was chosen, or the verdict's usual one where nothing was said at all."""
    if verdict not in KEYS:
        raise TouchstoneError("A card is judged yes, no or unsure; what you said is taken back by Undo.")
    return code or ("" if note.strip() else settings.usual(verdict).code)


def by_script(visit: Visit) -> bool:
    """Whether the page's own script sends the form, and wants an answer that it can show on the card."""
    return visit.request.headers.get("x-desk-wants") == "json"


def _answer(visit: Visit, act: Any, back: str) -> Response:
    """Do it, and go back; a script gets what was said, or why not, as JSON."""
    script = by_script(visit)
    try:
        done: list[Judged] = act()
    except TouchstoneError as error:
        if not script:
            raise
        return JSONResponse({"error": str(error)}, 409)
    said = [each.judgement for each in done]
    undone = said[0].verdict is Verdict.undone
    text = "Taken back: it waits again." if undone else f"Judged {said[0].verdict}: {said[0].reason}."
    if script:
        return JSONResponse({"said": text, "listing": said[0].subject, "verdict": str(said[0].verdict)})
    return visit.go(back, text if len(said) == 1 else f"{len(said)} judged {said[0].verdict}, one by one: {said[0].reason}.")


# -- many together ---------------------------------------------------------------------------------------------------------------------
@router.post("/queue/many")
def many(visit: Judge, card: Annotated[list[str], Form()] = []) -> Response:  # noqa: B006 - FastAPI copies it
    """Every member of what is to be judged together, to look at once more; one that changed meanwhile is said to have."""
    members = [member_of(each) for each in card[:MOST]]
    if not members:
        return visit.go("/queue", "Choose the cards first: each has a box.", "important")
    with visit.reading("queue: many") as reader:
        numbers = [each.listing for each in members]
        rows: list[Shown] = shown(
            reader,
            _may_see(
                visit, reader, [officers_queue.before_judging(reader, s) for s in reader.summaries(numbers=numbers, limit=len(numbers))]
            ),
        )
    looked = {each.listing: each for each in members}
    changed = {
        row.number
        for row in rows
        if looked[row.number].findings != row.card.findings or (looked[row.number].newest or 0) != row.card.newest
    }
    return visit.page("queue/many.html", rows=rows, changed=changed, **judging(visit))


@router.post("/queue/many/judge")
def judge_many(visit: Judge, card: Annotated[list[str], Form()], verdict: Annotated[Verdict, Form()], code: Short = "", note: Annotated[str, Form(max_length=4000)] = "") -> Response:  # fmt: skip
    """One judgement for each member, all of them or none."""
    members = [member_of(each) for each in card[:MOST]]
    reason = chosen(read_judging(visit.home), verdict, code, note)
    return _answer(
        visit,
        lambda: judge_listings(visit.store, visit.home, members, verdict, note, visit.actor, code=reason, sightings=visit.sightings),
        "/queue",
    )


@router.post("/queue/assign")
def assign(visit: Annotated[Visit, allowed(Action.queue_assign)], card: Annotated[list[str], Form()] = [], officer: Annotated[str, Form(max_length=80)] = "") -> Response:  # noqa: B006 - FastAPI copies it # fmt: skip
    """Give the chosen cards to a colleague, all or none; what is another's is taken over on its own card."""
    numbers = [member_of(each).listing for each in card[:MOST]]
    if not numbers:
        return visit.go("/queue", "Choose the cards first: each has a box.", "important")
    if officer not in {each.actor for each in judges(visit)}:
        raise TouchstoneError("Cards are given to somebody of your authority who judges.")
    if _there(visit, numbers) != numbers:
        raise TouchstoneError("One of these cards is not there any more; open the queue again.")
    visit.store.assign(SubjectKind.listing, numbers, officer, actor=visit.actor, authority=visit.authority)
    return visit.go("/queue", f"{count(len(numbers), 'card')} given to {officer}.")


@router.post("/queue/take")
def take(visit: Judge, card: Annotated[list[str], Form()] = []) -> Response:  # noqa: B006 - FastAPI copies it
    """Lock cards to this officer, so that nobody else judges them at once; the lock ends by itself."""
    minutes = read_judging(visit.home).lock_minutes
    numbers = _there(visit, [member_of(each).listing for each in card[:MOST]])
    got = officers_queue.take(visit.store, visit.home, numbers, visit.actor, minutes) if numbers else []
    if not got:
        return visit.go("/queue", "None of them was free any more.", "important")
    return visit.go("/queue?waits=mine", f"{len(got)} cards are yours for {minutes} minutes, or until you have judged them.")


# -- saved searches --------------------------------------------------------------------------------------------------------------------
@router.post("/queue/save")
def save(visit: Viewer, name: Annotated[str, Form(max_length=100)] = "", query: Annotated[str, Form(max_length=2000)] = "", shared: bool = Form(False)) -> Response:  # fmt: skip
    """Keep what the page now shows under a name."""
    filters: dict[str, Any] = {key: value for key, value in parse_qsl(query) if value}
    visit.store.save_search(name, filters, shared=shared, actor=visit.actor, authority=visit.authority)
    return visit.go(f"/queue?{urlencode(filters)}", f"Saved as “{name}”.")


@router.post("/queue/forget")
def forget(visit: Viewer, search: Number) -> Response:
    visit.store.withdraw_search(search, actor=visit.actor, authority=visit.authority)
    return visit.go("/queue", "The search is no longer saved.")
