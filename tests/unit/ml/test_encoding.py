"""Models as files: the same model back, or a refusal that names what is wrong."""

import json
import re
from datetime import date
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_oracle.errors import ModelRefused
from alpha_oracle.ml import encoding
from alpha_oracle.ml.encoding import decode, encode, model_id_of, sha256_of
from alpha_oracle.ml.fitting import fit
from alpha_oracle.ml.recipe import BoosterTerms
from tests.unit.ml.markets import a_market, a_recipe

NAMES = ("calibrator.json", "model.ubj", "training.json")


@cache
def a_model(least=100):
    panel, values = a_market()
    recipe = a_recipe(values, rounds=10, isotonic_min_samples=least)
    return fit(recipe, panel, values, start=0, stop=260).model


@cache
def files():
    return encode(a_model())


def retold(name, change):
    """Files of which one says something else, sealed as if it had been written so."""
    said = {
        part: json.loads(content) for part, content in files().items() if part.endswith(".json")
    }
    training = said["training.json"]["training"]
    change(training if name == "training.json" else said[name])
    changed = dict(files())
    changed["calibrator.json"] = plain(said["calibrator.json"])
    training["calibrator_sha256"] = sha256_of(changed)["calibrator.json"]
    digest = sha256_of({"": plain(training)})[""]
    changed["training.json"] = plain({"sha256": digest, "training": training})
    return changed


def plain(said):
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize("least", [100, 10**9], ids=["isotonic", "sigmoid"])
def test_a_model_comes_back_as_it_was(least):
    model = a_model(least)
    back = decode(encode(model), expected=sha256_of(encode(model)))
    for field in (
        "calibrator", "features", "reference", "class_shares", "recipe", "train_start", "train_end"
    ):  # fmt: skip
        assert getattr(back, field) == getattr(model, field), field
    assert encode(back) == encode(model)


def test_a_whole_number_among_the_terms_comes_back_as_the_float_it_stands_for():
    panel, values = a_market()
    recipe = a_recipe(values, booster=BoosterTerms(max_rounds=2, min_child_weight=5, reg_lambda=1))
    written = encode(fit(recipe, panel, values, start=0, stop=260).model)
    assert decode(written).recipe == recipe
    assert encode(decode(written)) == written


def test_a_model_that_came_back_forecasts_and_explains_the_same():
    panel, values = a_market()
    back, mask = decode(files()), np.ones(panel.close.shape, np.bool_)
    told, expected = (model.forecast(values, mask=mask) for model in (back, a_model()))
    np.testing.assert_array_equal(told.probabilities, expected.probabilities)
    cells = [(300, 1), (301, 2)]
    assert back.contributions(values, cells=cells) == a_model().contributions(values, cells=cells)


def test_files_are_the_boosters_own_format_and_json():
    assert sorted(files()) == list(NAMES)
    assert json.loads(files()["training.json"])["training"]["train_end"] == str(a_model().train_end)
    assert json.loads(files()["calibrator.json"])["method"] == "isotonic"
    assert not any(content.startswith(b"\x80") for content in files().values())


@pytest.mark.parametrize("is_on_record", [True, False], ids=["on record", "by itself"])
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=50)
@given(data=st.data())
def test_a_byte_changed_anywhere_is_refused(name, is_on_record, data):
    content = bytearray(files()[name])
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    changed = files() | {name: bytes(content)}
    expected = sha256_of(files()) if is_on_record else None
    with pytest.raises(ModelRefused, match=re.escape(name)):
        decode(changed, expected=expected)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_ends_early_is_empty_or_goes_on_is_refused(name):
    content = files()[name]
    for other in (content[:-1], b"", content + b" ", content + content):
        with pytest.raises(ModelRefused, match=re.escape(name)):
            decode(files() | {name: other})


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(name):
    short = {other: content for other, content in files().items() if other != name}
    with pytest.raises(ModelRefused, match=f"{name} missing"):
        decode(short)


def test_a_foreign_file_is_named():
    with pytest.raises(ModelRefused, match=r"model\.pkl foreign"):
        decode(files() | {"model.pkl": b"\x80\x04."})


def test_files_of_another_model_are_refused_by_the_record():
    other = encode(a_model(10**9))
    decode(other)
    with pytest.raises(ModelRefused, match=r"calibrator\.json, training\.json changed"):
        decode(other, expected=sha256_of(files()))


def test_files_of_two_models_do_not_go_together():
    other = encode(a_model(10**9))
    with pytest.raises(ModelRefused, match=r"calibrator\.json changed"):
        decode(files() | {"calibrator.json": other["calibrator.json"]})


def drop(field):
    return lambda said: said.pop(field)


def set_to(value, *path):
    def change(said):
        for step in path[:-1]:
            said = said[step]
        said[path[-1]] = value

    return change


def fall(said):
    said["curves"][0]["probabilities"].reverse()


def swap(said):
    said["reference"].reverse()


HOSTILE = [
    ("training.json", drop("recipe"), "training.json.training is .* expected an object of"),
    ("training.json", set_to(1, "extra"), "expected an object of"),
    ("training.json", set_to("2 May", "train_end"), "train_end is '2 May'"),
    ("training.json", set_to("7", "recipe", "seed"), "recipe.seed is '7', expected a whole"),
    ("training.json", set_to(True, "recipe", "threads"), "threads is True, expected a whole"),
    ("training.json", set_to("x", "class_shares", 0), r"class_shares\[0\] is 'x', expected a n"),
    ("training.json", set_to({}, "features"), "features is {}, expected a list"),
    ("training.json", set_to(5, "features", 0, "name"), r"features\[0\].name is 5, expected a te"),
    ("training.json", set_to([], "features"), "features are not each named once"),
    ("training.json", set_to([0.5, 0.5], "class_shares"), "class shares are not one a class"),
    ("training.json", set_to(10**400, "class_shares", 0), "expected a number a float can hold"),
    ("training.json", swap, "reference is of other features"),
    ("calibrator.json", set_to("guess", "method"), "method is 'guess', expected a value"),
    ("calibrator.json", set_to([], "curves"), "not one curve a class"),
    ("calibrator.json", set_to({"slope": 1}, "curves", 0), r"curves\[0\] is .* expected one of"),
    ("calibrator.json", set_to([], "curves", 0, "scores"), "thresholds do not rise"),
    ("calibrator.json", fall, "thresholds do not rise"),
]


@pytest.mark.parametrize(
    ("name", "change", "reason"), HOSTILE, ids=[reason[:40] for *_, reason in HOSTILE]
)
def test_files_that_say_something_else_are_refused_with_a_reason(name, change, reason):
    with pytest.raises(ModelRefused, match=reason):
        decode(retold(name, change))


def test_files_retold_without_a_change_are_accepted():
    assert retold("training.json", lambda _: None) == files()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[" * 100_000, "is no JSON"),
        (b'{"sha256": NaN}', "NaN is no number"),
        (b"\xff\xfe", "is no JSON"),
        (b"null", "is None, expected an object"),
    ],
    ids=["nested without end", "NaN", "no text", "nothing"],
)
def test_what_is_no_document_is_refused(content, reason):
    with pytest.raises(ModelRefused, match=f"training.json.*{reason}"):
        decode(files() | {"training.json": content})


def booster_of(content):
    def change(said):
        said["booster_sha256"] = sha256_of({"": content})[""]

    return retold("training.json", change) | {"model.ubj": content}


def test_a_booster_that_is_none_is_refused():
    with pytest.raises(ModelRefused, match=r"model\.ubj is no model of XGBoost"):
        decode(booster_of(b"{L\x00\x00"))


def test_a_booster_of_other_features_is_refused():
    panel, values = a_market(features=5)
    other = fit(a_recipe(values, rounds=2), panel, values, start=0, stop=260).model
    with pytest.raises(ModelRefused, match="trained on other features"):
        decode(booster_of(encode(other)["model.ubj"]))


def test_an_id_is_the_end_of_training_and_of_the_very_bytes():
    first = model_id_of(files(), date(2021, 3, 5))
    assert re.fullmatch(r"2021-03-05-[0-9a-f]{8}", first)
    assert model_id_of(dict(reversed(files().items())), date(2021, 3, 5)) == first
    assert model_id_of(encode(a_model(10**9)), date(2021, 3, 5)) != first


def test_nothing_here_can_run_code():
    assert "pickle" not in vars(encoding)
