"""Who runs each account of the case: "not shown" unless a person judged otherwise, on evidence that counts (R v Bucknor [2010] EWCA Crim 1152)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from casework import attribution
from casework.export.gather import Material
from casework.export.parts import Part
from casework.export.rows import Row, plain
from store.store import Acting, Store

OF_LINKS = ("likeness", "premises")  # leads out of links: those of the case stand with its links, others lead to other people


def gather(store: Store, reader: Acting, m: Material) -> Mapping[str, Sequence[Row]]:
    """For each account of the case where it stands, the evidence that people recorded, and the leads on pages that are in the pack."""
    mine = {e.id for e in m.exhibits}
    standings: list[Row] = []
    evidence: list[Row] = []
    leads: list[Row] = []
    for seller in sorted(m.sellers):
        page = attribution.page(reader, seller)
        for piece in page.evidence:
            g = piece.ground
            if g.capture is not None:
                m.use(reader.capture(g.capture), "cited")
            evidence.append(
                {
                    "id": g.id, "seller": seller, "kind": str(g.kind), "kind_says": piece.kind_says, "says": g.says, "person": g.person,
                    "strength": str(g.strength), "against": g.against, "counts": piece.counts, "capture": g.capture,
                    "exhibit": g.exhibit if g.exhibit in mine else None, "exhibit_of_another_case": g.exhibit is not None and g.exhibit not in mine,
                    "source": g.source, "contradicts": g.contradicts, "contradicted_by": list(piece.contradicted_by), "actor": g.by, "at": plain(g.at),
                }
            )  # fmt: skip
        said = page.standing
        standings.append(
            {
                "seller": seller, "status": said.status, "judgement": said.judgement.id if said.judgement else None, "rests_on": list(said.rests_on),
                "why_not": said.why_not, "withdrawn": list(said.withdrawn), "new_since": list(page.new_since),
            }
        )  # fmt: skip
        shown = [x for x in page.leads if x.what not in OF_LINKS and x.capture in m.captures]
        leads += [
            {"seller": seller, "what": x.what, "value": x.value, "says": x.says, "capture": x.capture, "to_do": x.to_do} for x in shown
        ]
        left = len([x for x in page.leads if x.what not in OF_LINKS]) - len(shown)
        if left:
            what = f"{left} leads to who runs the account of seller {seller}, on pages that are not in the case"
            m.gaps.append({"seller": seller, "what": what, "why": "the pages are not in the case; the store holds them"})
    return {"standings": standings, "attribution": evidence, "leads": leads}


PART = Part(
    "attribution", "Who runs each account", ("standings", "attribution", "leads"), gather, page=True, words={"attribution": "attribution"}
)
