"""`touchstone evaluate text`: invented listings in, figures out; what cannot be measured is said and never made up."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from casework.cli import app
from store.errors import TouchstoneError

COLUMNS = ("id", "title", "description", "price", "currency", "brand", "category", "source", "label")
Touchstone = Callable[..., str]


@pytest.fixture
def touchstone(tmp_path: Path) -> Touchstone:
    work = str(tmp_path / "work")

    def run(*words: str) -> str:
        done = CliRunner(env={"COLUMNS": "250"}).invoke(app, [*words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    run("init", work)
    brands = tmp_path / "work" / "configs" / "brands"
    for file in brands.glob("*.yml"):  # two brands are enough here, and are read at once
        file.unlink()
    for file in (tmp_path / "work" / "configs" / "prices").glob("*.csv"):  # a test says which prices it compares with
        file.unlink()
    (brands / "two.yml").write_text("group: two\nbrands:\n  - {name: Gucci, spellings: [gucci]}\n  - {name: Chanel, spellings: [chanel]}\n")
    (brands / "goods.yml").write_text("group: goods\ncategories:\n  belt: [belt]\n")
    return lambda *words: run("evaluate", "text", *words, "--home", work)


def write(path: Path, rows: list[dict[str, str]], more: tuple[str, ...] = ()) -> str:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, (*COLUMNS, *more), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def listings(each: int = 20) -> list[dict[str, str]]:
    """Two suspicious and two ordinary sources, invented: admissions at low prices, and plain words at usual ones."""
    rows = []
    for n in range(each):
        dear, cheap = f"{300 + n}.00", f"{20 + n}.00"
        rows += [
            {
                "title": f"Gucci belt replica no {n}",
                "price": cheap,
                "source": "stall",
                "label": "suspicious",
                "brand": "Gucci",
                "category": "belt",
            },
            {
                "title": f"Gucci belt number {n}",
                "price": cheap,
                "source": "catalogue",
                "label": "suspicious",
                "brand": "Gucci",
                "category": "belt",
            },
            {"title": f"Gucci belt {n}", "price": dear, "source": "shop", "label": "ordinary", "brand": "Gucci", "category": "belt"},
            {"title": f"Oak table {n}", "description": "Four legs.", "price": dear, "source": "market", "label": "ordinary"},
        ]
    return [{**row, "id": str(n), "currency": "GBP"} for n, row in enumerate(rows)]


def prices(tmp_path: Path) -> str:
    path = tmp_path / "prices.csv"
    path.write_text("brand,category,condition,price,currency,source,date\nGucci,belt,used,310,GBP,invented,2026-01-31\n")
    return str(path)


def test_rules_and_prices_are_measured_at_stated_prevalences(touchstone: Touchstone, tmp_path: Path) -> None:
    said = json.loads(touchstone(write(tmp_path / "a.csv", listings()), "--prices", prices(tmp_path), "--json"))
    assert said["labels"] == {"ordinary": 40, "suspicious": 40}
    review = said["figures"]["text_terms"]["levels"]["review"]
    assert (review["recall"]["found"], review["recall"]["of"]) == (20, 40), "the stall admits it, the catalogue does not"
    assert review["false_positive_rate"]["found"] == 0 and review["false_positive_rate"]["high"] > 0.05, "none of 40 is not never"
    assert set(review["precision_at"]) == {"0.01", "0.05", "0.2"}
    lows = [review["precision_at"][p]["low"] for p in ("0.01", "0.05", "0.2")]
    assert lows == sorted(lows) and lows[0] < lows[2], "the rarer suspicious listings are, the less precise is what is found"
    assert said["figures"]["score"]["ranking"]["all"]["auc"]["rate"] > said["figures"]["text_terms"]["ranking"]["all"]["auc"]["rate"]
    assert {(each["source"], each["rate"]) for each in said["figures"]["text_terms"]["by_source"]} == {
        ("catalogue", 0.0), ("stall", 1.0), ("market", 0.0), ("shop", 0.0),
    }  # fmt: skip
    assert said["split"] is None and said["fitted"] is None
    assert "accuracy" not in json.dumps(said)


def test_what_could_not_be_examined_is_counted_and_no_weight(touchstone: Touchstone, tmp_path: Path) -> None:
    said = json.loads(touchstone(write(tmp_path / "a.csv", listings()), "--json"))
    assert said["detectors"]["price_gap"]["examined"] == 0
    assert sum(said["detectors"]["price_gap"]["not_examined"].values()) == 80
    assert any("no reference was given" in note for note in said["notes"])
    priced = json.loads(touchstone(write(tmp_path / "a.csv", listings()), "--prices", prices(tmp_path), "--json"))
    assert priced["detectors"]["price_gap"]["examined"] == 60 and priced["where"]["price_gap"]["levels"]["review"]["recall"]["of"] == 40


def test_predictions_need_no_labels(touchstone: Touchstone, tmp_path: Path) -> None:
    rows = [{**row, "label": ""} for row in listings(3)]
    out = tmp_path / "scored.csv"
    said = touchstone(write(tmp_path / "a.csv", rows), "--predictions", str(out), "--prices", prices(tmp_path))
    assert "no row has a label" in said.lower() and "false positives" not in said
    with out.open(newline="") as file:
        scored = list(csv.DictReader(file))
    assert [row["id"] for row in scored] == [row["id"] for row in rows]
    stall, catalogue, shop, table = scored[:4]
    assert float(stall["score"]) > float(catalogue["score"]) > float(shop["score"]) == 0
    assert stall["level"] in ("review", "priority") and "replica_word +" in stall["reasons"] and "price_far_below" in stall["reasons"]
    assert "price_gap: no brand" in table["not_examined"] and not any("price_gap" in row["not_examined"] for row in (stall, shop))


def test_the_points_of_the_reasons_sum_to_the_score(touchstone: Touchstone, tmp_path: Path) -> None:
    out = tmp_path / "scored.csv"
    touchstone(write(tmp_path / "a.csv", listings(3)), "--predictions", str(out), "--prices", prices(tmp_path))
    with out.open(newline="") as file:
        for row in csv.DictReader(file):
            given = sum(float(reason.rsplit(" ", 1)[1]) for reason in row["reasons"].split("; ") if reason)
            assert given == pytest.approx(float(row["score"]), abs=0.01)


def test_the_same_file_gives_the_same_bytes_in_whatever_order_and_processes(touchstone: Touchstone, tmp_path: Path) -> None:
    rows = listings(60)
    said, scored = [], []
    for number, (own, workers) in enumerate(((rows, "1"), (rows, "2"), (rows[::-1], "1"))):
        out = tmp_path / f"{number}.out"
        said.append(touchstone(write(tmp_path / "a.csv", own), "--json", "--workers", workers, "--predictions", str(out)))
        scored.append(sorted(out.read_text().splitlines()))
    assert said[0] == said[1] and json.loads(said[0]) == json.loads(said[2]) and scored[0] == scored[1] == scored[2]


def test_what_is_fitted_is_reported_on_sources_that_were_held_out(touchstone: Touchstone, tmp_path: Path) -> None:
    said = json.loads(touchstone(write(tmp_path / "a.csv", listings()), "--prices", prices(tmp_path), "--fit", "--json"))
    assert said["split"] == "source" and said["folds"] == 4
    assert {pair["pair"] for pair in said["figures"]["score"]["ranking"]["pairs"]} == {
        f"{s} / {o}" for s in ("stall", "catalogue") for o in ("shop", "market")
    }
    assert set(said["figures"]["score"]["calibration"]) == {"0.01", "0.05", "0.2"}
    assert said["fitted"]["calibration"]["slope"] > 0 and all(points >= 0 for points in said["fitted"]["weights"].values())


def test_a_split_by_rows_is_refused_unless_asked_for_and_then_says_how_much_it_flatters(touchstone: Touchstone, tmp_path: Path) -> None:
    rows = [row for row in listings(40) if row["source"] in ("stall", "shop")]
    alone = write(tmp_path / "a.csv", rows)
    with pytest.raises(TouchstoneError, match=r"cannot be split by source.*flatters and is refused"):
        touchstone(alone, "--fit")
    with pytest.raises(TouchstoneError, match="--by is seller or source"):
        touchstone(alone, "--fit", "--by", "row")
    assert "these figures flatter" in touchstone(alone, "--fit", "--row-split")
    leak = json.loads(touchstone(write(tmp_path / "b.csv", listings()), "--fit", "--row-split", "--json"))["leak"]
    assert leak["auc"]["flatters_by"] == pytest.approx(leak["auc"]["by_rows"] - leak["auc"]["held_out"], abs=1e-4)


def test_rows_with_sellers_are_split_by_seller(touchstone: Touchstone, tmp_path: Path) -> None:
    rows = [{**row, "seller": f"seller {n % 12}"} for n, row in enumerate(listings(30))]
    said = json.loads(touchstone(write(tmp_path / "a.csv", rows, ("seller",)), "--fit", "--json"))
    assert said["split"] == "seller" and said["folds"] == 5
    assert "Whole sellers were held out" in touchstone(write(tmp_path / "a.csv", rows, ("seller",)), "--fit")


def test_the_price_lists_of_the_folder_are_compared_with_and_named(touchstone: Touchstone, tmp_path: Path) -> None:
    prices = tmp_path / "work" / "configs" / "prices" / "own.csv"
    prices.write_text("brand,category,condition,currency,source,date,price\nGucci,belt,used,GBP,an invented report,2026-01-01,310\n")
    said = json.loads(touchstone(write(tmp_path / "a.csv", listings()), "--json"))
    assert "Prices: 1 reference, of an invented report." in said["notes"]
    assert said["detectors"]["price_gap"]["examined"] > 0
    none = json.loads(touchstone(write(tmp_path / "a.csv", listings()), "--json", "--prices", _empty(tmp_path)))
    assert none["detectors"]["price_gap"]["examined"] == 0, "a list that is named goes before them"


def _empty(tmp_path: Path) -> str:
    path = tmp_path / "none.csv"
    path.write_text("brand,category,condition,currency,source,date,price\n")
    return str(path)


def test_half_of_a_shop_makes_the_prices_and_the_other_half_is_reported_on(touchstone: Touchstone, tmp_path: Path) -> None:
    said = json.loads(touchstone(write(tmp_path / "a.csv", listings(40)), "--prices-from", "shop", "--json"))
    assert said["labels"]["ordinary"] == 60, "half of the shop's 40 rows is left out of the figures"
    assert any("a proxy" in note for note in said["notes"])
    assert said["detectors"]["price_gap"]["examined"] == 100
    with pytest.raises(TouchstoneError, match="no ordinary row is of the source 'shops'"):
        touchstone(write(tmp_path / "a.csv", listings(2)), "--prices-from", "shops")


def test_few_rows_are_said_to_be_few_and_their_intervals_are_wide(touchstone: Touchstone, tmp_path: Path) -> None:
    said = touchstone(write(tmp_path / "a.csv", listings(5)))
    assert "few suspicious and few ordinary rows: the intervals are wide" in said.lower()


def test_what_a_model_that_had_not_seen_the_row_said_is_heard_in_its_stead(touchstone: Touchstone, tmp_path: Path) -> None:
    """As `train text` left it, through the model's own calibration."""
    rows, path = listings(), tmp_path / "folds.csv"
    with path.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("suspicious", "ordinary", "source", "id", "label", "title", "description", "price"))
        for s in ("stall", "catalogue"):
            for o in ("shop", "market"):
                for r in rows:  # titles tell nothing, descriptions all
                    if r["source"] in (s, o):
                        writer.writerow((s, o, r["source"], r["id"], r["label"], -3.0, 3.0 if r["label"] == "suspicious" else -4.0, 0.0))
    words = (write(tmp_path / "a.csv", rows), "--out-of-fold", str(path))
    said = {only: json.loads(touchstone(*words, "--only", only, "--json")) for only in ("words", "title")}
    assert [one["left_out"] for one in said.values()] == [0, 0]
    assert {only: one["figures"]["text_model"]["ranking"]["mean_of_pairs"]["auc"] for only, one in said.items()} == {
        "words": 1.0,
        "title": 0.5,
    }
    path.write_text(path.read_text() + "stall,shop,stall,0,suspicious,high,0,0\n")
    with pytest.raises(TouchstoneError, match="line 162"):
        touchstone(*words)


def test_a_pair_of_a_few_rows_is_shown_and_is_no_part_of_the_mean(touchstone: Touchstone, tmp_path: Path) -> None:
    rows = listings()
    few = [{**row, "source": "kiosk"} for row in rows if row["source"] == "stall"][:3]
    few = [{**row, "label": "ordinary"} for row in few]  # each worded as a copy is: alone they would pull the mean down
    ranking = [
        json.loads(touchstone(write(tmp_path / "a.csv", each), "--json"))["figures"]["score"]["ranking"] for each in (rows, rows + few)
    ]
    assert [(len(one["pairs"]), one["counted"]) for one in ranking] == [(4, 4), (6, 4)]
    assert ranking[0]["mean_of_pairs"] == ranking[1]["mean_of_pairs"] and ranking[0]["lowest_auc"] == ranking[1]["lowest_auc"]


def test_figures_may_be_of_titles_or_of_words_alone(touchstone: Touchstone, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", listings(40))
    whole, words, title = (
        json.loads(touchstone(file, "--prices-from", "shop", "--only", only, "--json")) for only in ("all", "words", "title")
    )
    assert whole["detectors"]["price_gap"]["examined"] > 0 == words["detectors"]["price_gap"]["examined"]
    found = [said["figures"]["text_terms"]["levels"]["note"]["recall"]["found"] for said in (whole, words, title)]
    assert found[0] == found[1] > 0 and found[2] > 0, "these sellers admit it in the title"
    with pytest.raises(TouchstoneError, match="--only is title, words, all, not 'price'"):
        touchstone(file, "--only", "price")


def test_tables_go_between_the_marks_of_a_page_and_nowhere_else(touchstone: Touchstone, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Before\n<!-- here: begin -->\nold\n<!-- here: end -->\n# After\n")
    file = write(tmp_path / "a.csv", listings())
    touchstone(file, "--write", str(page), "--section", "here", "--anonymous")
    written = page.read_text()
    assert written.startswith("# Before\n") and written.endswith("<!-- here: end -->\n# After\n") and "old" not in written
    assert "| suspicious A (20 rows) | suspicious | 20 |" in written
    assert not any(f"| {name}" in written for name in ("stall", "shop", "market", "catalogue"))
    touchstone(file, "--write", str(page), "--section", "here", "--anonymous")
    assert page.read_text() == written
    with pytest.raises(TouchstoneError, match="there: begin"):
        touchstone(file, "--write", str(page), "--section", "there")


def test_plots_are_pictures_in_which_something_is_drawn(touchstone: Touchstone, tmp_path: Path) -> None:
    from PIL import Image

    touchstone(write(tmp_path / "a.csv", listings()), "--fit", "--prices", prices(tmp_path), "--plots", str(tmp_path / "plots"))
    for name in ("reliability", "precision_recall"):
        with Image.open(tmp_path / "plots" / f"{name}.png") as drawn:
            colours = {colour for _, colour in drawn.convert("RGB").getcolors(1 << 20) or ()}
            assert drawn.width > 400 and {(31, 119, 180), (255, 127, 14), (44, 160, 44)} <= colours, "three curves"


def test_a_file_without_rows_is_refused(touchstone: Touchstone, tmp_path: Path) -> None:
    with pytest.raises(TouchstoneError, match="no row below the header"):
        touchstone(write(tmp_path / "a.csv", []))
