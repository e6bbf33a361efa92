"""The crawler's configuration of the market: one YAML a source, with the ports that the servers really got."""

from collections.abc import Mapping
from pathlib import Path

LEGAL = "legal: >-\n  Loopback demonstration market; every listing, seller and address is invented.\n"
COMMON = "delay: 0\nconcurrency: 4\ntesting: true\n"

SHOP = """title: Fernhollow Outlet (demonstration)
kind: shop
url: {url}
start: [{url}all]
platform: schema_org
{legal}follow:
  listing: a.card
  next: a[rel=next]
expect: {{listings: {count}}}
{common}render: false
wait_for: null
ref: '/item/([\\w-]+)'
selectors: null
cards: null
"""

CLASSIFIEDS = """title: Market Wexcombe Ads (demonstration)
kind: classifieds
url: {url}
start: [{url}ads]
platform: selectors
{legal}follow:
  listing: .card a.card-link
  next: .pages a
expect: {{listings: {count}}}
{common}render: false
wait_for: null
ref: '/ad/([\\w-]+)'
selectors:
  title: h1
  price: ['#ad .price .now', '#ad .price']
  text: .description
  seller: .seller a
  seller_url: .seller a@href
  place: .place
  images: ['.gallery a@href', '.gallery img@data-src', '.gallery img@src']
cards: null
"""

STOREFRONT = """title: Kestrel & Moss (demonstration)
kind: shop
url: {url}
start: [{url}]
platform: selectors
{legal}follow:
  listing: a.product
  next: null
expect: {{listings: {count}}}
{common}render: true
wait_for: 'main[data-ready]'
ref: '/item/([\\w-]+)'
selectors:
  title: h1.product-title
  price: .price
  text: .description
  seller: .seller a
  seller_url: .seller a@href
  place: .place
  images: ['.gallery img@src']
cards: null
"""

WALL = """title: The wall of Market Wexcombe Ads (demonstration)
kind: classifieds
url: {url}
start: [{url}wall]
platform: selectors
{legal}follow: null
expect: {{listings: {count}}}
{common}render: false
wait_for: null
ref: '[?&]pin=(\\w+)'
selectors: null
cards:
  card: .pin
  title: h3
  price: .pin-price
  url: a.pin-link@href
  images: 'a.pin-link img@src'
  seller: a.by
  place: .where
"""

TEMPLATES = {"shop": SHOP, "classifieds": CLASSIFIEDS, "storefront": STOREFRONT, "wall": WALL}


def write_sources(folder: Path, urls: Mapping[str, str], counts: Mapping[str, int]) -> list[Path]:
    """Writes demo_NAME.yml for every source of the market; the wall lies on the classifieds' host."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, template in TEMPLATES.items():
        path = folder / f"demo_{name}.yml"
        path.write_text(template.format(url=urls[name], legal=LEGAL, common=COMMON, count=counts[name]), encoding="utf-8")
        written.append(path)
    return written
