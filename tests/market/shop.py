"""The shop: schema.org JSON-LD on item pages, in the three wrappings met in the wild, and paginated lists."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from tests.market.book import Book, common
from tests.market.server import Pages, Response
from tests.market.truth import Truth

ROBOTS = "User-agent: *\nDisallow: /admin/\nDisallow: /private/\nDisallow: /basket\n"
FORBIDDEN = ("/admin/stock", "/private/prices", "/basket")
ALLOWED = ("/all", "/contact")
PER_PAGE = 8
FOOTER = """<footer><address>Fernhollow Outlet (demonstration), Unit 4, Wexcombe Parade, M32 0TH ·
<a href="tel:01614960104">0161 496 0104</a> ·
<a href="mailto:hello@fernhollow.example">hello@fernhollow.example</a></address>
<p>Loopback demonstration: every listing, seller and address is invented.</p></footer>"""
SELLER = {
    "@type": "Organization",
    "name": "Fernhollow Outlet (demonstration)",
    "telephone": "0161 496 0104",
    "email": "hello@fernhollow.example",
    "address": {
        "@type": "PostalAddress",
        "streetAddress": "Unit 4, Wexcombe Parade",
        "postalCode": "M32 0TH",
        "addressCountry": "GB",
    },
}


def _frame(title: str, body: str, head: str = "") -> Response:
    return Response(
        f"""<!doctype html><html lang="en-GB"><head><meta charset="utf-8">
<title>{escape(title)}</title>{head}</head><body>
<header><a href="/">Fernhollow Outlet</a> (demonstration)</header>
{body}
{FOOTER}</body></html>""".encode()
    )


def json_ld(listing: Truth, url: str, images: list[str]) -> Any:
    """The same facts as `@graph`, as a list beside a breadcrumb, or as one bare Product."""
    markup = listing.page.get("markup", "product")
    offer: dict[str, Any] = {
        "@type": "Offer",
        "availability": "https://schema.org/InStock",
        "url": url,
        "seller": {**SELLER, "url": url.split("/item/")[0] + "/"},
    }
    if listing.price is not None:
        amount = listing.price / 100
        offer |= {"price": amount if markup == "list" else f"{amount:.2f}", "priceCurrency": listing.currency}
    product = {
        "@type": "Product",
        "name": listing.title,
        "sku": listing.ref,
        "description": listing.text,
        "url": url,
        "image": images[0] if markup == "graph" and len(images) == 1 else images,
        "offers": [offer] if markup == "list" else offer,
    }
    crumb = {"@type": "ListItem", "position": 1, "name": "All", "item": url}
    crumbs = {"@type": "BreadcrumbList", "itemListElement": [crumb]}
    if markup == "graph":
        site = {"@type": "WebSite", "name": "Fernhollow Outlet"}
        return {"@context": "https://schema.org", "@graph": [site, crumbs, product]}
    if markup == "list":
        return [{"@context": "https://schema.org", **crumbs}, {"@context": "https://schema.org", **product}]
    return {"@context": "https://schema.org", **product}


def _item(book: Book, base: str, listing: Truth) -> Response:
    images = [base + book.photo("/img", listing, n) for n in range(1, len(listing.pictures) + 1)]
    data = json.dumps(json_ld(listing, f"{base}/item/{listing.ref}", images), ensure_ascii=False).replace("</", "<\\/")
    basket = listing.page.get("basket")
    earlier = f'<p class="basket">Basket total: <span class="price">{basket}</span></p>' if basket else ""
    gallery = "".join(f'<img src="{image}" alt="">' for image in images)
    head = (
        f'<meta property="og:title" content="{escape(listing.title)}">'
        f'<meta property="og:image" content="{images[0]}">'
        f'<script type="application/ld+json">{data}</script>'
    )
    return _frame(
        listing.title,
        f"""{earlier}<main><h1>{escape(listing.title)}</h1>
<p class="price">{listing.price_text}</p>
<div class="gallery">{gallery}</div><p class="description">{escape(listing.text)}</p></main>""",
        head,
    )


def _list(book: Book, number: int) -> Response:
    every = book.listings("shop")
    here = every[(number - 1) * PER_PAGE : number * PER_PAGE]
    cards = "".join(
        f'<a class="card" href="/item/{each.ref}"><img src="{book.photo("/img", each, 1, thumb=True)}" alt="">'
        f"<span>{escape(each.title)}</span> <b>{each.price_text}</b></a>"
        for each in here
    )
    onward = len(every) > number * PER_PAGE
    more = f'<a class="next" rel="next" href="/all?page={number + 1}">Next</a>' if onward else ""
    return _frame("All goods", f'<nav>{more}</nav><main>{cards}</main><a href="/admin/stock">Staff</a>')


def pages(book: Book, base: list[str]) -> Pages:
    """`base` is filled in once the port is known: JSON-LD wants whole addresses."""
    shared = common(book, "/img", ROBOTS)

    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        if found := shared(path):
            return found
        if path in ("/", "/all"):
            number = query.get("page", "1")
            return _list(book, max(1, int(number))) if number.isdigit() else None
        if path in ("/contact", "/basket"):
            return _frame(path[1:].title(), f"<h1>{path[1:].title()}</h1>")
        listing = book.listing("shop", path.removeprefix("/item/")) if path.startswith("/item/") else None
        return _item(book, base[0], listing) if listing else None

    return respond
