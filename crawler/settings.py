"""Scrapy's settings, each that matters written out: the bare defaults ignore robots.txt, know no delay and take downloads of 1 GiB.

What differs from source to source (delay, concurrency, browser) is set by `SourceSpider.update_settings`, the user agent with
its contact by `for_home`.
"""

from __future__ import annotations

from typing import Any

from scrapy.settings import Settings

from store.config import Home

BOT_NAME = "touchstone"
SPIDER_LOADER_CLASS = "crawler.loader.Loader"
SPIDER_MODULES: list[str] = []  # sources are found by their YAML files, not by modules
COMMANDS_MODULE = "crawler.commands"
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"

# politeness
ROBOTSTXT_OBEY = True
CONCURRENT_REQUESTS = 16
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 2.0
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_MAX_DELAY = 60.0
AUTOTHROTTLE_TARGET_CONCURRENCY = 1.0
RETRY_ENABLED = True
RETRY_TIMES = 2
RETRY_PRIORITY_ADJUST = -1
COOKIES_ENABLED = False  # nobody is logged in, and what is never sent cannot leak into the archive
REFERRER_POLICY = "same-origin"
DOWNLOADER = "crawler.manners.Downloader"  # keeps to the number of requests at once without a delay too
DOWNLOAD_HANDLERS = dict.fromkeys(("http", "https"), "crawler.connection.Handler")
TWISTED_DNS_RESOLVER = "crawler.manners.Resolver"  # no name may lead into an inner network
HTTPPROXY_ENABLED = False  # a proxy would look names up where nobody checks what they lead to

# speed: Scrapy starts as many tasks for each answer as items may be at work, a hundred; a spider here gives out requests only
CONCURRENT_ITEMS = 1

# limits
DOWNLOAD_TIMEOUT = 60
DNS_TIMEOUT = 20
DOWNLOAD_MAXSIZE = 32 * 2**20
DOWNLOAD_WARNSIZE = 8 * 2**20
DOWNLOAD_FAIL_ON_DATALOSS = True
DOWNLOAD_VERIFY_CERTIFICATES = True
REDIRECT_MAX_TIMES = 8
URLLENGTH_LIMIT = 4096
DEPTH_LIMIT = 0

# no doors into a running crawl, no second copies of what is fetched
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
HTTPCACHE_ENABLED = False
HTTPERROR_ALLOW_ALL = True  # an error page is kept and counted as what it is; Scrapy would drop it

DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-GB,en;q=0.8",
}
DOWNLOADER_MIDDLEWARES: dict[str, int | None] = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,
    "crawler.walls.Doors": 40,  # before a redirect to a log-in page on another host is refused as another host's
    "crawler.manners.Offsite": 50,
    "crawler.gates.Purposes": 60,
    "crawler.manners.Robots": 100,
    "crawler.walls.Walls": 585,  # sees bodies decoded (590), and answers before they are tried again (550)
    "crawler.manners.Inner": 586,
    "crawler.tokens.Tokens": 587,  # sees an expired token's 401 before it is taken for a wall
    "crawler.tokens.Quota": 960,
    "crawler.archive.ArchiveMiddleware": 950,  # next to the wire: it sees bytes before they are decoded
}
# Named whole: Scrapy 2.19 imports even an extension that is set to None, and those that are left out (a telnet console, a remote
# control with an HTTP server, feeds) take half a second of every crawl.
EXTENSIONS_BASE: dict[str, int] = {
    "scrapy.extensions.corestats.CoreStats": 0,
    "scrapy.extensions.logcount.LogCount": 0,
    "scrapy.extensions.memusage.MemoryUsage": 0,
    "scrapy.extensions.closespider.CloseSpider": 0,
    "scrapy.extensions.logstats.LogStats": 0,
    "crawler.manners.Throttle": 0,
}
LOG_INSTALL_ROOT_HANDLER = False  # `crawler.unit` writes the log itself, secrets taken out
LOG_LEVEL = "INFO"
LOGSTATS_INTERVAL = 60.0
STATS_DUMP = True


def for_home(home: Home) -> Settings:
    """These settings, with the user agent of a working folder."""
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    own: dict[str, Any] = {"USER_AGENT": home.settings.user_agent, "TOUCHSTONE_HOME": str(home.folder)}
    settings.setdict(own, priority="cmdline")
    return settings
