"""A shop's own list in JSON, or any other answer in JSON, as the keys of a YAML."""

from __future__ import annotations

from dataclasses import replace

from crawler.look.answers import answer_of
from crawler.look.entries import Entry, currency_of, foot, head
from crawler.look.page import Page
from crawler.look.plan import Plan
from crawler.platforms import _api as api
from crawler.platforms import platform
from crawler.source import Kind, Source
from store.words.records import Parsed

ANSWERS = {"shopify": "/products.json", "woocommerce": "/wc/store/"}


def of_answer(plan: Plan, source: Source, page: Page) -> tuple[list[Entry], list[Page]] | None:
    for family, path in ANSWERS.items():
        probe = replace(source, platform=family, currency="GBP")
        if path not in page.url or not (read := _try(page, probe)):
            continue
        entries = head(
            plan,
            source,
            Kind.shop,
            "a shop of its own",
            family,
            "the shop's pages bear its marks, and its list answers in JSON",
            [page.url],
        )
        stated = [each.snapshot.price_text for each in read] if family == "woocommerce" else ["£1" if _british(plan) else ""]
        money = currency_of(stated) or ("GBP", "products.json names none: check it on a page")
        return entries + foot(plan, source, len(read), money), [page]
    try:
        answer = answer_of(api.read(page.response.body), page.url)
    except ValueError:
        return None
    if answer is None:
        return None
    entries = head(
        plan,
        source,
        Kind.marketplace if "seller" in answer.rules else Kind.shop,
        "its items name sellers" if "seller" in answer.rules else "its items name no seller",
        "json_api",
        "an answer in JSON",
        [page.url],
    )
    rules = [Entry(key, int(rule) if key == "decimals" else rule, answer.why.get(key, "")) for key, rule in answer.rules.items()]
    if plan.sent is not None:
        rules = [each for each in rules if each.key != "next_param"] + plan.sent.entries(answer.rules)
    entries.append(Entry("api", rules, "JMESPath; `items` of the whole answer, the rest of each item"))
    return entries + foot(plan, source, answer.items, None if "currency" in answer.rules else ("GBP", "the answer names none: check it")), [
        page
    ]


def _british(plan: Plan) -> bool:
    return any("£" in page.response.text or "GBP" in page.response.text for page in plan.pages if not page.is_data)


def _try(page: Page, source: Source) -> list[Parsed]:
    try:
        return [each for each in platform(source.platform).parse(page.response, source) if each.snapshot.title]
    except (ValueError, RecursionError):
        return []
