"""The few sources that need code: NAME.py holds a subclass of `crawler.spider.SourceSpider` for configs/sources/NAME.yml."""
