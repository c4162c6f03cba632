"""Training end to end on drawn films: seeded, resumable, exported, evaluated."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs lennox[train]")
from lennox.errors import InputError  # noqa: E402
from lennox.inference.load import load_candidate  # noqa: E402
from lennox.training import train  # noqa: E402

pytestmark = pytest.mark.training


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", autouse=True)
def _few_everyday_pictures():
    """The real ones are many; noise is far enough from a film for these tests."""
    random = np.random.default_rng(0)
    with pytest.MonkeyPatch.context() as patch:
        noise = [random.integers(0, 256, (128, 128)).astype(np.uint8) for _ in range(4)]
        patch.setattr("lennox.training.onnx_model.everyday_pictures", lambda contract: noise)
        yield


@pytest.fixture(scope="module")
def trained(drawn_recipe, tmp_path_factory):
    return train(drawn_recipe, tmp_path_factory.mktemp("run"))


def test_the_same_seed_gives_the_same_losses(drawn_recipe, trained, tmp_path):
    assert train(drawn_recipe, tmp_path).losses == trained.losses
    assert len(trained.losses) == 4


def test_a_resumed_run_repeats_an_uninterrupted_one(drawn_recipe, trained, tmp_path):
    part = train(drawn_recipe, tmp_path, stop_after=2)
    assert part.losses == trained.losses[:2]
    assert train(drawn_recipe, tmp_path, resume=True).losses == trained.losses


def test_another_recipe_does_not_resume(make_recipe, recipe_text, tmp_path):
    uses = ["train", "select"]
    train(make_recipe(uses), tmp_path / "run", stop_after=1)
    other = make_recipe(uses, recipe_text.replace("seed = 3", "seed = 4"))
    with pytest.raises(InputError, match="made by another recipe"):
        train(other, tmp_path / "run", resume=True)


def test_a_run_leaves_its_progress_and_curves(trained):
    folder = trained.checkpoint.parent
    assert json.loads((folder / "progress.json").read_text())["step"] == 4
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert not list(folder.glob("*.part*"))


def test_validation_is_reported(make_recipe, recipe_text, tmp_path):
    text = recipe_text.replace("validate_every = 0", "validate_every = 1").replace("steps = 4", "steps = 1")
    seen = []
    train(make_recipe(["train", "select"], text), tmp_path / "run", report=seen.append)
    figures = seen[-1].validation["films"]
    assert figures["films"] > 0
    assert len(figures["sensitivity"]) == 4


@pytest.fixture
def validating(make_recipe, recipe_text):
    text = recipe_text.replace("validate_every = 0", "validate_every = 2").replace("steps = 4", "steps = 2")
    return make_recipe(["train", "select"], text)


def test_there_is_a_checkpoint_after_the_first_step(drawn_recipe, tmp_path):
    steps = []

    def interrupt(progress):
        steps.append(progress.step)
        if progress.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(drawn_recipe, tmp_path, report=interrupt)
    assert steps == [1, 2]
    assert torch.load(tmp_path / "checkpoint.pt")["step"] == 1


def test_a_run_interrupted_in_a_validation_goes_on_with_it(validating, tmp_path):
    def interrupt(progress):
        if progress.validating:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(validating, tmp_path / "run", report=interrupt)
    assert torch.load(tmp_path / "run" / "checkpoint.pt")["step"] == 2
    assert [step for step, _ in train(validating, tmp_path / "run", resume=True).validations] == [2]
    again = train(validating, tmp_path / "run", resume=True)
    assert [step for step, _ in again.validations] == [2]


def test_lines_say_how_far_a_validation_is(validating, tmp_path, monkeypatch):
    from click.testing import CliRunner

    from lennox.cli.train import train as command

    monkeypatch.setattr("lennox.training.loop.VALIDATION_BATCH", 2)
    result = CliRunner().invoke(command, [str(validating), "--out", str(tmp_path / "run")])
    lines = result.stderr.splitlines()
    films = int(lines[-2].split()[-5])
    wanted = [f"step 2: validating, {done} of {films} held-out films and windows" for done in range(0, films, 2)]
    assert len(wanted) > 1
    assert lines[0].startswith("step 1 of 2, loss ")
    assert lines[2:-1] == wanted
    assert lines[-1].startswith("step 2: films: afroc ")


def test_a_student_learns_from_a_teacher(make_recipe, recipe_text, trained, tmp_path):
    text = recipe_text + f'teacher = ["{trained.checkpoint}"]\nsoft_share = 0.5\nstart = ["{trained.checkpoint}"]\n'
    student = train(make_recipe(["train"], text), tmp_path / "run")
    assert student.losses != trained.losses


def test_recipes_it_starts_from_are_trained_first_and_once(make_recipe, recipe_text, tmp_path):
    first = make_recipe(["train"], recipe_text.replace("steps = 4", "steps = 1"))
    for name, seed in (("one", 5), ("other", 6)):
        first.with_name(f"{name}.toml").write_text(first.read_text().replace("seed = 3", f"seed = {seed}"))
    mean = first.with_name("mean.toml")
    mean.write_text(recipe_text.replace("steps = 4", 'steps = 0\nstart = ["one.toml", "other.toml"]'))
    run = train(mean, tmp_path / "run")
    one, other = (torch.load(tmp_path / "run" / name / "checkpoint.pt")["average"] for name in ("one", "other"))
    found = torch.load(run.checkpoint)["average"]
    weight = "head.1.bias"
    assert torch.allclose(found[weight], (one[weight] + other[weight]) / 2)
    stamp = (tmp_path / "run" / "one" / "checkpoint.pt").stat().st_mtime_ns
    assert run.losses == ()
    train(mean, tmp_path / "run", resume=True)
    assert torch.load(tmp_path / "run" / "one" / "checkpoint.pt")["step"] == 1
    assert stamp


@pytest.fixture(scope="module")
def model(drawn_recipe, trained, tmp_path_factory):
    from lennox.training import export

    with pytest.MonkeyPatch.context() as patch:  # four steps teach nothing, so there is no line to fit
        patch.setattr("lennox.training.onnx_model.calibrate", lambda maps, exams, *_: (1.0, 0.0))
        return export(trained.checkpoint, drawn_recipe, tmp_path_factory.mktemp("model") / "drawn-films-1").folder


def test_a_recipe_starts_from_a_shipped_network(model, trained, make_recipe, recipe_text, tmp_path):
    from lennox.training.loop import load_weights
    from lennox.training.network import Network

    text = recipe_text.replace("steps = 4", f'steps = 0\nstart = ["{model / "model.onnx"}"]')
    run = train(make_recipe(["train"], text), tmp_path / "run")
    image = torch.rand(1, 1, 128, 128, generator=torch.Generator().manual_seed(0)) * 2 - 1
    answers, variances = [], []
    for checkpoint in (trained.checkpoint, run.checkpoint):
        network = Network(pretrained=False).eval()
        network.load_state_dict(load_weights(checkpoint))
        answers.append(network(image).detach())
        variances.append(network.encoder.stem[1].running_var)
    assert torch.allclose(*answers, atol=1e-3)
    assert variances[1].std() > 0  # the normalisations were measured, not left at one
    stamp = (tmp_path / "run" / "model" / "checkpoint.pt").stat().st_mtime_ns
    train(tmp_path / "recipe.toml", tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "model" / "checkpoint.pt").stat().st_mtime_ns == stamp


def test_what_is_no_network_of_this_version_is_no_start(make_recipe, recipe_text, tmp_path):
    from tiny_model import write_tiny_model

    for content, message in ((None, "its layers are not those"), (b"not a network", "not an ONNX file")):
        other = write_tiny_model(tmp_path / "other") / "model.onnx"
        if content is not None:
            other.write_bytes(content)
        text = recipe_text.replace("steps = 4", f'steps = 0\nstart = ["{other}"]')
        with pytest.raises(InputError, match=message):
            train(make_recipe(["train"], text), tmp_path / "run")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("[augment]\nquarter_turn = 0.5\n", "Ranges knows no"),
        ("[kind]\nviews = 8\n", "name both sets"),
        ("[kind]\nepochs = 0\n", "at least 1"),
        ("[lesions]\nsaddle_share = 0.2\n", "from 0.3 to 1"),
    ],
)
def test_a_recipe_that_asks_for_the_unknown_is_refused(make_recipe, recipe_text, tmp_path, more, message):
    with pytest.raises(InputError, match=message):
        train(make_recipe(["train"], recipe_text + more), tmp_path / "run")


def test_a_recipe_says_how_crops_are_changed_and_how_the_model_lays_images(make_recipe, recipe_text, trained, tmp_path):
    from lennox.training import read_recipe

    text = recipe_text.replace("seed = 3", 'seed = 3\norientation = "own"')
    text = text.replace("validate_every = 0", "validate_every = 0\npeak_weight = 0.5")
    path = make_recipe(["train", "calibrate"], text + "[augment]\nscale = [0.8, 1.0]\nquarter_turns = 0.5\n")
    recipe = read_recipe(path)
    assert (recipe.orientation, recipe.ranges.scale, recipe.ranges.quarter_turns) == ("own", (0.8, 1.0), 0.5)
    assert train(path, tmp_path / "run", stop_after=1).losses[0] != trained.losses[0]
    with pytest.raises(InputError, match="orientation must be one of"):
        read_recipe(make_recipe(["train"], recipe_text.replace("seed = 3", 'seed = 3\norientation = "up"')))


def test_an_export_carries_the_kind_network_and_the_orientation(
    make_recipe, recipe_text, trained, tmp_path, monkeypatch
):
    from lennox.card import ModelCard
    from lennox.training import export
    from lennox.training.kind_model import KindModel
    from lennox.training.kind_network import KindNet, to_onnx

    entry = {"file": "kind.onnx", "kinds": ["periapical", "bitewing", "panoramic", "other"], "accept": 0.2, "tell": 0.5}
    made = KindModel(to_onnx([KindNet()]), entry, {"views": 0})  # the real one takes minutes; it has tests of its own
    monkeypatch.setattr("lennox.training.onnx_model.make_kind_model", lambda plan, ledger: made)
    monkeypatch.setattr("lennox.training.onnx_model.calibrate", lambda maps, exams, *_: (1.0, 0.0))
    text = recipe_text.replace("seed = 3", 'seed = 3\norientation = "own"').replace('windows = ""', 'windows = "drawn"')
    path = make_recipe(["train", "calibrate"], text + "[kind]\nviews = 8\n")
    steps: list[str] = []
    folder = export(trained.checkpoint, path, tmp_path / "model", report=steps.append).folder
    assert (len(steps), steps[-1]) == (4, "teaching the network that tells kinds of image apart")
    card = ModelCard.read(folder / "card.json")
    assert (card.orientation, card.kind_network.file) == ("own", "kind.onnx")
    assert set(card.files) == {"model.onnx", "kind.onnx"}
    assert load_candidate(folder, "test").kind_network is not None
    assert card.saddle_share is None


def test_an_exported_model_reads_films(model):
    import lennox
    from lennox.card import ModelCard
    from lennox.image import Image
    from lennox.phantom import draw_film

    card = ModelCard.read(model / "card.json")
    assert [point.name for point in card.operating_points] == ["sensitive", "balanced", "specific"]
    assert card.document["data"]["sets"][0]["used_for"].startswith("training")
    film = draw_film(77, rows=200, columns=256)
    examination = lennox.diagnose(Image.from_array(film.pixels), load_candidate(model, "test"), threshold=0.01)
    assert examination.status in ("assessed", "not assessable")


@pytest.mark.parametrize("output", [0, 1, 2])
def test_a_model_that_differs_between_runtimes_is_not_written(output, drawn_recipe, trained, tmp_path, monkeypatch):
    from types import SimpleNamespace

    from lennox.training import export as package_export
    from lennox.training import loop, onnx_model

    right = onnx_model._session

    def wrong(weights):
        def run(names, feed):
            return [value + 0.03 * (number == output) for number, value in enumerate(right(weights).run(names, feed))]

        return SimpleNamespace(run=run)

    monkeypatch.setattr(onnx_model, "_session", wrong)
    monkeypatch.setattr(onnx_model, "calibrate", lambda maps, exams, *_: (1.0, 0.0))
    with pytest.raises(InputError, match="no model was written"):
        package_export(trained.checkpoint, drawn_recipe, tmp_path / "model")
    assert not (tmp_path / "model").exists()
    assert loop.load_weights(trained.checkpoint)


def test_an_exported_model_is_evaluated(model, make_set, tmp_path):
    from lennox.evaluation import evaluate, update_card

    folder = model / "evaluations" / "films"
    evaluated = evaluate(model, make_set(tmp_path / "films", 6), folder, resamples=20)
    assert sum(evaluated.document["films"].values()) == 6
    assert json.loads(update_card(model).read_text())["figures"]["films"]["films"] == 6


def test_a_recipe_may_read_the_networks_of_a_model_otherwise(make_recipe, recipe_text, model, tmp_path):
    from click.testing import CliRunner

    from lennox.card import ModelCard
    from lennox.cli import cli

    text = recipe_text.replace("seed = 3", 'seed = 3\norientation = "own by rank"') + "[lesions]\nsaddle_share = 0.9\n"
    text = text.replace("steps = 4", "steps = 0")
    recipe = str(make_recipe(["train", "calibrate"], text))
    before = ModelCard.read(model / "card.json")
    for out, copied in ((tmp_path / "elsewhere", True), (model.parent / "beside", False)):
        run = CliRunner().invoke(cli, ["export", str(model / "model.onnx"), recipe, "--out", str(out)])
        assert run.exit_code == 0, run.output
        card = ModelCard.read(out / "card.json")
        assert (card.orientation, card.saddle_share) == ("own by rank", 0.9)
        assert dict(card.files) == dict(before.files)
        assert (out / "model.onnx").exists() is copied
        assert card.weights_of == (None if copied else model.name)
        assert card.document["calibration"]["slope"] == before.document["calibration"]["slope"]
        assert card.document["networks"]["name"] == before.name
        assert load_candidate(out, "test").card.saddle_share == 0.9

    lonely = tmp_path / "lonely" / "model.onnx"
    lonely.parent.mkdir()
    lonely.write_bytes((model / "model.onnx").read_bytes())
    for networks, before, after, message in (
        (model / "model.onnx", "low_percentile = 0.5", "low_percentile = 2.5", "another [input]"),
        (model / "model.onnx", "steps = 0", "steps = 4", "asks for training"),
        (lonely, "", "", "a model folder needs one"),
    ):
        other = str(make_recipe(["train", "calibrate"], text.replace(before, after) if before else text))
        run = CliRunner().invoke(cli, ["export", str(networks), other, "--out", str(tmp_path / "none")])
        assert run.exit_code in (2, 4), run.output
        assert message in " ".join(run.stderr.split())
        assert not (tmp_path / "none").exists()
