"""The classifieds site: no structured data at all, and a page for each habit of sites that grew by hand."""

from collections.abc import Mapping
from html import escape

from tests.market.book import Book, common
from tests.market.server import Pages, Response
from tests.market.truth import Truth

CLOSED = ("/private/", "/admin/", "/messages/", "/search", "/user-data/", "/basket")
ROBOTS = "User-agent: *\n" + "".join(f"Disallow: {path}\n" for path in CLOSED) + "Allow: /\n"
FORBIDDEN = tuple(f"/private/ad/{number}" for number in range(90001, 90007))
ALLOWED = ("/ads", "/help")
PER_PAGE = 12
BLANK = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
NAMED = {"£": "&pound;", "€": "&euro;", "é": "&eacute;", "è": "&egrave;", "\u00d7": "&times;"}


def _frame(title: str, body: str) -> Response:
    return Response(
        f"""<!doctype html><html><head><meta charset="utf-8">
<title>{escape(title)} | Wexcombe Ads</title></head><body>
<div id="top"><a href="/ads">Market Wexcombe Ads (demonstration)</a> <a href="/help">Help</a>
<a href="/basket">Basket (0)</a></div>
{body}
<div id="bottom">Loopback demonstration: every advert, seller and address is invented.</div></body></html>""".encode()
    )


def _words(text: str, *, named: bool) -> str:
    """Escaped text; some pages write what they can as named entities."""
    text = escape(text)
    return "".join(NAMED.get(sign, sign) for sign in text) if named else text


def _gallery(book: Book, listing: Truth, host: str) -> str:
    look, out = listing.page.get("look", "plain"), []
    for number in range(1, len(listing.pictures) + 1):
        full = book.photo("/photos", listing, number)
        thumb = book.photo("/photos", listing, number, thumb=True)
        if look == "full":
            out.append(f'<a href="..{full}"><img src="..{thumb}" alt=""></a>')
        elif look == "lazy":
            out.append(f'<img class="lazy" data-src="//{host}{full}" src="{BLANK}" alt="">')
        elif look == "srcset":
            out.append(f'<img src="{full}" srcset="{thumb} 150w, {full} 600w" alt="">')
        else:
            out.append(f'<img src="..{full}" alt="">')
    return "".join(out)


def _item(book: Book, listing: Truth, host: str) -> Response:
    look = listing.page.get("look", "plain")
    named = look == "entities"
    price = _words(listing.price_text, named=named)
    if "was" in listing.page:
        price = f'<del class="old">{escape(listing.page["was"])}</del> <span class="now">{price}</span>'
    text = "".join(f"<p>{_words(part, named=named)}</p>\n" for part in listing.text.split("\n"))
    return _frame(
        listing.title,
        f"""<div id="ad"><h1>{_words(listing.title, named=named)}</h1>
<div class="price">{price}</div><div class="gallery">{_gallery(book, listing, host)}</div>
<div class="description">{text}</div>
<div class="seller">Sold by <a href="/user/{listing.seller}">{escape(listing.seller_name)}</a></div>
<div class="place">{escape(listing.place)}</div></div>
<div class="more">More from Wexcombe: <span class="price">&pound;1</span> <a href="/messages/new">Message</a></div>""",
    )


def _list(book: Book, number: int) -> Response | None:
    every = book.listings("classifieds")
    last = -(-len(every) // PER_PAGE) + 1  # one page more than the adverts need: the ghosts
    if not 1 <= number <= last:
        return None
    cards = "".join(
        f'<div class="card"><a class="card-link" href="/ad/{each.ref}?from=list">'
        f'<img src="{book.photo("/photos", each, 1, thumb=True)}" alt=""> {escape(each.title)}</a> '
        f'<span class="price">{escape(each.price_text)}</span></div>\n'
        for each in every[(number - 1) * PER_PAGE : number * PER_PAGE]
    )
    if number == 1:
        cards += '<div class="card"><a class="card-link" href="/private/ad/90001">Members see it first</a></div>'
    if number == last:
        ghost = '<div class="card card-ghost"><a class="card-link" href="/promo/{}">Your advert here</a></div>'
        cards = "".join(ghost.format(n) for n in range(1, 6))
    links = "".join(f'<a href="/ads/page/{n}">{n}</a> ' for n in range(1, last + 1))
    onward = f'<a class="next" href="/ads/page/{number + 1}">next &raquo;</a>' if number < last else ""
    return _frame("Adverts", f'<div id="cards">{cards}</div><div class="pages">{links}{onward}</div>')


def _user(book: Book, handle: str) -> Response | None:
    seller = book.seller("classifieds", handle) or book.seller("wall", handle)
    if seller is None:
        return None
    phone = f'<p class="phone">{escape(seller.phone)}</p>' if seller.phone else ""
    return _frame(seller.name, f'<h1>{escape(seller.name)}</h1><p class="place">{escape(seller.place)}</p>{phone}')


def _wall(book: Book) -> Response:
    pins = "".join(
        f'<div class="pin"><a class="pin-link" href="/wall?pin={each.ref}">'
        f'<img src="{book.photo("/photos", each, 1)}" alt=""></a>'
        f'<h3>{escape(each.title)}</h3><span class="pin-price">{escape(each.price_text)}</span> '
        f'<a class="by" href="/user/{each.seller}">{escape(each.seller_name)}</a> '
        f'<i class="where">{escape(each.place)}</i></div>\n'
        for each in book.listings("wall")
    )
    return _frame("The wall", f"<div id='wall'>{pins}</div>")


def _hidden(number: str) -> Response:
    """Looks like an advert, so that a crawler that ignores robots.txt is seen twice: in the log and in its listings."""
    return _frame(
        f"Members' advert {number}",
        f"""<div id="ad"><h1>Members' advert {number}</h1>
<div class="price">&pound;99</div>
<div class="description"><p>robots.txt forbids this page.</p></div></div>""",
    )


def pages(book: Book, host: list[str]) -> Pages:
    """`host` is filled in once the port is known: protocol-relative picture links want it."""
    shared = common(book, "/photos", ROBOTS)

    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        if found := shared(path):
            return found
        if path in ("/", "/ads"):
            return _list(book, 1)
        if path == "/wall":
            return _wall(book)
        if path in ("/help", "/search", "/basket", "/messages/new"):
            return _frame(path, f"<h1>{path}</h1>")
        folder, _, last = path.rpartition("/")
        if folder == "/ads/page" and last.isdigit():
            return _list(book, int(last))
        if folder == "/user":
            return _user(book, last)
        if folder == "/promo" and last.isdigit():
            return _frame("Advertise", "<h1>Advertise here</h1><p>Reach all of Wexcombe.</p>")
        if path in FORBIDDEN:
            return _hidden(last)
        listing = book.listing("classifieds", last) if folder == "/ad" else None
        return _item(book, listing, host[0]) if listing else None

    return respond
