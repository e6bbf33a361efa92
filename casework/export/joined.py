"""What a link stands on, as the pages show it: the pairs of pictures side by side, what each account says for itself, and the words of pages cited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casework.export.beside import pairs_of
from casework.export.shown import money
from store.words.records import CaptureKind, Link, SubjectKind

if TYPE_CHECKING:
    from casework.export.summary import Summary

SHOWN = (".jpg", ".png", ".gif", ".webp")


def pairs(s: Summary, link: Link) -> list[dict[str, Any]]:
    """Each pair of pictures that a link rests on: both, and how many places agree by the finding that holds them together."""
    m, out = s.material, []
    for here, there, code in pairs_of(link):
        found = [
            (f, p)
            for _, f in sorted(m.findings.items())
            if f.subject_kind is SubjectKind.picture and f.subject in (here, there)
            for p in f.finding.pointers
            if p.other in (f"picture:{here}", f"picture:{there}") and p.other != f"picture:{f.subject}"
        ]
        finding, pointer = found[0] if found else (None, None)
        drawn = [row for row in s.matches if finding and pointer and (row["finding"], row["other"]) == (finding.id, pointer.other)]
        out.append(
            {
                "sides": [_side(s, here), _side(s, there)],
                "what": "seem to be taken in one place" if code == "same_place" else "are taken for one photograph",
                "same_file": m.sha256(here) == m.sha256(there),
                "finding": finding.id if finding else None,
                "agree": pointer.detail.get("inliers") if pointer else None,
                "mirrored": bool(pointer and pointer.detail.get("mirrored")),
                "drawing": drawn[0]["file"] if drawn else None,
            }
        )
    return out


def _side(s: Summary, number: int) -> dict[str, Any]:
    """One picture of a pair: its file, and by which capture it came from which address, which is how a page names it."""
    m, sha256 = s.material, s.material.sha256(number)
    file = s.files.get(sha256) if sha256 else None
    brought = [
        c
        for _, c in sorted(m.captures.items())
        if sha256 and sha256 in (c.body_digest, c.decoded_digest) and c.kind is not CaptureKind.handed_in
    ]
    seller = m.pictures[number].seller if number in m.pictures else m.beside[number].seller if number in m.beside else None
    mine = [c for c in brought if seller in m.sellers and c.source == m.sellers[seller].source] if seller else []
    return {
        "number": number, "sha256": sha256, "file": file, "embed": bool(file and file.endswith(SHOWN)),
        "account": m.sellers[seller].handle if seller in m.sellers else "", "capture": mine[0].id if mine else None, "url": mine[0].url_final if mine else "",
    }  # fmt: skip


def sides(s: Summary, link: Link) -> list[dict[str, Any]]:
    """Of a link between two accounts: what the pack knows that each of them says of itself, for the reader to compare. No method weighs it."""
    if not link.subject_kind == link.object_kind == SubjectKind.seller:
        return []
    m, out = s.material, []
    reads = {r.listing: r.seller for r in m.readings.values()}
    for number in (link.subject, link.object):
        mine = [m.snapshots[r.snapshot] for r in m.readings.values() if r.seller == number and r.snapshot in m.snapshots]
        mine += [words for _, (seller, words) in sorted(m.quoted.items()) if seller == number]
        contacts = {(str(c["kind"]), str(c["value"])) for c in m.contacts if c["seller"] == number or reads.get(c["listing"]) == number}
        unread = [str(g["page"]) for g in s.gaps if "page" in g and m.captures[g["page"]].source == m.sellers[number].source]
        at = [
            x
            for x in m.links.values()
            if x.subject == number and x.subject_kind is SubjectKind.seller and x.object_kind is SubjectKind.premises
        ]
        out.append(
            {
                "handle": m.sellers[number].handle,
                "names": sorted({name for w in mine for name in (w.seller, w.seller_name) if name} | ({m.sellers[number].name} - {""})),
                "places": sorted({w.place for w in mine if w.place}),
                "contacts": [f"{kind} {value}" for kind, value in sorted(contacts)],
                "unread": unread,
                "premises": [f"{m.premises[x.object].label} (link {x.id}, {x.status})" for x in at if x.object in m.premises],
                "elsewhere": _elsewhere(s, link, number),
            }
        )
    return out


def _elsewhere(s: Summary, link: Link, seller: int) -> list[str]:
    """Which of the account's pictures that the link rests on match others besides, as far as findings of the pack say: such a picture goes round."""
    m, said = s.material, []
    resting = {n for a, b, _ in pairs_of(link) for n in (a, b)}
    for _, f in sorted(m.findings.items()):
        picture = m.pictures.get(f.subject)
        if f.subject_kind is SubjectKind.picture and f.subject in resting and picture is not None and picture.seller == seller:
            for p in f.finding.pointers:
                kind, _, number = p.other.partition(":")
                if kind == "reference":
                    said.append(f"picture {f.subject} matches reference {number} too (finding {f.id})")
                elif (
                    kind == "picture" and "sha256" in p.detail and (beside := m.beside.get(int(number))) and beside.seller not in m.sellers
                ):
                    said.append(f"picture {f.subject} matches a picture of an account outside the case too (finding {f.id})")
    return said


def quoted(s: Summary, link: Link) -> list[dict[str, Any]]:
    """Of a link that is an exhibit the words of each page that it cites, as they were read, and whether there is a screenshot of it."""
    m, out = s.material, []
    if link.id not in m.of(SubjectKind.link):
        return []
    shots = {c.url_final for c in m.captures.values() if c.kind is CaptureKind.screenshot}
    for number in sorted({r.capture for r in link.reasons if r.capture in m.quoted}):
        words, page = m.quoted[number][1], m.captures[number]
        price = words.price_text if words.price_text and " ".join(words.price_text.split()) in s.texts.get(number, "") else ""
        out.append(
            {
                "capture": number, "title": words.title, "text": words.text, "place": words.place, "price": price or money(words.price_minor, words.currency),
                "shot": page.url_final in shots,
            }
        )  # fmt: skip
    return out
