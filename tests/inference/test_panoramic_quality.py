"""What of a panoramic cannot be read is said: too coarse, blanked, front teeth behind the spine."""

import json

import numpy as np
import pytest
from drawn_panoramic import panoramic_like
from PIL import Image as Pillow
from tiny_model import write_tiny_model, write_windowed

from lennox import Image, diagnose
from lennox.inference.load import load_candidate
from lennox.inference.quality import assess
from lennox.report import from_record, to_record
from lennox.report.overlay import result_lines


def quality_of(pixels):
    return assess(Image.from_array(np.ascontiguousarray(pixels)))


def blanked(share, columns=1000):
    """A panoramic of which so much of the part where teeth are is one black bar."""
    film = panoramic_like(rows=columns // 2, columns=columns)
    first = int(0.12 * columns)
    film[:, first : first + int(share * 0.74 * columns)] = 0
    return film


def test_a_usual_panoramic_is_legible():
    quality = quality_of(panoramic_like(spine=0.2))
    assert (quality.kind, quality.reasons, quality.illegible) == ("panoramic", (), ())


def test_a_panoramic_that_is_too_coarse_is_refused():
    small = np.asarray(Pillow.fromarray(panoramic_like()).resize((700, 350)))
    (reason,) = quality_of(small).unfit
    assert reason.startswith("The panoramic has only ")
    assert "at least 900 are needed" in reason


def test_the_shadow_of_the_spine_is_said_to_hide_the_front_teeth():
    (said,) = quality_of(panoramic_like(spine=1.4)).illegible
    assert "behind the shadow of the spine" in said


@pytest.mark.parametrize(("share", "said"), [(0.0, None), (0.1, "illegible"), (0.45, "reasons")])
def test_a_blanked_part_is_said_and_a_large_one_refused(share, said):
    from lennox.inference.panoramic_quality import panoramic_problems
    from lennox.inference.quality import film_box

    image = Image.from_array(blanked(share))
    reasons, illegible = panoramic_problems(image, film_box(image))
    found = {"reasons": reasons, "illegible": tuple(one for one in illegible if "blank" in one)}
    assert {name for name, sentences in found.items() if sentences} == ({said} if said else set())
    if said:
        assert f"{share:.0%}"[0] in found[said][0]


def test_what_is_illegible_is_in_the_record_and_on_the_outputs(tmp_path):
    model = load_candidate(write_windowed(tmp_path / "windowed"), "test")
    found = diagnose(Image.from_array(panoramic_like(spine=1.4)), model)
    assert found.status == "assessed"
    (said,) = found.source.illegible
    assert json.loads(json.dumps(to_record(found)))["source"]["illegible"] == [said]
    assert from_record(to_record(found)).source.illegible == (said,)
    assert said in result_lines(found)


def test_a_model_says_what_is_wrong_with_a_panoramic_only_if_it_is_made_for_them(tmp_path):
    small = Image.from_array(np.ascontiguousarray(np.asarray(Pillow.fromarray(panoramic_like()).resize((700, 350)))))
    ours, other = (
        diagnose(small, load_candidate(write(tmp_path / write.__name__), "test"))
        for write in (write_windowed, write_tiny_model)
    )
    assert {ours.status, other.status} == {"not assessable"}
    assert "too few to show a lesion" in ours.reasons[0]
    assert other.reasons[0].startswith("This looks like a panoramic radiograph")
