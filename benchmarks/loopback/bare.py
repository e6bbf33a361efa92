"""A bare Scrapy spider over the same site: what somebody would write in an afternoon. It keeps nothing but counts.

python benchmarks/loopback/bare.py HOME URL
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response

from crawler.settings import for_home
from store.config import Home


class Bare(scrapy.Spider):
    name = "bare"

    def parse(self, response: Response) -> Iterator[Any]:
        for link in response.css(".card a::attr(href)"):
            yield response.follow(link.get(), self.item)
        for link in response.css("a[rel=next]::attr(href)"):
            yield response.follow(link.get())

    def item(self, response: Response) -> Iterator[Any]:
        yield {
            "url": response.url,
            "title": response.css("h1::text").get(),
            "price": response.css(".price::text").get(),
            "seller": response.css(".seller a::text").get(),
            "text": response.css(".text::text").get(),
        }
        if picture := response.css("img.photo::attr(src)").get():
            yield response.follow(picture, self.picture, priority=1)

    def picture(self, response: Response) -> None:
        assert response.body[:2] == b"\xff\xd8"


def main() -> None:
    settings = for_home(Home(Path(sys.argv[1])))  # Touchstone's own, without its parts
    plain: dict[str, Any] = {
        "DOWNLOADER_MIDDLEWARES": {},
        "EXTENSIONS": {},
        "SPIDER_LOADER_CLASS": "scrapy.spiderloader.SpiderLoader",
        "TWISTED_DNS_RESOLVER": "scrapy.resolver.CachingThreadedResolver",
        "LOG_FILE": str(Path(sys.argv[1]) / "bare.log"),
        "LOG_INSTALL_ROOT_HANDLER": True,
        # what `SourceSpider.update_settings` sets for `delay: 0`, `concurrency: 8`
        "DOWNLOAD_DELAY": 0,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
        "AUTOTHROTTLE_ENABLED": False,
    }
    settings.setdict(plain, priority="cmdline")
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(Bare)
    process.crawl(crawler, start_urls=[sys.argv[2]])
    process.start()
    print(crawler.stats.get_value("item_scraped_count"), "items", crawler.stats.get_value("response_received_count"), "responses")


if __name__ == "__main__":
    main()
