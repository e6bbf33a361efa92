"""Three sites without structured data: small ads in words, an auction house of awkward addresses, and a rummage of broken charsets."""

from collections.abc import Mapping
from html import escape

from tests.market.awkward.site import Awkward, html, moved, number, part
from tests.market.awkward.truth import Goods
from tests.market.server import Request, Response

BLANK = "data:image/gif;base64,R0lGODlhAQABAAAAACw="


class Thimble(Awkward):
    """Small ads: numbered pages and no next link, an advert pinned on top of each, ghosts and other people's adverts among the cards."""

    name = "thimble"
    robots = "User-agent: *\nDisallow: /ad/69\nDisallow: /basket\n"
    SIZE = 6

    def respond(self, request: Request, path: str, query: Mapping[str, str]) -> Response | None:
        if path in ("/", "/ads"):
            return self._list(number(query))
        if path.startswith("/ad/"):
            ref = path.removeprefix("/ad/").partition("-")[0]
            return self._item(self.by_ref[ref]) if ref in self.by_ref else _members_only(ref) if ref.startswith("69") else None
        return html("Advertise", "<h1>Advertise here</h1>") if path.startswith("/promo/") else None

    def _list(self, page: int) -> Response | None:
        last = -(-len(self.goods) // self.SIZE)
        if not 1 <= page <= last:
            return None
        here = list(part(self.goods, page, self.SIZE))
        shown = here if page == 1 else [self.goods[0], *here]
        cards = [
            f'<div class="ad"><a class="ad-link" href="/ad/{each.ref}-{page}">{escape(each.title) or "(no title)"}</a></div>'
            for each in shown
        ]
        cards.insert(2, '<div class="ad"><a class="ad-link" href="http://adverts.example/ad/7777-win">Win a watch</a></div>')
        cards.insert(4, f'<div class="ad ghost"><a class="ad-link" href="/promo/{page}">Your advert here</a></div>')
        cards.append(f'<div class="ad"><a class="ad-link" href="/ad/69{page:02}-members">Members see it first</a></div>')
        numbers = "".join(f"<b>{n}</b> " if n == page else f'<a href="/ads?page={n}">{n}</a> ' for n in range(1, last + 1))
        return html("Adverts", f'<div id="ads">{"".join(cards)}</div><div class="pages">{numbers}</div>')

    def _item(self, goods: Goods) -> Response:
        price = goods.page.get("price", escape(goods.price_text))
        facts = [("condition", goods.condition), ("category", goods.category), ("quantity", goods.quantity_text), ("sold", goods.sold_text)]
        rows = "".join(f'<dt>{name}</dt><dd class="{name}">{escape(said)}</dd>' for name, said in facts if said)
        posted = goods.posted_text
        when = (
            f'<time class="posted" datetime="{posted}">3 May</time>'
            if "T" in posted
            else f'<p class="posted">Posted {posted}</p>'
            if posted
            else ""
        )
        text = "".join(f"<p>{escape(each)}</p>" for each in goods.text.split("\n"))
        return html(
            goods.title,
            f"""<header>Your basket: <span class="price">&pound;210.00</span></header>
<article id="ad"><h1>{escape(goods.title)}</h1>{"" if price is None else f'<p class="price">{price}</p>'}
<div class="pics">{"".join(f'<img src="{each}">' for each in self.pictures(goods))}</div><div class="text">{text}</div><dl>{rows}</dl>
<p class="by"><a href="/user/{goods.seller}">{escape(goods.seller_name)}</a></p><p class="where">{escape(goods.place)}</p>{when}</article>
<div class="similar"><h3>Similar</h3><span class="price">&pound;1</span></div>""",
        )


def _members_only(ref: str) -> Response:
    """It would answer, so that a crawler that does not obey robots.txt is seen twice: in the log and in its listings."""
    return html(f"Members' advert {ref}", f'<article id="ad"><h1>Members\' advert {ref}</h1><p class="price">&pound;99</p></article>')


class Lots(Awkward):
    """An auction house: sort orders, facets and a calendar without end among its page numbers, one lot under many addresses."""

    name = "lots"
    robots = "User-agent: *\nDisallow: /admin/\n"
    SIZE = 5
    SORTS = ("price", "name", "ending", "newest")
    ERAS = ("georgian", "regency", "victorian", "edwardian", "deco")

    def respond(self, request: Request, path: str, query: Mapping[str, str]) -> Response | None:
        if path in ("/", "/lots"):
            return self._list(query)
        if path == "/calendar":
            return self._calendar(number(query, "month", 0))
        if path == "/out":
            return moved(query.get("to", "http://adverts.example/"))
        folder, _, last = path.rstrip("/").lower().rpartition("/")
        if folder not in ("/lot", "/featured/lot"):
            return html("Saved", "<h1>Saved</h1>") if path.endswith(("/watch", "/share")) else None
        if last == "green-clutch":
            return self._ended("Green clutch")
        goods = self.by_ref.get(last)
        if goods and last == "horn-comb" and self.times(path) == 1:
            return Response(b"<h1>Busy</h1>", status=503)
        return self._item(goods) if goods else None

    def _list(self, query: Mapping[str, str]) -> Response:
        """Any sort, era and page number answers; past the end, and for a number that is none, it is the first page."""
        page, sort, era = number(query), query.get("sort", ""), query.get("era", "")
        goods = sorted(self.goods, key=lambda each: each.title[::-1] if sort in self.SORTS else each.ref)
        here = part(goods, page, self.SIZE) or part(goods, page := 1, self.SIZE)
        session = f"{self.times('session'):026x}"
        cards = "".join(self._card(each, session) for each in here)
        kept = "".join(f"&amp;{name}={said}" for name, said in (("sort", sort), ("era", era)) if said)
        numbers = "".join(f'<a href="/lots?page={n}{kept}&amp;PHPSESSID={session}">{n}</a> ' for n in range(1, page + 2) if n != page)
        orders = "".join(
            f'<a href="/lots?sort={each}&amp;page={page}&amp;PHPSESSID={session}">{each}</a> ' for each in self.SORTS if each != sort
        )
        eras = "".join(f'<a href="/lots?era={each}&amp;sort={sort or "price"}">{each}</a> ' for each in self.ERAS if each != era)
        return html(
            "Lots", f'<main>{cards}</main><div class="pages">{numbers}{orders}{eras}<a href="/calendar?month=1">Next month</a></div>'
        )

    def _card(self, goods: Goods, session: str) -> str:
        own = f"/lot/{goods.ref}"
        links = {
            "amber-scent": [own, "/Lot/Amber-Scent"],
            "brass-lamp": [own, f"{own}/"],
            "coral-beads": [own, f"/featured{own}", f"{own}?ref=home"],
            "ebony-cane": [
                "/out?to=http://adverts.example/lot/ebony-cane",
                own,
                f"{own}/watch",
                f"{own}/share?by=post",
                "http://adverts.example/lot/oak-cane",
            ],
            "felt-hat": ["/lot/green-clutch", own],
            "ivory-fan": [f"{own}?PHPSESSID={session}"],
        }.get(goods.ref, [own])
        return "".join(f'<div class="lot"><a href="{each}">{escape(goods.title)}</a></div>' for each in links)

    def _item(self, goods: Goods) -> Response:
        return html(
            goods.title,
            f"""<div class="lot-page"><h1>{escape(goods.title)}</h1><p class="estimate">&pound;{goods.amount}</p><p class="note">{escape(goods.text)}</p>
<p class="section">{goods.category}</p><p class="desk"><a href="/desk/{goods.seller}">{goods.seller_name}</a></p><p class="room">{goods.place}</p>
<img class="plate" src="{self.pictures(goods)[0]}"></div>""",
            f'<link rel="canonical" href="{self.base}/lot/{goods.ref}">',
        )

    def _ended(self, title: str) -> Response:
        """A soft 404: the lot is gone, the page says so with status 200, in the clothes of a lot's page."""
        return html(
            f"{title} - this lot has ended",
            f'<div class="lot-page ended"><h1>Sorry, this lot has ended</h1><p class="note">{title} was sold. See what else there is.</p></div>',
        )

    def _calendar(self, month: int) -> Response:
        return html(
            "Calendar",
            f'<h1>Month {month}</h1><p>No sale.</p><div class="pages"><a href="/calendar?month={month + 1}">Next month</a></div>',
        )


class Saltmarsh(Awkward):
    """A rummage of pages from another age: <base href>, references in the query, bytes that are not what they are declared."""

    name = "saltmarsh"
    SIZE = 5

    def respond(self, request: Request, path: str, query: Mapping[str, str]) -> Response | None:
        if path in ("/", "/old/list.asp"):
            return self._list(number(query, "pg"))
        goods = self.by_ref.get(query.get("no", "")) if path == "/old/item.asp" else None
        return self._item(goods) if goods else None

    def _page(self, title: str, body: str, charset: str) -> Response:
        meta = {
            "declared": '<meta charset="utf-8">',
            "latin": '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">',
        }.get(charset, "")
        page = f'<html><head>{meta}<base href="/old/"><title>{title}</title></head><body>{body}</body></html>'
        kind = "text/html; charset=utf-8" if charset == "declared" else "text/html"
        return Response(page.encode("cp1252", "xmlcharrefreplace"), kind)

    def _list(self, page: int) -> Response:
        rows = "".join(
            f'<tr><td><a class="it" href="item.asp?no={each.ref}&amp;from=list">{escape(each.title)}</a></td></tr>'
            for each in part(self.goods, page, self.SIZE)
        )
        onward = f'<a class="onward" href="list.asp?pg={page + 1}">onward</a>' if page * self.SIZE < len(self.goods) else ""
        return self._page("List", f"<table>{rows}</table>{onward}", "undeclared")

    def _item(self, goods: Goods) -> Response:
        charset = goods.page.get("charset", "")
        title, text = escape(goods.title), escape(goods.text)
        if charset == "entities":
            title, text = title.replace("'", "&#x27;"), text.replace("\u00a9", "&copy;")
        pix = "".join(self._picture(goods, name) for name in goods.pictures)
        body = (
            f'<h2 class="hd">{title}</h2><b class="cost">\u00a3{goods.amount}</b><div class="pix">{pix}</div><div class="say">{text}</div>'
        )
        return self._page(title, body, charset)

    def _picture(self, goods: Goods, name: str) -> str:
        own, thumb = f"../pic/{name}.png", f"../pic/thumb-{name}.png"
        return {
            "srcset": f'<img src="{thumb}" srcset="{thumb} 150w, {own} 900w, ../pic/mid-{name}.png 450w">',
            "lazy": f'<img src="{BLANK}" data-src="{own}">',
            "linked": f'<a href="{own}"><img src="{thumb}"></a>',
            "schemeless": f'<img src="//127.0.0.1:{self.port}/pic/{name}.png">',
        }.get(goods.page.get("look", ""), f'<img src="{own}">')
