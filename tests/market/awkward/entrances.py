"""Sites with a way in of their own: a feed, an API by cursor and by POST, a button that loads more, a wall that scrolls without end."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from tests.market.awkward.site import Awkward, data, html, json_ld, number
from tests.market.awkward.truth import Goods
from tests.market.server import Request, Response


class Post(Awkward):
    """Small ads behind an RSS feed that also lists news, another site's advert, and one advert twice."""

    name = "post"

    def respond(self, request: Request, path: str, query: Mapping[str, str]) -> Response | None:
        if path == "/":
            return html("Parade Post", '<h1>Parade Post</h1><a href="/ads.rss">Feed</a>')
        if path == "/ads.rss":
            return self._feed()
        if path.startswith("/news/"):
            return html("News", "<h1>The parade is swept on Tuesdays</h1>")
        ref = path.removeprefix("/small-ad/").removesuffix(".html")
        return self._item(self.by_ref[ref]) if ref in self.by_ref else None

    def _feed(self) -> Response:
        links = [
            *(f"{self.base}/small-ad/{each.ref}.html" for each in self.goods),
            f"{self.base}/news/12",
            "http://elsewhere.example/small-ad/8.html",
        ]
        links.append(f"{self.base}/small-ad/9001.html?utm_source=rss")
        items = "".join(
            f"<item><title>One & more</title><link>{each}</link><pubDate>Tue, 09 Apr 2024 08:00:00 +0100</pubDate></item>" for each in links
        )
        return Response(
            f'<?xml version="1.0"?><rss version="2.0"><channel><title>Parade Post</title><link>{self.url}</link>{items}</channel></rss>'.encode(),
            "application/rss+xml",
        )

    def _item(self, goods: Goods) -> Response:
        return html(
            goods.title,
            f"""<article itemscope itemtype="https://schema.org/Product"><h1 itemprop="name">{escape(goods.title)}</h1><meta itemprop="productID" content="{goods.ref}">
<img itemprop="image" src="{self.pictures(goods, "")[0]}"><div itemprop="description">{escape(goods.text)}</div><span itemprop="category">{goods.category}</span>
<div itemprop="offers" itemscope itemtype="https://schema.org/Offer"><link itemprop="itemCondition" href="https://schema.org/UsedCondition"><meta itemprop="priceCurrency" content="GBP">
<b itemprop="price" content="{goods.amount}">&pound;{goods.amount}</b><div itemprop="seller" itemscope itemtype="https://schema.org/Person"><a itemprop="url" href="/by/{goods.seller}">
<span itemprop="name">{goods.seller_name}</span></a><span itemprop="address" itemscope itemtype="https://schema.org/PostalAddress"><span itemprop="addressLocality">{goods.place}</span></span></div></div></article>""",
        )


class Stalls(Awkward):
    """One set of adverts behind two interfaces: GET with a cursor, and a search by POST with the page's number in the body."""

    name = "stalls"
    SIZE = 4

    def respond(self, request: Request, path: str, query: Mapping[str, str]) -> Response | None:
        if path == "/api/v2/ads" and request.method == "GET":
            at = int(query.get("after", "k0")[1:] or 0)
            after = f"k{at + self.SIZE}" if at + self.SIZE < len(self.goods) else None
            return data({"data": {"ads": [self._ad(each) for each in self.goods[at : at + self.SIZE]], "paging": {"after": after}}})
        if path == "/api/search":
            return self._search(request)
        return None

    def _search(self, request: Request) -> Response:
        try:
            asked = json.loads(request.body)
            page, size = int(asked["page"]), min(int(asked["size"]), 5)
        except (ValueError, KeyError, TypeError):
            return data({"error": "say page and size"}, 400)
        pages = -(-len(self.goods) // size)
        return data({"page": page, "pages": pages, "hits": [self._ad(each) for each in self.goods[(page - 1) * size : page * size]]})

    def _ad(self, goods: Goods) -> dict[str, Any]:
        return {
            "id": goods.ref,
            "headline": goods.title,
            "body": goods.text,
            "cost": {"pence": goods.price, "code": goods.currency},
            "vendor": {"name": goods.seller_name, "link": f"/v/{goods.seller}"},
            "pitch": goods.place,
            "maker": goods.brand,
            "kind": goods.category,
            "state": goods.condition,
            "left": goods.quantity,
            "listed": f"{goods.posted}T08:00:00Z",
            "photos": [{"big": f"/pic/{name}.png", "small": f"/pic/thumb-{name}.png"} for name in goods.pictures],
            "link": f"/ad/{goods.ref}",
        }


class Rail(Awkward):
    """A shop whose list grows by a button; the button goes when there is no more."""

    name = "rail"
    SIZE = 3

    def respond(self, request: Request, path: str, query: Mapping[str, str]) -> Response | None:
        if path == "/":
            return html("The Long Rail", f'<main id="goods"></main><button id="more">Show more</button><script>{MORE}</script>')
        if path == "/part":
            at = number(query, "from", 0)
            return data(
                {
                    "goods": [{"ref": each.ref, "title": each.title} for each in self.goods[at : at + self.SIZE]],
                    "left": max(0, len(self.goods) - at - self.SIZE),
                }
            )
        goods = self.by_ref.get(path.removeprefix("/piece/"))
        return self._item(goods) if goods else None

    def _item(self, goods: Goods) -> Response:
        product = {
            "@context": "https://schema.org",
            "@type": "Product",
            "name": goods.title,
            "sku": goods.ref,
            "description": goods.text,
            "brand": goods.brand,
            "image": self.pictures(goods),
            "offers": {"@type": "Offer", "price": goods.amount, "priceCurrency": "GBP"},
        }
        return html(goods.title, f"<h1>{escape(goods.title)}</h1>", json_ld(product))


class Scroll(Awkward):
    """A wall that grows as one scrolls and lets go of the cards that have left the view."""

    name = "scroll"
    SIZE = 6

    def respond(self, request: Request, path: str, query: Mapping[str, str]) -> Response | None:
        if path == "/":
            return html(
                "The Endless Wall",
                f'<div id="top"></div><main id="wall"></main><div id="below" style="height: 40px"></div><script>{SCROLL}</script>',
            )
        if path == "/feed":
            at = number(query, "from", 0)
            return data(self._pins(self.goods[at : at + self.SIZE]))
        return None

    def _pins(self, goods: Sequence[Goods]) -> list[dict[str, str]]:
        return [
            {
                "ref": each.ref,
                "title": each.title,
                "price": each.price_text,
                "by": each.seller,
                "name": each.seller_name,
                "where": each.place,
                "picture": f"/pic/{each.pictures[0]}.png",
            }
            for each in goods
        ]


MORE = """
let at = 0;
const goods = document.getElementById('goods'), more = document.getElementById('more');
async function load() {
  const part = await (await fetch('/part?from=' + at)).json();
  for (const each of part.goods) {
    const card = document.createElement('a');
    card.className = 'piece'; card.href = '/piece/' + each.ref; card.textContent = each.title;
    goods.append(card);
  }
  at += part.goods.length;
  document.body.dataset.ready = 'yes';
  if (!part.left) more.remove();
}
more.onclick = load;
load();
"""

SCROLL = """
let at = 0, busy = false, over = false, gone = 0;
const wall = document.getElementById('wall'), spacer = document.getElementById('top');
async function load() {
  if (busy || over) return;
  busy = true;
  const part = await (await fetch('/feed?from=' + at)).json();
  over = !part.length;
  at += part.length;
  for (const pin of part) {
    const card = document.createElement('div');
    card.className = 'pin';
    card.style.height = '240px';
    card.innerHTML = `<a class=to href="/pin/${pin.ref}"><img src="${pin.picture}" width=24 height=24></a><h3>${pin.title}</h3>
      <b class=cost>${pin.price}</b><a class=by href="/by/${pin.by}">${pin.name}</a><i class=where>${pin.where}</i>`;
    wall.append(card);
  }
  while (wall.children.length > 12) { wall.firstChild.remove(); spacer.style.height = (240 * ++gone) + 'px'; }
  document.body.dataset.ready = 'yes';
  busy = false;
}
new IntersectionObserver(seen => { if (seen[0].isIntersecting) load(); }, {rootMargin: '200px'}).observe(document.getElementById('below'));
load();
"""
