"""The pack's data/rows/*.jsonl: which rows stand in which file, in order of their numbers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from casework.export.bag import FORMAT, tool
from casework.export.contents import Contents
from casework.export.gather import Material
from casework.export.rows import Row, lines, plain, row_of, scrub, when
from casework.export.shown import QUESTIONS
from store.seals import Seal
from store.store import Store
from store.words.records import Authority, Link, Run, SubjectKind


def tables(
    store: Store, m: Material, authority: Authority, contents: Contents, *, seal: Seal, folders: Iterable[Path]
) -> dict[str, list[Row]]:  # fmt: skip
    """Every row of the pack by file name."""
    folders = tuple(folders)
    methods = {number: (method, status) for number, method, status in store.methods()}
    used = {e.method for e in m.examinations.values()} | {f.method for f in m.findings.values()} | {int(x.method) for x in m.links.values()}
    digests = {flag.policy for flag, _ in m.flags.values()} | {c.method for flag, _ in m.flags.values() for c in flag.contributions}
    for digest in sorted({flag.policy for flag, _ in m.flags.values()} - {method.digest for method, _ in methods.values()}):
        m.gaps.append(
            {"policy": digest, "what": f"the policy {digest}, by which flags were made", "why": "the store holds no method of that digest"}
        )
    runs = _runs(
        store,
        {c.run for c in m.captures.values()} | {e.run for e in m.examinations.values() if e.run} | {run for run, _ in m.made.values()},
    )
    actors = (
        {seal.actor}
        | {who for e in m.exhibits for who in (e.actor, e.producer) if who}
        | {j.actor for j in m.judgements.values()}
        | {r.actor for r in runs}
    )
    actors |= {row["actor"] for found in m.more.values() for row in found if row.get("actor")}
    files, tied, salts = contents.pictures, contents.tied, store.exhibit_salts(m.case.reference)
    registers = {entry.register for _, entry in m.entries.values()}
    return {
        "case": [
            row_of(
                m.case,
                authority_name=authority.name,
                jurisdiction=m.case.jurisdiction or authority.jurisdiction,
                seal=seal.event,
                sealed_at=when(seal.at),
                sealed_by=seal.actor,
                pack=FORMAT,
                tool=tool(),
            )
        ],
        "exhibits": [row_of(e, "case", salt=salts.get(e.id or 0, "")) for e in m.exhibits],
        "captures": [
            row_of(c, "retention_until", uses=sorted(m.uses[n]), warc=contents.records.captures.get(n))
            for n, c in sorted(m.captures.items())
        ],
        "listings": [row_of(x, pictures=m.shown.get(n, [])) for n, x in sorted(m.listings.items())],
        "readings": [row_of(r) for _, r in sorted(m.readings.items())],
        "snapshots": [row_of(s, digest=s.digest) for _, s in sorted(m.snapshots.items())],
        "versions": [
            {
                "listing": n,
                "captured_at": when(v.captured_at),
                "capture": v.capture,
                "snapshot": v.snapshot.id,
                "pictures": list(v.image_digests),
            }
            for n in sorted(m.versions)
            for v in m.versions[n]
        ],
        "images": [
            row_of(i, "capture", file=files.get(d), captures=tied.get(d, []), pictures=m.numbers(d), of=m.shown_by(d))
            for d, i in sorted(m.images.items())
        ],
        "records": contents.records.rows,
        "pages": contents.pages,
        "files": contents.handed,
        "matches": contents.matches,
        "sellers": [row_of(s) for _, s in sorted(m.sellers.items())],
        "contacts": m.contacts,
        "examinations": [{**row_of(e), "detail": scrub(e.detail, folders)} for _, e in sorted(m.examinations.items())],
        "findings": [
            {
                "id": f.id,
                "examination": f.examination,
                "subject_kind": str(f.subject_kind),
                "subject": f.subject,
                "method": f.method,
                "method_digest": f.method_digest,
                **f.finding.body(),
                "digest": f.finding.digest,
            }
            for _, f in sorted(m.findings.items())
        ],
        "methods": [
            row_of(method, id=n, digest=method.digest, status=status)
            for n, (method, status) in sorted(methods.items())
            if n in used or method.digest in digests
        ],
        "flags": [row_of(flag, at=at, run=m.made[SubjectKind.flag, n][0]) for n, (flag, at) in sorted(m.flags.items())],
        "judgements": [row_of(j, asked=QUESTIONS.get(j.subject_kind, "")) for _, j in sorted(m.judgements.items())],
        "links": [_link(m, n, x) for n, x in sorted(m.links.items())],
        "premises": [row_of(p) for _, p in sorted(m.premises.items())],
        "register_entries": [row_of(entry, premises=premises) for _, (premises, entry) in sorted(m.entries.items())],
        "registers": [row_of(r) for r in store.register_snapshots() if r.register in registers],
        "references": [row_of(r, file=files.get(r.image_sha256 or "")) for _, r in sorted(m.references.items())],
        "runs": [{**row_of(r), "message": scrub(r.message, folders)} for r in runs],
        "actors": [row_of(store.actor(a)) for a in sorted(actors)],
        **m.more,
    }


def _link(m: Material, number: int, link: Link) -> Row:
    run, at = m.made[SubjectKind.link, number]
    return {**row_of(link), "method": int(link.method), "run": run, "at": at, "event": m.joined.get(number)}


def write_tables(rows: dict[str, list[Row]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, found in rows.items():
        (folder / f"{name}.jsonl").write_bytes(lines(plain(found)))


def _runs(store: Store, wanted: set[str]) -> list[Run]:
    return sorted((r for r in store.runs(limit=2**31 - 1) if r.id in wanted), key=lambda r: (r.started_at, r.id))
