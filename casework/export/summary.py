"""What README.html and summary.pdf say of a case, worked out before any template sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from casework.export.flagged import flag_shown
from casework.export.gather import Material
from casework.export.joined import pairs, quoted, sides
from casework.export.rows import Row
from casework.export.shown import (
    COMBINED,
    KINDS,
    LEADS,
    NONE_FOUND,
    QUESTIONS,
    UNWEIGHED,
    called,
    connection,
    counted,
    header,
    money,
    shown_time,
    strength,
)
from store.findings import KeptFinding
from store.words.records import Authority, Capture, CaptureKind, Exhibit, Judgement, Link, SubjectKind
from store.words.text import normalise

EMBEDDED = (".jpg", ".png", ".gif", ".webp")
UNKEPT = {"picture_words": "; what it read is kept only where it found something in it"}
NOTES = dict.fromkeys(
    ("price_far_below", "price_well_below", "price_below"),
    "What kind of goods it is was told by the category that the page gives or, where it gives none, by a word of the title.",
)
SEEN_IN = (CaptureKind.page, CaptureKind.rendered, CaptureKind.network)


@dataclass(frozen=True)
class Summary:
    """The case as the templates read it. `files` and `pages` give where pictures and pages lie in the pack."""

    material: Material
    authority: Authority
    names: Mapping[str, str]  # actor id → name and role
    files: Mapping[str, str | None]
    pages: Sequence[Row]
    records: Mapping[int, str]  # capture → the entry of archive.wacz that has its record
    methods: Mapping[int, Row]
    gaps: Sequence[Row]
    collected: Mapping[str, Row]  # capture → the event of its collection
    matches: Sequence[Row]
    texts: Mapping[int, str] = field(default_factory=dict)  # capture of a page → its words, as `words_of` gives them
    runs: Mapping[str, Row] = field(default_factory=dict)
    told: dict[int, str] = field(default_factory=dict)  # link → the exhibit under which it is set out

    def who(self, actor: str) -> str:
        return self.names.get(actor, actor)

    def exhibits(self) -> list[dict[str, Any]]:
        self.told.update({e.subject: e.number for e in self.material.exhibits if e.subject_kind is SubjectKind.link and not e.withdrawn})
        return [self._exhibit(e) for e in self.material.exhibits]

    def _exhibit(self, e: Exhibit) -> dict[str, Any]:
        m = self.material
        base: dict[str, Any] = {
            "number": e.number,
            "kind": str(e.subject_kind),
            "description": e.description,
            "by": self.who(e.producer or e.actor),
            "at": shown_time(e.at),
            "anchor": f"exhibit-{e.id}",
        }
        if e.withdrawn:
            return base | {"description": f"{e.description} (withdrawn: {e.withdrawn})"}
        if e.subject_kind is SubjectKind.listing:
            return base | self._listing(e)
        if e.subject_kind is SubjectKind.capture:
            return base | {"captures": self._captures(e.number), "judgements": self._judgements([(e.subject_kind, e.subject)])}
        if e.subject_kind is SubjectKind.link:
            return base | {"captures": self._captures(e.number), "links": [self.link(x, e) for x in m.links.values() if x.id == e.subject]}
        if e.subject_kind is SubjectKind.premises:
            links = [
                x for x in m.links.values() if (SubjectKind.premises, e.subject) in ((x.subject_kind, x.subject), (x.object_kind, x.object))
            ]
            return base | {
                "premises": self.premises(e.subject),
                "links": [self.link(x, e) for x in links],
                "judgements": self._judgements([(e.subject_kind, e.subject)]),
            }
        if e.subject_kind is SubjectKind.seller:
            return base | {"sellers": [e.subject], "links": self._links_of({(SubjectKind.seller, e.subject)}, e)}
        return base

    def _listing(self, e: Exhibit) -> dict[str, Any]:
        m, number = self.material, e.subject
        versions = m.versions[number]
        sellers = sorted({r.seller for r in m.readings.values() if r.listing == number and r.seller is not None})
        flags = [(flag, at) for flag, at in m.flags.values() if flag.listing == number]
        mine = [r for r in m.readings.values() if r.listing == number]
        addresses = {m.listings[number].url, *(m.captures[r.capture].url_final for r in mine if r.capture in m.captures)}
        seen = [r.captured_at for r in mine]
        seen += [
            c.ended_at for c in m.captures.values() if c.kind in SEEN_IN and c.url_final in addresses and e.number in m.uses[c.id or 0]
        ]
        points = {c.finding: c.points for flag, _ in flags[-1:] for c in flag.contributions}
        subjects = m.subjects[number]
        around = [*subjects, (SubjectKind.exhibit, e.id or 0), *((SubjectKind.flag, f.id or 0) for f, _ in flags)]
        return {
            "listing": m.listings[number],
            "now": versions[-1].snapshot,
            "versions": self._versions(number),
            "captures": self._captures(e.number),
            "first": shown_time(min(seen)),
            "last": shown_time(max(seen)),
            "price": money(versions[-1].snapshot.price_minor, versions[-1].snapshot.currency),
            "price_stands": self._stands(versions[-1].snapshot.price_text, number),
            "pictures": self._pictures(number),
            "flag": flag_shown(self, *flags[-1]) if flags else None,
            "earlier_flags": [{"at": shown_time(at), "level": str(f.level), "score": f"{f.score:.1f}"} for f, at in flags[:-1]],
            "findings": [self._finding(f, number, points) for f in m.findings.values() if (f.subject_kind, f.subject) in subjects],
            "examinations": self._examinations(subjects),
            "gaps": [g for g in self.gaps if g.get("listing") == number],
            "judgements": self._judgements(around),
            "sellers": sellers,
            "links": self._links_of({(SubjectKind.listing, number), *((SubjectKind.seller, s) for s in sellers)}, e),
            "contacts": [c for c in m.contacts if c["listing"] == number or c["seller"] in sellers],
            "shots": [
                shown_time(c.ended_at)
                for _, c in sorted(m.captures.items())
                if c.kind is CaptureKind.screenshot and e.number in m.uses[c.id or 0]
            ],
        }

    def _versions(self, number: int) -> list[dict[str, Any]]:
        """Each version after the first, with what changed in it."""
        out: list[dict[str, Any]] = []
        versions = self.material.versions[number]
        for before, after in pairwise(versions):
            old, new = before.snapshot.words(), after.snapshot.words()
            changes = [{"field": k.replace("_", " "), "old": old[k], "new": new[k]} for k in new if old[k] != new[k] and k != "price_minor"]
            if before.image_digests != after.image_digests:
                changes.append(
                    {"field": "pictures", "old": f"{len(before.image_digests)}", "new": f"{len(after.image_digests)}, not the same ones"}
                )
            if before.rendered != after.rendered:
                changes.append({"field": "rendered by a browser", "old": str(before.rendered), "new": str(after.rendered)})
            out.append({"at": shown_time(after.captured_at), "capture": after.capture, "changes": changes})
        return out

    def addresses(self) -> set[str]:
        """Addresses of the pages that the listings of the case were read from."""
        m = self.material
        return {m.captures[r.capture].url_final for r in m.readings.values() if r.capture in m.captures}

    def others(self) -> list[dict[str, Any]]:
        """Captures that belong to no exhibit."""
        words = {"cited": "cited by a link, a contact, evidence or a linked listing", "payload": "holder of the bytes of a repeated answer",
                 "compared": "what brought a picture of an account of this case, which a finding or a link compares"}  # fmt: skip
        numbers = {e.number for e in self.material.exhibits}
        rest = [c for n, c in sorted(self.material.captures.items()) if not numbers & set(self.material.uses[n])]
        return [self.capture(c) | {"uses": "; ".join(words.get(u, u) for u in self.material.uses[c.id or 0])} for c in rest]

    def _captures(self, exhibit: str) -> list[dict[str, Any]]:
        return [self.capture(c) for n, c in sorted(self.material.captures.items()) if exhibit in self.material.uses[n]]

    def capture(self, c: Capture) -> dict[str, Any]:
        return {
            "id": c.id,
            "kind": KINDS[c.kind],
            "url": c.url_final,
            "requested": c.url_requested if c.url_requested != c.url_final else "",
            "status": c.status,
            "at": shown_time(c.ended_at),
            "digest": c.body_digest,
            "length": f"{c.body_length:,}",
            "server": c.server_ip or "not recorded",
            "connection": connection(c),
            "agent": next((value for name, value in c.request_headers if name.lower() == "user-agent"), ""),
            "shown": header(c, "X-Touchstone-Shown"),
            "pictures_from": self._pictures_from(c),
            "of": c.part_of,
            "of_status": self.material.captures[c.part_of].status if c.part_of in self.material.captures else None,
            "source": c.source,
            "run": c.run,
            "record": c.record_id,
            "file": self.records.get(c.id or 0, ""),
            "event": self.collected.get(str(c.id)),
            "page": next((p for p in self.pages if p["capture"] == c.id), None),
        }

    def _pictures_from(self, c: Capture) -> list[str]:
        """Of a screenshot, the kept pictures that were drawn in it in place of asking the site again: each capture with its time."""
        kept = self.material.captures
        numbers = [int(n) for n in header(c, "X-Touchstone-Pictures-From").split()]
        return [
            f"capture {n} of {shown_time(kept[n].ended_at)}" if n in kept else f"capture {n}, which is not in this pack" for n in numbers
        ]

    def _stands(self, said: str, number: int) -> bool:
        """Whether words of a listing stand as they are on one of its pages in this pack: only then are they quoted."""
        wanted = " ".join(said.split())
        pages = [self.texts.get(r.capture, "") for r in self.material.readings.values() if r.listing == number]
        return bool(wanted) and any(wanted in text for text in pages)

    def _pictures(self, number: int) -> list[dict[str, Any]]:
        out = []
        for digest in self.material.shown.get(number, []):
            image = self.material.images.get(digest)
            file = self.files.get(digest)
            embed = bool(file and file.endswith(EMBEDDED) and image and not image.problem)
            numbers = [
                n for n in self.material.numbers(digest) if n in self.material.pictures and self.material.pictures[n].listing == number
            ]
            size = f"{image.width} × {image.height}" if image and image.width else "size unknown"
            out.append(
                {
                    "digest": digest,
                    "numbers": numbers,
                    "file": file,
                    "embed": embed,
                    "size": size,
                    "problem": image.problem if image else "",
                }
            )
        return out

    def _finding(self, f: KeptFinding, listing: int, points: Mapping[int, float]) -> dict[str, Any]:
        method = self.methods.get(f.method, {})
        speaks = "for suspicion" if str(f.finding.direction) == "suspicious" else "against suspicion"
        return {
            "id": f.id,
            "sentence": f.finding.sentence,
            "reason": called(f.finding.reason),
            "speaks": speaks
            if points.get(f.id)
            else "a lead: nothing in a score; it may weigh in a link between accounts"
            if f.finding.reason in LEADS
            else f"{speaks}, but counts for nothing",
            "strength": "" if f.finding.reason in LEADS else strength(f),
            "method": f"{called(f.method_name)} {method.get('version', '')}",
            "status": method.get("status") or "no status",
            "digest": f.method_digest,
            "subject": f"{f.subject_kind} {f.subject}",
            "pointers": [
                {"raw": p.raw, "stands": self._stands(p.raw, listing), "field": p.field, "said": self._pointed(p.other)}
                for p in f.finding.pointers
                if p.raw or p.other
            ],
            "warnings": [said for p in f.finding.pointers if (said := self._other_brand(p.other, listing))],
            "matches": [
                row | {"said": self._pointed(row["other"]), "agree": self._agree(f, row["other"])}
                for row in self.matches
                if row["finding"] == f.id
            ],
            "note": NOTES.get(f.finding.reason, ""),
        }

    def _agree(self, f: KeptFinding, other: str) -> int | None:
        return next((p.detail.get("inliers") for p in f.finding.pointers if p.other == other), None)

    def _other_brand(self, other: str, listing: int) -> str:
        """A warning where a picture of a brand's goods was matched that the listing's words do not name; else ""."""
        kind, _, number = other.partition(":")
        entry = self.material.references.get(int(number)) if kind == "reference" and number.isdigit() else None
        if entry is None or not entry.brand or not entry.image_sha256:
            return ""
        now = self.material.versions[listing][-1].snapshot
        m = self.material
        mine = [f for f in m.findings.values() if (f.subject_kind, f.subject) in m.subjects[listing]]
        named = {str(p.detail.get("brand")) for f in mine for p in f.finding.pointers}  # those too that are written otherwise
        if entry.brand in named or normalise(entry.brand).text in normalise(f"{now.title} {now.text} {now.brand}").text:
            return ""
        return f"The reference is of {entry.brand} goods, and the listing's words do not name {entry.brand}: the picture and the words do not agree in this"

    def picture_file(self, number: int) -> str:
        """Where a picture that a finding or a link names lies in the pack, in words."""
        m = self.material
        sha256 = m.pictures[number].image.sha256 if number in m.pictures else m.beside[number].sha256 if number in m.beside else ""
        return f"picture {number}: {self._file(sha256)}"

    def _file(self, sha256: str) -> str:
        """Where a picture lies, with as much of its name as tells it from others."""
        file = self.files.get(sha256)
        return file.replace(sha256, f"{sha256[:12]}…") if file else "not in this pack"

    def _pointed(self, other: str) -> str:
        kind, _, number = other.partition(":")
        m = self.material
        if kind == "reference" and number.isdigit() and int(number) in m.references:
            entry = m.references[int(number)]
            statement = f", statement {entry.statement}" if entry.statement else ""
            return f"reference {number} ({entry.kind}, {entry.provenance}{statement})"
        if kind == "picture" and number.isdigit() and int(number) in m.beside:
            beside = m.beside[int(number)]
            mine = beside.seller in m.sellers
            whose = (
                f"the account “{m.sellers[beside.seller].handle}” of this case" if mine and beside.seller else "an account outside the case"
            )
            return f"picture {number}, of a listing of {whose} ({self._file(beside.sha256)})"
        return other.replace(":", " ")

    def _examinations(self, subjects: Sequence[tuple[SubjectKind, int]]) -> list[dict[str, Any]]:
        words = {"done": "examined", "failed": "failed", "not_possible": "not possible"}
        found = {f.examination for f in self.material.findings.values()}
        out = []
        for e in self.material.examinations.values():
            if (e.subject_kind, e.subject) in subjects:
                none = str(e.outcome) == "done" and e.id not in found
                said = words[str(e.outcome)] + (", no finding" if none else "") + (UNKEPT.get(e.method_name, "") if none else "")
                out.append(
                    {"method": called(e.method_name), "subject": f"{e.subject_kind} {e.subject}", "said": said, "at": shown_time(e.at)}
                )
        return out

    def _judgements(self, subjects: Sequence[tuple[SubjectKind, int]]) -> list[dict[str, Any]]:
        return [self.judgement(j) for j in self.material.judgements.values() if (j.subject_kind, j.subject) in subjects]

    def judgement(self, j: Judgement) -> dict[str, Any]:
        after = next((x.id for x in self.material.judgements.values() if x.supersedes == j.id), None)
        return {
            "id": j.id,
            "who": self.who(j.actor),
            "verdict": str(j.verdict),
            "at": shown_time(j.at),
            "reason": j.reason,
            "of": f"{j.subject_kind} {j.subject}",
            "asked": QUESTIONS.get(j.subject_kind, ""),
            "superseded": after,
        }

    def _links_of(self, ends: set[tuple[SubjectKind, int]], e: Exhibit) -> list[dict[str, Any]]:
        return [self.link(x, e) for x in self.material.links.values() if ends & {(x.subject_kind, x.subject), (x.object_kind, x.object)}]

    def link(self, x: Link, e: Exhibit) -> dict[str, Any]:
        under = self.told.setdefault(x.id or 0, e.number)
        method = self.methods.get(int(x.method), {})
        return {
            "id": x.id,
            "status": x.status,
            "under": under if under != e.number else "",
            "score": f"{x.score:.2f}",
            "level": x.level,
            "subject": self._end(x.subject_kind, x.subject),
            "object": self._end(x.object_kind, x.object),
            "for": [r for r in x.reasons if not r.against],
            "against": [r for r in x.reasons if r.against],
            "at": shown_time(self.material.made[SubjectKind.link, x.id or 0][1]),
            "event": self.material.joined.get(x.id or 0),
            "method": f"{method.get('name', 'method')} {method.get('version', '')}",
            "combined": COMBINED.get(str(method.get("name")), ""),
            "judgements": self._judgements([(SubjectKind.link, x.id or 0)]),
            "premises": self.premises(x.object) if x.object_kind is SubjectKind.premises else None,
            "none_against": UNWEIGHED if method.get("name") == "network" else NONE_FOUND,
            "pairs": pairs(self, x),
            "sides": sides(self, x),
            "quoted": quoted(self, x),
        }

    def _end(self, kind: SubjectKind, number: int) -> str:
        m = self.material
        if kind is SubjectKind.seller and number in m.sellers:
            return f"the account “{m.sellers[number].handle}” on {m.sellers[number].source}"
        if kind is SubjectKind.premises and number in m.premises:
            return f"premises {number}, {m.premises[number].label}"
        if kind is SubjectKind.listing and number in m.listings:
            return f"the listing {m.listings[number].ref} on {m.listings[number].source}"
        return f"{kind} {number}"

    def front(self) -> dict[str, Any]:
        """What a reader asks first: how many captures, from when to when, of which sites, by which program, started by whom and for what."""
        captures = sorted(self.material.captures.values(), key=lambda c: c.ended_at)
        asked = [c for c in captures if c.kind is not CaptureKind.handed_in]
        agents = {value for c in asked for name, value in c.request_headers if name.lower() == "user-agent"}
        purposes = {str(event["purpose"]).replace("_", " ") for event in self.collected.values()}
        opened = self.material.case.opened_at
        return {
            "captures": counted(len(captures), "capture"),
            "first": shown_time(captures[0].ended_at) if captures else "",
            "last": shown_time(captures[-1].ended_at) if captures else "",
            "sites": sorted({f"{c.source} ({urlsplit(c.url_final).netloc})" for c in asked}),
            "handed": len(captures) - len(asked),
            "agents": sorted(agents),
            "purposes": sorted(purposes),
            "runs": {c.run for c in captures},
            "before": bool(captures) and opened is not None and captures[-1].ended_at < opened,
        }

    def premises(self, number: int) -> dict[str, Any]:
        m = self.material
        return {
            "id": number,
            "label": m.premises[number].label,
            "kind": m.premises[number].kind,
            "entries": [e for p, e in m.entries.values() if p == number],
        }
