"""Where a file comes from, and what is said when it cannot be had."""

import hashlib
import io
import os
import subprocess
import sys
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from film_files import write_png

from lennox.errors import ImageError
from lennox.image import Modality, read, read_image

FILM = np.arange(12, dtype=np.uint8).reshape(3, 4)
DATA = write_png(FILM)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "Doe^Jane.png"
    path.write_bytes(DATA)
    return path


def test_path_text_bytes_and_stream_give_the_same_image(path):
    with path.open("rb") as stream:
        images = [read_image(source) for source in (path, str(path), DATA, bytearray(DATA), memoryview(DATA), stream)]
        assert not stream.closed
    for image in images:
        np.testing.assert_array_equal(image.pixels, FILM)
        assert image.sha256 == hashlib.sha256(DATA).hexdigest()
        assert image.modality is Modality.UNKNOWN
        assert image.spacing_mm is None
    assert [image.name for image in images] == ["Doe^Jane.png"] * 2 + [""] * 3 + ["Doe^Jane.png"]


def test_a_stream_without_a_name_and_one_that_cannot_seek():
    class Pipe(io.RawIOBase):
        def __init__(self):
            self.left = io.BytesIO(DATA)

        def readable(self):
            return True

        def readinto(self, buffer):
            return self.left.readinto(buffer)

    image = read_image(io.BufferedReader(Pipe()))
    np.testing.assert_array_equal(image.pixels, FILM)
    assert image.name == ""


def refusal(source, **options):
    with pytest.raises(ImageError) as caught:
        read_image(source, **options)
    text = str(caught.value)
    assert text.endswith(".")
    assert "Traceback" not in text
    return text


def test_files_that_cannot_be_had(tmp_path, path):
    assert "folder" in refusal(tmp_path)
    assert "no such file" in refusal(tmp_path / "absent.png")
    assert "no such file" in refusal("") or "folder" in refusal("")
    assert "path" in refusal("film\0.png")
    assert "empty" in refusal(b"")
    assert "empty" in refusal(io.BytesIO())
    (tmp_path / "empty.png").touch()
    assert "empty" in refusal(tmp_path / "empty.png")
    assert "no such file" in refusal(path / "below a file") or "cannot be read" in refusal(path / "below a file")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "cannot be read" in refusal(tmp_path / "loop")
    assert "cannot be read" in refusal("x" * 5000)


def test_a_path_never_appears_in_a_refusal(tmp_path, path):
    path.write_bytes(b"nothing")
    for source in (path, tmp_path / "Doe^Jane" / "absent.png"):
        assert "Jane" not in refusal(source)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_permission_denied(path):
    path.chmod(0)
    assert "permissions" in refusal(path)


def test_permission_denied_as_the_system_says_it(path, monkeypatch):
    def deny(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    assert "permissions" in refusal(path)


def test_a_pipe_and_a_device_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for source in (tmp_path / "pipe", "/dev/zero"):
        assert "not an ordinary file" in refusal(source)


def test_streams_that_fail():
    class Broken(io.BytesIO):
        def read(self, *_):
            raise OSError(5, "Input/output error")

    assert "Input/output error" in refusal(Broken())
    with pytest.raises(TypeError, match="binary mode"):
        read_image(io.StringIO("text"))
    with pytest.raises(TypeError, match="got int"):
        read_image(7)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path, monkeypatch):
    large = tmp_path / "large.tif"
    with large.open("wb") as stream:
        stream.truncate(1 << 40)  # sparse: takes no room
    assert "256 MiB" in refusal(large)
    monkeypatch.setattr(read, "MAX_FILE_BYTES", 50)
    assert "larger than" in refusal(io.BytesIO(DATA))


def test_a_file_that_grows_or_shrinks_while_it_is_read_is_refused(path, monkeypatch):
    real = read._read_all
    for change in (b"", DATA + b"more"):

        def read_all(stream, size, change=change):
            path.write_bytes(change)  # between the look at its size and the reading
            return real(stream, size)

        path.write_bytes(DATA)
        monkeypatch.setattr(read, "_read_all", read_all)
        with pytest.raises(ImageError, match="changed while it was read"):
            read_image(path)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of address space are of Linux")
def test_a_film_for_which_memory_is_too_short_is_one_sentence(tmp_path):
    path = tmp_path / "large.png"
    path.write_bytes(write_png(np.zeros((7000, 7000), np.uint16)))
    script = (
        "import resource, sys, lennox.image.raster.read\nfrom lennox.image import read_image\n"
        "held = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (held + (150 << 20), held + (150 << 20)))\n"
        "try: read_image(sys.argv[1])\nexcept Exception as error: print(type(error).__name__, error)"
    )
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    found = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, env=environment)
    assert (found.stdout, found.stderr) == (
        "ImageError There is not enough memory to read this image. Close other programs, or export it smaller.\n", ""
    )  # fmt: skip


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"GIF89a" + bytes(40), "a GIF"),
        (b"%PDF-1.7\n" + bytes(40), "PDF"),
        (b"PK\x03\x04" + bytes(40), "ZIP"),
        (b"\0\0\0\x20ftypheic" + bytes(40), "HEIC"),
        (b"<html>" + bytes(40), "web page"),
        (b"just some text that is no image", "no known image format"),
        (b"\0", "no known image format"),
        (bytes(1000), "no known image format"),
        (b"\x89PN", "no known image format"),
    ],
)
def test_other_files_are_named(data, found):
    text = refusal(data)
    assert found in text
    assert "wanted PNG, JPEG, TIFF, WebP, BMP or DICOM" in text


def test_a_small_file_takes_little_memory(path):
    tracemalloc.start()
    read_image(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6


def test_frame_counts_from_zero():
    np.testing.assert_array_equal(read_image(DATA, frame=0).pixels, FILM)
    assert "frames count from 0" in refusal(DATA, frame=1)
    with pytest.raises(ValueError, match="counts from 0"):
        read_image(DATA, frame=-1)


def test_many_threads_read_alike(encodings):
    names = ["png-16-rgb", "tiff-12-in-16-lzw", "jpeg-q95", "webp-8", "dicom-window", "dicom-rle", "png-8-palette"]
    alone = {name: read_image(encodings[name]).pixels for name in names}
    barrier = threading.Barrier(4)

    def job(number):
        if number < 4:
            barrier.wait()
        name = names[number % len(names)]
        return name, read_image(encodings[name]).pixels

    with ThreadPoolExecutor(4) as pool:
        for name, pixels in pool.map(job, range(28)):
            np.testing.assert_array_equal(pixels, alone[name])


def test_importing_is_light():
    code = (
        "import sys, lennox.image\n"
        "heavy = {'PIL', 'pydicom', 'gdcm', 'scipy', 'skimage'} & set(sys.modules)\n"
        "sys.exit(' '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
