"""Labelled listings: read strictly, and split so that no source is on both sides."""

from __future__ import annotations

import csv
import gzip
from contextlib import suppress
from pathlib import Path

import pytest

from detectors.evaluation.listings import Row, balanced, pairs, read
from store.errors import TouchstoneError

HEAD = "id,title,description,price,currency,brand,category,source,label\n"


def rows(**counts: int) -> list[Row]:
    return [
        Row(f"{source}{i}", source=source, label="suspicious" if source.startswith("s") else "ordinary")
        for source, count in counts.items()
        for i in range(count)
    ]


def test_a_row_is_a_snapshot_with_its_price_in_minor_units(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress((HEAD + '7,Bag,"Words, and more",251.76,EUR,Gucci,bags,shop,Ordinary\n,,,,,,,,\n').encode()))
    bag, empty = read(path)
    assert (bag.id, bag.label, bag.snapshot(3).price_minor, bag.snapshot(3).currency) == ("7", "ordinary", 25176, "EUR")
    assert (empty.id, empty.label, empty.snapshot(4).price_minor) == ("line 3", "", None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD.replace("title", "titel"), "line 1: there is no column 'title'; is it 'titel'?"),
        (HEAD + "1,,,,,,,a,fake\n", "line 2: the label is 'fake'; it is 'suspicious', 'ordinary' or empty"),
        ("", "line 1: there is no column 'id'"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(TouchstoneError, match="line") as error:
        read(path)
    assert said in str(error.value)


@pytest.mark.parametrize("text", [HEAD + "1,,,,,,,a,ordinary\n", "no,columns\n"])
def test_reading_leaves_the_longest_cell_of_other_files_as_it_was(tmp_path: Path, text: str) -> None:
    before = csv.field_size_limit()
    path = tmp_path / "a.csv"
    path.write_text(text, "utf-8")
    with suppress(TouchstoneError):
        read(path)
    assert csv.field_size_limit() == before


def test_a_price_in_no_currency_of_ours_is_no_price() -> None:
    snapshot = Row("1", price="1000000000000", currency="QQQ").snapshot(1)
    assert snapshot.price_minor is None and snapshot.price_text == "1000000000000 QQQ"


def test_each_pair_is_held_out_and_fitted_without_either() -> None:
    folds = list(pairs(rows(s1=5, s2=50, s3=9, o1=200, o2=30)))
    assert [(fold.suspicious, fold.ordinary) for fold in folds] == [(s, o) for s in ("s1", "s2", "s3") for o in ("o1", "o2")]
    for fold in folds:
        assert {row.source for row in fold.test} == {fold.suspicious, fold.ordinary}
        assert not {row.source for row in fold.train} & {fold.suspicious, fold.ordinary}
        assert sum(row.suspicious for row in fold.train) * 2 == len(fold.train)


def test_a_draw_is_even_over_sources_and_knows_no_order() -> None:
    own = rows(o1=100, o2=3)
    parts = {"o1": own[:100], "o2": own[100:]}
    drawn = balanced(parts, 20)
    assert sum(row.source == "o2" for row in drawn) == 3 and len(drawn) == 20
    assert set(drawn) == set(balanced({"o2": own[100:], "o1": own[99::-1]}, 20))
