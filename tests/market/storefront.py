"""The store front: no goods in its HTML; a script fetches them as JSON and builds the page, as single-page shops do."""

import json
from collections.abc import Mapping
from typing import Any

from tests.market.book import Book, common
from tests.market.server import Pages, Response
from tests.market.truth import Truth

ROBOTS = "User-agent: *\nDisallow: /admin/\nDisallow: /private/\n"
FORBIDDEN = ("/admin/", "/private/orders")
ALLOWED = ("/", "/about")
SHELL = """<!doctype html><html lang="en-GB"><head><meta charset="utf-8">
<title>Kestrel &amp; Moss (demonstration)</title></head>
<body><noscript>This shop needs JavaScript.</noscript><main id="app"></main><footer id="foot"></footer><script>
const make = (tag, cls, text, more) =>
  Object.assign(document.createElement(tag), {className: cls, textContent: text}, more);
const app = document.getElementById('app');
const item = location.pathname.match(/^\\/item\\/(\\w+)/);
async function build() {
  const data = await (await fetch(item ? '/api/item/' + item[1] + '.json' : '/api/items.json')).json();
  if (item) {
    app.append(make('h1', 'product-title', data.title), make('p', 'price', data.price_text));
    const seller = make('p', 'seller', '');
    seller.append(make('a', '', data.seller, {href: data.seller_url}));
    const gallery = make('div', 'gallery', '');
    for (const picture of data.pictures) gallery.append(make('img', '', '', {src: picture}));
    app.append(seller, make('p', 'place', data.place), make('div', 'description', data.text), gallery);
  } else {
    for (const one of data.items) app.append(make('a', 'product', one.title + ' ' + one.price_text, {href: one.url}));
  }
  document.getElementById('foot').append(make('address', '', data.contact));
  app.dataset.ready = 'yes';
}
if (location.pathname === '/' || item) build();
</script></body></html>"""


def _json(data: Any) -> Response:
    return Response(json.dumps(data, ensure_ascii=False).encode(), "application/json; charset=utf-8")


def _item(book: Book, listing: Truth, contact: str) -> Response:
    return _json(
        {
            "id": listing.ref,
            "title": listing.title,
            "text": listing.text,
            "price_text": listing.price_text,
            "price": None if listing.price is None else listing.price / 100,
            "currency": listing.currency,
            "seller": listing.seller_name,
            "seller_url": "/about",
            "place": listing.place,
            "contact": contact,
            "pictures": [book.photo("/pics", listing, n) for n in range(1, len(listing.pictures) + 1)],
        }
    )


def pages(book: Book) -> Pages:
    """One shell for every address; the goods come from /api/."""
    shared = common(book, "/pics", ROBOTS)
    seller = book.seller("storefront", "kestrel-moss")
    assert seller is not None
    contact = f"{seller.name}, {seller.place}, {seller.phone}, orders@kestrelmoss.example"

    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        if found := shared(path):
            return found
        if path == "/api/items.json":
            return _json(
                {
                    "contact": contact,
                    "items": [
                        {"title": each.title, "price_text": each.price_text, "url": f"/item/{each.ref}"}
                        for each in book.listings("storefront")
                    ],
                }
            )
        if path.startswith("/api/item/") and path.endswith(".json"):
            listing = book.listing("storefront", path.removeprefix("/api/item/").removesuffix(".json"))
            return _item(book, listing, contact) if listing else None
        known = path.startswith("/item/") and book.listing("storefront", path.removeprefix("/item/"))
        return Response(SHELL.encode()) if path in ("/", "/about") or known else None

    return respond
