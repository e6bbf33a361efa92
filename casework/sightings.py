"""Sightings: what somebody saw or holds becomes captures, a listing that every pass treats like one of the web, and a row that says whose it is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from casework.apart import Apart
from casework.when import parse_when
from store.archive import ArchiveWriter
from store.config import Home
from store.errors import TouchstoneError
from store.listings import Summary
from store.secrets import redact_url
from store.sightings import Handed
from store.store import Acting, Store
from store.version import code_version
from store.words.money import parse_price
from store.words.records import Capture, CaptureKind, Informant, Link, LinkReason, Outcome, Run, Seller, Sighting, Snapshot, Told, digest_of

SOURCES = {told: f"sightings_{told}" for told in Told}
SIGHTED = frozenset(SOURCES.values())
PURPOSE = "sighting"
PARSER, VERSION = "statement", "statement/1"
SCHEMA = "schema_org"  # in place of a source's name: read pages of any site by what they say in schema.org
OF_THE_CAMERA = ("camera_position", "camera_make", "camera_model")
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said of a sighting, as it was typed. Nothing of who told it: that is an Informant."""

    told: Told = Told.officer
    note: str = ""
    title: str = ""
    place: str = ""
    seen_at: str = ""
    price: str = ""
    seller: str = ""
    phone: str = ""
    brand: str = ""
    obtained: str = ""
    url: str = ""


@dataclass
class Added:
    """A sighting that was kept, how many listings the pages in its files gave, and what its officer should know."""

    sighting: Sighting
    listings: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)


def add(
    store: Store,
    home: Home,
    said: Statement,
    files: Sequence[Path] = (),
    *,
    by: str,
    informant: Informant | None = None,
    source_name: str | None = None,
    progress: Progress | None = None,
) -> Added:
    """Keep a sighting. Nothing is kept where something is refused: each file is opened before the first is kept.

    Raises TouchstoneError: nothing said and nothing handed in, a time or price that is none, a source that is not there, a document
    without the statement of how it was obtained, an informant of an officer's own sighting, a file that cannot be kept.
    """
    from crawler import handed_in
    from crawler.clock import measure
    from crawler.handing_in import keep

    seen_at = _checked(said, files, informant)
    source = _source(home, source_name)
    contents = [handed_in.open_file(path, url=said.url) for path in files]
    _check_obtained(said, contents, source_name)
    apart = Apart(informant)
    _check_files(said, contents, apart, source_name)
    clean, told_as = _kept_apart(said, apart)
    added = Added(Sighting(None, "", said.told, 0, "", by, datetime.now(UTC)))
    added.warnings += [f"{name} says who told it; it was replaced by a marker in what is kept" for name in told_as]
    run = store.begin_run(
        "sighting", actor=by, authority=store.actor(by).authority, code_version=code_version(), config_digest=digest_of("sighting"), clock=measure(home.settings.clock.server),
        source=SOURCES[said.told],
    )  # fmt: skip
    try:
        with store.archive.writer(run.id) as writer:
            claims = [_claims(each, apart) for each in contents]
            camera = _camera(claims) if said.told is not Told.officer else ""
            _warn(store, said, contents, apart, added)
            statement = _keep_statement(store, writer, run, clean, claims)
            kept = []
            for number, each in enumerate(contents, 1):
                parent = statement.id if said.told is Told.officer else None  # a tip's file goes into no pack with its listing
                kept.append(
                    keep(
                        store,
                        writer,
                        run,
                        each,
                        source_name=SOURCES[said.told],
                        source=source,
                        any_source=source_name == SCHEMA,
                        part_of=parent,
                        without_metadata=said.told is not Told.officer,
                        purpose=PURPOSE,
                    )
                )
                if progress:
                    progress(number, len(contents))
        listings = set().union(*(each.listings for each in kept))
        pictures = list(dict.fromkeys(picture for each in kept for picture in each.pictures)) if not listings else []
        added.counts = sum((each.counts for each in kept), Counter[str]())
        added.warnings += [
            f"{c.name}: {number} pictures in it are shown on no listing, since what their camera wrote cannot be taken out; hand in JPEGs of them"
            for c, each in zip(contents, kept, strict=True)
            if (number := each.counts["pictures not shown"])
        ]
        added.listings = len(listings)
        handed = Handed(
            said.told, _words(clean, [c["name"] for c in claims]), statement, PARSER, VERSION, account=bool(clean.seller or clean.phone),
            url=redact_url(clean.url), pictures=pictures, files=[(each.capture.id or 0, c["name"]) for each, c in zip(kept, claims, strict=True)],
            seen_at=seen_at, seen_at_text=clean.seen_at, place=clean.place, obtained=clean.obtained,
            claims={"files": claims} if claims else {}, informant=_informant(informant, said, clean, camera),
        )  # fmt: skip
        added.sighting = store.keep_sighting(handed, actor=by, authority=run.authority, run=run.id, purpose=PURPOSE)
    except BaseException as error:
        store.end_run(run.id, Outcome.failed, {}, type(error).__name__)
        raise
    counts = {"sightings": 1, "files": len(files), "listings": added.listings, **{k: v for k, v in sorted(added.counts.items()) if v}}
    store.end_run(run.id, Outcome.unmet if added.counts["problems"] else Outcome.good, counts)
    return added


# -- what is refused -------------------------------------------------------------------------------------------------------
def _checked(said: Statement, files: Sequence[Path], informant: Informant | None) -> datetime | None:
    if not said.note.strip() and not files:
        raise TouchstoneError("a sighting says something or hands something in: give --note, or files")
    if said.told is Told.officer and informant is not None:
        raise TouchstoneError("an officer's own sighting has no informant; say --told partner or --told public")
    if said.price and parse_price(said.price, "GBP") is None:
        raise TouchstoneError(f"--price '{said.price}' is no price that can be read; write it like £45 or 45.00")
    seen_at = parse_when(said.seen_at) if said.seen_at else None
    if said.seen_at and seen_at is None:
        raise TouchstoneError(f"--seen-at '{said.seen_at}' is no date and time that can be read; write it like 25/11/2026 14:30")
    if seen_at and seen_at > datetime.now(UTC):
        raise TouchstoneError(f"--seen-at '{said.seen_at}' is in the future")
    return seen_at


def _source(home: Home, name: str | None) -> Any:
    from crawler.source import find_sources

    return None if name is None or name == SCHEMA else find_sources(home, [name])[0]


def _check_obtained(said: Statement, contents: Sequence[Any], source_name: str | None) -> None:
    """A document that somebody holds says nothing of how it came into their hands; a photograph of a place and time says it itself."""
    if said.obtained.strip() or not contents:
        return
    taken = bool(said.place.strip() and said.seen_at.strip())
    asking = [c.name for c in contents if c.kind not in ("picture", "video") or not taken]
    if asking or source_name:
        raise TouchstoneError(
            f"say with --obtained how {asking[0] if asking else contents[0].name} was obtained: who saved it, where, with what log-in if any; "
            "only photographs and videos with --place and --seen-at need no such statement"
        )


# -- who told it, kept apart -----------------------------------------------------------------------------------------------
def _kept_apart(said: Statement, apart: Apart) -> tuple[Statement, list[str]]:
    names = [name for name in Statement.__dataclass_fields__ if name not in ("told", "seen_at", "price")]
    words: dict[str, Any] = {name: apart.without(getattr(said, name)) for name in names}
    clean = replace(said, **words)
    found = [f"--{name}" for name in names if words[name] != getattr(said, name)]
    if "--phone" in found or "--seller" in found:
        raise TouchstoneError(
            "--phone or --seller is the informant's own: they are the seller's, and who told it stands under --informant-…"
        )
    return clean, found


def _informant(informant: Informant | None, said: Statement, clean: Statement, camera: str) -> Informant | None:
    """The informant's row, with the words as they were told where some of them had to be replaced, and what a camera says of its owner."""
    told = f"As it was told: {said.note}" if informant is not None and said != clean else ""
    if not (told or camera):
        return informant
    given = informant or Informant(0)
    return replace(given, note="\n".join(filter(None, (given.note, told, camera))))


def _camera(claims: Sequence[dict[str, Any]]) -> str:
    """What the pictures of the public say of camera, owner and position, taken out of the claims: it tells who took them."""
    said = []
    for each in claims:
        if taken := {name: each["claims"].pop(name) for name in ("author", *OF_THE_CAMERA) if name in each["claims"]}:
            said.append(f"{each['name']} says: " + ", ".join(f"{name} {value}" for name, value in taken.items()))
    return "\n".join(said)


def _check_files(said: Statement, contents: Sequence[Any], apart: Apart, source_name: str | None) -> None:
    """Pages that are read go into a pack with their listings: one that says who told it must not."""
    for each in contents if source_name else ():
        if any(apart.occurs_in(part.url.encode()) or (part.role == "page" and apart.occurs_in(part.body)) for part in each.parts):
            raise TouchstoneError(f"{each.name} itself says who told it, and its pages would go into a pack: hand it in without --source")


def _warn(store: Store, said: Statement, contents: Sequence[Any], apart: Apart, added: Added) -> None:
    for each in contents:
        if apart.occurs_in(each.body) or any(apart.occurs_in(part.body) for part in each.parts):
            added.warnings.append(f"{each.name} itself says who told it: make that file no exhibit of its own")
        elif said.told is not Told.officer and {"camera_position", "author"} & each.claims.keys():
            added.warnings.append(
                f"{each.name} carries a position or a name from its camera, perhaps of who told it: the listing shows a copy without"
            )
        if each.redacted:
            added.warnings.append(
                f"{each.name} held cookies, keys or parts that cannot be read: what is kept is a copy without them; keep the original, its SHA-256 is {each.original}"
            )
        if (before := store.handed_in(_digest(each.body), SOURCES[said.told])) is not None:
            added.warnings.append(f"{each.name} was handed in before, as capture {before}")
        added.warnings += [f"{each.name}: {problem}" for problem in each.problems]


def may_be_seen(reader: Acting, rows: Sequence[Summary], authorities: Collection[str]) -> list[Summary]:
    """Those of these listings that are no sighting, or are one of these authorities'."""
    told = [s.listing.id or 0 for s in rows if s.listing.source in SIGHTED]
    whose = {each.listing for each in reader.sightings(listings=told) if each.authority in authorities} if told and authorities else set()
    return [s for s in rows if s.listing.source not in SIGHTED or s.listing.id in whose]


def account_may_be_seen(reader: Acting, seller: Seller, authorities: Collection[str]) -> bool:
    """Whether an account is of the web, or described in a sighting of one of these authorities."""
    if seller.source not in SIGHTED:
        return True
    return bool(authorities) and bool(may_be_seen(reader, reader.seller_listings(seller.id or 0), authorities))


def without_sightings(links: Sequence[Link], authorities: Collection[str]) -> list[Link]:
    """Links as they are shown to whom sightings are not: that one counts is said, and not what it says."""
    if authorities:
        return list(links)
    veiled = "rests on a sighting, which your role does not see"
    return [
        replace(link, reasons=tuple(LinkReason(r.code, r.weight, veiled, None, None, r.against) if r.code.startswith("sight") else r for r in link.reasons))
        for link in links
    ]  # fmt: skip


def may_tell_who(capture: Capture, told: Sequence[Sighting]) -> bool:
    """Whether a file is as the public or a partner sent it: it may say whose camera took it and where, and is then as an informant is."""
    as_sent = capture.url_requested.startswith("urn:sha256:") and not capture.url_requested.endswith("-without-metadata")
    return as_sent and any(each.told is not Told.officer for each in told)


# -- what is kept ----------------------------------------------------------------------------------------------------------
def _digest(body: bytes) -> str:
    import hashlib

    return hashlib.sha256(body).hexdigest()


def _claims(contents: Any, apart: Apart) -> dict[str, Any]:
    """What a file is and says of itself: kept, shown as "the file says", and believed of nothing."""
    pages = [{"url": part.url, "at": part.at, "sha256": _digest(part.body)} for part in contents.parts if part.role == "page" and part.url]
    cleared: dict[str, Any] = apart.cleared(
        {
            "name": contents.name,
            "kind": contents.kind,
            "claims": dict(contents.claims),
            "pages": pages[:200],
            "problems": list(contents.problems),
        }
    )
    return {**cleared, "sha256": contents.original, "is_copy_without_secrets": contents.redacted, "parts": len(contents.parts)}


def _keep_statement(store: Store, writer: ArchiveWriter, run: Run, said: Statement, claims: Sequence[dict[str, Any]]) -> Capture:
    """What was typed, as a capture of its own: the words of the listing stand in it."""
    now = datetime.now(UTC)
    typed = {name: str(getattr(said, name)) for name in Statement.__dataclass_fields__ if getattr(said, name)}
    files = [{"name": c["name"], "kind": c["kind"], "sha256": c["sha256"]} for c in claims]
    body = json.dumps(
        {"statement": typed, "recorded_by": run.actor, "recorded_at": now.isoformat(), "files": files}, ensure_ascii=False, indent=1
    ).encode()
    return store.keep(writer, statement_capture(run, SOURCES[said.told], now), body, actor=run.actor, purpose=PURPOSE)


def statement_capture(run: Run, source: str, now: datetime, part_of: int | None = None, name: str = "statement") -> Capture:
    urn = f"urn:touchstone:{name}:{run.id}" if ":" not in name else f"urn:touchstone:{name}"
    headers = (("Content-Type", "application/json; charset=utf-8"),)
    return Capture(None, run.id, source, CaptureKind.handed_in, "PUT", urn, urn, (), 200, (), headers, "", 0, now, now, part_of=part_of)


def _words(said: Statement, names: Sequence[str]) -> Snapshot:
    first = said.note.strip().partition("\n")[0]
    return words_of(said, said.title.strip() or (first if len(first) <= 80 else f"{first[:79]}…") or f"Handed in: {', '.join(names)[:200]}")


def words_of(said: Statement, title: str, currency: str = "GBP") -> Snapshot:
    """The listing's words. The seller's phone stands in the text, where contacts are looked for."""
    price = parse_price(said.price, currency) if said.price else None
    worth = price is not None and price.kind != "free"
    text = "\n".join(filter(None, (said.note.strip(), f"Phone: {said.phone.strip()}" if said.phone.strip() else "")))
    return Snapshot(
        title, text, said.price, price.amount_minor if price and worth else None, price.currency if price and worth else None,
        brand=said.brand.strip(), seller_name=said.seller.strip(), place=said.place.strip(),
    )  # fmt: skip


# -- what is shown of one ----------------------------------------------------------------------------------------------------
def shown(reader: Acting, reference: str, authority: str | None = None) -> dict[str, Any]:
    """One sighting with its listing, its files and what they say of themselves, what was read from them, and where the same seller is met.

    Raises TouchstoneError where it is not kept, or not by the authority named.
    """
    each = reader.sighting(reference, authority=authority)
    files = reader.sighting_files(each.id or 0)
    said: list[dict[str, Any]] = each.claims.get("files", [])  # in the order of the files; none of a list's row, and of what was erased
    told = said if len(said) == len(files) else [{} for _ in files]
    rows = [
        {
            "capture": capture.id, "name": name, "kind": about.get("kind", ""), "length": capture.body_length,
            "sha256": about.get("sha256", capture.body_digest), "kept_sha256": capture.body_digest,
            "claims": about.get("claims", {}), "pages": about.get("pages", []), "problems": about.get("problems", []),
            "handed_in_at": capture.ended_at,
        }
        for (capture, name), about in zip(files, told, strict=True)
    ]  # fmt: skip
    [listing] = reader.summaries(numbers=[each.listing])
    read = reader.read_from([c.id or 0 for c, _ in files], but=each.listing) if len(said) == len(files) else []
    met = reader.same_seller(listing=each.listing)
    return {
        "sighting": each, "listing": listing, "files": rows, "read": read, "same_seller": met, "same_seller_left_out": met.left_out,
    }  # fmt: skip
