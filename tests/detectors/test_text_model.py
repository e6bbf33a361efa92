"""The text model: what it reads, how it says so, and what it must not depend on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import tokenizers

from detectors import contract, text_model
from detectors.brands import read_brands
from detectors.contract import Context
from detectors.evaluation.listings import Row
from detectors.reading import encoder, heldout
from detectors.reading.augment import passages as made_of
from detectors.reading.augment import phrases
from detectors.reading.pieces import Pieces
from detectors.reading.words import passages, said, unreadable
from store.config import defaults_folder
from store.errors import TouchstoneError
from store.words.records import Examined, Snapshot

BRANDS = read_brands(sorted((defaults_folder() / "brands").glob("*.yml")))
COPY = Snapshot("Gucci belt 1:1 mirror quality best batch", id=1)


def look(*snapshots: Snapshot, settings: text_model.Settings | None = None) -> list[contract.Examined]:
    return contract.examine("text_model", snapshots, Context(settings or text_model.Settings(), BRANDS))


# -- words -----------------------------------------------------------------------------------------------------------
def test_brands_are_masked_and_every_word_leads_back_to_what_was_published() -> None:
    snapshot = Snapshot("Néw GUCCІ bélt", "A Zzyzx tee, g.u.c.c.i too", brand="Zzyzx")
    title, text = passages(snapshot, BRANDS)
    assert said(title) == "new brand belt" and "zzyzx" not in said(text) and "brand tee" in said(text)
    assert [snapshot.title[word.start : word.end] for word in title] == ["Néw", "GUCCІ", "bélt"]
    assert said(title, [1]) == "new belt"


def test_a_part_that_is_missing_is_no_passage() -> None:
    assert [word.field for [word] in passages(Snapshot("bag", ""), BRANDS)] == ["title"]
    assert unreadable(Snapshot("", " ")) and unreadable(Snapshot("★ 99 ★")) and not unreadable(Snapshot("Нermes bag"))


def test_pieces_are_those_of_bert() -> None:
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "bag", "##s", "hand", "##bag", "1", ":"]
    pieces = Pieces(vocabulary)
    said_as = [vocabulary[number] for number in pieces.encoded("handbags 1:1 zebra", 64)]
    assert said_as == ["[CLS]", "hand", "##bag", "##s", "1", ":", "1", "[UNK]", "[SEP]"]
    assert len(pieces.encoded("bag " * 500, 64)) == 64 and pieces.encoded("bag " * 500, 64)[-1] == 3
    with pytest.raises(ValueError, match="UNK"):
        Pieces(["bag"])


def test_pieces_agree_with_the_library() -> None:
    theirs = tokenizers.BertWordPieceTokenizer(str(encoder.FOLDER / encoder.VOCABULARY), lowercase=True)
    ours = Pieces.of(encoder.FOLDER / encoder.VOCABULARY)
    for text in ("brand air max 90 aaa +", "it's 1:1 , w2c _ link!", "漢字 bag", "x" * 120, "colour-block sacoche uk7.5"):
        assert ours.encoded(text, 64) == theirs.encode(text).ids[:64], text


# -- the detector ------------------------------------------------------------------------------------------------------
def test_a_finding_names_words_of_the_listing_and_the_processor() -> None:
    [examined] = look(COPY)
    [finding] = examined.findings
    assert finding.reason == "text_model" and 0.7 <= finding.score <= 1
    assert finding.pointers and all(COPY.title[p.start : p.end] == p.raw for p in finding.pointers)
    assert {p.raw for p in finding.pointers} & {"1", "mirror", "quality", "batch", "best"}
    assert all(f"“{p.raw}”" in finding.sentence and p.detail["processor"] == encoder.processor() for p in finding.pointers)
    assert encoder.processor() in examined.detail


def test_a_brand_is_masked_and_so_is_never_said_to_have_moved_anything() -> None:
    for title in ("Gucci 1:1 mirror quality best batch Gucci", "Hermes belt 5A quality top copy"):
        [examined] = look(Snapshot(title, id=1))
        assert examined.findings and not {p.raw.lower() for p in examined.findings[0].pointers} & {"gucci", "hermes"}


def test_the_words_named_are_those_whose_absence_lowers_the_score() -> None:
    [examined] = look(COPY)
    reader = encoder.reader()
    [title] = passages(COPY, BRANDS)
    [whole] = reader.log_odds([said(title)])
    for pointer in examined.findings[0].pointers:
        [place] = [n for n, word in enumerate(title) if word.start == pointer.start]
        [rest] = reader.log_odds([said(title, [place])])
        assert whole - rest == pytest.approx(pointer.detail["moved"], abs=0.006) and rest < whole


def test_the_same_words_score_the_same_in_any_batch() -> None:
    others = [Snapshot(f"{'Some other words ' * n}", id=n + 2) for n in range(1, 6)]
    [alone] = look(COPY)
    among = look(*others[:2], COPY, *others[2:])
    assert next(each for each in among if each.subject == 1) == alone


def test_an_honest_sounding_description_adds_nothing_and_clears_nothing() -> None:
    [without] = look(COPY)
    [beside] = look(replace(COPY, text="Worn twice, collection only, smoke free home."))
    assert beside.findings[0].score >= without.findings[0].score


def test_price_brand_field_and_seller_are_not_read() -> None:
    [plain], [priced] = look(COPY), look(replace(COPY, price_minor=100, currency="GBP", price_text="£1", seller="a seller", brand="Gucci"))
    assert plain == priced


def test_a_megabyte_costs_no_more_than_a_page() -> None:
    look(COPY)
    began = time.process_time()
    [examined] = look(Snapshot("Bag " * 250_000, "1:1 " * 250_000, id=1))
    assert examined.outcome is Examined.done and time.process_time() - began < 3


def test_scores_of_this_processor_are_those_recorded_within_the_tolerance_that_is_stated() -> None:
    for title, probability in json.loads((Path(__file__).parent / "text_model_scores.json").read_text()).items():
        [passage] = passages(Snapshot(title), BRANDS)
        reader = encoder.reader()
        [odds] = reader.log_odds([said(passage)])
        assert reader.probability(odds) == pytest.approx(probability, abs=encoder.TOLERANCE), title


# -- the method and the user's own model ---------------------------------------------------------------------------------
def test_the_method_names_the_files_that_it_reads_with() -> None:
    detector = contract.detector_of("text_model")
    assert set(detector.models) == {"text/model.onnx", "text/linear.npy", "text/vocab.txt", "text/model.json"}
    assert detector.models["text/model.onnx"] in (encoder.FOLDER / "README.md").read_text(), "the card states the digest"
    assert "processor" not in json.dumps(dict(detector.libraries)), "another processor is no other method"


def test_a_folder_must_be_named_with_the_digest_of_its_weights(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="go together"):
        text_model.Settings(folder="mine")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    with pytest.raises(TouchstoneError, match="which model is meant"):
        encoder.reader(str(tmp_path), "0" * 64)
    with pytest.raises(TouchstoneError, match="holds no"):
        encoder.reader(str(tmp_path / "nowhere"), "0" * 64)


def test_a_folder_that_train_wrote_is_read_like_the_shipped_one() -> None:
    own = text_model.Settings(folder=str(encoder.FOLDER), sha256=encoder.digest(encoder.FOLDER / encoder.WEIGHTS))
    assert look(COPY, settings=own) == look(COPY)


def test_a_classifier_of_transformers_can_stand_in(tmp_path: Path) -> None:
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    torch.manual_seed(1)
    names = {0: "fine", 1: "copy"}
    config = transformers.BertConfig(
        vocab_size=30522, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, id2label=names,
        label2id={"fine": 0, "copy": 1},
    )  # fmt: skip
    transformers.BertForSequenceClassification(config).save_pretrained(tmp_path)
    transformers.BertTokenizerFast(str(encoder.FOLDER / encoder.VOCABULARY)).save_pretrained(tmp_path)
    digest = encoder.digest(tmp_path / "model.safetensors")
    settings = text_model.Settings(at_least=0.01, folder=str(tmp_path), sha256=digest, label="copy")
    [examined] = look(COPY, settings=settings)
    assert examined.outcome is Examined.done and examined.findings[0].reason == "text_model"
    with pytest.raises(TouchstoneError, match="the model's labels are fine, copy"):
        encoder.reader(str(tmp_path), digest, "no such label")


def test_reading_imports_neither_torch_nor_transformers_nor_opencv() -> None:
    code = (
        "import sys\nfrom detectors import contract\nfrom detectors.contract import Context\n"
        "from store.words.records import Snapshot\nfrom detectors.brands import Brands\n"
        "contract.discover()\nlight = {'torch', 'transformers', 'cv2', 'onnxruntime'} & set(sys.modules)\n"
        "assert not light, light\n"
        "s = contract.detector_of('text_model').settings()\n"
        "assert contract.examine('text_model', [Snapshot('bag', id=1)], Context(s, Brands((), (), '')))[0].detail\n"
        "assert not {'torch', 'transformers', 'cv2'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr


def test_a_pass_without_work_loads_no_heavy_library(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom detectors.run import run\nfrom store.config import Home\nfrom store.store import Store\n"
        f"home = Home(Path({str(tmp_path)!r}))\nhome.path('var').mkdir()\n"
        "with Store.open(home) as store:\n    said = run(store, home)\n"
        "assert any('text_model: 0 examined' in line for line in said.lines), said.lines\n"
        "assert not {'torch', 'transformers', 'cv2', 'onnxruntime', 'sklearn'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr


# -- training ------------------------------------------------------------------------------------------------------------
def rows(source: str, label: str, number: int = 8) -> list[Row]:
    return [
        Row(f"{source}{n}", f"{source} goods {n}", "told of them" * (label == "ordinary"), source=source, label=label)
        for n in range(number)
    ]


def test_what_is_made_of_a_source_does_not_depend_on_the_other_sources() -> None:
    read = heldout.reads(BRANDS)
    few, more = rows("shop", "ordinary"), rows("other", "ordinary")
    alone = made_of(few, read, made=1.0)
    assert [p for p in made_of([*more, *few], read, made=1.0) if p in alone] and alone == made_of(list(few), read, made=1.0)
    assert {p.words for p in alone} <= {p.words for p in made_of([*more, *few], read, made=1.0)}


def test_an_offence_makes_a_passage_suspicious_and_a_denial_does_not() -> None:
    read = heldout.reads(None)
    for passage in made_of(rows("shop", "ordinary", 60), read, made=1.0):
        if passage.source == "made":
            told = [p for p in phrases().offences if read(p, "") in passage.words]
            assert bool(told) >= passage.suspicious, passage
    assert {p.suspicious for p in made_of(rows("shop", "ordinary", 60), read, made=1.0) if p.source == "made"} == {True, False}


def test_a_missing_price_brand_or_reference_weighs_nothing() -> None:
    sold = [Row(f"o{n}", "Gucci bag", price=str(500 + n), currency="EUR", brand="Gucci", source="s", label="ordinary") for n in range(20)]
    copies = [
        Row(f"c{n}", "Gucci bag", price=str(20 + n), currency="EUR", brand="Gucci", source="t", label="suspicious") for n in range(20)
    ]
    prices = heldout.Prices([*sold, *copies], heldout.facts_of(BRANDS))
    cheap = copies[0]
    assert prices.log_odds(cheap) > 1
    for change in (
        {"price": ""},
        {"currency": ""},
        {"currency": "XYZ"},
        {"title": "bag", "brand": ""},
        {"title": "Prada bag", "brand": "Prada"},
    ):
        assert prices.log_odds(replace(cheap, **change)) == 0, change
    assert prices.log_odds(replace(cheap, price="5000")) == 0, "a high price clears nothing"


def test_figures_are_those_of_the_textbook() -> None:
    truth, scores = [True, True, False, False], [3.0, 1.0, 2.0, 0.0]
    assert heldout.auc(truth, scores) == 0.75
    assert heldout.recall(truth, scores, 0.01) == 0.5
    assert heldout.recall(truth, scores, 0.5) == 1.0


def test_predictions_are_read_as_they_were_written(tmp_path: Path) -> None:
    every = [heldout.Predicted("a", "b", "a", "1", "suspicious", 0.5, heldout.NOTHING, 0.0)]
    heldout.write(every, tmp_path / "folds.csv")
    assert heldout.read(tmp_path / "folds.csv") == every
    (tmp_path / "folds.csv").write_text("a,b\n")
    with pytest.raises(TouchstoneError, match="line 1"):
        heldout.read(tmp_path / "folds.csv")


def test_below_the_stated_probability_it_is_examined_and_says_nothing() -> None:
    plain = Snapshot("Blue wool coat, lined, worn for two winters", id=1)
    [examined] = look(plain)
    assert (examined.outcome, examined.findings) == (Examined.done, ())
    probability = float(examined.detail.split()[0])
    assert 0 < probability < text_model.Settings().at_least
    [asked_less] = look(plain, settings=text_model.Settings(at_least=probability / 2))
    assert [finding.reason for finding in asked_less.findings] == ["text_model"]
