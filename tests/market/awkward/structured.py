"""Two sites that describe their goods by schema.org: a shop that says it in every shape there is, and a bazaar of awkward addresses."""

from collections.abc import Mapping
from html import escape
from typing import Any

from tests.market.awkward.site import Awkward, encoded, html, json_ld, moved, number, part
from tests.market.awkward.truth import Goods
from tests.market.server import Request, Response


class Tannery(Awkward):
    """A shop whose pages say the same facts in many shapes; its last list page shows the first once more."""

    name = "tannery"
    SIZE = 5

    def respond(self, request: Request, path: str, query: Mapping[str, str]) -> Response | None:
        if path in ("/", "/shop"):
            return self._list(number(query))
        if path.startswith("/p/") and (goods := self.by_ref.get(path.removeprefix("/p/"))):
            return encoded(self._item(goods), goods.page.get("encoding", ""), request)
        return None

    def _list(self, page: int) -> Response:
        here = part(self.goods, page, self.SIZE) or part(self.goods, page := 1, self.SIZE)
        cards = "".join(
            f'<li><a class="card" href="{each}">{escape(goods.title)}</a></li>' for goods in here for each in self._links(goods)
        )
        facets = "".join(f'<a href="/shop?colour={c}&amp;size={s}&amp;sort={o}">{c}</a>' for c in "abcde" for s in "123" for o in "xyz")
        return html("Shop", f'<aside class="facets">{facets}</aside><ul>{cards}</ul><a class="next" href="/shop?page={page + 1}">More</a>')

    def _links(self, goods: Goods) -> list[str]:
        own = f"/p/{goods.ref}"
        return [own, f"{own}?utm_source=shelf", f"{own}#reviews"] if goods.page["shape"] == "canonical" else [own]

    def _item(self, goods: Goods) -> Response:
        shape = goods.page["shape"]
        make = getattr(self, f"_{shape}", None)
        head, body = make(goods) if make else (json_ld(self._product(goods)), "")
        canonical = f'<link rel="canonical" href="{self.base}/p/{goods.ref}">'
        shown = f"<p>From the shop of Tannery Lane.</p><h1>{escape(goods.title)}</h1>{body}"
        return html(goods.title, shown, canonical + head)

    def _product(self, goods: Goods, **more: Any) -> dict[str, Any]:
        base = self.others["pictures"].base if goods.page.get("pictures") == "elsewhere" else self.base
        offer: dict[str, Any] = {
            "@type": "Offer",
            "availability": "https://schema.org/InStock",
            "itemCondition": "https://schema.org/NewCondition",
        }
        if goods.price is not None:
            offer |= {"price": goods.page.get("amount", goods.amount), "priceCurrency": goods.currency}
        product = {
            "@context": "https://schema.org",
            "@type": "Product",
            "name": goods.title,
            "sku": goods.ref,
            "url": f"{self.base}/p/{goods.ref}",
            "description": goods.text,
            "brand": {"@type": "Brand", "name": goods.brand},
            "category": goods.category,
            "image": self.pictures(goods, base),
            "offers": offer,
        }
        return product | more

    def _group(self, goods: Goods) -> tuple[str, str]:
        """Prices stand with the variants only; the dearest comes first."""
        of_group = {key: value for key, value in self._product(goods).items() if key not in ("offers", "sku")}
        variants = [
            {
                "@type": "Product",
                "sku": f"{goods.ref}-{colour}",
                "name": f"{goods.title}, {colour}",
                "color": colour,
                "image": self.pictures(goods)[0],
                "offers": {
                    "@type": "Offer",
                    "url": f"{self.base}/p/{goods.ref}?colour={colour}",
                    "price": amount,
                    "priceCurrency": goods.currency,
                    "itemCondition": "https://schema.org/NewCondition",
                },
            }
            for colour, amount in (("black", 65), ("tan", goods.amount), ("red", "52.50"))
        ]
        return json_ld(
            of_group
            | {"@type": "ProductGroup", "productGroupID": goods.ref, "variesBy": "https://schema.org/color", "hasVariant": variants}
        ), ""

    def _aggregate(self, goods: Goods) -> tuple[str, str]:
        offer = {
            "@type": "AggregateOffer",
            "lowPrice": goods.amount,
            "highPrice": goods.page["range"],
            "offerCount": 2,
            "priceCurrency": goods.currency,
            "itemCondition": "NewCondition",
        }
        return json_ld(self._product(goods, offers=offer)), ""

    def _several(self, goods: Goods) -> tuple[str, str]:
        others = [self._product(each) for each in self.goods if each.ref in ("t-104", "t-106")]
        return json_ld({"@context": "https://schema.org", "@graph": [others[0], self._product(goods), others[1]]}), ""

    def _microdata(self, goods: Goods) -> tuple[str, str]:
        images = "".join(f'<img itemprop="image" src="{each}">' for each in self.pictures(goods))
        return (
            "",
            f"""<ol itemscope itemtype="https://schema.org/BreadcrumbList">
<li itemprop="itemListElement" itemscope itemtype="https://schema.org/ListItem"><a itemprop="item" href="/"><span itemprop="name">Home</span></a></li>
<li itemprop="itemListElement" itemscope itemtype="https://schema.org/ListItem"><span itemprop="name">Bags for the hip</span></li></ol>
<div itemscope itemtype="https://schema.org/Product"><span itemprop="name">{goods.title}</span><meta itemprop="sku" content="{goods.ref}">
{images}<p itemprop="description">{goods.text}</p><span itemprop="brand">{goods.brand}</span> <span itemprop="category">{goods.category}</span>
<div itemprop="offers" itemscope itemtype="https://schema.org/Offer"><link itemprop="itemCondition" href="https://schema.org/NewCondition">
<span itemprop="price" content="{goods.amount}">&pound;{goods.amount}</span><meta itemprop="priceCurrency" content="GBP"></div></div>""",
        )

    def _opengraph(self, goods: Goods) -> tuple[str, str]:
        said = [
            ("og:type", "product"),
            ("og:title", goods.title),
            ("og:description", goods.text),
            ("og:url", f"{self.base}/p/{goods.ref}"),
            *(("og:image", each) for each in self.pictures(goods)),
            ("product:price:amount", goods.amount),
            ("product:price:currency", "GBP"),
            ("product:brand", goods.brand),
            ("product:category", goods.category),
            ("product:condition", goods.condition),
        ]
        return "".join(f'<meta property="{name}" content="{escape(value)}">' for name, value in said), ""

    def _vat(self, goods: Goods) -> tuple[str, str]:
        """For the trade and for the public: the net price stands first."""
        prices = [
            {"@type": "UnitPriceSpecification", "price": amount, "priceCurrency": "GBP", "valueAddedTaxIncluded": included}
            for amount, included in ((goods.page["net"], False), (goods.amount, True))
        ]
        return json_ld(
            self._product(
                goods, offers={"@type": "Offer", "itemCondition": "https://schema.org/NewCondition", "priceSpecification": prices}
            )
        ), ""

    def _struck(self, goods: Goods) -> tuple[str, str]:
        prices = [
            {
                "@type": "UnitPriceSpecification",
                "price": goods.page["was"],
                "priceCurrency": "GBP",
                "priceType": "https://schema.org/StrikethroughPrice",
            },
            {"@type": "UnitPriceSpecification", "price": goods.amount, "priceCurrency": "GBP"},
        ]
        return json_ld(
            self._product(
                goods, offers={"@type": "Offer", "itemCondition": "https://schema.org/NewCondition", "priceSpecification": prices}
            )
        ), ""

    def _entities(self, goods: Goods) -> tuple[str, str]:
        """Escaped for HTML, though JSON needs none of it; its description is markup."""
        text = f"<p>{escape(goods.text)}</p>".replace("\u00e9", "&eacute;")
        brand = {"@type": "Brand", "name": escape(goods.brand)}
        return json_ld(self._product(goods, name=escape(goods.title), description=text, brand=brand)), ""


class Bazaar(Awkward):
    """A marketplace of several sellers: a session in every link, paging by cursor, old addresses that redirect, one 429."""

    name = "bazaar"
    SIZE = 4

    def respond(self, request: Request, path: str, query: Mapping[str, str]) -> Response | None:
        path = path.partition(";")[0]
        if path in ("/", "/browse"):
            return self._list(query)
        ref, _, slug = path.removeprefix("/listing/").partition("/")
        if not path.startswith("/listing/") or not (goods := self.by_ref.get(ref)):
            return None
        if ref == "508" and self.times(path) == 1:
            return Response(b"<h1>Slow down, please</h1>", status=429, headers={"Retry-After": "1"})
        return self._item(goods) if slug == goods.slug else moved(f"/listing/{ref}/{goods.slug}")

    def _list(self, query: Mapping[str, str]) -> Response:
        """The second page begins with the first one's last card: an advert was added in between."""
        at = int(query.get("cursor", "c0").removeprefix("c").partition(".")[0] or 0)
        session = f"{self.times('session'):032x}"
        here = self.goods[max(0, at - 1) : at + self.SIZE]
        cards = "".join(
            f'<article class="card"><a href="/listing/{each.ref}/{each.page.get("old", each.slug)};jsessionid={session}?utm_source=browse&amp;utm_campaign=c{at}">'
            f"{escape(each.title)}</a></article>"
            for each in here
        )
        onward = (
            f'<a class="older" href="/browse;jsessionid={session}?cursor=c{at + self.SIZE}.{session[-4:]}">Older</a>'
            if at + self.SIZE < len(self.goods)
            else ""
        )
        return html("Browse", f"<main>{cards}</main>{onward}")

    def _item(self, goods: Goods) -> Response:
        offer: dict[str, Any] = {
            "@type": "Offer",
            "price": goods.price and goods.price / 100,
            "priceCurrency": goods.currency,
            "itemCondition": f"https://schema.org/{goods.condition}Condition",
            "seller": {
                "@type": "Person",
                "name": goods.seller_name,
                "url": f"/people/{goods.seller}",
                "address": {"@type": "PostalAddress", "addressLocality": goods.place, "addressCountry": "GB"},
            },
        }
        if goods.quantity is not None:
            offer["inventoryLevel"] = {"@type": "QuantitativeValue", "value": goods.quantity}
        product = {
            "@context": "https://schema.org/",
            "@type": ["Product", "IndividualProduct"],
            "@id": f"{self.base}/listing/{goods.ref}#product",
            "productID": goods.ref,
            "name": goods.title,
            "description": goods.text,
            "brand": goods.brand,
            "category": goods.category,
            "image": {"@type": "ImageObject", "contentUrl": self.pictures(goods)[0]},
            "offers": [offer],
        }
        canonical = f'<link rel="canonical" href="{self.base}/listing/{goods.ref}/{goods.slug}">'
        return html(goods.title, f"<h1>{escape(goods.title)}</h1>", canonical + json_ld(product))
