"""What README.html and summary.pdf say of a case, worked out before any template sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from casework.export.gather import Material
from casework.export.rows import Row
from store.findings import KeptFinding
from store.words.records import Authority, Capture, CaptureKind, Exhibit, Flag, Judgement, Link, SubjectKind

_EMBEDDED = (".jpg", ".png", ".gif", ".webp")
_SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}
KINDS = {
    CaptureKind.page: "page as the server sent it",
    CaptureKind.image: "picture",
    CaptureKind.rendered: "document as a browser rendered it",
    CaptureKind.network: "answer fetched by the browser",
    CaptureKind.robots: "robots.txt",
    CaptureKind.screenshot: "screenshot of a rendered document",
    CaptureKind.handed_in: "handed in",
}
LEVELS = {"priority": "priority: queued first", "review": "review: queued", "note": "note: recorded only", "none": "none: nothing to say"}


def _connection(c: Capture) -> str:
    """HTTP version, what the name led to and the certificate, as far as they are known."""
    said = [c.http_version] if c.http_version else []
    said += [f"its name led to {', '.join(c.dns_answer)}"] if c.dns_answer else []
    if c.certificate:
        chain = (
            f" (the first of {len(c.certificate_chain)} that the server showed)"
            if c.certificate_chain
            else " (which others the server showed is unknown)"
        )
        said.append(f"certificate SHA-256 {c.certificate}{chain}" if c.certificate != "unknown" else "certificate unknown")
    return "; ".join(said)


def shown_time(moment: datetime | str | None) -> str:
    """22 November 2026, 19:32:07 UTC."""
    if moment is None:
        return "not recorded"
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return f"{moment.day} {moment:%B %Y, %H:%M:%S} UTC"


def money(minor: int | None, currency: str | None) -> str:
    if minor is None or not currency:
        return ""
    amount = f"{Decimal(minor) / 100:,.2f}"
    return f"{_SYMBOLS[currency]}{amount}" if currency in _SYMBOLS else f"{amount} {currency}"


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
    told: dict[int, str] = field(default_factory=dict)  # link → the exhibit under which it is set out

    def who(self, actor: str) -> str:
        return self.names.get(actor, actor)

    def exhibits(self) -> list[dict[str, Any]]:
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
            return base | {"links": [self.link(x, e) for x in m.links.values() if x.id == e.subject]}
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
        subjects = m.subjects[number]
        around = [*subjects, (SubjectKind.exhibit, e.id or 0), *((SubjectKind.flag, f.id or 0) for f, _ in flags)]
        return {
            "listing": m.listings[number],
            "now": versions[-1].snapshot,
            "versions": self._versions(number),
            "captures": self._captures(e.number),
            "first": shown_time(min(r.captured_at for r in m.readings.values() if r.listing == number)),
            "last": shown_time(max(r.captured_at for r in m.readings.values() if r.listing == number)),
            "price": money(versions[-1].snapshot.price_minor, versions[-1].snapshot.currency),
            "pictures": self._pictures(number),
            "flag": self._flag(*flags[-1]) if flags else None,
            "earlier_flags": [{"at": shown_time(at), "level": str(f.level), "score": f"{f.score:.2f}"} for f, at in flags[:-1]],
            "findings": [self._finding(f) for f in m.findings.values() if (f.subject_kind, f.subject) in subjects],
            "examinations": self._examinations(subjects),
            "gaps": [g for g in self.gaps if g.get("listing") == number],
            "judgements": self._judgements(around),
            "sellers": sellers,
            "links": self._links_of({(SubjectKind.listing, number), *((SubjectKind.seller, s) for s in sellers)}, e),
            "contacts": [c for c in m.contacts if c["listing"] == number or c["seller"] in sellers],
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

    def others(self) -> list[dict[str, Any]]:
        """Captures that belong to no exhibit."""
        words = {"cited": "cited by a link, a contact, evidence or a linked listing", "payload": "holder of the bytes of a repeated answer"}
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
            "connection": _connection(c),
            "agent": next((value for name, value in c.request_headers if name.lower() == "user-agent"), ""),
            "shown": next((value for name, value in c.response_headers if name == "X-Touchstone-Shown"), ""),
            "source": c.source,
            "run": c.run,
            "record": c.record_id,
            "file": self.records.get(c.id or 0, ""),
            "event": self.collected.get(str(c.id)),
            "page": next((p for p in self.pages if p["capture"] == c.id), None),
        }

    def _pictures(self, number: int) -> list[dict[str, Any]]:
        out = []
        for digest in self.material.shown.get(number, []):
            image = self.material.images.get(digest)
            file = self.files.get(digest)
            embed = bool(file and file.endswith(_EMBEDDED) and image and not image.problem)
            size = f"{image.width} × {image.height}" if image and image.width else "size unknown"
            out.append({"digest": digest, "file": file, "embed": embed, "size": size, "problem": image.problem if image else ""})
        return out

    def _flag(self, flag: Flag, at: str) -> dict[str, Any]:
        rows = [
            {"sentence": c.sentence, "reason": c.reason, "points": f"{c.points:+.4f}", "finding": c.finding} for c in flag.contributions
        ]
        return {
            "id": flag.id,
            "at": shown_time(at),
            "level": LEVELS.get(str(flag.level), str(flag.level)),
            "score": f"{flag.score:.4f}",
            "contributions": rows,
            "policy": flag.policy,
        }

    def _finding(self, f: KeptFinding) -> dict[str, Any]:
        method = self.methods.get(f.method, {})
        return {
            "id": f.id,
            "sentence": f.finding.sentence,
            "reason": f.finding.reason,
            "direction": str(f.finding.direction),
            "score": f"{f.finding.score:.2f}",
            "method": f"{f.method_name} {method.get('version', '')}",
            "status": method.get("status") or "no status",
            "digest": f.method_digest,
            "subject": f"{f.subject_kind} {f.subject}",
            "pointers": [{"raw": p.raw, "field": p.field, "said": self._pointed(p.other)} for p in f.finding.pointers if p.raw or p.other],
            "matches": [row | {"said": self._pointed(row["other"])} for row in self.matches if row["finding"] == f.id],
        }

    def _pointed(self, other: str) -> str:
        kind, _, number = other.partition(":")
        entry = self.material.references.get(int(number)) if kind == "reference" and number.isdigit() else None
        statement = f", statement {entry.statement}" if entry and entry.statement else ""
        return f"reference {number} ({entry.kind}, {entry.provenance}{statement})" if entry else other.replace(":", " ")

    def _examinations(self, subjects: Sequence[tuple[SubjectKind, int]]) -> list[dict[str, Any]]:
        words = {"done": "examined", "failed": "failed", "not_possible": "not possible"}
        found = {f.examination for f in self.material.findings.values()}
        out = []
        for e in self.material.examinations.values():
            if (e.subject_kind, e.subject) in subjects:
                said = words[str(e.outcome)] + (", nothing found" if str(e.outcome) == "done" and e.id not in found else "")
                out.append({"method": e.method_name, "subject": f"{e.subject_kind} {e.subject}", "said": said, "at": shown_time(e.at)})
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
            "method": f"{method.get('name', 'method')} {method.get('version', '')}",
            "judgements": self._judgements([(SubjectKind.link, x.id or 0)]),
            "premises": self.premises(x.object) if x.object_kind is SubjectKind.premises else None,
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

    def premises(self, number: int) -> dict[str, Any]:
        m = self.material
        return {
            "id": number,
            "label": m.premises[number].label,
            "kind": m.premises[number].kind,
            "entries": [e for p, e in m.entries.values() if p == number],
        }
