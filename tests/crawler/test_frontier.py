"""What a crawl still means to ask for, where its lists are followed anew."""

from scrapy import Request

from crawler.entrances import Remaining, Way
from crawler.frontier import FLOOR, Frontier
from crawler.source import Kind, Source

SITE = "https://shop.example/"


def test_sitemaps_that_wait_are_not_forgotten_with_lists_that_shifted() -> None:
    frontier = Frontier(Source("Shop", Kind.shop, SITE, "schema_org"))
    for number in range(FLOOR):
        frontier.begin(Request(f"{SITE}all/{number}"))
    sitemap = Request(f"{SITE}sitemap-2.xml", meta={"way": Way(Remaining(5000), 1)})
    further = Request(f"{SITE}all/99")
    assert [*frontier.follow(sitemap), *frontier.follow(further)] == [], "without room both wait"
    frontier.forget_lists()
    assert [each.url for each in frontier.freed()] == [sitemap.url]
    assert list(frontier.follow(sitemap)) == [] and list(frontier.follow(further)) == [further], "lists are found anew, sitemaps are not"
