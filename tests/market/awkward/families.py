"""Four shops of the families that many shops are made with: their lists for programs, and their pages as their themes write them."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Any

from tests.market.awkward.site import Awkward, data, html, json_ld, number, part
from tests.market.awkward.truth import Goods
from tests.market.server import Request, Response


class Mill(Awkward):
    """WooCommerce: the Store API, and pages whose JSON-LD names one picture while the gallery shows them all."""

    name = "mill"
    SIZE = 5

    def respond(self, request: Request, path: str, query: Mapping[str, str]) -> Response | None:
        if path == "/wp-json/wc/store/v1/products":
            size = number(query, "per_page", 10)
            answer = data([self._stored(each) for each in part(self.goods, number(query), size)])
            total = {"X-WP-Total": str(len(self.goods)), "X-WP-TotalPages": str(-(-len(self.goods) // size))}
            return replace(answer, headers={**answer.headers, **total})
        if path.startswith("/shop"):
            last = path.rstrip("/").rpartition("/")[2]
            return self._list(int(last) if last.isdigit() else 1)
        slug = path.removeprefix("/product/").strip("/")
        goods = next((each for each in self.goods if each.slug == slug), None)
        return self._item(goods) if goods and path.startswith("/product/") else None

    def _stored(self, goods: Goods) -> dict[str, Any]:
        price, to = str(goods.price), goods.page.get("to")
        return {
            "id": int(goods.ref),
            "name": escape(goods.title).replace("&amp;", "&#038;"),
            "slug": goods.slug,
            "type": "variable" if to else "simple",
            "permalink": f"{self.base}/product/{goods.slug}/",
            "sku": "",
            "short_description": "",
            "description": f"<p>{escape(goods.text)}</p>\n",
            "on_sale": "regular" in goods.page,
            "prices": {
                "price": price,
                "regular_price": str(goods.page.get("regular", price)),
                "sale_price": price,
                "price_range": {"min_amount": price, "max_amount": str(to)} if to else None,
                "currency_code": "GBP",
                "currency_symbol": "\u00a3",
                "currency_minor_unit": 2,
            },
            "images": [
                {"id": n, "src": each, "thumbnail": each.replace("/pic/", "/pic/thumb-"), "alt": ""}
                for n, each in enumerate(self.pictures(goods))
            ],
            "categories": [{"id": 9, "name": goods.category, "slug": "coats", "link": f"{self.base}/product-category/coats/"}],
            "brands": [{"id": 4, "name": goods.brand, "slug": "weftly", "link": f"{self.base}/brand/weftly/"}],
            "is_in_stock": True,
        }

    def _list(self, page: int) -> Response | None:
        here = part(self.goods, page, self.SIZE)
        if not here:
            return None
        cards = "".join(
            f'<li class="product type-product post-{each.ref}"><a class="woocommerce-LoopProduct-link" href="{self.base}/product/{each.slug}/">'
            f'<h2>{escape(each.title)}</h2></a><a class="add_to_cart_button" href="?add-to-cart={each.ref}">Add to basket</a></li>'
            for each in here
        )
        onward = (
            f'<a class="next page-numbers" href="{self.base}/shop/page/{page + 1}/">&rarr;</a>'
            if page * self.SIZE < len(self.goods)
            else ""
        )
        return html("Shop", f'<ul class="products">{cards}</ul><nav class="woocommerce-pagination">{onward}</nav>')

    def _item(self, goods: Goods) -> Response:
        to, regular = goods.page.get("to"), goods.page.get("regular")
        offer: dict[str, Any] = {"@type": "Offer", "price": goods.amount, "priceCurrency": "GBP"}
        if to:
            offer = {
                "@type": "AggregateOffer",
                "lowPrice": goods.amount,
                "highPrice": f"{to / 100:.2f}",
                "offerCount": 3,
                "priceCurrency": "GBP",
            }
        product = {
            "@context": "https://schema.org/",
            "@type": "Product",
            "@id": f"{self.base}/product/{goods.slug}/#product",
            "name": goods.title,
            "url": f"{self.base}/product/{goods.slug}/",
            "description": goods.text,
            "image": self.pictures(goods)[0],
            "sku": int(goods.ref),
            "offers": [offer | {"seller": {"@type": "Organization", "name": goods.seller_name, "url": self.base}}],
            "brand": {"@type": "Brand", "name": goods.brand},
            "category": goods.category,
        }
        gallery = "".join(
            f'<div data-thumb="{each.replace("/pic/", "/pic/thumb-")}" class="woocommerce-product-gallery__image"><a href="{each}">'
            f'<img src="{each.replace("/pic/", "/pic/mid-")}" data-src="{each}" data-large_image="{each}"></a></div>'
            for each in self.pictures(goods)
        )
        old = (
            f"<del><bdi>&pound;{regular / 100:.2f}</bdi></del> <ins><bdi>&pound;{goods.amount}</bdi></ins>"
            if regular
            else f"<bdi>&pound;{goods.amount}</bdi>"
        )
        return html(
            goods.title,
            f"""<header><a class="cart-contents"><span class="woocommerce-Price-amount amount">&pound;0.00</span></a></header>
<div id="product-{goods.ref}" class="product type-product post-{goods.ref}"><div class="woocommerce-product-gallery">{gallery}</div>
<div class="summary entry-summary"><h1 class="product_title entry-title">{escape(goods.title)}</h1><p class="price">{old}</p></div></div>""",
            json_ld(product),
            f'class="product-template-default single single-product postid-{goods.ref} woocommerce"',
        )


class Quay(Awkward):
    """Shopify: products.json, which names no currency, and pages with a ProductGroup."""

    name = "quay"
    SIZE = 4

    def respond(self, request: Request, path: str, query: Mapping[str, str]) -> Response | None:
        if path == "/products.json":
            return data({"products": [self._stored(each) for each in part(self.goods, number(query), number(query, "limit", 30))]})
        if path == "/collections/all":
            return self._list(number(query))
        handle = path.rpartition("/products/")[2]
        return self._item(self.by_ref[handle]) if "/products/" in path and handle in self.by_ref else None

    def _stored(self, goods: Goods) -> dict[str, Any]:
        images = [{"id": n, "position": n, "src": f"{each}?v=17{n}"} for n, each in enumerate(self.pictures(goods), 1)]
        return {
            "id": 7000 + self.goods.index(goods),
            "title": goods.title,
            "handle": goods.ref,
            "body_html": f"<p>{escape(goods.text)}</p>",
            "vendor": goods.brand,
            "product_type": goods.category,
            "tags": ["shoes"],
            "variants": [
                {"id": n, "title": str(n), "price": amount, "compare_at_price": goods.page.get("was"), "position": n}
                for n, amount in enumerate(self._amounts(goods), 1)
            ],
            "images": images[::-1] if goods.page.get("shuffled") else images,
        }

    def _amounts(self, goods: Goods) -> list[str]:
        to = goods.page.get("to")
        return [f"{to / 100:.2f}", goods.amount] if to else [goods.amount]

    def _list(self, page: int) -> Response:
        """Each product hangs in a collection's path, once more under `recommended`."""
        cards = "".join(
            f'<div class="card"><a class="full-unstyled-link" href="/collections/all/products/{each.ref}?pr_prod_strat=x&amp;_pos={n}">{escape(each.title)}</a></div>'
            for n, each in enumerate([*part(self.goods, page, self.SIZE), self.goods[0]])
        )
        onward = (
            f'<a class="pagination__item--prev" href="/collections/all?page={page + 1}">next</a>'
            if page * self.SIZE < len(self.goods)
            else ""
        )
        return html("All", f"<main>{cards}</main>{onward}")

    def _item(self, goods: Goods) -> Response:
        variants = [
            {
                "@type": "Product",
                "@id": f"/products/{goods.ref}?variant={n}#variant",
                "name": f"{goods.title} - {n}",
                "sku": f"{goods.ref}-{n}",
                "image": f"{self.pictures(goods)[0]}?v=171",
                "offers": {
                    "@type": "Offer",
                    "@id": f"/products/{goods.ref}?variant={n}#offer",
                    "availability": "http://schema.org/InStock",
                    "price": amount,
                    "priceCurrency": "GBP",
                    "url": f"{self.base}/products/{goods.ref}?variant={n}",
                },
            }
            for n, amount in enumerate(self._amounts(goods), 1)
        ]
        group = {
            "@context": "http://schema.org/",
            "@id": f"/products/{goods.ref}#product",
            "@type": "ProductGroup",
            "productGroupID": str(7000 + self.goods.index(goods)),
            "name": goods.title,
            "url": f"{self.base}/products/{goods.ref}",
            "description": goods.text,
            "brand": {"@type": "Brand", "name": goods.brand},
            "category": goods.category,
            "hasVariant": variants,
        }
        pictures = [f"{each}?v=17{n}" for n, each in enumerate(self.pictures(goods), 1)]
        media = "".join(
            f'<li class="product__media-item"><div class="product__media media"><img src="{each}&amp;width=80" srcset="{each}&amp;width=80 80w, {each} 1200w"></div></li>'
            for each in pictures
        )
        was = f'<s class="price-item price-item--regular">&pound;{goods.page["was"]}</s>' if "was" in goods.page else ""
        price = f'<div class="price"><div class="price__sale">{was}<span class="price-item price-item--sale">&pound;{goods.amount}</span></div></div>'
        recommended = '<div class="card"><s class="price-item price-item--regular">&pound;999.00</s></div>'
        head = f'<link rel="canonical" href="{self.base}/products/{goods.ref}"><meta property="og:image" content="{pictures[0]}">'
        shown = (
            f'<product-info><ul class="product__media-list">{media}</ul><h1>{escape(goods.title)}</h1>{price}</product-info>{recommended}'
        )
        return html(goods.title, shown, head + json_ld(group))


class Cloth(Awkward):
    """Magento: microdata, the old price before the new one, pictures in a script's gallery."""

    name = "cloth"
    SIZE = 4

    def respond(self, request: Request, path: str, query: Mapping[str, str]) -> Response | None:
        if path in ("/", "/clothes.html"):
            return self._list(number(query, "p"))
        goods = self.by_ref.get(path.strip("/").removesuffix(".html"))
        return self._item(goods) if goods and path.endswith(".html") else None

    def _list(self, page: int) -> Response:
        cards = "".join(
            f'<li class="item product product-item"><a class="product-item-link" href="{self.base}/{each.ref}.html">{escape(each.title)}</a></li>'
            for each in part(self.goods, page, self.SIZE)
        )
        onward = (
            f'<a class="action next" href="{self.base}/clothes.html?p={page + 1}">Next</a>' if page * self.SIZE < len(self.goods) else ""
        )
        return html("Clothes", f'<ol class="products list items">{cards}</ol><div class="pages">{onward}</div>')

    def _item(self, goods: Goods) -> Response:
        gallery = [
            {"thumb": each.replace("/pic/", "/pic/thumb-"), "img": each.replace("/pic/", "/pic/mid-"), "full": each, "isMain": n == 0}
            for n, each in enumerate(self.pictures(goods))
        ]
        stated = json.dumps(gallery).replace("/", "\\/")
        init = f'{{"[data-gallery-role=gallery-placeholder]": {{"mage/gallery/gallery": {{"mixins": ["magnifier/magnify"], "data": {stated}}}}}}}'
        was = goods.page.get("was")
        old = (
            f'<span class="old-price"><span class="price-wrapper" data-price-amount="{was // 100}" data-price-type="oldPrice"><span class="price">&pound;{was / 100:.2f}</span></span></span>'
            if was
            else ""
        )
        label = '<span class="price-label">From</span> ' if goods.page.get("from") else ""
        return html(
            goods.title,
            f"""<main itemscope itemtype="http://schema.org/Product"><div class="product-info-main"><h1 class="page-title"><span class="base" itemprop="name">{escape(goods.title)}</span></h1>
<div class="product-info-price"><div class="price-box price-final_price" data-product-id="9">{old}<span class="special-price">{label}
<span class="price-wrapper" data-price-amount="{goods.price and goods.price / 100:g}" data-price-type="finalPrice" itemprop="offers" itemscope itemtype="http://schema.org/Offer">
<span class="price">&pound;{goods.amount}</span><meta itemprop="price" content="{goods.price and goods.price / 100:g}"><meta itemprop="priceCurrency" content="GBP"></span></span></div>
<div class="product attribute sku"><strong>SKU</strong><div class="value" itemprop="sku">MG-{goods.ref}</div></div></div></div>
<div class="gallery-placeholder" data-gallery-role="gallery-placeholder"><img class="gallery-placeholder__image" itemprop="image" src="{gallery[0]["img"]}"></div>
<script type="text/x-magento-init">{init}</script>
<div class="product attribute description"><div class="value" itemprop="description"><p>{escape(goods.text)}</p></div></div></main>""",
            f'<meta property="og:type" content="product"><meta property="og:title" content="{escape(goods.title)}"><meta property="og:image" content="{gallery[0]["img"]}">',
            f'class="catalog-product-view product-{goods.ref}"',
        )


class Juniper(Awkward):
    """PrestaShop, entered by its sitemaps: an index, one of them packed, with pages that are no goods and addresses that are not its own."""

    name = "juniper"
    robots = "User-agent: *\nDisallow: /cart\nSitemap: http://127.0.0.1/elsewhere.xml\n"

    def respond(self, request: Request, path: str, query: Mapping[str, str]) -> Response | None:
        if path == "/":
            return html("Juniper Row", "<h1>Juniper Row Goods</h1>")
        if path == "/1_index_sitemap.xml":
            parts = [f"{self.base}/1_gb_0_sitemap.xml.gz", f"{self.base}/1_gb_1_sitemap.xml", "http://elsewhere.example/sitemap.xml"]
            return _xml("".join(f"<sitemap><loc>{each}</loc></sitemap>" for each in parts), "sitemapindex")
        if path == "/1_gb_0_sitemap.xml.gz":
            return Response(
                gzip.compress(
                    self._urls(
                        [*(self._at(each) for each in self.goods[:4]), f"{self.base}/gb/content/4-about-us", f"{self.base}/gb/2-home"]
                    ).body
                ),
                "application/gzip",
            )
        if path == "/1_gb_1_sitemap.xml":
            return self._urls(
                [
                    *(self._at(each) for each in self.goods[3:]),
                    "http://elsewhere.example/gb/home/99-stolen-clock.html",
                    f"{self.base}/cart?add=1",
                ]
            )
        if path.startswith("/gb/content/") or path == "/gb/2-home":
            return html("About", "<h1>About us</h1>")
        ref = path.rpartition("/")[2].partition("-")[0]
        return self._item(self.by_ref[ref]) if path.startswith("/gb/home/") and ref in self.by_ref else None

    def _at(self, goods: Goods) -> str:
        return f"{self.base}/gb/home/{goods.ref}-{goods.slug}.html"

    def _urls(self, addresses: list[str]) -> Response:
        return _xml(
            "".join(f"<url><loc>{escape(each)}</loc><lastmod>2024-05-01T09:00:00+01:00</lastmod></url>" for each in addresses), "urlset"
        )

    def _item(self, goods: Goods) -> Response:
        was = goods.page.get("was")
        product = {
            "@context": "https://schema.org/",
            "@type": "Product",
            "name": goods.title,
            "description": goods.text,
            "category": goods.category,
            "image": self.pictures(goods)[0],
            "sku": "",
            "brand": {"@type": "Brand", "name": goods.brand},
            "offers": {
                "@type": "Offer",
                "priceCurrency": "GBP",
                "name": goods.title,
                "price": f"{goods.price and goods.price / 100:g}",
                "url": self._at(goods),
                "image": self.pictures(goods),
                "itemCondition": "https://schema.org/NewCondition",
                "seller": {"@type": "Organization", "name": goods.seller_name},
                "availability": "https://schema.org/InStock",
            },
        }
        covers = "".join(
            f'<li class="thumb-container"><img class="thumb js-thumb" data-image-medium-src="{each.replace("/pic/", "/pic/mid-")}" data-image-large-src="{each}" src="{each.replace("/pic/", "/pic/thumb-")}"></li>'
            for each in self.pictures(goods)
        )
        regular = f'<div class="product-discount"><span class="regular-price">&pound;{was / 100:.2f}</span></div>' if was else ""
        return html(
            goods.title,
            f"""<header><span class="cart-total"><span class="price">&pound;88.00</span></span></header><section id="main"><h1 class="h1">{escape(goods.title)}</h1>
<div class="product-prices">{regular}<div class="current-price"><span class="current-price-value" content="{goods.amount}">&pound;{goods.amount}</span></div></div>
<div class="images-container"><div class="product-cover"><img src="{self.pictures(goods)[0].replace("/pic/", "/pic/mid-")}"></div><ul class="product-images">{covers}</ul></div>
<div class="product-description">{escape(goods.text)}</div></section>""",
            f'<link rel="canonical" href="{self._at(goods)}">{json_ld(product)}',
            f'id="product" class="lang-gb product-id-{goods.ref}"',
        )


def _xml(rows: str, root: str) -> Response:
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</{root}>'.encode(),
        "application/xml",
    )
