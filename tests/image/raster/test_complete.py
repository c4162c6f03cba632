"""A cut film is never read as a whole one, whatever another library told Pillow."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import ImageFile

from lennox.errors import ImageError
from lennox.image import read_image

CUT = ("png-8", "png-16", "png-16-rgb", "jpeg-q95", "bmp-8", "webp-8", "tiff-8", "tiff-12-in-16-lzw")


@pytest.fixture
def lenient(monkeypatch):
    """As after `import weasyprint`."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)


@pytest.mark.parametrize("name", CUT)
def test_a_cut_film_is_refused_where_pillow_was_told_to_take_it(name, encodings, lenient):
    data = encodings[name]
    whole = read_image(data).pixels
    for end in (len(data) // 2, len(data) * 9 // 10):
        with pytest.raises(ImageError, match=r"damaged|cut short"):
            read_image(data[:end])
    assert (read_image(data).pixels == whole).all()
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True, "the setting is the other library's"


def test_films_read_side_by_side_leave_the_setting_as_it_was(encodings, lenient):
    data = encodings["png-8"]

    def refused(end):
        try:
            read_image(data[:end])
        except ImageError:
            return True
        return end == len(data)

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(refused, [len(data) // 2, len(data)] * 20))
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True
