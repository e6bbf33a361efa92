"""Sitemaps, RSS and Atom: which addresses they list, and what of a hostile one is refused."""

import gzip
import time

import pytest

from crawler.platforms import _feeds
from crawler.platforms._feeds import feed_of

AT = "https://shop.example/sitemap.xml"


def test_a_sitemap_lists_its_pages_and_not_their_pictures() -> None:
    body = b"""\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
 <url><loc> https://shop.example/bag?a=1&amp;b=2 </loc><lastmod>2026-11-04</lastmod>
  <image:image><image:loc>https://img.shop.example/1.jpg</image:loc></image:image></url>
 <url><loc><![CDATA[https://shop.example/belt?a=1&b=2]]></loc><lastmod>2026-11-04T10:00:00+01:00</lastmod></url>
 <url><loc>/cap</loc><lastmod>lately</lastmod></url>
 <url><loc>https://shop.example/cap#top</loc></url>
 <url><loc>javascript:alert(1)</loc></url>
 <url><lastmod>2026</lastmod></url>
</urlset>"""
    feed = feed_of(body, AT)
    assert (feed.kind, feed.children, feed.left_out) == ("sitemap", (), 2)
    assert feed.pages == (
        "https://shop.example/bag?a=1&b=2",
        "https://shop.example/belt?a=1&b=2",
        "https://shop.example/cap",
    )
    assert feed_of(gzip.compress(body), AT) == feed_of(gzip.compress(body[:200]) + gzip.compress(body[200:]), AT) == feed
    assert feed_of(body[3:].decode().replace("UTF-8", "UTF-16").encode("utf-16"), AT) == feed


def test_an_index_lists_sitemaps() -> None:
    feed = feed_of(
        b"<sm:sitemapindex xmlns:sm='x'><sm:sitemap><sm:loc>https://shop.example/1.xml.gz</sm:loc></sm:sitemap>"
        b"<sm:sitemap><sm:loc>https://elsewhere.example/2.xml</sm:loc></sm:sitemap></sm:sitemapindex>",
        AT,
    )
    assert (feed.kind, feed.pages) == ("index", ())
    assert feed.children == ("https://shop.example/1.xml.gz", "https://elsewhere.example/2.xml"), "which to trust is the caller's to say"


def test_a_text_file_of_addresses() -> None:
    feed = feed_of(b"https://shop.example/a\r\n\r\nhttps://shop.example/b\nhttps://shop.example/a\n", AT)
    assert feed.kind == "text" and list(feed.pages) == ["https://shop.example/a", "https://shop.example/b"]


def test_rss_and_atom_list_their_entries() -> None:
    rss = feed_of(
        b"""<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><link>https://shop.example/</link>
 <atom:link href="https://shop.example/rss" rel="self"/><image><link>https://shop.example/logo</link></image>
 <item><title>A bag</title><link>https://shop.example/ad/1</link><pubDate>Wed, 04 Nov 2026 10:00:00 +0000</pubDate></item>
 <item><guid isPermaLink="true">https://shop.example/ad/2</guid></item>
 <item><guid isPermaLink="false">https://shop.example/no/address</guid></item>
 <item><guid>https://shop.example/ad/3</guid><description>&lt;link&gt;https://no.example/&lt;/link&gt;</description></item></channel></rss>""",
        AT,
    )
    assert (rss.kind, rss.left_out) == ("rss", 1)
    assert rss.pages == tuple(f"https://shop.example/ad/{n}" for n in (1, 2, 3))
    rdf = feed_of(
        b"<rdf:RDF xmlns:rdf='r' xmlns:dc='d'><channel rdf:about='https://shop.example/'><items/></channel>"
        b"<item rdf:about='/ad/4'><dc:date>2026-11-04T10:00Z</dc:date></item></rdf:RDF>",
        AT,
    )
    assert rdf.pages == ("https://shop.example/ad/4",)
    atom = feed_of(
        b"<feed xmlns='http://www.w3.org/2005/Atom'><link rel='self' href='/atom'/><link rel='next' href='/atom?page=2'/>"
        b"<entry><link rel='enclosure' href='/1.jpg'/><link href='/ad/5'/><updated>2026-11-04T10:00:00Z</updated></entry></feed>",
        AT,
    )
    assert atom.kind == "atom" and atom.children == ("https://shop.example/atom?page=2",)
    assert atom.pages == ("https://shop.example/ad/5",)


def test_a_bare_ampersand_does_not_lose_the_feed() -> None:
    feed = feed_of(
        b"<urlset><url><loc>https://shop.example/?a=1&b=2</loc></url><url><loc><![CDATA[https://shop.example/?c=3&d=4]]></loc></url></urlset>",
        AT,
    )
    assert list(feed.pages) == ["https://shop.example/?a=1&b=2", "https://shop.example/?c=3&d=4"]


LAUGHS = b"<!DOCTYPE u [<!ENTITY a 'ha'>%s]>" % b"".join(b"<!ENTITY %c '%s'>" % (c, b"&%c;" % (c - 1) * 10) for c in range(98, 108))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (LAUGHS + b"<urlset><url><loc>https://shop.example/&k;</loc></url></urlset>", "declares a document type"),
        (b'<!DOCTYPE u [<!ENTITY x SYSTEM "file:///etc/hostname">]><urlset><url><loc>&x;</loc></url></urlset>', "declares a document type"),
        (b"<html><body>Not found</body></html>", "its root is <html>"),
        (b"<urlset><url></urlset>", "mismatched tag in line 1"),
        (b"", "neither XML nor one address a line"),
        (b"Page not found.\nSee https://shop.example/", "neither XML nor one address a line"),
        (b"\x1f\x8bnonsense", "its gzip is broken"),
        (gzip.compress(b"<urlset/>" * 99, mtime=0)[:-12], "its gzip ends too early"),
        (gzip.compress(b"<urlset>" + b" " * _feeds.MAX_BYTES, mtime=0), "more than 52428800 bytes"),
    ],
    ids=lambda each: each if isinstance(each, str) else "body",
)
def test_what_is_no_feed_or_a_hostile_one_is_refused_in_a_sentence(body: bytes, says: str) -> None:
    started = time.process_time()
    with pytest.raises(ValueError, match=says):
        feed_of(body, AT)
    assert time.process_time() - started < 3


def test_a_feed_without_end_is_read_within_bounds() -> None:
    started = time.process_time()
    many = b"".join(b"<url><loc>https://shop.example/%d</loc></url>" % n for n in range(_feeds.MAX_PAGES + 7))
    feed = feed_of(b"<urlset>%s</urlset>" % many, AT)
    assert (len(feed.pages), feed.left_out) == (_feeds.MAX_PAGES, 7)
    deep = feed_of(b"<rss>%s<item><link>/a</link></item>%s</rss>" % (b"<x>" * 100_000, b"</x>" * 100_000), AT)
    assert len(deep.pages) == 1
    assert time.process_time() - started < 5
