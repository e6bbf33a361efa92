"""The text model's last layers learned from judgements: better on sellers held out or nothing is proposed, a person promotes, and then the
detector reads by them and by no other bytes. The real model; invented listings, of which officers confirm a wording that it misses."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.sparse import csr_matrix

from casework import learn, learn_text_model
from casework.learn_settings import read_learning
from detectors import contract, run, text_model
from detectors.brands import read_brands
from detectors.contract import Context
from detectors.evaluation import fit_weights
from detectors.evaluation.measures import auc
from detectors.reading import encoder, hashed, refit
from detectors.reading.refit import Judged
from store.config import Home, defaults_folder
from store.errors import TouchstoneError
from store.store import Store
from store.words.records import Actor, Examined, Parsed, Snapshot, Status, SubjectKind
from tests.builders import Builder
from tests.casework.judged import Stall, example
from tests.detectors.conftest import Place, new_place, place  # noqa: F401 - fixtures

BRANDS = read_brands(sorted((defaults_folder() / "brands").glob("*.yml")))
GOODS = ("quilted shoulder bag", "leather belt", "wool scarf", "silk tie", "canvas tote", "card holder")
HONEST = (
    "worn twice and kept in its box", "from a smoke free home", "collection or post", "a gift that was not for me", "some marks on the heel",
    "bought in town last spring", "fits true to size", "happy to send more photos",
)  # fmt: skip
# a wording that nobody uses, so that no model can have learned it
TOLD = ("message me for the lantern tier", "ask which lantern tier you want", "lantern tier on request", "say your lantern tier first")
SETTINGS = "fit: {resamples: 300}\ntext_model: {judgements: 90, sellers: 20, each: 40, unjudged: 20}\n"
NEW = Snapshot("Gucci silk tie", "fits true to size, collection or post, ask which lantern tier you want", id=1)

Market = list[tuple[str, str, str, str, str]]


def nothing(width: int = 2) -> refit.Rows:
    """Nothing to be held to."""
    return refit.Rows([], np.zeros((0, width)), csr_matrix((0, hashed.PLACES)), np.zeros(0), np.zeros(0, int))


def market(sellers: int = 24, each: int = 4, *, told: bool = True) -> Market:
    """(reference, seller, title, text, verdict): every seller has as many confirmed listings as cleared ones, and unless the wording is
    `told` both are worded alike."""
    chance = random.Random(3)
    out = []
    for seller in range(sellers):
        for number in range(each):
            bad = number % 2 == 0
            text = chance.sample(HONEST, 2)
            if told and bad:
                text.insert(chance.randrange(3), chance.choice(TOLD))
            out.append(
                (f"{seller:02}-{number}", f"account {seller}", f"Gucci {chance.choice(GOODS)}", ", ".join(text), "yes" if bad else "no")
            )
    return out


def judged(home: Home, store: Store, rows: Market, order: int = 0) -> Stall:
    """The market in the store, the shipped text model in force, every listing judged."""
    home.path("configs").mkdir(exist_ok=True)
    home.path("configs/learning.yml").write_text(SETTINGS)
    store.keep_actor(Actor("officer", "demo", "A. Officer (fictional)", "officer"))
    run.run(store, home, only=["text_model"])
    stall = Stall(store, Builder(store))
    said = [(stall.listing(ref, (), seller, title, text), verdict) for ref, seller, title, text, verdict in rows]
    random.Random(order).shuffle(said)
    for listing, verdict in said:
        stall.judge(listing, verdict)
    return stall


@dataclass
class Learned:
    home: Home
    store: Store
    stall: Stall
    done: learn_text_model.Proposal
    statuses: tuple[dict[int, str | None], dict[int, str | None]]  # of all methods, before and after


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Learned]:
    home = Home(tmp_path_factory.mktemp("learned"))
    with Store.open(home) as store:
        stall = judged(home, store, market())
        before = {n: status for n, _, status in store.methods()}
        done = learn_text_model.learn(store, home, "officer")
        yield Learned(home, store, stall, done, (before, {n: status for n, _, status in store.methods()}))
        stall.build.close()


def folder_of(done: learn_text_model.Proposal) -> Path:
    assert done.folder is not None
    return done.folder


# -- better on sellers held out, and proposed -----------------------------------------------------------------------------
def test_a_wording_that_the_model_misses_is_found_on_sellers_held_out(learned: Learned) -> None:
    figures = learned.done.report["figures"]["judged"]
    old, new, difference = (figures[name] for name in (learn.OLD, learn.NEW, "difference"))
    assert old["auc"]["rate"] < 0.8 and new["auc"]["rate"] > 0.95 and difference["auc"]["low"] > 0
    assert new["recall_at_0.01"]["rate"] > old["recall_at_0.01"]["rate"] and not difference["log_loss"]["within_noise"]
    assert difference["log_loss"]["high"] < 0 and new["ece"]["rate"] < old["ece"]["rate"]
    assert "ranks them better than the model in force, beyond noise" in learned.done.sentence
    assert "these are judged listings only, which are mostly flagged ones" in learned.done.sentence


def test_a_proposal_is_a_method_in_evaluation_and_nothing_is_promoted(learned: Learned) -> None:
    before, after = learned.statuses
    assert after == {**before, learned.done.method: Status.evaluation}
    [method] = [m for n, m, _ in learned.store.methods() if n == learned.done.method]
    shipped = next(m for n, m, s in learned.store.methods("detector") if m.name == "text_model" and n != learned.done.method)
    own = {"folder": str(learned.done.folder), "sha256": learned.done.sha256}
    assert method.settings["settings"] == {**shipped.settings["settings"], **own} and method.models == shipped.models
    assert any(e.body["purpose"] == "learn" for e in learned.store.log()), "who read the judgements is in the log"


def test_the_folder_has_weights_and_a_card_and_no_text(learned: Learned) -> None:
    folder = folder_of(learned.done)
    assert sorted(path.name for path in folder.iterdir()) == ["card.yml", "head.npy", "linear.npy", "model.json"]
    assert not any(word in path.read_bytes() for path in folder.iterdir() for word in (b"lantern", b"smoke free", b"account 1"))
    card = yaml.safe_load((folder / "card.yml").read_text())
    assert card["fitted_on"] == {"judgements": 96, "yes": 48, "sellers": 24, "drawn": 0, "left_out": {}, "officers": 1}
    assert card["by"] == "officer" and card["parent"] == {"folder": "shipped", "sha256": encoder.digest(encoder.FOLDER / encoder.WEIGHTS)}
    assert card["at"] and card["figures"] == learned.done.report["figures"]


def test_once_a_person_has_promoted_it_the_detector_reads_by_it_and_names_what_moved_it(learned: Learned) -> None:
    own = Home(learned.home.folder.parent / "promoted")
    shutil.copytree(learned.home.folder, own.folder, dirs_exist_ok=True)
    with Store.open(own) as store:
        store.set_method_status(learned.done.method or 0, Status.in_force, "officer", "measured on held-out sellers")
        build = Builder(store, "other")
        listing = build.listing("new", title=NEW.title, text=NEW.text, seller="nobody judged")
        run.run(store, own, only=["text_model"])
        with store.acting("system", purpose="test") as reader:
            kept = reader.findings_of([(SubjectKind.snapshot, listing.snapshot)])
        build.close()
    [finding] = [k.finding for k in kept if k.method == learned.done.method]
    assert not [k for k in kept if k.method != learned.done.method], "the shipped model finds nothing in it"
    assert {"lantern", "tier"} & {pointer.raw for pointer in finding.pointers} and "“lantern”" in finding.sentence


def test_the_configuration_can_name_it_as_it_names_a_users_own(learned: Learned) -> None:
    settings = text_model.Settings(folder=str(learned.done.folder), sha256=learned.done.sha256)
    plain = Snapshot("Gucci silk tie", "fits true to size, collection or post, some marks on the heel", id=2)
    bad, good = contract.examine("text_model", [NEW, plain], Context(settings, BRANDS))
    assert [f.reason for f in bad.findings] == ["text_model"] and good.findings == ()


def test_what_the_model_knew_before_and_nobody_judged_it_still_knows(learned: Learned) -> None:
    shipped, again = text_model.Settings(), text_model.Settings(folder=str(learned.done.folder), sha256=learned.done.sha256)
    titles = [
        f"Gucci {goods} {said}" for goods in GOODS for said in ("1:1 mirror quality", "AAA grade copy", "best batch from the factory", "")
    ]
    snapshots = [Snapshot(title, id=n) for n, title in enumerate(titles)]
    before, after = (contract.examine("text_model", snapshots, Context(each, BRANDS)) for each in (shipped, again))
    found = [bool(one.findings) for one in before]
    still = sum(bool(one.findings) for one, was in zip(after, found, strict=True) if was)
    assert sum(found) > 10 and still >= 0.8 * sum(found)
    rows = refit.rows_of(
        encoder.Shipped(encoder.FOLDER, states=True), [Judged((f"brand {t[6:]}", x), b == "yes", s) for _, s, t, x, b in market()]
    )
    wanted = refit.rows_of(
        encoder.Shipped(encoder.FOLDER, states=True), [Judged((t.lower().replace("gucci", "brand"),), True, "") for t in titles]
    )
    free = refit.fit(rows, nothing(384), range(len(rows.judged)), split_of(rows)).log_odds(wanted)
    assert int((free[np.array(found)] >= np.log(0.7 / 0.3)).sum()) < still, "it is what the fit is held to that keeps it"


# -- the same bytes, and no others -------------------------------------------------------------------------------------------
def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != learn_text_model.CARD}


def test_the_same_judgements_give_the_same_bytes_in_whatever_order_they_were_made(learned: Learned, place: Place) -> None:  # noqa: F811
    again = learn_text_model.learn(learned.store, learned.home, "officer")
    assert (again.method, again.folder, again.sha256) == (learned.done.method, learned.done.folder, learned.done.sha256)
    stall = judged(place.home, place.store, market(), order=7)
    other = learn_text_model.learn(place.store, place.home, "officer")
    stall.build.close()
    assert other.sha256 == learned.done.sha256 and files(folder_of(other)) == files(folder_of(learned.done))


@pytest.mark.parametrize("name", ["head.npy", "linear.npy", "model.json"])
def test_a_folder_that_was_tampered_with_is_refused_by_its_digest(learned: Learned, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(folder_of(learned.done), folder)
    encoder.reader(str(folder), learned.done.sha256)
    encoder.reader.cache_clear()
    own = bytearray((folder / name).read_bytes())
    own[-3] ^= 1
    (folder / name).write_bytes(own)
    with pytest.raises(TouchstoneError, match="which model is meant"):
        encoder.reader(str(folder), learned.done.sha256)
    settings = text_model.Settings(folder=str(folder), sha256=learned.done.sha256)
    [examined] = contract.examine("text_model", [NEW], Context(settings, BRANDS))
    assert examined.outcome is Examined.failed and "which model is meant" in examined.detail
    (folder / name).unlink()
    with pytest.raises(TouchstoneError, match=r"which model is meant|holds no"):
        encoder.reader(str(folder), learned.done.sha256)


# -- nothing is proposed -------------------------------------------------------------------------------------------------------
def test_where_it_is_no_better_it_says_so_and_proposes_nothing_unless_asked(place: Place) -> None:  # noqa: F811
    stall = judged(place.home, place.store, market(told=False))
    before = place.store.methods()
    done = learn_text_model.learn(place.store, place.home, "officer")
    assert (done.method, done.folder) == (None, None) and place.store.methods() == before
    assert "is not better than the model in force" in done.sentence and done.sentence.endswith("Nothing is proposed.")
    assert not (place.home.folder / "var" / "models").exists()
    asked = learn_text_model.learn(place.store, place.home, "officer", anyway=True)
    stall.build.close()
    assert asked.method is not None and folder_of(asked).is_dir()


def test_too_few_are_refused_by_name_with_their_counts(place: Place, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    from casework.cli import app

    stall = judged(place.home, place.store, market(20, 4))
    stall.build.close()
    few = r"80 judgements \(40 yes, 40 no\) of 20 sellers can be learned from; at least 90 are needed, 40 of either kind, of 20 sellers"
    with pytest.raises(TouchstoneError, match=rf"{few} \(configs/learning.yml, text_model\). Nothing is fitted"):
        learn_text_model.learn(place.store, place.home, "officer")
    app(["learn", "--home", str(place.home.folder), "--by", "officer"], standalone_mode=False)
    said = " ".join(capsys.readouterr().out.split())
    assert "text_model: 80 judgements (40 yes, 40 no) of 20 sellers" in said and "No weight moves" in said


# -- what is learned from --------------------------------------------------------------------------------------------------
def test_a_listing_counts_with_the_words_that_it_had_when_it_was_judged(place: Place) -> None:  # noqa: F811
    rows = market(2, 2)
    stall = judged(place.home, place.store, [*rows, ("short", "account 0", "Gucci", "", "yes")])
    later = stall.build.capture("http://stall.example/later", b"later")
    page = replace(later, started_at=datetime.now(UTC) + timedelta(days=1), ended_at=datetime.now(UTC) + timedelta(days=1))
    taken = place.store.keep(stall.build.writer, replace(page, id=None), b"edited", actor="system", purpose="market_sweep")
    [edited] = place.store.keep_readings(
        taken, "hand", "hand/1", [Parsed("00-0", "http://stall.example/item/00-0", Snapshot("Gucci bag", "edited since then, all new words"))],
        stall.build.run.id,
    )  # fmt: skip
    with place.store.acting("officer", purpose="test") as reader:
        assert any(r.id == edited.id for r in reader.readings(listing=edited.listing)), "the edit is kept"
        read = learn_text_model._read(reader, BRANDS, 3, 20)
    stall.build.close()
    said = [text for one in read.judged for text in one.passages]
    assert len(read.judged) == 4 and any("lantern" in text for text in said) and not any("edited" in text for text in said)
    assert read.gathered.left_out == {"fewer than 3 words besides the brand: too few to judge the wording by": 1}


def test_how_many_listings_that_nobody_judged_would_have_a_finding_is_counted(place: Place) -> None:  # noqa: F811
    stall = judged(place.home, place.store, market())
    for number in range(25):
        stall.build.listing(f"x{number}", title=NEW.title if number % 2 else "Gucci wool scarf", text=NEW.text if number % 2 else HONEST[0])
    done = learn_text_model.learn(place.store, place.home, "officer")
    stall.build.close()
    unjudged = done.report["unjudged"]
    assert unjudged["listings"] == 20 and unjudged[learn.OLD] == 0 and unjudged[learn.NEW] == 10
    assert "Of 20 newest listings that nobody judged 0 → 10 have a finding (0 by both)" in done.sentence


def test_settings_are_read_strictly(place: Place) -> None:  # noqa: F811
    place.home.path("configs").mkdir()
    place.home.path("configs/learning.yml").write_text("text_model: {judgements: 1}")
    with pytest.raises(TouchstoneError, match="judgements is at least 2"):
        read_learning(place.home)


# -- the fit ---------------------------------------------------------------------------------------------------------------
def test_what_is_served_is_what_was_fitted_also_from_a_model_that_was_fitted_again(learned: Learned, tmp_path: Path) -> None:
    rows = [Judged(("brand silk tie", text), bad == "yes", seller) for _, seller, _, text, bad in market(8, 4)]
    started = encoder.FOLDER
    for number in range(2):
        model = encoder.Shipped(started, states=True)
        before = refit.rows_of(model, rows)
        fitted = refit.Fitted(refit._moved(before, before, range(len(rows)), 1.0 + number), 1.0, 1.5, -0.25)
        folder = tmp_path / str(number)
        folder.mkdir()
        refit.write(folder, model, started, fitted)
        served = encoder.Shipped(folder)
        odds = [max(served.facts.slope * each + served.facts.shift for each in served.log_odds(one.passages)) for one in rows]
        assert odds == pytest.approx(list(fitted.log_odds(before)), abs=2e-3)
        assert max(abs(a - b) for a, b in zip(odds, before.scores(), strict=True)) > 0.1
        started = folder


def test_asking_for_states_changes_no_score() -> None:
    texts = ["brand bag 1 : 1 mirror quality", "blue wool coat , lined"]
    assert encoder.Shipped(encoder.FOLDER).log_odds(texts) == encoder.Shipped(encoder.FOLDER, states=True).log_odds(texts)


def invented(sellers: int = 12, each: int = 6, turned: str = "") -> refit.Rows:
    """Rows without an encoder: two numbers in place of a state, and hashed words; the verdicts of one seller may be turned round."""
    chance = np.random.default_rng(1)
    rows, states, texts = [], [], []
    for seller in range(sellers):
        for number in range(each):
            bad = bool(number % 2)
            texts.append(f"tie {'lantern' if bad and seller % 3 else 'plain'} {number}")
            rows.append(Judged((texts[-1],), bad != (turned == f"s{seller}"), f"s{seller}"))
            states.append(chance.normal(size=2))
    return refit.Rows(rows, np.array(states), hashed.matrix(texts), chance.normal(size=len(rows)), np.arange(len(rows)))


def split_of(rows: refit.Rows) -> refit.Split:
    examples = [example(n, (), one.suspicious, one.owner) for n, one in enumerate(rows.judged)]
    return lambda which: learn.folds([examples[i] for i in which], 4)


def test_what_is_said_of_a_seller_has_no_part_in_how_that_seller_is_scored() -> None:
    plain, turned = invented(), invented(turned="s5")
    before, after = (refit.held_out(rows, nothing(), split_of(rows)) for rows in (plain, turned))
    own = np.array([one.owner == "s5" for one in plain.judged])
    assert np.array_equal(before[own], after[own]) and not np.allclose(before[~own], after[~own]), "the verdicts do matter to the others"


def test_words_that_nobody_judged_keep_their_weight_and_a_strong_prior_keeps_them_all() -> None:
    rows = invented()
    moved = refit.fit(rows, nothing(), range(len(rows.judged)), split_of(rows)).moved
    seen = np.concatenate([[0, 1], 2 + np.unique(rows.words.nonzero()[1])])
    assert not np.delete(moved, seen).any() and moved[seen].any()
    assert np.abs(refit._moved(rows, nothing(), range(len(rows.judged)), 1e-3)).max() < 1e-3


def test_a_listing_scores_as_its_most_suspicious_passage() -> None:
    judged = [Judged(("a", "b"), True, "s"), Judged(("c",), False, "t")]
    rows = refit.Rows(judged, np.eye(3)[:, :1], csr_matrix(np.eye(3)[:, 1:]), np.zeros(3), np.array([0, 0, 1]))
    assert rows.scores(np.array([1.0, 3.0, -2.0])).tolist() == [3.0, -2.0] and rows.scores().tolist() == [0.0, 0.0]


def test_the_fit_is_the_logistic_regression_that_the_weights_are_fitted_by() -> None:
    rows = invented()
    every = range(len(rows.judged))
    labels, owners = [one.suspicious for one in rows.judged], [one.owner for one in rows.judged]
    wide = np.hstack([rows.said[:, None], rows.states, rows.words.toarray()])
    seen = np.flatnonzero(np.abs(wide).sum(axis=0))
    same = fit_weights.logistic(
        wide[:, seen], labels, fit_weights.balance(labels, owners), rows=fit_weights.effective(labels, owners),
        prior=np.append(1.0, np.zeros(len(seen) - 1)), spread=np.append(1.0, np.full(len(seen) - 1, 2.0)),
        bounds=[(1.0, 1.0), *[(-np.inf, np.inf)] * (len(seen) - 1)],
    )  # fmt: skip
    assert refit._moved(rows, nothing(), every, 2.0)[seen[1:] - 1] == pytest.approx(same[1:], abs=1e-4)


# -- figures ---------------------------------------------------------------------------------------------------------------
def test_figures_are_those_of_the_textbook() -> None:
    chance = np.random.default_rng(2)
    labels = np.arange(60) % 2 == 0
    odds = np.round(chance.normal(size=60) + labels, 1)  # some alike
    examples = [example(n, (), bool(yes), f"s{n % 15}") for n, yes in enumerate(labels)]
    found = learn_text_model.figures(examples, {learn.OLD: odds, learn.NEW: odds}, [1.0] * 60, 0.7, 200)
    reference = auc(odds[labels], odds[~labels])
    assert reference is not None and found[learn.OLD]["auc"]["rate"] == pytest.approx(reference["rate"], abs=1e-4)
    assert all(each["rate"] == 0 and each["within_noise"] for each in found["difference"].values())
    one = learn_text_model.figures(examples[:4], {n: np.array([3.0, 2.0, 1.0, 0.0]) for n in (learn.OLD, learn.NEW)}, [1.0] * 4, 0.7, 100)
    assert one[learn.OLD]["recall_at_0.01"]["rate"] == 0.5 and one[learn.OLD]["auc"]["rate"] == 0.75
    assert one[learn.OLD]["found"]["rate"] == 1.0 and one[learn.OLD]["found_wrongly"]["rate"] == 0.5


@pytest.mark.parametrize("table", ["judged", "store"])
@pytest.mark.parametrize(("key", "span"), [("log_loss", (0.01, 0.1)), ("found_wrongly", (0.01, 0.1)), ("auc", (-0.1, -0.01))])
def test_what_becomes_worse_beyond_noise_in_either_table_is_not_better(table: str, key: str, span: tuple[float, float]) -> None:
    def said(low: float, high: float) -> dict[str, float]:
        return {"low": low, "high": high}

    good = {"auc": said(0.01, 0.1), "log_loss": said(-0.1, 0.1), "found_wrongly": said(0.0, 0.0)}
    noise = {"auc": said(-0.1, 0.1), "log_loss": said(-0.1, 0.1), "found_wrongly": said(-0.1, 0.1)}
    each = {"judged": {"difference": good}, "store": {"difference": noise}}
    assert learn_text_model._better(each) and not learn_text_model._better({"judged": {"difference": noise}})
    assert not learn_text_model._better({**each, table: {"difference": {**each[table]["difference"], key: said(*span)}}})


def test_where_listings_drawn_at_random_are_judged_the_sentence_says_what_they_weigh() -> None:
    labels = np.arange(40) % 2 == 0
    examples = [example(n, (), bool(yes), f"s{n % 10}", "drawn" if n > 30 else "flagged") for n, yes in enumerate(labels)]
    odds = {learn.OLD: np.zeros(40), learn.NEW: np.where(labels, 1.0, -1.0)}
    each = {name: learn_text_model.figures(examples, odds, [1.0] * 40, 0.7, 100) for name in ("judged", "store")}
    none = {"listings": 0, learn.OLD: 0, learn.NEW: 0, "both": 0}
    said = learn_text_model._sentence({"figures": each, "drawn": 9, "unjudged": none}, True)
    assert "weighed to the whole store by 9 drawn at random, AUC 0.500 → 1.000" in said
    alone = learn_text_model.figures(
        [e for e in examples if e.suspicious], {n: own[labels] for n, own in odds.items()}, [1.0] * 20, 0.7, 100
    )
    assert "AUC not known → not known" in learn_text_model._sentence({"figures": {"judged": alone}, "drawn": 0, "unjudged": none}, False)
