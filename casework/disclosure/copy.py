"""A redacted copy of what is used in a case or is to be disclosed: everyone who is not under suspicion is taken out, informants always.

Nothing is painted over in what can be made again: rows are written anew, pages anew or byte for byte where nothing in them had to go, pictures are
decoded, painted and encoded afresh, and the summary is made of the redacted words. Records of the archive (WARC) hold pages whole and stay
behind. Beside each file stands the digest of what it was made from, and what was left out is listed with its digest. The copy is searched for
every string that had to go before it is given out.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
import secrets
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from casework.disclosure.cards import cut
from casework.disclosure.prompts import newest_places
from casework.disclosure.redact import LEAST, PEOPLES, Needle, Redaction, Redactor, fold
from casework.disclosure.schedule import Schedules, schedules_of
from casework.disclosure.settings import Settings, read_settings
from casework.documents import Block, Document, Fields, Heading, Paragraph, Table, texts, write
from casework.export import pages
from casework.export.rows import lines, plain
from store.config import Home
from store.errors import TouchstoneError
from store.relevant import Relevant, Row
from store.store import Acting, Store
from store.strict import FieldError, load
from store.words.records import Capture, CaptureKind, canonical

PURPOSE = "disclosure copy"
RULE = "rule: {}"
PERSON = "a person"
PIECE = re.compile(r"[\n.!?;]+")
LONG = 12  # letters and digits of a sentence of somebody's that is looked for by itself
DERIVED = ("digest", "text_digest", "findings_digest", "body_digest", "decoded_digest")  # of words that could be guessed from them
PNG_CHUNKS = {b"IHDR", b"IDAT", b"IEND"}


@dataclass(frozen=True, slots=True)
class String:
    """A string that a person wants out, and why."""

    text: str
    why: str

    def __post_init__(self) -> None:
        if not self.why.strip():
            raise FieldError("why", "say why it is taken out")


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture that a person wants painted over: `of` an image or a screenshot (`image:3`, `capture:12`), upright as it is shown."""

    of: str
    box: tuple[int, int, int, int]  # x, y, width, height, in pixels from the upper left
    why: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"(image|capture):\d+", self.of):
            raise FieldError("of", f"'{self.of}' is no picture: write image:3, or capture:12 for a screenshot")
        if min(self.box[:2]) < 0 or min(self.box[2:]) < 1:
            raise FieldError("box", "x and y are 0 or more, width and height 1 or more")
        if not self.why.strip():
            raise FieldError("why", "say why it is painted over")


@dataclass(frozen=True, slots=True)
class LeftOut:
    of: str
    why: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """A person's own redactions. `screenshots` were looked through by a person and go in with their boxes; `keep` are strings that stay."""

    strings: tuple[String, ...] = ()
    boxes: tuple[Box, ...] = ()
    keep: tuple[str, ...] = ()
    screenshots: tuple[str, ...] = ()
    leave_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class CopyResult:
    folder: Path
    manifest: str
    files: int
    redactions: int
    left_out: int
    notes: tuple[str, ...]


@dataclass
class _Copy:
    """What is being made: where, with which key, and what was written and left out so far."""

    folder: Path
    m: Relevant
    redactor: Redactor
    wishes: Wishes
    key: bytes
    by: str
    things: set[str]
    originals: list[Row] = field(default_factory=list)
    left: list[Row] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)  # captures whose words had to be changed, or that show others

    def put(self, file: str, data: bytes, of: str, original: Mapping[str, str], changed: bool) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.originals.append({"file": file, "sha256": hashlib.sha256(data).hexdigest(), "of": of, **original, "changed": changed})

    def leave(self, of: str, why: str, sha256: str = "") -> None:
        self.left.append({"what": of, "why": self.redactor.text(why, "left_out.jsonl"), **({"original_sha256": sha256} if sha256 else {})})


def make_copy(
    store: Store, home: Home, case_reference: str, out: Path, *, recipient: str, redactions: Path | None, by: str, why: str,
    progress: Callable[..., None] | None = None,
) -> CopyResult:  # fmt: skip
    """Make the copy in the new folder `out`, and record to whom it is disclosed and why; nothing is left behind where it fails.

    Raises TouchstoneError: no such case, no recipient, no justification, a folder that is not empty, a box outside its picture, nothing to put in,
    and where the finished copy still says anything that had to go. Raises ConfigError for a YAML of redactions that is not as it must be.
    """
    if not recipient.strip() or not why.strip():
        raise TouchstoneError("a copy is disclosed to somebody for a reason (DPA 2018 s.62): say to whom (--recipient) and why (--why)")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise TouchstoneError(f"{out} is there already: a copy is never written over another; give another folder with --out")
    wishes = load(redactions, Wishes) if redactions else Wishes()
    settings = read_settings(home)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    part.chmod(0o755)
    try:
        with store.acting(by, purpose=PURPOSE, justification=why, case=case_reference) as reader:
            schedules = schedules_of(store, home, reader, case_reference)
            m = reader.relevant(case_reference)
            redactor = _redactor(reader, m, settings, wishes)
            copy = _Copy(part, m, redactor, wishes, secrets.token_bytes(32), by, _disclosed(schedules, m))
            if not copy.things:
                raise TouchstoneError(
                    f"case '{case_reference}' has nothing to disclose yet: no exhibits, and nothing decided as used or to be disclosed"
                )
            for what, step in (("pages", _pages), ("pictures", _pictures), ("screenshots", _screenshots)):
                step(reader, copy)
                if progress:
                    progress(what, 1, 1)
            _rows(copy, settings)
            _summary(copy, schedules, recipient, home.settings.authority.name)
            manifest = _close(copy)
            _check(copy)
            detail = {"copy": manifest, "files": len(copy.originals), "redactions": len(redactor.records)}
            reader.disclose(recipient, detail)
        store.keep_copy(case_reference, manifest, copy.key.hex(), actor=by)
        if out.exists():
            out.rmdir()
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    notes = [f"{row['what']} was left out: {row['why']}" for row in copy.left]
    return CopyResult(out, manifest, len(copy.originals), len(redactor.records), len(copy.left), tuple(notes))


def _disclosed(s: Schedules, m: Relevant) -> set[str]:
    """What goes into the copy: what is used, what may undermine or assist, and of what nobody has decided what exhibits rest on. Nothing sensitive."""
    out: set[str] = set()
    for one in s.entries:
        if one.schedule == "used" or (one.schedule == "mg6c" and one.may_undermine_or_assist == "yes"):
            out |= set(one.things)
        elif one.schedule == "undecided":
            out |= set(one.things) & m.resting
    return {thing for thing in out if thing.partition(":")[0] in m.rows}


# -- what has to go --------------------------------------------------------------------------------------------------------
def _redactor(reader: Acting, m: Relevant, settings: Settings, wishes: Wishes) -> Redactor:
    suspects = _suspects(m, settings)
    mine = [row[name] for row in m.of("seller").values() for name in ("handle", "name")]
    mine += [value for row in m.of("listing").values() for value in (row["ref"], row["url"])]
    kept = [text for text in [*mine, *suspects, *wishes.keep] if len(re.sub(r"[\W_]", "", fold(text))) >= LEAST]
    said = " ".join(fold(f"{row['title']} {row['text']}") for row in m.of("snapshot").values())
    needles = [*_informants(reader, m), *_others(m, said), *_people(m, settings, suspects), *_persons_own(wishes)]
    own = {fold(text) for text in kept}
    of_rules = [n for n in needles if n.by != PERSON and (n.kind == "informant" or fold(n.text) not in own)]
    fitting = [n for n in of_rules if len(re.sub(r"[\W_]", "", fold(n.text))) >= LEAST]
    fitting += [n for n in needles if n.by == PERSON]  # a person is told that theirs is too short; a rule's cannot be looked for
    contacts = {row["value"] for row in m.of("contact").values()} | set(settings.copy.keep_contacts)
    return Redactor(fitting, kept, frozenset(contacts))


def _suspects(m: Relevant, settings: Settings) -> list[str]:
    """Names of people whom a person of the authority put in a category that stays in the copy (DPA 2018 s.38)."""
    keep = set(settings.copy.keep_categories)
    names = [row["person"] for row in m.of("attribution").values() if row["subject_category"] in keep and not row["against"]]
    for row in m.of("case_entry").values():
        said = json.loads(row["body_json"])
        if row["kind"] == "person" and said.get("category") in keep:
            names.append(said.get("name", ""))
    return [name for name in names if name.strip()]


def _informants(reader: Acting, m: Relevant) -> Iterable[Needle]:
    """Who gave a sighting: the whole name, each of its words, how to reach them, and sentences of the note. Each look is an event of its own."""
    why, rule = "who gave information in confidence", RULE.format("informants")
    for sighting in sorted({row["sighting"] for row in m.of("informant").values()}):
        who = reader.informant(sighting)
        if who is None:
            continue
        words = [word for word in re.findall(r"[^\W\d_]+", who.name) if len(word) >= 5]
        yield from (Needle(text, "informant", why, rule) for text in [who.name, *words] if text.strip())
        yield from _reach(who.contact, "informant", why, rule)
        yield from (Needle(text, "informant", why, rule) for text in _sentences(who.note))


def _others(m: Relevant, said: str) -> Iterable[Needle]:
    """Accounts that are not the case's, with their listings, as the case's captures, findings and links show them beside."""
    why, rule = "an account that is not of the case", RULE.format("other accounts")
    for row in m.others["seller"].values():
        yield from (Needle(row[name], "another account", why, rule) for name in ("handle", "name") if row[name].strip())
        yield from _address(row["url"], "another account", why, rule)
    for row in m.others["listing"].values():
        yield from _address(row["url"], "another listing", why, rule)
        if len(row["ref"]) >= 6:
            yield Needle(row["ref"], "another listing", why, rule)
    for row in m.others["snapshot"].values():
        for name in ("seller", "seller_name"):
            if row[name].strip():
                yield Needle(row[name], "another account", why, rule)
        for text in (row["title"], *_sentences(row["text"])):
            if text.strip() and fold(text) not in said:  # what the case's own listings say too is nobody's alone
                yield Needle(text, "another listing", why, rule)
    for row in m.others["contact"].values():
        if row["kind"] in PEOPLES:
            yield from _reach(row["value"], "another account", why, rule)
    yield from (Needle(raw, "another account", why, rule) for raw in m.others["raw"] if "@" in raw)


def _people(m: Relevant, settings: Settings, suspects: Sequence[str]) -> Iterable[Needle]:
    """People whom rows name and who are not under suspicion: at premises, in statements, in what officers recorded."""
    why, rule = "a person who is not under suspicion", RULE.format("people not under suspicion")
    known = {fold(name) for name in suspects}
    names = [row["name"] for row in m.of("occupant").values()] + [row["person"] for row in m.of("attribution").values()]
    for table in ("follow_up", "case_entry"):
        for row in m.of(table).values():
            said = json.loads(row["body_json"])
            keeps = row.get("kind") == "person" and said.get("category") in settings.copy.keep_categories
            names += [] if keeps else [value for name in settings.kept_back for value in _flat(said.get(name))]
    names += [row["name"] for row in m.of("register_entry").values() if row["id"] not in _cited(m)]
    yield from (Needle(name, "person", why, rule) for name in names if name.strip() and fold(name) not in known)
    for row in m.parts.get("occupant_mark", ()):
        if row["kind"] in PEOPLES:
            yield from _reach(row["value"], "person", why, rule)


def _cited(m: Relevant) -> set[int]:
    return {r["entry"] for row in m.of("link").values() for r in json.loads(row["reasons_json"]) if r.get("entry") is not None}


def _flat(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [text for each in value for text in _flat(each)] if isinstance(value, list | tuple) else []


def _persons_own(wishes: Wishes) -> Iterable[Needle]:
    for one in wishes.strings:
        digits = len(re.sub(r"\D", "", one.text)) >= 9 and not re.search(r"[^\W\d_]", one.text)
        yield Needle(one.text, "by a person", one.why, PERSON, digits)


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in PIECE.split(text) if len(re.sub(r"[\W_]", "", part)) >= LONG]


def _address(url: str, kind: str, why: str, rule: str) -> Iterable[Needle]:
    """An address whole, and by its path alone, which is how pages link."""
    if not url.strip():
        return
    yield Needle(url, kind, why, rule)
    path = re.sub(r"^[a-z]+://[^/]*|[?#].*$", "", url, flags=re.IGNORECASE).strip("/")
    if "/" in path and len(re.sub(r"[\W_]", "", path)) >= 6:
        yield Needle(path, kind, why, rule)


def _reach(value: str, kind: str, why: str, rule: str) -> Iterable[Needle]:
    for part in re.split(r"[\n;|,]+", value):
        if len(re.sub(r"\D", "", part)) >= 9:
            yield Needle(part, kind, why, rule, digits=True)
        elif part.strip():
            yield Needle(part, kind, why, rule)


# -- what is written -------------------------------------------------------------------------------------------------------
def _captures(copy: _Copy, *kinds: CaptureKind) -> list[int]:
    wanted = (n for n, row in copy.m.of("capture").items() if f"capture:{n}" in copy.things and row["kind"] in kinds)
    return sorted(wanted)


def _unwanted(copy: _Copy, of: str) -> str:
    return next((one.why for one in copy.wishes.leave_out if one.of == of), "")


def _digest(row: Row) -> str:
    return str(row["body_digest"])


def _pages(reader: Acting, copy: _Copy) -> None:
    every = copy.m.of("capture")
    places = newest_places(copy.m)
    for number in _captures(copy, *CaptureKind):
        of, row = f"capture:{number}", every[number]
        kind = CaptureKind(row["kind"])
        if kind in (CaptureKind.image, CaptureKind.screenshot):
            continue
        if why := _unwanted(copy, of):
            copy.leave(of, why, _digest(row))
            continue
        if number not in places or places[number]["record_type"] == "tombstone":
            copy.leave(of, "its bytes are not in the archive any more", _digest(row))
            continue
        capture = reader.capture(number)
        body = pages.undo_encoding(reader.payload(number), capture) if kind in pages.PAGE_KINDS and pages.is_page(capture) else None
        if body is None:
            what = (
                "it is no text that can be searched" if kind in pages.PAGE_KINDS else "what a browser fetched beside a page is not searched"
            )
            copy.leave(of, what, _digest(row))
            continue
        _page(copy, capture, body)


def _page(copy: _Copy, capture: Capture, body: bytes) -> None:
    number, m = capture.id or 0, copy.m
    of, file = f"capture:{number}", f"pages/capture-{number}.html.txt"
    page = pages.decode(body, capture)
    shown = {row["listing"] for row in m.others["reading"].values() if row["capture"] == number}
    text = page.text
    if shown:
        copy.touched.add(number)
        known = [
            _signs(
                m.others["listing"][n], [m.others["snapshot"].get(r["snapshot"]) for r in m.others["reading"].values() if r["listing"] == n]
            )
            for n in sorted(shown)
        ]
        own = [row for row in m.of("reading").values() if row["capture"] == number]
        mine = [sign for row in own for sign in _signs(m.of("listing")[row["listing"]], [m.of("snapshot").get(row["snapshot"])])]
        cleared = cut(text, known, mine, "[redacted: another account's listing]")
        if cleared is None:
            copy.leave(of, "it shows others, and what is the case's own in it could not be told apart", capture.body_digest)
            return
        text, cards = cleared
        said = f"{cards} of {len(shown)} listings cut out whole; scripts, comments and hidden data too"
        copy.redactor.records.append(
            Redaction(
                file,
                "the whole page",
                "another listing",
                said,
                RULE.format("pages that show others"),
                "[redacted: another account's listing]",
            )
        )
    redacted = copy.redactor.text(text, file)
    if redacted == page.text and page.exact:
        if left := copy.redactor.says(redacted):
            raise TouchstoneError(f"capture {number} still says what had to go ({', '.join(left)}); leave it out by `leave_out`")
        copy.put(file, body, of, {"original_sha256": hashlib.sha256(body).hexdigest(), "record_sha256": capture.body_digest}, False)
        return
    copy.touched.add(number)
    data = redacted.encode("utf-8", "replace")
    copy.put(file, data, of, {"original_sha256": hashlib.sha256(body).hexdigest(), "record_sha256": capture.body_digest}, True)


def _signs(listing: Row, words: Sequence[Row | None]) -> list[str]:
    return [text for text in (listing["url"], *(w["title"] for w in words if w)) if text.strip()]


def _pictures(reader: Acting, copy: _Copy) -> None:
    for number, row in sorted(copy.m.of("image").items()):
        of = f"image:{number}"
        if of not in copy.things:
            continue
        if why := _unwanted(copy, of):
            copy.leave(of, why, row["sha256"])
            continue
        try:
            data = reader.image_bytes(row["sha256"])
        except TouchstoneError as error:
            copy.leave(of, str(error), row["sha256"])
            continue
        _picture(copy, of, data, f"pictures/{row['sha256']}.png", row["sha256"])


def _screenshots(reader: Acting, copy: _Copy) -> None:
    """Where the pixels of another's card lie nobody kept: a page's picture goes in where nothing of the page had to go, or a person looked it through."""
    every = copy.m.of("capture")
    for number in _captures(copy, CaptureKind.screenshot):
        of, row = f"capture:{number}", every[number]
        above = row["part_of"]
        if why := _unwanted(copy, of):
            copy.leave(of, why, _digest(row))
        elif of not in copy.wishes.screenshots and (above is None or above in copy.touched or f"capture:{above}" not in copy.things):
            copy.leave(
                of,
                "its page shows what had to go, and where that lies in the picture is not known; list it under `screenshots` with boxes",
                _digest(row),
            )
        else:
            try:
                data = reader.payload(number)
            except TouchstoneError as error:
                copy.leave(of, str(error), _digest(row))
                continue
            _picture(copy, of, data, f"screenshots/capture-{number}.png", _digest(row))


def _picture(copy: _Copy, of: str, data: bytes, file: str, sha256: str) -> None:
    """Decoded, painted over where a person said so, and encoded anew: no metadata travels. Of an animation the first picture."""
    from PIL import ImageDraw

    from detectors.pictures.opening import Unreadable, opened

    try:
        image = opened(data, 20_000)
    except Unreadable as error:
        copy.leave(of, f"it cannot be opened as a picture, and so not be drawn anew: {error}", sha256)
        return
    boxes = [one for one in copy.wishes.boxes if one.of == of]
    for one in boxes:
        x, y, width, height = one.box
        if x + width > image.width or y + height > image.height:
            raise TouchstoneError(
                f"boxes: {list(one.box)} of {of} goes beyond the picture, which has {image.width} × {image.height} pixels"
            )
        ImageDraw.Draw(image).rectangle((x, y, x + width - 1, y + height - 1), fill=(0, 0, 0))
        copy.redactor.records.append(
            Redaction(file, f"x {x}, y {y}, {width} × {height} pixels", "part of a picture", one.why, copy.by, "painted black")
        )
    plainly = image.copy()
    plainly.info.clear()
    kept = io.BytesIO()
    plainly.save(kept, "PNG")
    copy.put(file, kept.getvalue(), of, {"original_sha256": sha256}, True)


def _rows(copy: _Copy, settings: Settings) -> None:
    """The rows of what is disclosed, a table a file. A digest of words that were redacted goes too: with it they could be guessed."""
    by_table: dict[str, list[Row]] = {}
    for thing in sorted(copy.things):
        table, _, number = thing.partition(":")
        kept = copy.m.of(table)
        row = kept.get(int(number) if number.isdigit() and int(number) in kept else number)
        if row is not None and table not in settings.never_unused:
            by_table.setdefault(table, []).append(row)
    for table, rows in sorted(by_table.items()):
        file, original, made = f"rows/{table}.jsonl", [], []
        for row in sorted(rows, key=lambda r: str(next(iter(r.values()))).rjust(20)):
            whole = plain({k: v for k, v in row.items() if k != "retention_until"})
            clear = copy.redactor.value(whole, file, f"row {next(iter(whole.values()))}")
            if clear != whole and table not in ("capture", "image"):
                clear = {k: "[redacted: digest of redacted words]" if k in DERIVED and v else v for k, v in clear.items()}
            original.append(whole)
            made.append(clear)
        before, after = lines(original), lines(made)
        sealed = hmac.new(copy.key, before, hashlib.sha256).hexdigest()
        copy.put(file, after, f"table {table}", {"original_commitment": sealed}, before != after)


def _summary(copy: _Copy, s: Schedules, recipient: str, authority: str) -> None:
    """The copy for reading, made of redacted words."""
    r = copy.redactor
    counts = Counter(record.kind for record in r.records)
    shown = [one for one in s.entries if set(one.things) & copy.things]
    clean = [[r.text(text, "summary") for text in (str(one.number), one.description, one.date, one.content_summary)] for one in shown]
    blocks: list[Block] = [
        Fields([("Case", r.text(f"{s.case.reference}: {s.case.title}", "summary")), ("Authority", authority), ("For", r.text(recipient, "summary"))]),
        Paragraph(
            "A redacted copy. A mark such as [redacted: another account 2] stands where a string was taken out; the same string has the same mark. "
            "originals.jsonl gives the digest of what each file was made from, redactions.jsonl each place with the reason, left_out.jsonl what is not here. "
            "The originals are held and can be inspected on a court's order."
        ),
        Heading("What is in it"), Table(["No.", "Description", "Date", "What it says"], clean, [0.6, 2.4, 1.1, 3.4]),
        Heading("What was taken out"),
        Table(["Kind", "Places"], [[kind, str(n)] for kind, n in sorted(counts.items())]) if counts else Paragraph("Nothing had to be."),
        Heading("What was left out"),
        Table(["What", "Why", "SHA-256 of the original"], [[row["what"].replace(":", " "), row["why"], row.get("original_sha256", "")] for row in copy.left], [1, 2.6, 2.6])
        if copy.left else Paragraph("Nothing."),
    ]  # fmt: skip
    document = Document("Redacted copy of disclosed material", blocks, marking="OFFICIAL", draft=False, reference=s.case.reference)
    if said := [kind for text in texts(document) for kind in r.says(text)]:
        raise TouchstoneError(f"the summary would still say what had to go ({', '.join(sorted(set(said)))}); no copy was made")
    for path in write(document, copy.folder, "summary"):
        copy.originals.append(
            {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "of": "this copy", "changed": True}
        )


def _close(copy: _Copy) -> str:
    """originals, redactions, left_out and the manifest; the manifest's digest."""
    for name, rows in (("originals", copy.originals), ("redactions", [asdict(x) for x in copy.redactor.records]), ("left_out", copy.left)):
        (copy.folder / f"{name}.jsonl").write_bytes(b"".join(canonical(row) + b"\n" for row in rows))
    files = sorted(p for p in copy.folder.rglob("*") if p.is_file())
    sums = "".join(f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(copy.folder).as_posix()}\n" for p in files)
    (copy.folder / "manifest.sha256").write_text(sums, encoding="utf-8")
    return hashlib.sha256(sums.encode()).hexdigest()


# -- whether it still says it ------------------------------------------------------------------------------------------------
def _check(copy: _Copy) -> None:
    """Search all that was written, as it lies on the disk. Raises TouchstoneError, which names the file and the kind, and never the string."""
    for path in sorted(p for p in copy.folder.rglob("*") if p.is_file()):
        name = path.relative_to(copy.folder).as_posix()
        for part, text in _readable(path):
            kinds = {needle.kind for needle, _ in copy.redactor.found(f"{name}\n{text}")}
            if kinds:
                raise TouchstoneError(f"{name}{part} still says what had to go ({', '.join(sorted(kinds))}); no copy was made")


def _readable(path: Path) -> Iterable[tuple[str, str]]:
    """The text in a file, part by part. A PDF's words were searched before it was made of them; a picture has none, which is looked at here."""
    data = path.read_bytes()
    if path.suffix == ".png":
        if extra := png_chunks(data) - PNG_CHUNKS:
            raise TouchstoneError(f"{path.name} holds more than a picture: {', '.join(sorted(c.decode('latin-1') for c in extra))}")
    elif path.suffix == ".docx":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for name in packed.namelist():
                if name.endswith((".xml", ".rels")):
                    yield f", {name}", packed.read(name).decode("utf-8", "replace")
    elif path.suffix != ".pdf":
        yield "", data.decode("utf-8", "replace")


def png_chunks(data: bytes) -> set[bytes]:
    """The kinds of chunks of a PNG; what follows its end is a kind of its own."""
    out: set[bytes] = set()
    at = 8
    while at + 8 <= len(data):
        kind = data[at + 4 : at + 8]
        out.add(kind)
        at += 12 + int.from_bytes(data[at : at + 4], "big")
        if kind == b"IEND":
            break
    return out | ({b"after the end"} if at != len(data) else set())
