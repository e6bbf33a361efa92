"""A network as a picture (SVG, written here) and as GraphML, for people and for other programs. The same network gives the same file."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from premises.network.view import Network

SEED = 7
WIDTH, HEIGHT, MARGIN = 1400, 1000, 90
LABEL = 26  # characters of a name
COLOURS = {"seller": "#1d70b8", "joined": "#d4351c", "phone": "#00703c", "email": "#00703c", "payment": "#4c2c92", "premises": "#f47738"}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def graph_of(network: Network) -> Any:
    """A networkx graph: sellers and what they share, each edge with kind, method, score, capture and why."""
    import networkx

    graph = networkx.Graph()
    for seller in network.sellers:
        graph.add_node(f"seller:{seller.id}", kind="seller", label=_plain(f"{seller.id} {seller.name or seller.handle}"))
    for edge in network.edges:
        if edge.thing not in graph:
            graph.add_node(edge.thing, kind=edge.kind, label=_plain(edge.thing))
        said = {"method": edge.method, "score": edge.score, "capture": edge.capture or 0, "why": _plain(edge.why), "kind": edge.kind}
        graph.add_edge(f"seller:{edge.seller}", edge.thing, **said)
    return graph


def graphml(network: Network) -> str:
    """GraphML (graphml.graphdrawing.org), with labels, scores and sentences as data."""
    import networkx

    out = io.BytesIO()
    networkx.write_graphml_xml(graph_of(network), out)
    return out.getvalue().decode("utf-8")


def svg(network: Network, pictures: Mapping[str, bytes] | None = None) -> str:
    """A drawing: sellers as discs, what they share as boxes, a line for each edge, its sentence as a tooltip. Legible up to some forty nodes.

    `pictures` are JPEGs by the name of a node ("picture:…"): such a node shows the picture instead of its digest.
    """
    import networkx

    graph = graph_of(network)
    places = networkx.spring_layout(graph, seed=SEED, k=2.2 / max(1.0, len(graph)) ** 0.5, iterations=150)
    at = {node: _place(x, y, places) for node, (x, y) in places.items()}
    size = max(9, min(15, 560 // max(1, len(graph))))
    lines = [
        f'<line x1="{at[a][0]}" y1="{at[a][1]}" x2="{at[b][0]}" y2="{at[b][1]}" stroke="{COLOURS["joined"] if d["kind"] == "joined" else "#b1b4b6"}"'
        f' stroke-width="{1 + 2 * d["score"]:.1f}"><title>{escape(d["why"])}</title></line>'
        for a, b, d in graph.edges(data=True)
    ]
    marks = []
    for node, data in graph.nodes(data=True):
        x, y = at[node]
        colour = COLOURS.get(data["kind"], "#505a5f")
        shape = (
            f'<circle cx="{x}" cy="{y}" r="{size}" fill="{colour}"/>'
            if data["kind"] == "seller"
            else f'<rect x="{x - size // 2}" y="{y - size // 2}" width="{size}" height="{size}" fill="{colour}"/>'
        )
        if jpeg := (pictures or {}).get(node):
            side = 4 * size
            shape = f'<image x="{x - side // 2}" y="{y - side // 2}" width="{side}" height="{side}" href="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"/>'
            marks.append(f"<g><title>{escape(data['label'])}</title>{shape}</g>")
            continue
        label = data["label"] if len(data["label"]) <= LABEL else data["label"][: LABEL - 1] + "…"
        anchor = "end" if x > WIDTH - 2 * MARGIN else "start" if x < 2 * MARGIN else "middle"
        marks.append(
            f"<g><title>{escape(data['label'])}</title>{shape}"
            f'<text x="{x}" y="{y - size - 3}" font-size="{size}" text-anchor="{anchor}">{escape(label)}</text></g>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="Arial, Helvetica, sans-serif">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
        f'<text x="20" y="{HEIGHT - 16}" font-size="14">{len(network.sellers)} accounts that may be one operator’s: a lead, not an identity</text>'
        + "".join(lines + marks)
        + "</svg>\n"
    )


def _place(x: float, y: float, places: Any) -> tuple[int, int]:
    """A point of the layout on the sheet: the layout's own extent fills it."""
    xs, ys = [float(p[0]) for p in places.values()], [float(p[1]) for p in places.values()]

    def on(value: float, low: float, high: float, length: int) -> int:
        return round(MARGIN + (0.5 if high - low < 1e-9 else (value - low) / (high - low)) * (length - 2 * MARGIN))

    return on(float(x), min(xs), max(xs), WIDTH), on(float(y), min(ys), max(ys), HEIGHT)


def _plain(text: str) -> str:
    """Text of others without what XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)
