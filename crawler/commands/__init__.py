"""Scrapy commands of our own: `scrapy crawl` keeps its name and gets an exit status."""
